// SPDX-License-Identifier: GPL-2.0-only
/*
 * What /proc says of accesses: pagemap, PAGEMAP_SCAN and smaps, and wss on top of
 * them, must report the very pages that the guest or the process used since they
 * were cleared.
 */
#include "tests.h"
#include "calls.h"
#include "window.h"
#include "host.h"
#include <pagemap.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGES		1700
#define REGIONS		64
#define CGROUP		"/procfs-test"

/*
 * Two readers, who clear what they have seen. One of them judges by the young
 * and referenced flags of folios and the other one by their idle flag.
 */
enum reader {
	BY_YOUNG,
	BY_IDLE,
	READERS,
};

static const char *const reader_names[READERS] = { "by young", "by idle" };

/**
 * struct view - a window, and what must be known of it
 * @win: the window
 * @seen: for each reader, the pages that were used since it cleared them
 * @stolen: BY_YOUNG shares its state with reclaim, which takes from it
 * @unknown: what was used is not known until all is cleared
 * @huge: all pages are parts of huge ones
 * @zero: pages that were only read, which are the zero page
 */
struct view {
	struct window *win;
	unsigned long *seen[READERS];
	bool stolen;
	bool unknown;
	bool huge;
	size_t zero;
};

static void clear_refs(unsigned int what)
{
	check(write_file("/proc/self/clear_refs", "%u", what), "clear_refs: %s", strerror(errno));
}

static struct view view_new(struct window *win)
{
	struct view view = {
		.win = win,
		.seen = { bits_new(win->pages), bits_new(win->pages) },
	};

	return view;
}

static void view_used(struct view *view, size_t page)
{
	bit_set(view->seen[BY_YOUNG], page);
	bit_set(view->seen[BY_IDLE], page);
}

/* The guests work off what was queued. */
static void view_flush(struct view *view)
{
	struct window *win = view->win;
	unsigned int i;
	size_t page;

	window_flush(win);
	for (page = 0; page < win->pages; page++)
		if (window_young(win, page))
			view_used(view, page);
	for (i = 0; i < win->nr; i++)
		window_cleared(&win->mappings[i], 0, win->mappings[i].pages);
}

static void view_touch(struct view *view)
{
	struct window *win = view->win;
	unsigned int i;

	for (i = 0; i < win->nr; i++)
		window_touch_irregular(win, &win->mappings[i]);
	view_flush(view);
}

static void view_forget(struct view *view, enum reader reader, size_t first, size_t pages)
{
	for (; pages; pages--, first++)
		bit_clear(view->seen[reader], first);
}

static void compare(struct view *view, enum reader reader, size_t page, bool got,
		    const char *source)
{
	bool want = bit_test(view->seen[reader], page);

	if (view->unknown || (view->stolen && reader == BY_YOUNG && !got))
		return;
	check(got == want, "%s, page %zu: got %d, expected %d", source, page, got, want);
}

static uint64_t *read_entries(struct window *win)
{
	uint64_t *entries = calloc(win->pages + 1, sizeof(*entries));

	read_pagemap(win->base, entries, win->pages);
	return entries;
}

static void check_entries(struct view *view)
{
	uint64_t *entries = read_entries(view->win);
	size_t page;

	for (page = 0; page < view->win->pages; page++)
		compare(view, BY_YOUNG, page, entries[page] & ENTRY_REFERENCED, "pagemap");
	free(entries);
}

static void check_smaps(struct view *view)
{
	struct window *win = view->win;
	uint64_t got = smaps_bytes(win->base, win->pages * page_size, "Referenced"), want = 0;
	size_t page;

	for (page = 0; page < win->pages; page++)
		want += bit_test(view->seen[BY_YOUNG], page) * page_size;
	check(got == want || (view->stolen && got < want),
	      "smaps: got %" PRIu64 " bytes, expected %" PRIu64, got, want);
}

/*
 * Asks about a part of the window, in one go or with room for a few regions and
 * pages only. Sets the bits of pages that are reported.
 */
