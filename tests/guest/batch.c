// SPDX-License-Identifier: GPL-2.0-only
/*
 * Those beside MGLRU and /proc who ask which pages a guest has used, and ask about
 * many at once: khugepaged, DAMON, idle page tracking, and reclaim page by page.
 * What they find must be what the guest touched.
 */
#define _GNU_SOURCE
#include "tests.h"
#include "calls.h"
#include "damon.h"
#include "window.h"
#include "host.h"
#include <pagemap.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define THP_KNOBS	"/sys/kernel/mm/transparent_hugepage/"
#define CGROUP		"/batch-test"
#define GIANT		(1UL << 30)

/* One event from now on, in an empty trace; or no more. */
static void trace_event(const char *event, bool on)
{
	char path[128];

	if (on)
		close(open(TRACING "trace", O_WRONLY | O_TRUNC));
	snprintf(path, sizeof(path), TRACING "events/%s/enable", event);
	must_write(path, on ? "1" : "0");
}

static uint64_t entry_of(const struct window *win, size_t page)
{
	uint64_t entry;

	read_pagemap(win->base + page * page_size, &entry, 1);
	return entry;
}

static uint64_t pfn_of(const struct window *win, size_t page)
{
	uint64_t entry = entry_of(win, page);

	check(entry & ENTRY_PRESENT, "page %zu is missing", page);
	return entry & ((1ULL << 55) - 1);
}

/* KVM has mapped all; and nothing is young, nor are the folios. */
static void begin_idle(struct window *win)
{
	unsigned int i;
	size_t page;

	for (i = 0; i < win->nr; i++)
		for (page = 0; page < win->mappings[i].pages; page++)
			window_touch(&win->mappings[i], page, VM_READ);
	window_flush(win);
	must_write("/proc/self/clear_refs", "1");
	for (i = 0; i < win->nr; i++)
		window_cleared(&win->mappings[i], 0, win->mappings[i].pages);
	window_check(win);
}

static void fill(struct window *win, size_t first, size_t pages)
{
	size_t page;

	for (page = first; page < first + pages; page++)
		*(volatile size_t *)(win->base + page * page_size) = page + 1;
}

static void advise(const struct window *win, size_t first, size_t pages, int advice)
{
	check(!madvise(win->base + first * page_size, pages * page_size, advice),
	      "madvise %d: %s", advice, strerror(errno));
}

static void protect(const struct window *win, size_t first, size_t pages, int prot)
{
	check(!mprotect(win->base + first * page_size, pages * page_size, prot),
	      "mprotect: %s", strerror(errno));
}

/* --- khugepaged --- */

#define TABLES	5

/* Small pages that khugepaged could collapse; nobody has used them. */
static struct mapping *collapse_window(struct window **win, int prot)
{
	size_t pages = TABLES * huge_pages();
	struct mapping *map;

	*win = window_new(pages);
	window_back(*win, 0, pages, SMALL_PAGES);
	fill(*win, 0, pages);
	map = window_map(*win, vm_create(), 0, huge_gpa(VM_GPA), 0, pages, 1);
	protect(*win, 0, pages, prot);
	begin_idle(*win);
	return map;
}

/*
 * khugepaged looks at all there is, at least once, and at no other time: each write to
 * its knobs, and the first advice of a process, has it begin a pass, some time later.
 */
static void khugepaged(const struct window *win)
{
	uint64_t scans;
	int tries;

	advise(win, 0, win->pages, MADV_HUGEPAGE);
	scans = read_number(THP_KNOBS "khugepaged/full_scans");
	/* whole passes, so that the next one begins at the first table */
	must_write(THP_KNOBS "khugepaged/pages_to_scan", "1000000");
	must_write(THP_KNOBS "khugepaged/scan_sleep_millisecs", "10");
	/* the pass that is under way may have begun before */
	for (tries = 0; tries < 1000; tries++) {
		if (read_number(THP_KNOBS "khugepaged/full_scans") >= scans + 2)
			break;
		usleep(20000);
	}
	must_write(THP_KNOBS "khugepaged/scan_sleep_millisecs", "1000000");
	check(tries < 1000, "khugepaged does not run");
	advise(win, 0, win->pages, MADV_NOHUGEPAGE);
}

