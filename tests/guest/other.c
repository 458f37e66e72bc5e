// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests for which KVM has tables of another kind, or more of them for nested
 * guests: aged under mmu_lock, as ever.
 */
#include "tests.h"
#include "window.h"
#include "host.h"

#include <inttypes.h>
#include <string.h>

#define PAGES	400

/* Behind the guest's own area, in which pages are young at all times. */
static size_t other_first(void)
{
	return (VM_CONTROL_GPA + VM_CONTROL_SIZE) / page_size;
}

static struct window *other_window(void)
{
	size_t pages = other_first() + PAGES;
	struct window *win = window_new(pages);

	expect_fast = false;
	window_back(win, 0, pages, SMALL_PAGES);
	window_map(win, vm_create_other(win->base), 0, 0, 0, pages, 1);
	return win;
}

static size_t first_page(const struct window *win)
{
	return win->pages - PAGES;
}

static void touch_some(struct window *win)
{
	size_t page;

	for (page = first_page(win); page < win->pages; page += 1 + random_next(&win->random) % 9)
		window_touch(&win->mappings[0], page, random_next(&win->random) & 1);
}

static void ask(struct window *win, size_t size, enum ask_flags flags)
{
	size_t page;

	for (page = first_page(win); page + size <= win->pages; page += size)
		window_ask_pages(win, page, size, NULL, flags);
}

static void ask_ranges(struct window *win)
{
	static const size_t sizes[] = { PAGES, 1, 3, 63, 64, 65, 200 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ask(win, sizes[i], i & 1 ? ASK_PRESET : 0);
		/* a mere test goes by runs of pages */
		ask(win, sizes[i], ASK_NO_BITMAP);
	}
}

/* Nobody takes the lock for what is not wanted: it is not told, and not lost. */
static void ask_unwanted(struct window *win)
{
	unsigned long *wanted = bits_new(win->pages);
	size_t page;

	for (page = first_page(win); page < win->pages; page += 3)
		bit_set(wanted, page);
	window_ask_pages(win, first_page(win), PAGES, wanted, 0);
	window_ask_pages(win, first_page(win), PAGES, wanted, ASK_CLEAR);
	ask(win, PAGES, 0);
}

static void ask_page_by_page(struct window *win)
{
	ask(win, 1, ASK_NO_BITMAP);
	ask(win, 1, ASK_CLEAR | ASK_NO_BITMAP);
	ask(win, 1, ASK_NO_BITMAP);
}

static void ranges(void)
{
	struct window *win = other_window();

	ask(win, PAGES, 0);
	touch_some(win);
	ask_ranges(win);
}

static void cleared(void)
{
	struct window *win = other_window();
	int round;

	for (round = 0; round < 5; round++) {
		touch_some(win);
		ask(win, 1 + random_next(&win->random) % PAGES, ASK_CLEAR);
		ask(win, PAGES, 0);
	}
	ask(win, PAGES, ASK_CLEAR);
	ask(win, PAGES, ASK_NO_BITMAP);
}

static void unwanted(void)
{
	struct window *win = other_window();

	touch_some(win);
	ask_unwanted(win);
}

/* What it is told by the calls that ask about one page. */
static void page_by_page(void)
{
	struct window *win = other_window();

	touch_some(win);
	ask_page_by_page(win);
}

const struct test other_tests[] = {
	{ "other", "what the guest touched", ranges, 60 },
	{ "other", "cleared, and touched again", cleared, 60 },
	{ "other", "what is not wanted is not told", unwanted, 60 },
	{ "other", "page by page", page_by_page, 60 },
	{ 0 },
};

/* --- nested guests --- */

/*
 * The guest has no nested one yet. All pages are there: one who writes to a page that
 * the other has read would otherwise have it replaced, and so make it old for the other.
 */
static struct window *nested_window(void)
{
	struct window *win = window_new(PAGES);

	window_back(win, 0, PAGES, SMALL_PAGES);
	memset(win->base, 1, PAGES * page_size);
	window_map(win, vm_create_nested(), 0, VM_GPA, 0, PAGES, 1);
	return win;
}

/* From now on. KVM knows of the nested guest when it has run. */
static void nested_begins(struct window *win)
{
	vm_touch_nested(win->mappings[0].vm, true);
	if (expect_fast)
		expect_walk = arch_nested_asked();
	expect_fast = false;
}

