// SPDX-License-Identifier: GPL-2.0-only
/*
 * MGLRU's aging walk: whose accessed bits it clears, and how often it asks.
 */
#include "tests.h"
#include "calls.h"
#include "window.h"
#include "host.h"

#define OURS		"/lru-ours"
#define THEIRS		"/lru-theirs"
#define TABLES		3

/* Pages that one page table of the host maps. */
static size_t table_pages(void)
{
	return arch_huge_size() / page_size;
}

static struct mapping *lru_window(struct window **win)
{
	size_t pages = TABLES * table_pages();

	*win = window_new(pages);
	window_back(*win, 0, pages, LOOSE_PAGES);
	return window_map(*win, vm_create(), 0, VM_GPA, 0, pages, 1);
}

static void touch_every(struct mapping *map, size_t first, size_t step)
{
	size_t page;

	for (page = first; page < map->pages; page += step)
		window_touch(map, page, VM_WRITE);
}

static void age(const char *cgroup)
{
	struct lru_gen gen;

	/* later kernels leave alone what waits to get into a list */
	lru_drain();
	gen = lru_gen_read(cgroup);
	check(lru_gen_age(&gen), "%s: somebody else aged it", cgroup);
}

/*
 * Memory stays charged to the cgroup in which it was faulted in, while page
 * tables are walked for the cgroup that their owner is in.
 */
static void out_of_scope(void)
{
	struct window *win;
	struct mapping *map;
	size_t page;

	cgroup_enter(THEIRS);
	map = lru_window(&win);
	touch_every(map, 0, 3);
	window_flush(win);
	cgroup_enter(OURS);
	touch_every(map, 0, 1);
	window_check(win);

	age(OURS);
	for (page = 0; page < map->pages; page++)
		if (page % 3)
			window_cleared(map, page, 1);
	window_check(win);
}

/* How often one aging pass asks KVM about the window. */
static unsigned int calls_of_pass(const struct window *win)
{
	unsigned int before = calls_traced();

	calls_trace(win, true);
	age(OURS);
	calls_trace(win, false);
	return calls_traced() - before;
}

/*
 * In each table, a page is alone, and the windows have 1 page, 8 pages if answers
 * are slow, and then as many as a word has bits.
 */
static unsigned int windows(void)
{
	unsigned int first = expect_fast ? 2 : 10;

	return (expect_fast ? 2 : 3) +
	       (table_pages() - first + BITS_PER_LONG - 1) / BITS_PER_LONG;
}

static void calls_all_young(void)
{
	struct window *win;
	unsigned int calls, want = TABLES * windows();

	cgroup_enter(OURS);
	touch_every(lru_window(&win), 0, 1);
	window_flush(win);

	/* windows of more than one page are asked about twice, unless once clears all */
	calls = calls_of_pass(win);
	check(calls == (expect_fast ? 2 * (want - TABLES) : want),
	      "all young: got %u calls in %u windows", calls, want);
	calls = calls_of_pass(win);
	check(calls == want, "idle: got %u calls in %u windows", calls, want);
}

/* Asking page by page, as kernels without batches do, would be as good. */
static void calls_sparse(void)
{
	struct window *win;
	unsigned int calls;

	cgroup_enter(OURS);
	touch_every(lru_window(&win), table_pages() / 2, table_pages());
	window_flush(win);

	calls = calls_of_pass(win);
	check(calls == TABLES, "%d pages: got %u calls, expected as many", TABLES,
	      calls);
}

/* Memory of another cgroup is no reason to ask. */
static void calls_out_of_scope(void)
{
	struct window *win;
	unsigned int calls;

	cgroup_enter(THEIRS);
	touch_every(lru_window(&win), 0, 1);
	window_flush(win);
	cgroup_enter(OURS);

	calls = calls_of_pass(win);
	check(!calls, "no page of ours: got %u calls, expected none", calls);
	window_check(win);
}

const struct test lru_tests[] = {
	{ "lru", "aging leaves the memory of other cgroups alone", out_of_scope, 60 },
	{ "lru", "aging asks at most twice per window", calls_all_young, 60 },
	{ "lru", "aging asks no more than once per page", calls_sparse, 60 },
	{ "lru", "aging does not ask about other cgroups", calls_out_of_scope, 60 },
	{ 0 },
};