static void collect(struct window *win, enum reader reader, size_t first, size_t pages,
		    bool clear, bool in_pieces, unsigned long *got)
{
	uint64_t base = (uintptr_t)win->base, end = base + (first + pages) * page_size;
	struct region regions[REGIONS];
	struct scan_arg arg = {
		.size = sizeof(arg),
		.flags = (reader == BY_IDLE ? FLAG_BY_IDLE : 0) |
			 (clear ? FLAG_CLEAR_REFERENCED : 0),
		.start = base + first * page_size,
		.end = end,
		.vec = (uintptr_t)regions,
		.vec_len = REGIONS,
		.category_mask = IS_REFERENCED,
		.return_mask = IS_REFERENCED | IS_PRESENT,
	};
	int nr, i;

	while (arg.start < end) {
		if (in_pieces) {
			arg.vec_len = 1 + random_next(&win->random) % 7;
			arg.max_pages = 1 + random_next(&win->random) % 999;
		}
		nr = ioctl(pagemap(), SCAN_IOCTL, &arg);
		check(nr >= 0, "PAGEMAP_SCAN: %s", strerror(errno));
		check(arg.walk_end > arg.start, "PAGEMAP_SCAN: stands still");
		for (i = 0; i < nr; i++) {
			check(regions[i].categories == arg.return_mask, "categories: got 0x%" PRIx64,
			      regions[i].categories);
			for (; regions[i].start < regions[i].end; regions[i].start += page_size)
				bit_set(got, (regions[i].start - base) / page_size);
		}
		arg.start = arg.walk_end;
	}
}

/* Likewise, and compares. */
static void scan(struct view *view, enum reader reader, size_t first, size_t pages, bool clear,
		 bool in_pieces)
{
	unsigned long *got = bits_new(view->win->pages);
	size_t page;

	collect(view->win, reader, first, pages, clear, in_pieces, got);
	for (page = first; page < first + pages; page++)
		compare(view, reader, page, bit_test(got, page), reader_names[reader]);
	if (clear)
		view_forget(view, reader, first, pages);
	free(got);
}

/* All that can be asked without changing anything. */
static void view_check(struct view *view)
{
	check_entries(view);
	check_smaps(view);
	scan(view, BY_YOUNG, 0, view->win->pages, false, true);
	scan(view, BY_IDLE, 0, view->win->pages, false, true);
}

static void view_clear_refs(struct view *view, unsigned int what)
{
	clear_refs(what);
	view_forget(view, BY_YOUNG, 0, view->win->pages);
}

/*
 * Makes the CPU forget its translations for a part of the window, and clears all
 * of it for both readers: on powerpc, mprotect() makes pages young.
 */
static void view_forget_all(struct view *view, size_t first, size_t pages)
{
	char *start = view->win->base + first * page_size;

	check(!mprotect(start, pages * page_size, PROT_READ) &&
	      !mprotect(start, pages * page_size, PROT_READ | PROT_WRITE),
	      "mprotect: %s", strerror(errno));
	view->unknown = true;
	view_clear_refs(view, 1);
	scan(view, BY_IDLE, 0, view->win->pages, true, false);
	view->unknown = false;
}

/*
 * Several slots with holes between them, neighbours in another order for the guest,
 * and memory that is no guest's. What the guest reads first of all would be the
 * zero page, which is not reported. So it has written all there is.
 */
static struct view irregular_view(enum backing backing)
{
	struct window *win = window_new(PAGES);
	struct view view = view_new(win);
	struct vm *vm = vm_create();
	unsigned int i;
	size_t page;

	window_back(win, 3, 700, backing);
	window_back(win, 760, 64, backing);
	window_back(win, 1000, 650, backing);
	window_map(win, vm, 0, VM_GPA + 3000 * page_size, 3, 300, 1);
	window_map(win, vm, 0, VM_GPA, 303, 400, 1);
	window_map(win, vm, 0, VM_GPA + 1000 * page_size, 760, 64, 1);
	window_map(win, vm, 0, VM_GPA + 2000 * page_size, 1000, 600, 1);
	view_check(&view);
	for (i = 0; i < win->nr; i++)
		for (page = 0; page < win->mappings[i].pages; page++)
			window_touch(&win->mappings[i], page, VM_WRITE);
	view_flush(&view);
	view_check(&view);
	clear_refs(1);
	view_forget(&view, BY_YOUNG, 0, win->pages);
	scan(&view, BY_IDLE, 0, win->pages, true, false);
	return view;
}

