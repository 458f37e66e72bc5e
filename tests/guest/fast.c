// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the answers come about. Without a running vCPU nobody but the test takes
 * kvm->mmu_lock, so its acquisitions can be counted exactly.
 */
#include "tests.h"
#include "window.h"
#include "host.h"

#include <inttypes.h>
#include <string.h>

#define PAGES	1200

/* Without this the zeros below would mean nothing. */
static void counter_works(void)
{
	struct window *win = window_new(PAGES);
	struct mapping *map;
	uint64_t before, got;
	size_t i;

	window_back(win, 0, PAGES, SMALL_PAGES);
	map = window_map(win, vm_create(), 0, VM_GPA, 0, PAGES, 1);
	before = mmu_lock_acquisitions();
	for (i = 0; i < PAGES; i += 2)
		window_touch(map, i, VM_WRITE);
	window_flush(win);
	got = mmu_lock_acquisitions() - before;
	check(got >= PAGES / 2,
	      "page faults: got %" PRIu64 " acquisitions of mmu_lock, expected at least %d",
	      got, PAGES / 2);
}

static void no_work_no_lock(void)
{
	uint64_t before, got;

	window_touched(PAGES);
	before = mmu_lock_acquisitions();
	got = mmu_lock_acquisitions() - before;
	check(!got, "idle: got %" PRIu64 " acquisitions of mmu_lock, expected 0", got);
}

/* @calls questions that take the lock unless they are fast. */
static void check_locks(uint64_t before, unsigned int calls)
{
	uint64_t got = mmu_lock_acquisitions() - before;

	if (expect_fast || lockless_slow)
		check(!got, "%u calls: got %" PRIu64 " acquisitions of mmu_lock, expected 0",
		      calls, got);
	else
		check(got >= calls,
		      "%u calls: got %" PRIu64 " acquisitions of mmu_lock, expected as many",
		      calls, got);
	note("%u calls, %" PRIu64 " acquisitions of mmu_lock", calls, got);
}

static void locks_of_tests(void)
{
	struct window *win = window_touched(PAGES);
	uint64_t before = mmu_lock_acquisitions();
	unsigned int calls = 0;
	size_t first;

	for (first = 0; first + 64 <= PAGES; first += 64, calls++)
		window_ask_pages(win, first, 64, NULL, calls & 1 ? ASK_NO_BITMAP : 0);
	window_check(win);
	check_locks(before, calls + 1);
}

static void locks_of_clears(void)
{
	struct window *win = window_touched(PAGES);
	unsigned long *map = bits_new(PAGES);
	uint64_t before = mmu_lock_acquisitions();
	unsigned int calls = 0;
	size_t first;

	memset(map, 0x55, PAGES / 8);
	for (first = 0; first + 65 <= PAGES; first += 65, calls += 2) {
		window_ask_pages(win, first, 65, map, ASK_CLEAR);
		window_ask_pages(win, first, 65, NULL, ASK_CLEAR);
	}
	check_locks(before, calls);
}

/* Nobody waits for pages that are not wanted, whatever the machine is. */
static void locks_of_unwanted(void)
{
	struct window *win = window_touched(PAGES);
	unsigned long *none = bits_new(PAGES);
	uint64_t before = mmu_lock_acquisitions(), got;
	size_t first;

	for (first = 0; first + 100 <= PAGES; first += 100)
		window_ask_pages(win, first, 100, none, ASK_CLEAR);
	got = mmu_lock_acquisitions() - before;
	check(!got, "unwanted: got %" PRIu64 " acquisitions of mmu_lock, expected 0", got);
}

/* A question about many pages lets others have mmu_lock every 64 pages. */
static void holds(void)
{
	struct window *win = window_touched(PAGES);
	uint64_t before = mmu_lock_acquisitions(), got, want;

	window_check(win);
	got = mmu_lock_acquisitions() - before;
	want = expect_fast || lockless_slow ? 0 : (PAGES + 63) / 64;
	check(got == want, "%d pages: got %" PRIu64 " acquisitions of mmu_lock, expected %" PRIu64,
	      PAGES, got, want);
}

static void statistics(void)
{
	struct window *win = window_touched(PAGES);
	struct vm *vm = win->mappings[0].vm;
	uint64_t slow = vm_stat(vm, "pages_aged_slow");
	uint64_t asked = 0, want;
	size_t first, size = 1;

	for (first = 0; first + size <= PAGES; first += size, size = size * 2 + 1) {
		window_ask_pages(win, first, size, NULL, first & 1 ? ASK_CLEAR : 0);
		asked += size;
	}
	window_ask_pages(win, 0, PAGES, NULL, ASK_CLEAR | ASK_NO_BITMAP);
	asked += PAGES;

	slow = vm_stat(vm, "pages_aged_slow") - slow;
	want = expect_fast ? 0 : asked;
	check(slow == want, "pages_aged_slow: got %" PRIu64 ", expected %" PRIu64, slow, want);
}

/*
 * Aging takes the accessed bit and nothing else: what was mapped and writable
 * stays so, and the guest goes on without a page fault, thus without mmu_lock;
 * or with one fault per page that sets the bit, where the CPU does not. A page
 * that is not writable any more faults twice then.
 */
static void nothing_unmapped(void)
{
	struct window *win = window_new(PAGES);
	uint64_t before, got, most = software_flag ? PAGES : 0;
	struct mapping *map;
	unsigned int round;
	size_t i;

	window_back(win, 0, PAGES, SMALL_PAGES);
	map = window_map(win, vm_create(), 0, VM_GPA, 0, PAGES, 1);
	/* KVM takes mmu_lock for that, too */
	map->vm->keep_tlb = true;
	for (round = 0; round < 3; round++) {
		before = mmu_lock_acquisitions();
		for (i = 0; i < PAGES; i++)
			window_touch(map, i, VM_WRITE);
		window_flush(win);
		got = mmu_lock_acquisitions() - before;
		check(!round || got <= most,
		      "touched again: got %" PRIu64 " acquisitions of mmu_lock, expected at most %"
		      PRIu64, got, most);
		window_ask_pages(win, 0, PAGES, NULL, ASK_CLEAR);
	}
}