/* It does not run any more, but it is there. */
static void nested_sleeps(struct window *win)
{
	vm_touch_nested(win->mappings[0].vm, false);
}

/* What it touched is forgotten if its own tables told of it. */
static void nested_ends(struct window *win, bool fast)
{
	nested_sleeps(win);
	arch_nested_end(win->mappings[0].vm);
	window_forget_nested(&win->mappings[0]);
	expect_fast = fast;
}

static struct window *nested_touched(void)
{
	struct window *win = nested_window();

	nested_begins(win);
	touch_some(win);
	return win;
}

/* No reason to be slow before the nested guest is there, nor when it is gone. */
static void nested_comes_and_goes(void)
{
	struct window *win = nested_window();
	bool otherwise = expect_fast;
	int round;

	for (round = 0; round < 3; round++) {
		touch_some(win);
		ask_ranges(win);
		nested_begins(win);
		touch_some(win);
		ask_ranges(win);
		nested_sleeps(win);
		touch_some(win);
		ask_ranges(win);
		nested_ends(win, otherwise);
		ask_ranges(win);
	}
	ask(win, PAGES, ASK_CLEAR);
	ask(win, PAGES, 0);
}

static void nested_ranges(void)
{
	struct window *win = nested_window();

	nested_begins(win);
	/* one page, or there would be no nested guest */
	window_touch(&win->mappings[0], 0, VM_READ);
	ask(win, PAGES, 0);
	touch_some(win);
	ask_ranges(win);
}

/* By the nested guest, and then by its guest, or by one of them, or by nobody. */
static struct window *touched_by_both(void)
{
	struct window *win = nested_touched();

	nested_sleeps(win);
	touch_some(win);
	return win;
}

static void nested_and_guest(void)
{
	struct window *win = touched_by_both();

	ask_ranges(win);
	ask(win, 65, ASK_CLEAR);
	ask(win, PAGES, 0);
	touch_some(win);
	ask_ranges(win);
}

static void nested_unwanted(void)
{
	ask_unwanted(touched_by_both());
}

static void nested_page_by_page(void)
{
	ask_page_by_page(touched_by_both());
}

static void nested_counted(void)
{
	struct window *win = nested_touched();
	struct vm *vm = win->mappings[0].vm;
	uint64_t slow, locks;

	window_flush(win);
	slow = vm_stat(vm, "pages_aged_slow");
	locks = mmu_lock_acquisitions();
	ask(win, 10, ASK_CLEAR);
	locks = mmu_lock_acquisitions() - locks;
	slow = vm_stat(vm, "pages_aged_slow") - slow;
	check(slow == PAGES, "pages_aged_slow: got %" PRIu64 ", expected %d", slow, PAGES);
	check(lockless_slow ? !locks : locks >= PAGES / 10,
	      "got %" PRIu64 " acquisitions of mmu_lock, expected %s", locks,
	      lockless_slow ? "none" : "one for each question");
}

/* The pages of a window take turns. */
enum turn {
	BY_NESTED,	/* touched by the nested guest */
	BY_GUEST,	/* by its guest */
	BY_BOTH,	/* by the former, and then by the latter */
	LATER,		/* by nobody yet */
	TURNS,
};

static void touch_turn(struct window *win, enum turn turn)
{
	size_t page;

	for (page = turn; page < PAGES; page += TURNS)
		window_touch(&win->mappings[0], page, VM_WRITE);
	window_flush(win);
}

static void touch_in_turn(struct window *win)
{
	nested_begins(win);
	touch_turn(win, BY_NESTED);
	touch_turn(win, BY_BOTH);
	nested_sleeps(win);
	touch_turn(win, BY_GUEST);
	touch_turn(win, BY_BOTH);
}

static struct window *touched_in_turn(void)
{
	struct window *win = nested_window();

	touch_in_turn(win);
	return win;
}

const struct test nested_tests[] = {
	{ "nested", "a nested guest comes and goes", nested_comes_and_goes, 60 },
	{ "nested", "what the nested guest touched", nested_ranges, 60 },
	{ "nested", "what both touched", nested_and_guest, 60 },
	{ "nested", "what is not wanted is not told", nested_unwanted, 60 },
	{ "nested", "page by page", nested_page_by_page, 60 },
	{ "nested", "what statistics and locks count", nested_counted, 60 },
	{ 0 },
};

