// SPDX-License-Identifier: GPL-2.0-only
/* Small pages: what the guest touched is what the kernel reports and clears. */
#include "tests.h"
#include "window.h"
#include "host.h"

#include <stdlib.h>

/* Sizes around a bitmap's word and a page table, in pages. */
static const size_t sizes[] = { 1, 3, 63, 64, 65, 512, 513 };

/*
 * Slots as a VMM has them on a bad day, in pages of the window:
 *
 *	 100   700  1000 1037    2061 2100 2303 2500   2600
 *	  | A   | B   |   | C      |   | E   | D   |     |
 *
 * A and B are adjacent for the guest as well; C has a gap before it in both;
 * D and E are in reverse order for the guest; the slot ids follow neither.
 */
static struct window *irregular_window(void)
{
	struct window *win = window_new(2600);
	struct vm *vm = vm_create();
	uint64_t a = VM_GPA, b = a + 600 * page_size, c = VM_GPA + 5000 * page_size;
	uint64_t d = c + 2000 * page_size, e = d + 197 * page_size;

	window_back(win, 100, 900, SMALL_PAGES);
	window_back(win, 1037, 1024, SMALL_PAGES);
	window_back(win, 2100, 400, SMALL_PAGES);
	window_map(win, vm, 0, d, 2303, 197, 1);
	window_map(win, vm, 0, b, 700, 300, 1);
	window_map(win, vm, 0, a, 100, 600, 1);
	window_map(win, vm, 0, e, 2100, 203, 1);
	window_map(win, vm, 0, c, 1037, 1024, 1);
	return win;
}

static void touch_all(struct window *win)
{
	unsigned int i;

	for (i = 0; i < win->nr; i++)
		window_touch_irregular(win, &win->mappings[i]);
}

static struct window *touched_window(void)
{
	struct window *win = irregular_window();

	touch_all(win);
	return win;
}

/* Asks about the whole window in pieces of one size, holes and all. */
static void ask_pieces(struct window *win, size_t size, const unsigned long *predicate,
		       unsigned int flags)
{
	size_t first;

	for (first = 0; first + size <= win->pages; first += size)
		window_ask_pages(win, first, size, predicate, flags);
	if (first < win->pages)
		window_ask_pages(win, first, win->pages - first, predicate, flags);
}

static void untouched(void)
{
	window_check(irregular_window());
}

static void whole_window(void)
{
	window_check(touched_window());
}

static void pieces(void)
{
	struct window *win = touched_window();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		ask_pieces(win, sizes[i], NULL, 0);
}

/* The page of the first byte is the first, the page of the last byte the last. */
static void unaligned(void)
{
	struct window *win = touched_window();
	size_t i, start, end, size;

	for (i = 0; i < 400; i++) {
		start = random_next(&win->random) % (win->pages * page_size);
		size = sizes[i % ARRAY_SIZE(sizes)] * page_size;
		end = start + 1 + random_next(&win->random) % size;
		if (end <= win->pages * page_size)
			window_ask(win, start, end, NULL, 0);
	}
	/* a last byte that is the first of its page, and the other way round */
	window_ask(win, 100 * page_size + 1, 164 * page_size + 1, NULL, 0);
	window_ask(win, 101 * page_size - 1, 165 * page_size - 1, NULL, 0);
	window_ask(win, 700 * page_size - 1, 700 * page_size + 1, NULL, 0);
}

static void result_only(void)
{
	struct window *win = touched_window();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		ask_pieces(win, sizes[i], NULL, ASK_NO_BITMAP);
}

static void test_twice(void)
{
	struct window *win = touched_window();

	window_check(win);
	window_check(win);
	ask_pieces(win, 65, NULL, 0);
	window_check(win);
}