#define SCAN_EVENT	"huge_memory/mm_khugepaged_scan_pmd"

/* What must be writable is not collapsed otherwise; later kernels do not look at that. */
static bool collapses_what_is_read(void)
{
	char *format = read_file(TRACING "events/" SCAN_EVENT "/format");
	bool found = strstr(format, "writable");

	free(format);
	return !found;
}

/* What was scanned as small pages comes next in the trace. */
static const char *next_scan(const char *trace)
{
	static const char huge[] = " status=page_pmd_mapped";

	do {
		trace = strstr(trace + 1, " referenced=");
	} while (trace && !strncmp(strstr(trace, " status="), huge, strlen(huge)));
	return trace;
}

/*
 * Of a table: how many khugepaged took for referenced; -1 if it saw none. The trace has
 * the number of its last page; or that of no page, and tables in order.
 */
static int traced_referenced(const char *trace, size_t table, uint64_t last_page, char *status)
{
	const char *line = trace;
	int referenced;
	char want[64];

	if (collapses_what_is_read()) {
		for (line = next_scan(line); line && table; table--)
			line = next_scan(line);
	} else {
		snprintf(want, sizeof(want), "scan_pfn=0x%" PRIx64 ",", last_page);
		line = strstr(line, want);
		line = line ? next_scan(line) : NULL;
	}
	if (!line)
		return -1;
	check(sscanf(line, " referenced=%d, none_or_zero=%*d, status=%31[^,]", &referenced,
		     status) == 2, "trace: unknown format");
	return referenced;
}

static size_t young_pages(const struct window *win, size_t first, size_t pages)
{
	size_t young = 0;

	for (; pages; pages--, first++)
		young += window_young(win, first);
	return young;
}

static const char *scan_result(int referenced)
{
	if (!collapses_what_is_read())
		return "no_writable_page";
	return referenced ? "succeeded" : "lack_referenced_page";
}

/*
 * @own: a page that the process itself uses; 0 if there is none. What goes on is in
 * another window if khugepaged has collapsed this one.
 */
static void check_scan(struct window **win, struct mapping **map, size_t own)
{
	size_t leaf = huge_pages(), table;
	char status[32] = "", *trace;
	uint64_t last[TABLES];

	if (own)
		*(volatile char *)((*win)->base + own * page_size);
	window_flush(*win);
	for (table = 0; table < TABLES; table++)
		last[table] = pfn_of(*win, (table + 1) * leaf - 1);
	trace_event(SCAN_EVENT, true);
	khugepaged(*win);
	trace_event(SCAN_EVENT, false);
	trace = read_file(TRACING "trace");
	for (table = 0; table < TABLES; table++) {
		int got = traced_referenced(trace, table, last[table], status);
		int want = young_pages(*win, table * leaf, leaf);
		const char *result;

		want += own && own / leaf == table && !window_young(*win, own);
		result = scan_result(want);
		check(got == want && !strcmp(status, result),
		      "khugepaged, table %zu: got %d referenced and \"%s\", expected %d and \"%s\"",
		      table, got, status, want, result);
	}
	free(trace);
	if (collapses_what_is_read()) {
		*map = collapse_window(win, PROT_READ);
		return;
	}
	/* it has asked, and nothing else */
	window_check(*win);
}

/* Of memory that may only be read, khugepaged counts all and, mostly, does nothing. */
static void counted(void)
{
	size_t leaf = huge_pages(), own = leaf + 5, page;
	struct window *win;
	struct mapping *map = collapse_window(&win, PROT_READ);
	int round;

	check_scan(&win, &map, 0);
	window_touch(map, 0, VM_READ);
	window_touch(map, 2 * leaf - 1, VM_READ);
	window_touch(map, 3 * leaf, VM_READ);
	check_scan(&win, &map, 0);
	check_scan(&win, &map, 0);
	/* what both use counts once */
	check_scan(&win, &map, own);
	window_touch(map, own, VM_READ);
	check_scan(&win, &map, own);
	for (round = 0; round < 3; round++) {
		for (page = round; page < map->pages; page += 1 + random_next(&win->random) % 9)
			window_touch(map, page, VM_READ);
		check_scan(&win, &map, own);
		window_ask_pages(win, round * leaf + 7, leaf, NULL, ASK_CLEAR);
	}
	check_scan(&win, &map, own);
}