/* --- where KVM asks the guest's table, and the one it has for the nested guest --- */

/* Each page alone, and with others that only one of the tables knows, and all. */
static void in_turn(enum ask_flags flags)
{
	static const size_t sizes[] = { 1, 2, 3, TURNS, 65, PAGES };
	struct window *win = touched_in_turn();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ask(win, sizes[i], flags);
		ask(win, PAGES, 0);
		touch_in_turn(win);
	}
}

static void asked_in_turn(void)
{
	in_turn(0);
	in_turn(ASK_NO_BITMAP);
}

static void cleared_in_turn(void)
{
	in_turn(ASK_CLEAR);
	in_turn(ASK_CLEAR | ASK_PRESET);
}

static void cleared_without_bitmap(void)
{
	in_turn(ASK_CLEAR | ASK_NO_BITMAP);
}

/* What was not cleared is still there, in both tables. */
static void cleared_if_wanted(void)
{
	struct window *win = touched_in_turn();
	unsigned long *wanted = bits_new(PAGES);
	size_t page;

	for (page = 0; page < PAGES; page += 3)
		bit_set(wanted, page);
	window_ask_pages(win, 0, PAGES, wanted, ASK_CLEAR);
	ask(win, PAGES, 0);
	touch_turn(win, LATER);
	window_ask_pages(win, 0, PAGES, wanted, ASK_CLEAR | ASK_NO_BITMAP);
	ask(win, PAGES, 0);
}

/* The calls that Linux 6.12 has. */
static void ask_old(struct window *win, unsigned int op, size_t size)
{
	size_t page;

	for (page = 0; page + size <= PAGES; page += size)
		window_ask_old(win, op, page, size);
}

static void cleared_by_old(unsigned int op)
{
	static const size_t sizes[] = { 1, 2, 3, PAGES };
	struct window *win = nested_window();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		touch_in_turn(win);
		ask_old(win, YOUNG_DEV_TEST_YOUNG, 1);
		ask_old(win, op, sizes[i]);
		ask(win, PAGES, 0);
	}
}

static void cleared_by_clear(void)
{
	cleared_by_old(YOUNG_DEV_CLEAR_YOUNG);
}

static void cleared_by_clear_flush(void)
{
	cleared_by_old(YOUNG_DEV_CLEAR_FLUSH_YOUNG);
}

/* KVM drops all its tables with a memory slot. It makes new ones when they are used. */
static void gone_with_a_slot(void)
{
	bool otherwise = expect_fast;
	struct window *win = touched_in_turn();
	struct mapping *map = &win->mappings[0];

	ask(win, PAGES, 0);
	vm_slot_delete(map->vm, map->slot);
	vm_slot_restore(map->vm, map->slot);
	window_cleared(map, 0, PAGES);
	expect_fast = otherwise;
	touch_turn(win, BY_GUEST);
	ask_ranges(win);
	touch_in_turn(win);
	ask_ranges(win);
}

const struct test nested_asked_tests[] = {
	{ "nested", "asked in turn", asked_in_turn, 60 },
	{ "nested", "cleared in turn", cleared_in_turn, 60 },
	{ "nested", "cleared in turn, without a bitmap", cleared_without_bitmap, 60 },
	{ "nested", "cleared if wanted", cleared_if_wanted, 60 },
	{ "nested", "cleared in turn by clear_young", cleared_by_clear, 60 },
	{ "nested", "cleared in turn by clear_flush_young", cleared_by_clear_flush, 60 },
	{ "nested", "gone with a memory slot", gone_with_a_slot, 60 },
	{ 0 },
};

/* --- where it asks the guest's table only --- */

/*
 * KVM has two tables: the guest's, and a shadow table that the nested guest runs
 * with, made of the former and of the one that the guest has for it. When the
 * nested guest touches a page, the CPU sets the accessed bit in the shadow table
 * alone. But kvm_test_age_radix() and kvm_age_radix() of Linux 6.12 look at the
 * guest's table; where a page is young there, the latter clears both. So a page
 * that the nested guest touched is
 *
 * - young, if the guest's table did not map it, or not for such an access: to map
 *   it there makes it young;
 * - what it was before, if that did: a fault copies its leaf to the shadow table,
 *   the accessed bit as it is; and with a leaf there is no fault.
 *
 * So a nested guest that comes back to memory which was aged is taken for idle. That
 * is not the whole truth, but it is what Linux 6.12 says, and what the tests expect.
 * Where the CPU leaves accessed bits to KVM (DSISR_SET_RC; QEMU's CPUs do not),
 * kvmhv_handle_nested_set_rc() sets both, and they would fail.
 *
 * So what the guest touches is in its table at first only, and LATER pages are the
 * only ones that can become young by the nested guest again.
 */