static void small(void)
{
	struct view view = irregular_view(SMALL_PAGES);
	unsigned int round;

	for (round = 0; round < 4; round++) {
		view_touch(&view);
		view_check(&view);
		view_clear_refs(&view, 1);
		/* in the guest's page table, too */
		window_check(view.win);
		check_entries(&view);
		view_check(&view);
	}
}

/* Which pages a number is for, and what leaves accessed bits alone. */
static void numbers(void)
{
	struct view view = irregular_view(SMALL_PAGES);

	view_touch(&view);
	clear_refs(3);
	view_check(&view);
	clear_refs(5);
	view_check(&view);
	view_clear_refs(&view, 2);
	view_check(&view);
	view_touch(&view);
	view_check(&view);
}

static void ranges(void)
{
	struct view view = irregular_view(SMALL_PAGES);
	unsigned int round;

	view_touch(&view);
	for (round = 0; round < 6; round++) {
		size_t first = random_next(&view.win->random) % 900;

		scan(&view, round & 1, first, 1 + random_next(&view.win->random) % 800, true,
		     round & 2);
		view_check(&view);
		if (round == 3)
			view_touch(&view);
	}
}

/* Nothing of what one of them took is lost for the other one. */
static void two_readers(void)
{
	struct view view = irregular_view(SMALL_PAGES);
	size_t pages = view.win->pages;
	unsigned int round;

	for (round = 0; round < 8; round++) {
		view_touch(&view);
		if (round & 1)
			scan(&view, BY_YOUNG, 0, pages, true, round & 4);
		if (round & 2)
			scan(&view, BY_IDLE, 0, pages, true, round & 4);
		if (round == 4 || round == 6)
			view_clear_refs(&view, 1);
		view_check(&view);
	}
	/* nobody used anything: nothing is told twice */
	scan(&view, BY_YOUNG, 0, pages, true, false);
	scan(&view, BY_IDLE, 0, pages, true, false);
	view_check(&view);
}

static void age(void)
{
	struct lru_gen gen = lru_gen_read(CGROUP);

	lru_gen_age(&gen);
}

/* Aging takes accessed bits. The reader whom it tells of that misses nothing. */
static void aging(void)
{
	struct view view;
	unsigned int round;

	cgroup_enter(CGROUP);
	view = irregular_view(LOOSE_PAGES);
	view.stolen = true;
	for (round = 0; round < 6; round++) {
		view_touch(&view);
		age();
		view_check(&view);
		if (round & 1)
			age();
		scan(&view, round % 3 ? BY_IDLE : BY_YOUNG, 0, view.win->pages, true, false);
		age();
		view_check(&view);
	}
}

struct reading {
	struct view *view;
	enum reader reader;
	unsigned long *got;
	bool *stop;
};

static void *read_and_clear(void *arg)
{
	struct reading *reading = arg;
	struct window *win = reading->view->win;
	bool last;

	do {
		last = __atomic_load_n(reading->stop, __ATOMIC_ACQUIRE);
		collect(win, reading->reader, 0, win->pages, true, false, reading->got);
	} while (!last);
	return NULL;
}