/* window_ask() knows what must be gone: a second look must find it gone. */
static void clear_and_touch(void)
{
	struct window *win = touched_window();

	window_ask_pages(win, 0, win->pages, NULL, ASK_CLEAR);
	window_check(win);
	touch_all(win);
	window_check(win);
	window_ask_pages(win, 0, win->pages, NULL, ASK_CLEAR);
	window_check(win);
}

static void clear_pieces(void)
{
	struct window *win = touched_window();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ask_pieces(win, sizes[i], NULL, ASK_CLEAR);
		window_check(win);
		touch_all(win);
	}
}

static void clear_part(void)
{
	struct window *win = touched_window();
	size_t first;

	/* what lies beside the cleared range stays */
	for (first = 31; first + 700 < win->pages; first += 700) {
		window_ask(win, first * page_size + 9, (first + 97) * page_size + 9, NULL,
			   ASK_CLEAR);
		window_check(win);
	}
}

static void clear_without_bitmap(void)
{
	struct window *win = touched_window();

	window_ask_pages(win, 0, 900, NULL, ASK_CLEAR | ASK_NO_BITMAP);
	window_check(win);
	window_ask_pages(win, 900, win->pages - 900, NULL, ASK_CLEAR | ASK_NO_BITMAP);
	window_check(win);
}

static unsigned long *some_pages(struct window *win, unsigned int one_in)
{
	unsigned long *map = bits_new(win->pages);
	size_t i;

	for (i = 0; i < win->pages; i++)
		if (random_next(&win->random) % one_in == 0)
			bit_set(map, i);
	return map;
}

static void predicate(void)
{
	struct window *win = touched_window();

	window_ask_pages(win, 0, win->pages, some_pages(win, 2), ASK_CLEAR);
	window_check(win);
	window_ask_pages(win, 0, win->pages, some_pages(win, 5), ASK_CLEAR | ASK_NO_BITMAP);
	window_check(win);
}

/* A range whose last pages are old or not chosen must not shift the rest. */
static void predicate_pieces(void)
{
	struct window *win = touched_window();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ask_pieces(win, sizes[i], some_pages(win, 3), ASK_CLEAR);
		window_check(win);
		touch_all(win);
	}
}

static void predicate_nothing(void)
{
	struct window *win = touched_window();

	window_ask_pages(win, 0, win->pages, bits_new(win->pages), ASK_CLEAR);
	window_check(win);
}

static void predicate_without_clear(void)
{
	struct window *win = touched_window();

	window_ask_pages(win, 0, win->pages, some_pages(win, 2), 0);
	window_check(win);
}

static void preset(void)
{
	struct window *win = touched_window();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		ask_pieces(win, sizes[i], NULL, ASK_PRESET);
	window_ask_pages(win, 0, win->pages, some_pages(win, 2), ASK_PRESET | ASK_CLEAR);
	window_check(win);
}

const struct test touch_tests[] = {
	{ "touched", "nothing is young before the guest runs", untouched, 30 },
	{ "touched", "the whole window is the touched set", whole_window, 30 },
	{ "touched", "windows of 1 to 513 pages", pieces, 120 },
	{ "touched", "ends within pages", unaligned, 60 },
	{ "touched", "the result without a bitmap", result_only, 120 },
	{ "clear", "a test changes nothing", test_twice, 30 },
	{ "clear", "cleared, and touched again", clear_and_touch, 30 },
	{ "clear", "in windows of 1 to 513 pages", clear_pieces, 120 },
	{ "clear", "neighbours of the range stay", clear_part, 30 },
	{ "clear", "without a bitmap", clear_without_bitmap, 30 },
	{ "predicate", "clears the chosen pages, reports all", predicate, 30 },
	{ "predicate", "in windows of 1 to 513 pages", predicate_pieces, 120 },
	{ "predicate", "that chooses nothing clears nothing", predicate_nothing, 30 },
	{ "predicate", "without the clear flag clears nothing", predicate_without_clear, 30 },
	{ "predicate", "set bits of the answer stay set", preset, 120 },
	{ 0 },
};
