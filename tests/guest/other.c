// SPDX-License-Identifier: GPL-2.0-only
/* Guests for which KVM has tables of another kind: aged under mmu_lock, as ever. */
#include "tests.h"
#include "window.h"
#include "host.h"

#define PAGES	400

/* Behind the guest's own area, in which pages are young at all times. */
static size_t first_page(void)
{
	return (VM_CONTROL_GPA + VM_CONTROL_SIZE) / page_size;
}

static struct window *other_window(void)
{
	size_t pages = first_page() + PAGES;
	struct window *win = window_new(pages);

	expect_fast = false;
	window_back(win, 0, pages, SMALL_PAGES);
	window_map(win, vm_create_other(win->base), 0, 0, 0, pages, 1);
	return win;
}

static void touch_some(struct window *win)
{
	size_t page;

	for (page = first_page(); page < win->pages; page += 1 + random_next(&win->random) % 9)
		window_touch(&win->mappings[0], page, random_next(&win->random) & 1);
}

static void ask(struct window *win, size_t size, enum ask_flags flags)
{
	size_t page;

	for (page = first_page(); page + size <= win->pages; page += size)
		window_ask_pages(win, page, size, NULL, flags);
}

static void ranges(void)
{
	static const size_t sizes[] = { PAGES, 1, 3, 63, 64, 65, 200 };
	struct window *win = other_window();
	size_t i;

	ask(win, PAGES, 0);
	touch_some(win);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		ask(win, sizes[i], i & 1 ? ASK_PRESET : 0);
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

static void not_fast(void)
{
	struct window *win = other_window();

	touch_some(win);
	ask(win, 64, ASK_CLEAR | ASK_FAST_ONLY);
	ask(win, PAGES, 0);
}

/* What it is told by the calls that ask about one page. */
static void page_by_page(void)
{
	struct window *win = other_window();

	touch_some(win);
	ask(win, 1, ASK_NO_BITMAP);
	ask(win, 1, ASK_CLEAR | ASK_NO_BITMAP);
	ask(win, 1, ASK_NO_BITMAP);
}

const struct test other_tests[] = {
	{ "other", "what the guest touched", ranges, 60 },
	{ "other", "cleared, and touched again", cleared, 60 },
	{ "other", "fast only leaves them alone", not_fast, 60 },
	{ "other", "page by page", page_by_page, 60 },
	{ 0 },
};