static bool is_huge(const struct window *win, size_t page)
{
	/* its first page has the number of a huge page's, and all follow */
	uint64_t first = pfn_of(win, page);
	size_t i;

	for (i = 1; i < huge_pages(); i++)
		if (pfn_of(win, page + i) != first + i)
			return false;
	return !(first % huge_pages());
}

/* What nobody has used stays as it is; a page that the guest used is enough. */
static void collapsed(void)
{
	size_t leaf = huge_pages(), table, page;
	struct window *win;
	struct mapping *map = collapse_window(&win, PROT_READ | PROT_WRITE);
	const bool want[TABLES] = { false, true, false, true, false };

	window_touch(map, 2 * leaf - 1, VM_READ);
	window_touch(map, 3 * leaf, VM_READ);
	window_flush(win);
	khugepaged(win);
	for (table = 0; table < TABLES; table++)
		check(is_huge(win, table * leaf) == want[table],
		      "table %zu: got %shuge, expected the other", table, want[table] ? "not " : "");
	for (page = 0; page < win->pages; page++)
		check(*(size_t *)(win->base + page * page_size) == page + 1,
		      "page %zu has lost its content", page);
}

static unsigned int scanned_tables(void)
{
	char *trace = read_file(TRACING "trace");
	const char *line = trace;
	unsigned int scans = 0;

	while ((line = next_scan(line)))
		scans++;
	free(trace);
	return scans;
}

/* One question for a table. Without a lock, or it would be one for each hold of it. */
static void asked_once(void)
{
	struct window *win;
	struct mapping *map = collapse_window(&win, PROT_READ);
	unsigned int before, got, scans;
	uint64_t locks;
	size_t page;

	for (page = 0; page < map->pages; page += 3)
		window_touch(map, page, VM_READ);
	window_flush(win);
	locks = mmu_lock_acquisitions();
	trace_event(SCAN_EVENT, true);
	before = calls_traced();
	calls_trace(win, true);
	khugepaged(win);
	calls_trace(win, false);
	trace_event(SCAN_EVENT, false);
	got = calls_traced() - before;
	scans = scanned_tables();
	check(scans >= TABLES && got == scans, "got %u questions when %u tables were scanned",
	      got, scans);
	locks = mmu_lock_acquisitions() - locks;
	/* where it collapses, too, it is for that */
	check(!expect_fast || !locks || collapses_what_is_read(),
	      "got %" PRIu64 " acquisitions of mmu_lock", locks);
}

/* --- folios that are mapped page by page --- */

/* Pages of the smaller ones. */
#define MIDDLE	16

/* What is allocated by a fault from now on: huge pages, or folios of MIDDLE pages. */
static void allocate(bool middle)
{
	char path[128];

	snprintf(path, sizeof(path), THP_KNOBS "hugepages-%zukB/enabled", MIDDLE * page_size >> 10);
	must_write(path, middle ? "madvise" : "never");
	snprintf(path, sizeof(path), THP_KNOBS "hugepages-%zukB/enabled", arch_huge_size() >> 10);
	must_write(path, middle ? "never" : "inherit");
}

/* Is it one folio, each page of which has an entry? Its first page is. */
static bool is_folio(const struct window *win, size_t page, size_t pages)
{
	uint64_t first = pfn_of(win, page);
	size_t i;

	for (i = 1; i < pages; i++)
		if (pfn_of(win, page + i) != first + i)
			return false;
	return !(first % pages);
}