/* All that the guest uses is seen by both, sooner or later, and nothing else. */
static void read_at_once(struct view *view, bool aged)
{
	struct reading readings[READERS];
	pthread_t threads[READERS];
	bool stop = false;
	enum reader i;
	size_t page, n;
	int err;

	for (i = 0; i < READERS; i++) {
		readings[i] = (struct reading) {
			.view = view, .reader = i, .got = bits_new(view->win->pages), .stop = &stop,
		};
		err = pthread_create(&threads[i], NULL, read_and_clear, &readings[i]);
		check(!err, "pthread_create: %s", strerror(err));
	}
	for (n = 0; n < 30; n++) {
		struct mapping *map = &view->win->mappings[n % view->win->nr];

		for (page = n; page < map->pages; page += 41)
			window_touch(map, page, page & 1);
		view_flush(view);
		if (aged)
			age();
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < READERS; i++) {
		pthread_join(threads[i], NULL);
		for (page = 0; page < view->win->pages; page++)
			compare(view, i, page, bit_test(readings[i].got, page), reader_names[i]);
		view_forget(view, i, 0, view->win->pages);
	}
	view_check(view);
}

static void at_once(void)
{
	struct view view = irregular_view(SMALL_PAGES);

	read_at_once(&view, false);
}

static void at_once_aging(void)
{
	struct view view;

	cgroup_enter(CGROUP);
	view = irregular_view(LOOSE_PAGES);
	view.stolen = true;
	read_at_once(&view, true);
}

/* The process uses what is the guest's, and what is its own. */
static void own_accesses(void)
{
	struct view view = irregular_view(SMALL_PAGES);
	struct window *win = view.win;
	volatile char *base = win->base;
	size_t page;

	view_touch(&view);
	/* the last 50 pages are no guest's */
	for (page = 1600; page < 1650; page++) {
		base[page * page_size] = 1;
		view_used(&view, page);
	}
	view_check(&view);
	view_forget_all(&view, 1600, 50);
	view_check(&view);
	for (page = 1601; page < 1650; page += 3) {
		base[page * page_size] = 2;
		view_used(&view, page);
	}
	/* the process has not used these before: there are no translations */
	for (page = 1010; page < 1100; page += 7) {
		base[page * page_size] = 2;
		view_used(&view, page);
	}
	view_check(&view);
	scan(&view, BY_YOUNG, 0, win->pages, true, true);
	view_check(&view);
}

static void without_guest(void)
{
	struct window *win = window_new(600);
	struct view view = view_new(win);
	volatile char *base = win->base;
	unsigned int round;
	size_t page;

	window_back(win, 0, 600, SMALL_PAGES);
	for (round = 1; round < 5; round++) {
		for (page = round; page < 600; page += 2 * round) {
			base[page * page_size] = round;
			view_used(&view, page);
		}
		view_check(&view);
		if (round & 1)
			view_clear_refs(&view, 1);
		else
			scan(&view, BY_IDLE, 0, 600, true, false);
		view_check(&view);
		view_forget_all(&view, 0, 600);
		view_check(&view);
	}
}

/* A machine that is gone has used what it has used, and nothing else. */
static void closed(void)
{
	struct view view = irregular_view(SMALL_PAGES);
	struct vm *vm = view.win->mappings[0].vm;
	unsigned int i;

	view_touch(&view);
	view_clear_refs(&view, 1);
	scan(&view, BY_IDLE, 0, view.win->pages, true, false);
	for (i = 0; i < view.win->nr; i++)
		window_forget(&view.win->mappings[i]);
	vm_destroy(vm);
	view_check(&view);
	view_clear_refs(&view, 1);
	view_check(&view);
}

static void locks(void)
{
	struct view view = irregular_view(SMALL_PAGES);
	uint64_t before, got;

	view_touch(&view);
	check_entries(&view);
	before = mmu_lock_acquisitions();
	view_check(&view);
	scan(&view, BY_IDLE, 0, view.win->pages, true, true);
	view_clear_refs(&view, 1);
	view_check(&view);
	got = mmu_lock_acquisitions() - before;
	check(!got == (expect_fast || lockless_slow),
	      "got %" PRIu64 " acquisitions of mmu_lock, expected %s", got,
	      expect_fast || lockless_slow ? "none" : "some");
}

/* Huge pages 1 to 5 of the window, of which the guest uses some. */
static struct view huge_view(struct mapping **map)
{
	size_t leaf = huge_pages(), i;
	struct window *win = window_new(7 * leaf);

