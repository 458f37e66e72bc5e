// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it takes to ask /proc which pages were used: of a process without a guest,
 * and of one with a guest, of which stock kernels see nothing there.
 *
 * And what page_idle takes, which sees what guests use in all kernels: by PFN.
 */
#define _GNU_SOURCE
#include "measure.h"
#include "host.h"
#include <pagemap.h>
#include "tap.h"
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROUNDS		2

static struct guest *guest;

static size_t nr_pages(void)
{
	return guest->size / page_size;
}

static void clear_refs(void)
{
	check(write_file("/proc/self/clear_refs", "1"), "clear_refs: %s", strerror(errno));
}

static void smaps_rollup(void)
{
	free(read_file("/proc/self/smaps_rollup"));
}

/* The entries of all pages, good until the next call. */
static const uint64_t *all_entries(void)
{
	static uint64_t *entries;

	if (!entries)
		entries = malloc(nr_pages() * sizeof(*entries));
	read_pagemap(guest->memory, entries, nr_pages());
	return entries;
}

static void pagemap_read(void)
{
	all_entries();
}

/* --- PAGEMAP_SCAN --- */

/* Pages of that category; or -1, if the kernel does not know one of the words. */
static ssize_t scan(uint64_t category, uint64_t flags)
{
	struct region region;
	struct scan_arg arg = {
		.size = sizeof(arg),
		.flags = flags,
		.start = (uintptr_t)guest->memory,
		.end = (uintptr_t)guest->memory + guest->size,
		.vec = (uintptr_t)&region,
		.vec_len = 1,
		.category_mask = category,
		.return_mask = category,
	};
	int regions = ioctl(pagemap(), SCAN_IOCTL, &arg);

	if (regions < 0 && errno == EINVAL)
		return -1;
	check(regions >= 0 && arg.walk_end == arg.end, "PAGEMAP_SCAN: %s", strerror(errno));
	return regions ? (region.end - region.start) / page_size : 0;
}

static bool scan_knows_referenced(void)
{
	return scan(IS_REFERENCED, 0) >= 0;
}

static void scan_present(void)
{
	check(scan(IS_PRESENT, 0) == (ssize_t)nr_pages(), "pages are missing");
}

static void scan_referenced(void)
{
	scan(IS_REFERENCED, 0);
}

static void scan_clear(void)
{
	scan(IS_REFERENCED, FLAG_CLEAR_REFERENCED);
}

/* --- page_idle --- */

#define MAX_PFN		(1 << 20)
#define IDLE_WORDS	(MAX_PFN / 64)
/* sysfs serves a page per call */
#define IDLE_CALL	512

/* Bits of the guest's pages, and what the kernel said of them. */
static uint64_t idle_mask[IDLE_WORDS], idle_bits[IDLE_WORDS];

static void idle_find_pages(void)
{
	const uint64_t *entries = all_entries();
	size_t i;

	memset(idle_mask, 0, sizeof(idle_mask));
	for (i = 0; i < nr_pages(); i++) {
		uint64_t pfn = entries[i] & ((1ULL << 55) - 1);

		check(entries[i] & ENTRY_PRESENT && pfn < MAX_PFN, "page %zu: PFN %" PRIu64, i, pfn);
		idle_mask[pfn / 64] |= 1ULL << pfn % 64;
	}
}

/* As few calls as can be: runs of words with pages of the guest. */
static void idle_access(bool mark)
{
	static int fd = -1;
	size_t i, end;
	ssize_t done;

	if (fd < 0)
		fd = open("/sys/kernel/mm/page_idle/bitmap", O_RDWR | O_CLOEXEC);
	check(fd >= 0, "page_idle: %s", strerror(errno));
	for (i = 0; i < IDLE_WORDS; i = end) {
		for (end = i; end < IDLE_WORDS && end - i < IDLE_CALL && idle_mask[end];)
			end++;
		if (end == i) {
			end++;
			continue;
		}
		/* less, where memory ends within a word: it is done all the same */
		if (mark)
			done = pwrite(fd, idle_mask + i, (end - i) * 8, i * 8);
		else
			done = pread(fd, idle_bits + i, (end - i) * 8, i * 8);
		check(done >= 0, "page_idle: %s", strerror(errno));
	}
}

static void idle_mark(void)
{
	idle_access(true);
}

static void idle_read(void)
{
	idle_access(false);
}