/* Folios of so many pages from the first page of the window on. */
static void back_by_folios(struct window *win, size_t first, size_t pages, bool middle)
{
	size_t size = middle ? MIDDLE : huge_pages(), page;

	window_back(win, first, pages, LOOSE_PAGES);
	advise(win, first, pages, MADV_HUGEPAGE);
	allocate(middle);
	fill(win, first, pages);
	/* khugepaged shall leave them as they are */
	advise(win, first, pages, MADV_NOHUGEPAGE);
	allocate(false);
	for (page = first; page < first + pages; page += size)
		check(is_folio(win, page, size), "page %zu is no folio of %zu", page, size);
	if (middle)
		return;
	/* the second page apart, and back: now each has an entry */
	for (page = first; page < first + pages; page += size) {
		protect(win, page + 1, 1, PROT_READ);
		protect(win, page + 1, 1, PROT_READ | PROT_WRITE);
	}
	check(!smaps_bytes(win->base + first * page_size, pages * page_size, "AnonHugePages"),
	      "there is a huge page left");
}

/**
 * struct folios - a window, and the folios in it
 * @win: the window
 * @first: the first page of each, in ascending order, and where the last one ends
 * @pfn: the number of that page
 * @nr: their number
 * @hole: a page within them that belongs to another one; 0 if there is none
 * @own: one that the process itself uses; 0 if there is none
 */
struct folios {
	struct window *win;
	size_t first[64];
	uint64_t pfn[64];
	size_t nr;
	size_t hole;
	size_t own;
};

static void add_folios(struct folios *folios, size_t first, size_t size, size_t nr)
{
	for (; nr; nr--, first += size) {
		folios->first[folios->nr] = first;
		folios->pfn[folios->nr++] = pfn_of(folios->win, first);
	}
	folios->first[folios->nr] = first;
}

static struct folios middle_folios(void)
{
	size_t pages = 40 * MIDDLE;
	struct folios folios = { .win = window_new(pages) };

	back_by_folios(folios.win, 0, pages, true);
	window_map(folios.win, vm_create(), 0, VM_GPA, 0, pages, 1);
	add_folios(&folios, 0, MIDDLE, 40);
	return folios;
}

static struct folios split_folios(void)
{
	size_t leaf = huge_pages(), pages = 4 * leaf;
	struct folios folios = { .win = window_new(pages) };

	back_by_folios(folios.win, 0, pages, false);
	window_map(folios.win, vm_create(), 0, VM_GPA, 0, pages, 1);
	add_folios(&folios, 0, leaf, 4);
	return folios;
}

/*
 * Moved so that each of them lies in two page tables; the first one has lost a page,
 * and the last one has a page that is protected, and so lies in three areas.
 */
static struct folios moved_folios(void)
{
	size_t leaf = huge_pages(), pages = 3 * leaf, at = 4 * leaf + leaf / 4 + 3;
	struct folios folios = { .win = window_new(8 * leaf) };
	struct window *win = folios.win;
	char *to = win->base + at * page_size;

	back_by_folios(win, 0, pages, false);
	check(mremap(win->base, pages * page_size, pages * page_size,
		     MREMAP_MAYMOVE | MREMAP_FIXED, to) == to, "mremap: %s", strerror(errno));
	/* nobody else shall move in */
	check(mmap(win->base, pages * page_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		   MAP_NORESERVE | MAP_FIXED, -1, 0) == win->base, "mmap: %s", strerror(errno));
	folios.hole = at + leaf / 2;
	advise(win, folios.hole, 1, MADV_DONTNEED);
	fill(win, folios.hole, 1);
	protect(win, at + 2 * leaf + 5, 1, PROT_READ);
	window_map(win, vm_create(), 0, VM_GPA, at, pages, 1);
	add_folios(&folios, at, leaf, 3);
	return folios;
}

static bool folio_used(const struct folios *folios, size_t i)
{
	return (folios->own && folios->own == i) ||
	       young_pages(folios->win, folios->first[i], folios->first[i + 1] - folios->first[i]);
}