	window_back(win, leaf, 5 * leaf, THP);
	for (i = 1; i <= 5; i++)
		win->base[i * arch_huge_size()] = 1;
	*map = window_map(win, vm_create(), 0, huge_gpa(2 * VM_GPA), leaf, 5 * leaf, leaf);
	return view_new(win);
}

/* The process itself has used them all. */
static void huge(void)
{
	size_t leaf = huge_pages(), page;
	struct mapping *map;
	struct view view = huge_view(&map);

	for (page = leaf; page < 6 * leaf; page++)
		view_used(&view, page);
	window_touch(map, 1, VM_WRITE);
	view_flush(&view);
	view_check(&view);

	view_clear_refs(&view, 1);
	view_check(&view);
	window_touch(map, 7, VM_WRITE);
	window_touch(map, 3 * leaf - 1, VM_READ);
	window_touch(map, 3 * leaf, VM_WRITE);
	view_flush(&view);
	view_check(&view);

	/* limits within huge pages: each of their pages is reported once */
	scan(&view, BY_YOUNG, 0, view.win->pages, true, true);
	scan(&view, BY_IDLE, 0, view.win->pages, true, true);
	view_check(&view);
	window_touch(map, 2 * leaf + 5, VM_WRITE);
	view_flush(&view);
	view_check(&view);
	/* a huge page is cleared when its last page is reported, and not before */
	scan(&view, BY_IDLE, 3 * leaf - 7, leaf, true, false);
	for (page = 3 * leaf; page < 4 * leaf; page++)
		view_used(&view, page);
	view_check(&view);
}

/* Aging takes the accessed bit of a huge page, and tells of it. */
static void huge_aging(void)
{
	size_t leaf = huge_pages();
	struct mapping *map;
	unsigned int round;
	struct view view;

	cgroup_enter(CGROUP);
	view = huge_view(&map);
	view.stolen = true;
	/* nobody ages what is locked, or on no list */
	check(!munlock(view.win->base + arch_huge_size(), 5 * arch_huge_size()), "munlock: %s",
	      strerror(errno));
	lru_drain();
	view_forget_all(&view, leaf, 5 * leaf);
	/* KVM has mapped all: a fault tells idle page tracking by itself */
	for (round = 0; round < 5; round++)
		window_touch(map, round * leaf, VM_WRITE);
	view_flush(&view);
	view_clear_refs(&view, 1);
	scan(&view, BY_IDLE, 0, view.win->pages, true, false);
	for (round = 0; round < 4; round++) {
		window_touch(map, round * leaf + 5, VM_WRITE);
		view_flush(&view);
		age();
		view_check(&view);
		if (round & 1)
			scan(&view, BY_IDLE, 0, view.win->pages, true, false);
	}
}

/* KVM cannot map it huge: an access to any of the small pages is one to the huge page. */
static void huge_in_parts(void)
{
	size_t leaf = huge_pages(), page;
	struct window *win = window_new(4 * leaf);
	struct view view = view_new(win);
	struct mapping *map;

	window_back(win, leaf, 2 * leaf, THP);
	win->base[arch_huge_size()] = 1;
	win->base[2 * arch_huge_size()] = 1;
	map = window_map(win, vm_create(), 0, huge_gpa(2 * VM_GPA) + page_size, leaf, 2 * leaf, 1);
	view_forget_all(&view, leaf, 2 * leaf);
	view_check(&view);

	/* The shadow MMU maps what surrounds a fault, for which it uses the folios. */
	for (page = 0; page < 2 * leaf; page++)
		window_touch(map, page, VM_READ);
	view_flush(&view);
	view_clear_refs(&view, 1);
	scan(&view, BY_IDLE, 0, win->pages, true, false);
	view_check(&view);

	window_touch(map, leaf + leaf / 2, VM_WRITE);
	window_touch(map, 2 * leaf - 1, VM_READ);
	view_flush(&view);
	for (page = 2 * leaf; page < 3 * leaf; page++)
		view_used(&view, page);
	view_check(&view);
	scan(&view, BY_YOUNG, 0, win->pages, true, true);
	scan(&view, BY_IDLE, 0, win->pages, true, true);
	window_check(win);
	view_check(&view);

	/* not near its end: what KVM maps beside a page that faults, it has used, too */
	window_touch(map, leaf / 2, VM_READ);
	view_flush(&view);
	for (page = leaf; page < 2 * leaf; page++)
		view_used(&view, page);
	view_check(&view);
	view_clear_refs(&view, 1);
	window_check(win);
	view_check(&view);
}