static size_t idle_pages(void)
{
	size_t i, nr = 0;

	idle_access(false);
	for (i = 0; i < IDLE_WORDS; i++)
		nr += __builtin_popcountll(idle_bits[i] & idle_mask[i]);
	return nr;
}

/* --- the table --- */

static bool has_guest(void)
{
	return guest->vm;
}

static const struct reader {
	const char *name;
	void (*run)(void);
	bool (*possible)(void);
	bool by_pfn;
} readers[] = {
	{ "clear_refs", clear_refs, NULL, false },
	{ "smaps_rollup", smaps_rollup, NULL, false },
	{ "pagemap", pagemap_read, NULL, false },
	{ "scan_present", scan_present, NULL, false },
	{ "scan_referenced", scan_referenced, scan_knows_referenced, false },
	{ "scan_clear", scan_clear, scan_knows_referenced, false },
	{ "idle_mark", idle_mark, has_guest, true },
	{ "idle_read", idle_read, has_guest, true },
};

static const char *const states[] = { "idle", "young" };

/*
 * What a reader shall find: that all pages were used since, or none. Stock kernels
 * still have what the guest used, but none of these readers looks there.
 */
static void prepare(const struct reader *reader, bool young)
{
	if (!guest->vm) {
		/* what a TLB remembers, is not made young again */
		mprotect(guest->memory, guest->size, PROT_READ);
		mprotect(guest->memory, guest->size, PROT_READ | PROT_WRITE);
	}
	clear_refs();
	if (reader->by_pfn)
		idle_mark();
	if (young)
		guest_touch(guest, page_size);
}

/* Readers find what was prepared. */
static void check_states(void)
{
	static const struct reader scan_all = { .by_pfn = false }, read_idle = { .by_pfn = true };
	int young;

	for (young = 0; young <= 1; young++) {
		size_t expected = young ? 0 : nr_pages(), idle;

		prepare(&read_idle, young);
		idle = idle_pages();
		/* a word within which memory ends cannot be read */
		check(idle <= expected && idle + 64 > expected,
		      "page_idle: %zu pages are idle, not %zu", idle, expected);
		prepare(&scan_all, young);
		check(!scan_knows_referenced() ||
		      scan(IS_REFERENCED, 0) == (ssize_t)(nr_pages() - expected),
		      "PAGEMAP_SCAN does not find %zu pages idle", expected);
	}
}

static double instructions_of(const struct reader *reader, bool young)
{
	double least = 0, spent;
	int round;

	/* the first round is to warm up */
	for (round = 0; round <= ROUNDS; round++) {
		prepare(reader, young);
		spent = -instructions();
		reader->run();
		spent += instructions();
		if (round <= 1 || spent < least)
			least = spent;
	}
	return least / nr_pages();
}

static void report_instructions(const char *what)
{
	const struct reader *reader;
	char key[64];
	int young;

	for (reader = readers; reader < readers + ARRAY_SIZE(readers); reader++) {
		for (young = 0; young <= 1; young++) {
			if (reader->possible && !reader->possible())
				continue;
			snprintf(key, sizeof(key), "%s_%s_%s", what, reader->name, states[young]);
			report(key, instructions_of(reader, young));
		}
	}
}

static uint64_t locks_of(const struct reader *reader, bool young)
{
	uint64_t before;

	prepare(reader, young);
	before = traced_lock_acquisitions();
	reader->run();
	return traced_lock_acquisitions() - before;
}

/* Of the call that takes mmu_lock most often. */
static void report_locks(void)
{
	const struct reader *reader;

	for (reader = readers; reader < readers + ARRAY_SIZE(readers); reader++) {
		uint64_t idle, young;
		char key[64];

		if (reader->possible && !reader->possible())
			continue;
		idle = locks_of(reader, false);
		young = locks_of(reader, true);
		snprintf(key, sizeof(key), "locks_%s", reader->name);
		report(key, idle > young ? idle : young);
	}
}

static void fill(void)
{
	guest_fill(guest);
	/* for the page behind, where nothing is: it drains the queue of new pages */
	madvise(guest->memory + guest->size, page_size, MADV_COLD);
	idle_find_pages();
	check_states();
}

void measure_readers(unsigned long megabytes)
{
	struct guest memory = guest_new(megabytes, true);

	guest = &memory;
	fill();
	report_instructions("alone");

	guest_begin(guest);
	fill();
	report_instructions("guest");
	/* counting takes instructions, so it comes last */
	trace_count(guest->vm);
	report_locks();
	guest_prove_counting(guest);
}
