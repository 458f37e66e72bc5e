// SPDX-License-Identifier: GPL-2.0-only
/* Leaves that cover many pages: one bit for all of them. */
#include "tests.h"
#include "window.h"
#include "host.h"

#include <inttypes.h>

#define LEAVES	5
#define GIANT	(1UL << 30)

/*
 * Five huge pages from huge page 1 of the window on, and a second slot that
 * shows the first two of them to the guest at an address where KVM cannot map
 * them huge.
 */
struct huge {
	struct window *win;
	struct mapping *map;
	struct mapping *split;
};

static void check_host_huge(const struct window *win, size_t first, size_t pages)
{
	uint64_t got = smaps_bytes(win->base + first * page_size, pages * page_size,
				   "AnonHugePages");

	check(got == pages * page_size, "host: got %" PRIu64 ", expected %zu huge bytes",
	      got, pages * page_size);
}

/* Does KVM count so many leaves of this size? */
static void check_leaves(struct vm *vm, size_t size, uint64_t want)
{
	const char *stat = arch_leaf_stat(size);
	uint64_t got = stat ? vm_stat(vm, stat) : want;

	check(got == want, "KVM: got %" PRIu64 ", expected %" PRIu64 " mappings of %zu MB",
	      got, want, size >> 20);
}

static struct huge huge_window(void)
{
	size_t leaf = huge_pages(), i;
	struct window *win = window_new((LEAVES + 2) * leaf);
	struct vm *vm = vm_create();
	uint64_t gpa = huge_gpa(2 * VM_GPA);
	struct huge huge = { .win = win };

	window_back(win, leaf, LEAVES * leaf, THP);
	for (i = 1; i <= LEAVES; i++)
		win->base[i * arch_huge_size()] = 1;
	check_host_huge(win, leaf, LEAVES * leaf);

	huge.map = window_map(win, vm, 0, gpa, leaf, LEAVES * leaf, leaf);
	huge.split = window_map(win, vm, 0, gpa + 64 * arch_huge_size() + page_size,
				leaf, 2 * leaf, 1);
	return huge;
}

/* Touches one page of each of the leaves 0, 2 and 3. */
static struct huge touched_huge_window(void)
{
	struct huge huge = huge_window();
	size_t leaf = huge_pages();

	window_touch(huge.map, 7, VM_WRITE);
	window_touch(huge.map, 3 * leaf - 1, VM_READ);
	window_touch(huge.map, 3 * leaf, VM_WRITE);
	window_flush(huge.win);
	check_leaves(huge.map->vm, arch_huge_size(), 3);
	return huge;
}

static void whole_leaf(void)
{
	window_check(touched_huge_window().win);
}

/* Windows that begin or end within a leaf, and that lie within one. */
static void cut(void)
{
	struct window *win = touched_huge_window().win;
	size_t leaf = huge_pages(), i;
	/* around words of the bitmap, and around leaves */
	const size_t sizes[] = {
		1, 2, 63, 64, 65, 130, leaf - 1, leaf, leaf + 1, 2 * leaf + 1
	};

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i], n;

		for (n = 1; n <= LEAVES + 1; n++) {
			if (n * leaf >= size / 2)
				window_ask_pages(win, n * leaf - size / 2, size, NULL, 0);
			if (n * leaf + 5 + size <= win->pages)
				window_ask_pages(win, n * leaf + 5, size, NULL, ASK_PRESET);
		}
	}
	for (i = 0; i < 200; i++) {
		size_t first = random_next(&win->random) % win->pages;
		size_t pages = 1 + random_next(&win->random) % (win->pages - first);

		window_ask_pages(win, first, pages, NULL, ASK_PRESET);
	}
}

static void clear_through_part(void)
{
	struct huge huge = touched_huge_window();
	struct window *win = huge.win;
	size_t leaf = huge_pages();

	/* one page of leaf 0; the end of leaf 1, which is old, and some of leaf 2 */
	window_ask_pages(win, 2 * leaf - 12, 1, NULL, ASK_CLEAR);
	window_check(win);
	window_ask_pages(win, 3 * leaf - 3, 6, NULL, ASK_CLEAR);
	window_check(win);
	window_touch(huge.map, 5 * leaf - 1, VM_READ);
	window_touch(huge.map, 11, VM_READ);
	window_check(win);
}

static void clear_and_touch(void)
{
	struct huge huge = touched_huge_window();
	struct window *win = huge.win;

	window_ask_pages(win, 0, win->pages, NULL, ASK_CLEAR);
	window_check(win);
	window_touch(huge.map, huge_pages() + 77, VM_WRITE);
	window_check(win);
}