/* All of it is a single page. */
static void giant(void)
{
	size_t leaf = (1UL << 30) / page_size, page;
	struct window *win = window_new(leaf);
	struct view view = view_new(win);
	unsigned int before, got;
	struct mapping *map;

	window_back(win, 0, leaf, HUGETLB_1G);
	map = window_map(win, vm_create(), 0, 1UL << 30, 0, leaf, leaf);
	window_touch(map, 77, VM_WRITE);
	view_flush(&view);
	for (page = 0; page < leaf; page++)
		view_used(&view, page);
	check_entries(&view);
	/* neither smaps nor clear_refs know of hugetlb pages */
	clear_refs(1);
	check_entries(&view);
	scan(&view, BY_YOUNG, 0, leaf, true, false);
	scan(&view, BY_IDLE, 0, leaf, true, false);
	/* now that the process's own entry does not tell */
	before = calls_traced();
	calls_trace(win, true);
	check_entries(&view);
	calls_trace(win, false);
	got = calls_traced() - before;
	check(got == 1, "pagemap asked %u times, expected once for all of its entries", got);
	window_touch(map, leaf - 1, VM_WRITE);
	view_flush(&view);
	check_entries(&view);
	scan(&view, BY_IDLE, 0, leaf, true, false);
	scan(&view, BY_IDLE, 0, leaf, false, false);
	check_entries(&view);
}

/* --- wss, which is another process --- */

/* Of its map, where it has 1000 columns: a page each, if there are no more. */
#define WSS_CELLS	974

struct part {
	size_t first;
	size_t pages;
};

/* What it prints for parts of the window; without any, for what it takes itself. */
static char *wss_run(const struct view *view, enum reader reader, const char *options,
		     const struct part *parts, size_t nr)
{
	uintptr_t base = (uintptr_t)view->win->base;
	char command[512], *text = NULL;
	size_t i, at, size = 0;
	FILE *file;

	at = snprintf(command, sizeof(command), "COLUMNS=1000 exec wss --json %s%s", options,
		      reader == BY_IDLE ? " --idle" : "");
	for (i = 0; i < nr; i++)
		at += snprintf(command + at, sizeof(command) - at, " -r %zx-%zx",
			       base + parts[i].first * page_size,
			       base + (parts[i].first + parts[i].pages) * page_size);
	snprintf(command + at, sizeof(command) - at, " %d", getpid());
	/* does not fork: that would take accessed bits from the guest */
	file = popen(command, "r");
	check(file && getdelim(&text, &size, 0, file) > 0 && !pclose(file), "failed: %s", command);
	check(strstr(text, "\"vms\":1,\"method\":\"pagemap_scan\""), "wss: got %s", text);
	return text;
}

/* What follows @key in the object of the only round. */
static const char *wss_value(const char *text, const char *key)
{
	const char *round = strstr(text, "{\"type\":\"round\""), *value;
	char quoted[64];

	snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	value = round ? strstr(round, quoted) : NULL;
	check(value, "wss does not tell %s", key);
	return value + strlen(quoted);
}

static void check_sum(const char *text, const char *key, size_t pages)
{
	uint64_t got = strtoull(wss_value(text, key), NULL, 10), want = pages * page_size;

	check(got == want, "wss, %s: got %" PRIu64 ", expected %" PRIu64, key, got, want);
}

static void check_touched(const struct view *view, const char *text, size_t pages)
{
	check_sum(text, "touched_bytes", pages);
	check_sum(text, "touched_huge_bytes", view->huge ? pages : 0);
	check_sum(text, "touched_small_bytes", view->huge ? 0 : pages);
	check((*wss_value(text, "aged_slow_pages") == '0') == expect_fast,
	      "wss: expected %s to be aged slowly", expect_fast ? "nothing" : "something");
}