/* The guest touches one page of a folio, or some. */
static void touch_folio(struct folios *folios, size_t i, size_t page)
{
	struct mapping *map = &folios->win->mappings[0];

	page += folios->first[i];
	page -= folios->hole && page == folios->hole;
	window_touch(map, page - map->first, VM_READ);
}

/* In every second folio, from one of its ends on; a round each. */
static void touch_folios(struct folios *folios, unsigned int round)
{
	size_t i, size, last = folios->first[folios->nr];

	for (i = round & 1; i < folios->nr; i += 2) {
		size = folios->first[i + 1] - folios->first[i];
		touch_folio(folios, i, round & 2 ? size - 1 : 0);
		if (round & 4)
			touch_folio(folios, i, random_next(&folios->win->random) % size);
	}
	if (round == 7)
		touch_folio(folios, 0, last - folios->first[0] - 2);
	window_flush(folios->win);
}

/* No CPU of the host has a translation of it. To be done before begin_idle(). */
static void unknown_folio(const struct folios *folios, size_t i)
{
	size_t first = folios->first[i], pages = folios->first[i + 1] - first;

	protect(folios->win, first, pages, PROT_READ);
	protect(folios->win, first, pages, PROT_READ | PROT_WRITE);
}

/* The process reads the last page of it but one. */
static void use_folio(struct folios *folios, size_t i)
{
	size_t page = folios->first[i + 1] - 2;

	*(volatile char *)(folios->win->base + page * page_size);
	folios->own = i;
}

static void forget_folios(struct folios *folios)
{
	struct mapping *map = &folios->win->mappings[0];

	window_cleared(map, 0, map->pages);
	folios->own = 0;
}

/* --- idle page tracking --- */

static int idle_bitmap(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/sys/kernel/mm/page_idle/bitmap", O_RDWR | O_CLOEXEC);
	check(fd >= 0, "page_idle: %s", strerror(errno));
	return fd;
}

static void mark_idle(const struct folios *folios)
{
	uint64_t pfn, bit;
	size_t i;

	for (i = 0; i < folios->nr; i++) {
		pfn = folios->pfn[i];
		bit = 1ULL << pfn % 64;
		check(pwrite(idle_bitmap(), &bit, 8, pfn / 64 * 8) == 8, "page_idle: %s",
		      strerror(errno));
	}
}

/* This reads the bits of its neighbours, too: they are idle or stay used. */
static bool is_idle(const struct folios *folios, size_t i)
{
	uint64_t pfn = folios->pfn[i], word;

	check(pread(idle_bitmap(), &word, 8, pfn / 64 * 8) == 8, "page_idle: %s",
	      strerror(errno));
	return word >> pfn % 64 & 1;
}

static void check_idle(const struct folios *folios)
{
	bool idle[ARRAY_SIZE(folios->first)];
	size_t i;

	for (i = 0; i < folios->nr; i++)
		idle[i] = is_idle(folios, i);
	for (i = 0; i < folios->nr; i++)
		check(idle[i] != folio_used(folios, i), "folio %zu: got %s, expected the other",
		      i, idle[i] ? "idle" : "used");
}

static void idle_folios(struct folios folios)
{
	struct window *win = folios.win;
	unsigned int round;

	unknown_folio(&folios, 1);
	begin_idle(win);
	for (round = 0; round < 8; round++) {
		mark_idle(&folios);
		touch_folios(&folios, round);
		if (!round)
			use_folio(&folios, 1);
		/* nobody has looked yet */
		window_check(win);
		check_idle(&folios);
		/* of those that were used, no page is young; of the others, none was */
		forget_folios(&folios);
		window_check(win);
	}
	touch_folios(&folios, 4);
	mark_idle(&folios);
	forget_folios(&folios);
	window_check(win);
	check_idle(&folios);
}

static void idle_middle(void)
{
	idle_folios(middle_folios());
}

static void idle_split(void)
{
	idle_folios(split_folios());
}

static void idle_moved(void)
{
	idle_folios(moved_folios());
}