/* --- the calls that were there before --- */

static void old_test(void)
{
	struct window *win = window_touched(PAGES);
	size_t i;

	for (i = 0; i < PAGES; i++)
		window_ask_old(win, YOUNG_DEV_TEST_YOUNG, i, 1);
	window_check(win);
}

static void old_clear_with(unsigned int op)
{
	struct window *win = window_touched(PAGES);
	size_t i;

	for (i = 0; i < PAGES / 2; i++)
		window_ask_old(win, op, i, 1);
	window_check(win);
	for (; i + 33 <= PAGES; i += 33) {
		window_ask_old(win, op, i, 30);
		window_ask_old(win, op, i, 30);
	}
	window_check(win);
}

static void old_clear(void)
{
	old_clear_with(YOUNG_DEV_CLEAR_YOUNG);
}

static void old_clear_flush(void)
{
	old_clear_with(YOUNG_DEV_CLEAR_FLUSH_YOUNG);
}

static void ask_and_count_flushes(struct window *win, unsigned int op, uint64_t want)
{
	struct vm *vm = win->mappings[0].vm;
	uint64_t got = vm_stat(vm, "remote_tlb_flush_requests");

	window_ask_old(win, op, 5, 1);
	got = vm_stat(vm, "remote_tlb_flush_requests") - got;
	check(got == want, "call %u: got %" PRIu64 " flushes of TLBs, expected %" PRIu64, op, got,
	      want);
}

/*
 * After a flush no translation is remembered: the next touch must be seen. But where
 * a CPU flushes its TLB whenever it enters a guest, it is without one, too; so they
 * are counted. What was old needs none.
 */
static void flushed(void)
{
	struct window *win = window_touched(PAGES);
	struct mapping *map = &win->mappings[0];
	unsigned int i;

	map->vm->keep_tlb = arch_flushes_young();
	for (i = 0; i < 50; i++) {
		window_touch(map, 5, VM_READ);
		window_flush(win);
		ask_and_count_flushes(win, YOUNG_DEV_TEST_YOUNG, 0);
		ask_and_count_flushes(win, YOUNG_DEV_CLEAR_FLUSH_YOUNG, arch_flushes_young());
		ask_and_count_flushes(win, YOUNG_DEV_CLEAR_FLUSH_YOUNG, 0);
	}
}

/* Nor does anybody flush who was not told to. */
static void not_flushed(void)
{
	struct window *win = window_touched(PAGES);

	window_touch(&win->mappings[0], 5, VM_READ);
	window_flush(win);
	ask_and_count_flushes(win, YOUNG_DEV_CLEAR_YOUNG, 0);
}

static void old_locks(void)
{
	struct window *win = window_touched(PAGES);
	uint64_t before = mmu_lock_acquisitions();
	size_t i;

	for (i = 0; i < PAGES; i += 3) {
		window_ask_old(win, YOUNG_DEV_TEST_YOUNG, i, 1);
		window_ask_old(win, YOUNG_DEV_CLEAR_YOUNG, i, 1);
		window_ask_old(win, YOUNG_DEV_CLEAR_FLUSH_YOUNG, i, 3);
	}
	check_locks(before, PAGES);
}

/* The same of what statistics count. */
static void old_statistics(void)
{
	struct window *win = window_touched(PAGES);
	struct vm *vm = win->mappings[0].vm;
	uint64_t slow = vm_stat(vm, "pages_aged_slow");
	uint64_t asked = 0, want;
	size_t i;

	for (i = 0; i + 8 <= PAGES; i += 8, asked += 8) {
		window_ask_old(win, YOUNG_DEV_TEST_YOUNG, i, 1);
		window_ask_old(win, YOUNG_DEV_CLEAR_YOUNG, i, 2);
		window_ask_old(win, YOUNG_DEV_CLEAR_FLUSH_YOUNG, i + 2, 5);
	}
	slow = vm_stat(vm, "pages_aged_slow") - slow;
	want = expect_fast ? 0 : asked;
	check(slow == want, "pages_aged_slow: got %" PRIu64 ", expected %" PRIu64, slow, want);
}

const struct test fast_tests[] = {
	{ "fast", "page faults are seen to take mmu_lock", counter_works, 60 },
	{ "fast", "and idleness is seen not to", no_work_no_lock, 60 },
	{ "fast", "mmu_lock while testing", locks_of_tests, 60 },
	{ "fast", "mmu_lock while clearing", locks_of_clears, 60 },
	{ "fast", "mmu_lock is not taken for unwanted pages", locks_of_unwanted, 60 },
	{ "fast", "mmu_lock is dropped every 64 pages", holds, 60 },
	{ "fast", "statistics count the pages that took it", statistics, 60 },
	{ "fast", "aged pages stay mapped and writable", nothing_unmapped, 60 },
	{ "old", "test_young", old_test, 60 },
	{ "old", "clear_young", old_clear, 60 },
	{ "old", "clear_flush_young", old_clear_flush, 60 },
	{ "old", "clear_flush_young flushes", flushed, 60 },
	{ "old", "clear_young does not", not_flushed, 60 },
	{ "old", "mmu_lock", old_locks, 60 },
	{ "old", "statistics", old_statistics, 60 },
	{ 0 },
};