/* Page by page: up to WSS_CELLS of them, in order of their address. */
static void wss_pages(struct view *view, enum reader reader, const struct part *parts, size_t nr,
		      bool clear)
{
	char *text = wss_run(view, reader, clear ? "-H --clear" : "-H", parts, nr);
	const char *cell = wss_value(text, "heat") + 1;
	size_t page, touched = 0;
	const struct part *part;

	for (part = parts; part < parts + nr; part++) {
		for (page = part->first; page < part->first + part->pages; page++, cell += 2) {
			check((*cell == '0' || *cell == '1') && (cell[1] == ',' || cell[1] == ']'),
			      "wss, page %zu: got %.8s", page, cell);
			compare(view, reader, page, *cell == '1', "wss");
			touched += *cell == '1';
		}
		if (clear)
			view_forget(view, reader, part->first, part->pages);
	}
	check(cell[-1] == ']', "wss: more cells than pages");
	check_touched(view, text, touched);
	free(text);
}

/* All of the window. */
static void wss_sums(struct view *view, enum reader reader, bool clear)
{
	const struct part all = { 0, view->win->pages };
	char *text = wss_run(view, reader, clear ? "--clear" : "", &all, 1);
	uint64_t *entries = read_entries(view->win);
	size_t page, touched = 0, present = 0, swapped = 0;

	for (page = 0; page < all.pages; page++) {
		touched += bit_test(view->seen[reader], page);
		present += !!(entries[page] & ENTRY_PRESENT);
		swapped += !!(entries[page] & ENTRY_SWAPPED);
	}
	check_touched(view, text, touched);
	check_sum(text, "mapped_bytes", present - view->zero);
	check_sum(text, "zero_bytes", view->zero);
	check_sum(text, "swapped_bytes", swapped);
	if (clear)
		view_forget(view, reader, 0, all.pages);
	free(entries);
	free(text);
}

static void wss_small(void)
{
	struct view view = irregular_view(SMALL_PAGES);
	volatile char *base = view.win->base;
	struct part parts[3];
	unsigned int round, i;
	size_t page;

	for (page = 1600; page < 1650; page += 7, view.zero++)
		(void)base[page * page_size];
	for (round = 0; round < 4; round++) {
		for (i = 0; i < ARRAY_SIZE(parts); i++) {
			parts[i].first = i * PAGES / 3 + random_next(&view.win->random) % 240;
			parts[i].pages = 1 + random_next(&view.win->random) % (WSS_CELLS / 3);
		}
		view_touch(&view);
		wss_sums(&view, round >> 1, false);
		wss_pages(&view, round & 1, parts, ARRAY_SIZE(parts), false);
		wss_pages(&view, round & 1, parts, ARRAY_SIZE(parts), true);
		view_check(&view);
		wss_sums(&view, round >> 1, true);
		view_check(&view);
	}
}

static void wss_huge(void)
{
	size_t leaf = huge_pages(), page;
	struct mapping *map;
	struct view view = huge_view(&map);
	const struct part parts[] = { { leaf, leaf }, { 3 * leaf, leaf - leaf / 8 } };

	view.huge = true;
	for (page = leaf; page < 6 * leaf; page++)
		view_used(&view, page);
	wss_sums(&view, BY_IDLE, true);
	wss_sums(&view, BY_YOUNG, true);
	wss_sums(&view, BY_YOUNG, false);
	window_touch(map, 7, VM_WRITE);
	window_touch(map, 3 * leaf - 1, VM_READ);
	view_flush(&view);
	wss_sums(&view, BY_YOUNG, false);
	/* without its last page, a huge one is told of and not cleared */
	wss_pages(&view, BY_YOUNG, parts, ARRAY_SIZE(parts), true);
	for (page = 3 * leaf; page < 4 * leaf; page++)
		bit_set(view.seen[BY_YOUNG], page);
	view_check(&view);
	wss_sums(&view, BY_IDLE, true);
	wss_sums(&view, BY_YOUNG, false);
	view_check(&view);
}