/* Who has one entry for each page, and who has a page, is asked by the word. */
static void idle_calls(void)
{
	struct folios folios = split_folios();
	unsigned int before, got, want;

	begin_idle(folios.win);
	touch_folios(&folios, 5);
	before = calls_traced();
	calls_trace(folios.win, true);
	mark_idle(&folios);
	calls_trace(folios.win, false);
	got = calls_traced() - before;
	want = folios.nr * ((huge_pages() + BITS_PER_LONG - 1) / BITS_PER_LONG);
	check(got == want, "got %u questions about %zu folios, expected %u", got, folios.nr, want);
}

/* --- reclaim, which must have swap --- */

static void lru_gen_enable(const char *what)
{
	must_write("/sys/kernel/mm/lru_gen/enabled", what);
}

/* None is active, so that reclaim comes by them, and looks once. */
static void begin_cold(const struct folios *folios)
{
	begin_idle(folios->win);
	mark_idle(folios);
	advise(folios->win, folios->first[0], folios->first[folios->nr] - folios->first[0],
	       MADV_COLD);
	lru_drain();
}

/* So that MGLRU evicts what nobody uses from now on. */
static void grow_old(void)
{
	struct lru_gen gen;
	int i;

	for (i = 0; i < 2; i++) {
		gen = lru_gen_read(CGROUP);
		lru_gen_age(&gen);
	}
}

static void evict_old(void)
{
	struct lru_gen gen = lru_gen_read(CGROUP);

	lru_gen_evict(&gen);
	lru_gen_enable("7");
}

/* Which folios are still there? */
static void check_kept(const struct folios *folios, bool all_others_gone)
{
	size_t i, gone = 0;

	for (i = 0; i < folios->nr; i++) {
		bool used = folio_used(folios, i);
		bool present = entry_of(folios->win, folios->first[i]) & ENTRY_PRESENT;

		check(present || !used, "folio %zu was in use, and is gone", i);
		check(!present || used || !all_others_gone, "folio %zu was idle, and is there",
		      i);
		gone += !present;
	}
	check(gone, "nothing was reclaimed");
}

/* MGLRU, which does not walk page tables now: it asks about each page of a folio. */
static void evicted(const struct folios *all)
{
	struct folios folios = *all;

	lru_gen_enable("1");
	unknown_folio(&folios, 1);
	begin_cold(&folios);
	grow_old();
	touch_folios(&folios, 6);
	use_folio(&folios, 1);
	evict_old();
	check_kept(&folios, true);
}

/* What looks around clears accessed bits, and idle page tracking must know. */
static void check_told(const struct folios *folios)
{
	size_t i;

	for (i = 0; i < folios->nr; i++)
		check(!folio_used(folios, i) || !is_idle(folios, i),
		      "folio %zu was in use, and is idle", i);
}

static void evict_middle(void)
{
	struct folios folios;

	cgroup_enter(CGROUP);
	folios = middle_folios();
	evicted(&folios);
	check_told(&folios);
}

static void evict_split(void)
{
	struct folios folios;

	cgroup_enter(CGROUP);
	folios = split_folios();
	evicted(&folios);
	/* as no look-around goes beyond a page table, each has been asked about itself */
	forget_folios(&folios);
	window_check(folios.win);
}

/*
 * Later kernels let a page go that was found young once, and whose accessed bit
 * somebody else has cleared. So each is marked as used before, which leaves its entry
 * as it is.
 */
static void used_before(const struct window *win)
{
	char byte;
	size_t page;
	int fd;

	if (!kernel_since(6, 14))
		return;
	fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	for (page = 0; page < win->pages; page++)
		check(pread(fd, &byte, 1, (uintptr_t)win->base + page * page_size) == 1,
		      "/proc/self/mem: page %zu", page);
	close(fd);
}