/* One chosen page, anywhere in a leaf, clears the leaf; none leaves it. */
static void predicate(void)
{
	struct huge huge = touched_huge_window();
	struct window *win = huge.win;
	size_t leaf = huge_pages();
	unsigned long *map = bits_new(win->pages);

	/* the holes around, leaf 1 (old) and 4 (not mapped): nobody's business */
	bit_set(map, leaf - 1);
	bit_set(map, 2 * leaf);
	bit_set(map, 3 * leaf - 1);
	bit_set(map, 5 * leaf + 9);
	bit_set(map, 6 * leaf);
	window_ask_pages(win, 0, win->pages, map, ASK_CLEAR);
	window_check(win);

	bit_set(map, 3 * leaf);		/* the first page of leaf 2 */
	window_ask_pages(win, 0, win->pages, map, ASK_CLEAR);
	window_check(win);

	bit_set(map, 5 * leaf - 1);	/* the last of leaf 3, outside of this window */
	window_ask_pages(win, 4 * leaf + 1, leaf / 2, map, ASK_CLEAR);
	window_check(win);
	window_ask_pages(win, 5 * leaf - 64, 128, map, ASK_CLEAR);
	window_check(win);

	bit_set(map, leaf + leaf / 2 + 1);	/* somewhere in leaf 0 */
	window_ask_pages(win, leaf + leaf / 4, leaf / 2, map, ASK_CLEAR);
	window_check(win);
}

/* Mapped huge and small at once: the answers of both mappings are merged. */
static void split_alias(void)
{
	struct huge huge = huge_window();
	struct window *win = huge.win;
	size_t leaf = huge_pages();
	unsigned long *map = bits_new(win->pages);
	size_t i;

	window_touch_irregular(win, huge.split);
	window_check(win);
	check_leaves(huge.map->vm, arch_huge_size(), 0);
	for (i = 0; i < leaf; i += 3)
		bit_set(map, leaf + i);
	window_touch(huge.map, 5, VM_WRITE);
	window_check(win);
	window_ask_pages(win, leaf, leaf, map, ASK_CLEAR);
	window_check(win);
	window_ask_pages(win, 0, win->pages, NULL, ASK_CLEAR);
	window_check(win);
}

/* Splitting the host's page under the guest must not make old pages young. */
static void split_after_clear(void)
{
	struct huge huge = touched_huge_window();
	struct window *win = huge.win;
	size_t leaf = huge_pages();

	window_ask_pages(win, 0, win->pages, NULL, ASK_CLEAR);
	vm_slot_flags(huge.map->vm, huge.map->slot, KVM_MEM_LOG_DIRTY_PAGES);
	/* with dirty logging KVM maps what is written small */
	huge.map->leaf = 1;
	window_touch(huge.map, 3, VM_WRITE);
	window_touch(huge.map, leaf - 1, VM_WRITE);
	window_touch(huge.map, 2 * leaf + leaf / 4, VM_WRITE);
	window_check(win);
}

/* 1 GB, which the host must have been booted with. */
static void giant(void)
{
	size_t leaf = GIANT / page_size;
	struct window *win = window_new(leaf);
	struct vm *vm = vm_create();
	unsigned long *map = bits_new(leaf);
	struct mapping *giant;

	window_back(win, 0, leaf, HUGETLB_1G);
	giant = window_map(win, vm, 0, GIANT, 0, leaf, leaf);
	window_touch(giant, leaf / 2 + leaf / 20, VM_WRITE);
	window_flush(win);
	check_leaves(vm, GIANT, 1);

	window_check(win);
	window_ask_pages(win, 511, 3, NULL, ASK_PRESET);
	window_ask_pages(win, 0, leaf, map, ASK_CLEAR);
	window_check(win);
	bit_set(map, leaf - 2);
	window_ask_pages(win, 4000, 513, map, ASK_CLEAR);
	window_check(win);
	window_ask_pages(win, leaf - 65, 65, map, ASK_CLEAR);
	window_check(win);
	window_touch(giant, 1, VM_READ);
	window_ask_pages(win, leaf - 1, 1, NULL, ASK_CLEAR);
	window_check(win);
}

const struct test huge_tests[] = {
	{ "huge", "a touched page makes its leaf young", whole_leaf, 30 },
	{ "huge", "a window that cuts a leaf is clamped", cut, 60 },
	{ "huge", "a part of a leaf clears it", clear_through_part, 30 },
	{ "huge", "cleared, and touched again", clear_and_touch, 30 },
	{ "huge", "any chosen page clears the leaf", predicate, 30 },
	{ "huge", "the same memory mapped huge and small", split_alias, 30 },
	{ "huge", "small again through dirty logging", split_after_clear, 30 },
	{ 0 },
};

const struct test giant_tests[] = {
	{ "giant", "1 GB leaf", giant, 60 },
	{ 0 },
};