/* Nobody else writes there. */
static uint32_t *unseen_word(const struct window *win, size_t page)
{
	return (uint32_t *)(win->base + page * page_size + page_size / 2);
}

/* Touches that are not to be noticed, and so are nothing that the window knows. */
static void touch_unseen(struct window *win, enum turn turn)
{
	struct mapping *map = &win->mappings[0];
	size_t page;

	for (page = turn; page < PAGES; page += TURNS) {
		*unseen_word(win, page) = 0;
		vm_touch(map->vm, 0, map->gpa + page * page_size + page_size / 2, VM_WRITE);
	}
	window_flush(win);
	for (page = turn; page < PAGES; page += TURNS)
		check(*unseen_word(win, page), "the nested guest did not write to page %zu", page);
}

static void check_shadow(struct window *win, enum turn turn, bool want)
{
	const struct mapping *map = &win->mappings[0];
	size_t page;

	for (page = turn; page < PAGES; page += 40 * TURNS) {
		bool got = arch_nested_young(map->vm, map->gpa + page * page_size);

		check(got == want, "page %zu in the shadow table: got %d, expected %d", page, got,
		      want);
	}
}

/* What was young has been cleared. Of these touches the last ones count, see above. */
static void touch_again(struct window *win)
{
	nested_begins(win);
	touch_unseen(win, BY_NESTED);
	touch_unseen(win, BY_GUEST);
	touch_unseen(win, BY_BOTH);
	touch_turn(win, LATER);
	check_shadow(win, BY_NESTED, true);
	check_shadow(win, BY_GUEST, true);
	check_shadow(win, BY_BOTH, true);
	check_shadow(win, LATER, true);
}

static struct window *shadowed_in_turn(void)
{
	struct window *win = touched_in_turn();

	ask(win, PAGES, 0);
	check_shadow(win, BY_NESTED, true);
	check_shadow(win, BY_BOTH, true);
	return win;
}

static void nested_cleared(void)
{
	struct window *win = shadowed_in_turn();

	ask(win, 50, ASK_CLEAR);
	check_shadow(win, BY_NESTED, false);
	touch_again(win);
	ask_ranges(win);
	ask(win, PAGES, ASK_CLEAR);
	check_shadow(win, LATER, false);

	/* once the guest touches them, too, there is something to clear in both */
	nested_sleeps(win);
	touch_turn(win, BY_NESTED);
	touch_turn(win, BY_GUEST);
	ask(win, PAGES, ASK_CLEAR);
	check_shadow(win, BY_NESTED, false);
	check_shadow(win, BY_GUEST, false);
	ask_ranges(win);
}

/* The calls that Linux 6.12 has say the same, and clear the same. */
static void nested_cleared_old(unsigned int op)
{
	struct window *win = shadowed_in_turn();
	size_t page;

	for (page = 0; page < PAGES; page++)
		window_ask_old(win, op, page, 1);
	check_shadow(win, BY_NESTED, false);
	touch_again(win);
	for (page = 0; page < PAGES; page++)
		window_ask_old(win, YOUNG_DEV_TEST_YOUNG, page, 1);
	ask_ranges(win);
	for (page = 0; page < PAGES; page++)
		window_ask_old(win, op, page, 1);
	check_shadow(win, LATER, false);
	ask_ranges(win);
}

static void nested_old_clear(void)
{
	nested_cleared_old(YOUNG_DEV_CLEAR_YOUNG);
}

static void nested_old_flush(void)
{
	nested_cleared_old(YOUNG_DEV_CLEAR_FLUSH_YOUNG);
}

const struct test nested_unasked_tests[] = {
	{ "nested", "cleared, and touched again", nested_cleared, 60 },
	{ "nested", "cleared by clear_young, and touched again", nested_old_clear, 60 },
	{ "nested", "cleared by clear_flush_young, and touched again", nested_old_flush, 60 },
	{ 0 },
};