/* Pages of their own: what one of them clears as it looks around, no other comes by. */
static void evict_pages(void)
{
	size_t pages = 300, page, gone = 0;
	struct window *win;
	struct mapping *map;

	cgroup_enter(CGROUP);
	lru_gen_enable("1");
	win = window_new(pages);
	window_back(win, 0, pages, LOOSE_PAGES);
	fill(win, 0, pages);
	map = window_map(win, vm_create(), 0, VM_GPA, 0, pages, 1);
	begin_idle(win);
	advise(win, 0, pages, MADV_COLD);
	lru_drain();
	used_before(win);
	grow_old();
	for (page = 0; page < pages; page += 1 + random_next(&win->random) % 4)
		window_touch(map, page, VM_READ);
	window_flush(win);
	evict_old();
	for (page = 0; page < pages; page++) {
		bool present = entry_of(win, page) & ENTRY_PRESENT;

		check(present == window_young(win, page), "page %zu: got %s, expected the other",
		      page, present ? "present" : "gone");
		gone += !present;
	}
	check(gone, "nothing was reclaimed");
	window_cleared(map, 0, pages);
	window_check(win);
}

/* The older LRU lists. What is idle is enough: nobody may take what is used. */
static void reclaimed(struct folios folios)
{
	size_t bytes = (folios.first[folios.nr] - folios.first[0]) * page_size / 4;

	unknown_folio(&folios, 2);
	begin_cold(&folios);
	touch_folios(&folios, 7);
	use_folio(&folios, 2);
	/* it may have found a little less */
	write_file("/sys/fs/cgroup" CGROUP "/memory.reclaim", "%zu", bytes);
	lru_gen_enable("7");
	check_kept(&folios, false);
}

static void reclaim_middle(void)
{
	cgroup_enter(CGROUP);
	lru_gen_enable("0");
	reclaimed(middle_folios());
}

static void reclaim_split(void)
{
	cgroup_enter(CGROUP);
	lru_gen_enable("0");
	reclaimed(split_folios());
}

/* --- DAMON --- */

#define SAMPLE_US	100000
#define SAMPLES		8	/* of an aggregation */
#define AGGREGATION	(SAMPLES * SAMPLE_US / 1e6)	/* seconds */

static void damon_watches(bool physical, uint64_t start, uint64_t end)
{
	damon_begin(&(struct damon) {
		.physical = physical,
		.start = start,
		.end = end,
		.sample_us = SAMPLE_US,
		.samples = SAMPLES,
		.filter = true,
	});
}

/* The guest touches a page all the time, or none. */
static void keep_touching(struct mapping *map, const size_t *page, double seconds)
{
	double end = now() + seconds;

	for (; now() < end; usleep(5000)) {
		if (!page)
			continue;
		window_touch(map, *page, VM_READ);
		vm_touch_flush(map->vm);
	}
}

/* @passed: bytes of the folios that the filter has found to be young */
static struct damon_seen damon_watch(struct mapping *map, const size_t *page, uint64_t *passed)
{
	/* what is under way has begun before, and nobody touches while DAMON is asked */
	keep_touching(map, page, AGGREGATION);
	*passed = damon_passed();
	keep_touching(map, page, AGGREGATION);
	trace_event("damon/damon_aggregated", true);
	keep_touching(map, page, 3 * AGGREGATION);
	trace_event("damon/damon_aggregated", false);
	*passed = damon_passed() - *passed;
	return damon_traced();
}

/*
 * DAMON looks at any page, and the guest uses one page: of a huge one, that is all
 * of it. The others of the mapping, some of which were used, are not its business.
 * @folio: bytes that its filter finds; 0: it does not look at such pages
 */
static void damon_finds(struct mapping *map, size_t page, uint64_t folio)
{
	uint64_t passed;
	struct damon_seen seen = damon_watch(map, &page, &passed);

	/* a slow machine may miss one or two */
	check(seen.regions && seen.least >= SAMPLES - 3,
	      "in use: got %u of %d samples in one of %u regions", seen.least, SAMPLES,
	      seen.regions);
	check(!folio || !damon_filters() || (passed && !(passed % folio)),
	      "in use: the filter finds %" PRIu64 " young bytes in a folio of %" PRIu64,
	      passed, folio);
	seen = damon_watch(map, NULL, &passed);
	check(seen.regions && !seen.most, "idle: got %u of %d samples in one of %u regions",
	      seen.most, SAMPLES, seen.regions);
	check(!passed, "idle: the filter finds %" PRIu64 " young bytes", passed);
	damon_end();
	window_cleared(map, page, 1);
}

