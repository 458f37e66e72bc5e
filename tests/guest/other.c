// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests for which KVM has tables of another kind, or more of them for nested
 * guests: aged under mmu_lock, as ever.
 */
#include "tests.h"
#include "window.h"
#include "host.h"

#include <inttypes.h>

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

/* The guest has no nested one yet. */
static struct window *nested_window(void)
{
	struct window *win = window_new(PAGES);

	window_back(win, 0, PAGES, SMALL_PAGES);
	window_map(win, vm_create_nested(), 0, VM_GPA, 0, PAGES, 1);
	return win;
}

/* From now on. KVM knows of the nested guest when it has run. */
static void nested_begins(struct window *win)
{
	vm_touch_nested(win->mappings[0].vm, true);
	expect_fast = false;
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
	struct vm *vm = win->mappings[0].vm;
	bool otherwise = expect_fast;
	int round;

	for (round = 0; round < 3; round++) {
		touch_some(win);
		ask_ranges(win);
		nested_begins(win);
		touch_some(win);
		ask_ranges(win);
		vm_touch_nested(vm, false);
		arch_nested_end(vm);
		expect_fast = otherwise;
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

static void nested_and_guest(void)
{
	struct window *win = nested_touched();

	vm_touch_nested(win->mappings[0].vm, false);
	touch_some(win);
	ask_ranges(win);
	ask(win, 65, ASK_CLEAR);
	ask(win, PAGES, 0);
	touch_some(win);
	ask_ranges(win);
}

static void nested_unwanted(void)
{
	ask_unwanted(nested_touched());
}

static void nested_page_by_page(void)
{
	ask_page_by_page(nested_touched());
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
	check(locks >= PAGES / 10, "got %" PRIu64 " acquisitions of mmu_lock, expected at least %d",
	      locks, PAGES / 10);
}

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
 * The pages of a window take turns.
 */
enum turn {
	BY_NESTED,	/* mapped because the nested guest touched it: in both tables */
	BY_GUEST,	/* because the guest did: at first in its table only */
	LATER,		/* mapped last, because the nested guest touched it */
	TURNS,
};

/* Nobody else writes there. */
static uint32_t *unseen_word(const struct window *win, size_t page)
{
	return (uint32_t *)(win->base + page * page_size + page_size / 2);
}

static void touch_turn(struct window *win, enum turn turn)
{
	size_t page;

	for (page = turn; page < PAGES; page += TURNS)
		window_touch(&win->mappings[0], page, VM_WRITE);
	window_flush(win);
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
	touch_turn(win, LATER);
	check_shadow(win, BY_NESTED, true);
	check_shadow(win, BY_GUEST, true);
	check_shadow(win, LATER, true);
}

/* All pages are young but the LATER ones, which are not mapped. */
static struct window *touched_in_turn(void)
{
	struct window *win = nested_window();

	nested_begins(win);
	touch_turn(win, BY_NESTED);
	vm_touch_nested(win->mappings[0].vm, false);
	touch_turn(win, BY_GUEST);
	ask(win, PAGES, 0);
	check_shadow(win, BY_NESTED, true);
	return win;
}

static void nested_cleared(void)
{
	struct window *win = touched_in_turn();

	ask(win, 50, ASK_CLEAR);
	check_shadow(win, BY_NESTED, false);
	touch_again(win);
	ask_ranges(win);
	ask(win, PAGES, ASK_CLEAR);
	check_shadow(win, LATER, false);

	/* once the guest touches them, too, there is something to clear in both */
	vm_touch_nested(win->mappings[0].vm, false);
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
	struct window *win = touched_in_turn();
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

const struct test nested_tests[] = {
	{ "nested", "a nested guest comes and goes", nested_comes_and_goes, 60 },
	{ "nested", "what the nested guest touched", nested_ranges, 60 },
	{ "nested", "what both touched", nested_and_guest, 60 },
	{ "nested", "what is not wanted is not told", nested_unwanted, 60 },
	{ "nested", "page by page", nested_page_by_page, 60 },
	{ "nested", "what statistics and locks count", nested_counted, 60 },
	{ "nested", "cleared, and touched again", nested_cleared, 60 },
	{ "nested", "cleared by clear_young, and touched again", nested_old_clear, 60 },
	{ "nested", "cleared by clear_flush_young, and touched again", nested_old_flush, 60 },
	{ 0 },
};