/* It knows memory of a guest when it sees it. */
static void wss_finds(void)
{
	size_t page, pages = 32 * VM_CONTROL_SIZE / page_size, touched = 0;
	struct window *win = window_new(pages);
	struct view view = view_new(win);
	char expected[128], *text;
	struct mapping *map;

	window_back(win, 0, pages, SMALL_PAGES);
	map = window_map(win, vm_create(), 0, VM_GPA, 0, pages, 1);
	for (page = 0; page < pages; page += 1 + page % 7, touched++)
		window_touch(map, page, VM_WRITE);
	view_flush(&view);
	text = wss_run(&view, BY_YOUNG, "", NULL, 0);
	snprintf(expected, sizeof(expected), "\"ranges\":[{\"start\":\"0x%zx\",\"end\":\"0x%zx\"",
		 (uintptr_t)win->base, (uintptr_t)win->base + pages * page_size);
	check(strstr(text, expected), "wss: got %s", text);
	check_sum(text, "guest_bytes", pages);
	check_touched(&view, text, touched);
	free(text);
}

static void page_out(struct view *view, size_t first, size_t pages)
{
	uint64_t *entries;
	size_t page;

	lru_drain();
	check(!madvise(view->win->base + first * page_size, pages * page_size, MADV_PAGEOUT),
	      "madvise: %s", strerror(errno));
	entries = read_entries(view->win);
	for (page = first; page < first + pages; page++)
		check(!(entries[page] & ENTRY_PRESENT), "page %zu was not swapped out", page);
	free(entries);
	view_forget(view, BY_YOUNG, first, pages);
	view_forget(view, BY_IDLE, first, pages);
}

/* What is swapped out is not in use; what comes back was used. */
static void swapped(void)
{
	struct view view = irregular_view(LOOSE_PAGES);
	size_t pages = view.win->pages;
	unsigned int round;

	for (round = 0; round < 4; round++) {
		view_touch(&view);
		view_check(&view);
		page_out(&view, 310, 200);
		page_out(&view, 1100, 64);
		view_check(&view);
		wss_sums(&view, round & 1, false);
		view_touch(&view);
		view_check(&view);
		if (round & 1)
			view_clear_refs(&view, 1);
		scan(&view, round & 2 ? BY_IDLE : BY_YOUNG, 0, pages, true, true);
		view_check(&view);
	}
}

const struct test procfs_tests[] = {
	{ "procfs", "all report what the guest used", small, 120 },
	{ "procfs", "what each number for clear_refs clears", numbers, 60 },
	{ "procfs", "a scan clears its range", ranges, 60 },
	{ "procfs", "two readers", two_readers, 120 },
	{ "procfs", "a reader while MGLRU ages", aging, 120 },
	{ "procfs", "two readers at once", at_once, 120 },
	{ "procfs", "two readers at once while MGLRU ages", at_once_aging, 120 },
	{ "procfs", "what the process uses itself", own_accesses, 60 },
	{ "procfs", "a process without a guest", without_guest, 60 },
	{ "procfs", "a closed machine", closed, 60 },
	{ "procfs", "mmu_lock", locks, 60 },
	{ "procfs", "huge pages", huge, 120 },
	{ "procfs", "huge pages while MGLRU ages", huge_aging, 60 },
	{ "procfs", "huge pages that KVM maps small", huge_in_parts, 60 },
	{ "procfs", "wss: what the guest used, page by page", wss_small, 180 },
	{ "procfs", "wss: huge pages", wss_huge, 120 },
	{ "procfs", "wss: which memory is a guest's", wss_finds, 60 },
	{ 0 },
};

const struct test procfs_giant_tests[] = {
	{ "procfs-giant", "1 GB page", giant, 120 },
	{ 0 },
};

const struct test procfs_swap_tests[] = {
	{ "procfs-swap", "pages that are swapped out and back", swapped, 120 },
	{ 0 },
};