static void damon_huge(void)
{
	size_t leaf = huge_pages(), page;
	struct window *win = window_new(4 * leaf);
	char *start = win->base + 2 * arch_huge_size();
	struct mapping *map;

	allocate(false);
	window_back(win, leaf, 3 * leaf, THP);
	fill(win, leaf, 3 * leaf);
	/* KVM cannot map it huge */
	map = window_map(win, vm_create(), 0, huge_gpa(2 * VM_GPA) + page_size, leaf, 3 * leaf, 1);
	begin_idle(win);
	for (page = 0; page < leaf; page += 5) {
		window_touch(map, page, VM_READ);
		window_touch(map, 2 * leaf + page, VM_READ);
	}
	window_flush(win);
	/* from its middle on */
	damon_watches(false, (uintptr_t)start + arch_huge_size() / 2,
		      (uintptr_t)start + arch_huge_size());
	damon_finds(map, leaf + leaf / 2 + 3, arch_huge_size());
	window_check(win);
}

static void damon_giant(void)
{
	size_t leaf = GIANT / page_size;
	struct window *win = window_new(leaf);
	struct mapping *map;

	window_back(win, 0, leaf, HUGETLB_1G);
	map = window_map(win, vm_create(), 0, GIANT + page_size, 0, leaf, 1);
	window_touch(map, 5, VM_READ);
	window_touch(map, leaf - 9, VM_READ);
	window_flush(win);
	window_cleared(map, 0, leaf);
	damon_watches(false, (uintptr_t)win->base, (uintptr_t)win->base + GIANT);
	damon_finds(map, leaf - 9, 0);
	window_check(win);
}

/* By its physical address, a folio each page of which has an entry. */
static void damon_split(void)
{
	struct folios folios = split_folios();
	struct window *win = folios.win;
	size_t leaf = huge_pages(), page;
	struct mapping *map = &win->mappings[0];
	uint64_t start = pfn_of(win, leaf) * page_size;

	begin_idle(win);
	for (page = 0; page < leaf; page += 5) {
		window_touch(map, page, VM_READ);
		window_touch(map, 2 * leaf + page, VM_READ);
	}
	window_flush(win);
	damon_watches(true, start, start + arch_huge_size());
	damon_finds(map, leaf + leaf / 2 + 3, arch_huge_size());
	window_check(win);
}

const struct test batch_tests[] = {
	{ "batch", "khugepaged counts what the guest used", counted, 120 },
	{ "batch", "khugepaged collapses what the guest used", collapsed, 120 },
	{ "batch", "khugepaged asks once per table", asked_once, 60 },
	{ "batch", "idle page tracking, folios of 16 pages", idle_middle, 60 },
	{ "batch", "idle page tracking, split huge pages", idle_split, 120 },
	{ "batch", "idle page tracking, folios in two tables", idle_moved, 120 },
	{ "batch", "idle page tracking asks by the word", idle_calls, 60 },
	{ "batch", "DAMON, a huge page that KVM maps small", damon_huge, 60 },
	{ "batch", "DAMON, a split huge page by its address", damon_split, 60 },
	{ 0 },
};

const struct test batch_giant_tests[] = {
	{ "batch-giant", "DAMON, a 1 GB page that KVM maps small", damon_giant, 120 },
	{ 0 },
};

const struct test batch_swap_tests[] = {
	{ "batch-swap", "MGLRU evicts folios of 16 pages", evict_middle, 60 },
	{ "batch-swap", "MGLRU evicts split huge pages", evict_split, 60 },
	{ "batch-swap", "MGLRU evicts single pages", evict_pages, 60 },
	{ "batch-swap", "the older LRUs, folios of 16 pages", reclaim_middle, 60 },
	{ "batch-swap", "the older LRUs, split huge pages", reclaim_split, 60 },
	{ 0 },
};
