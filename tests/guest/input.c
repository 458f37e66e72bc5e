// SPDX-License-Identifier: GPL-2.0-only
/* Ranges and bitmaps that make no sense, and machines that are gone. */
#include "tests.h"
#include "window.h"
#include "host.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>

#define PAGES	200

/* Memory of the bitmap: set bits must stay, others must not appear. */
#define NOISE	0x5a5a0ff05a5af00fUL

/*
 * Asks with and without bitmaps and the clear flag. Nothing may be young, and no
 * bit may be set. With @asked there is a guest that could have been asked, and
 * says how it answers.
 */
static void ask_nothing(uint64_t start, uint64_t end, bool asked)
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		unsigned long young[4] = { NOISE, NOISE, NOISE, NOISE };
		unsigned long predicate[2] = { ~0UL, ~0UL };
		struct young_dev_range range = {
			.start = start, .end = end,
			.young = i & 1 ? (uintptr_t)(young + 1) : 0,
			.predicate = i & 1 ? (uintptr_t)predicate : 0,
			.nbits = i & 1 ? 128 : 0,
			.flags = i & 2 ? YOUNG_DEV_CLEAR : 0,
		};
		uint32_t want = asked && !expect_fast ? YOUNG_DEV_SLOW : 0;
		int err = young_ask(&range);
		unsigned int j;

		check(!err, "0x%" PRIx64 " to 0x%" PRIx64 ": %s", start, end, strerror(err));
		check(range.result == want,
		      "0x%" PRIx64 " to 0x%" PRIx64 ", flags %u: got %u, expected %u",
		      start, end, range.flags, range.result, want);
		for (j = 0; j < 4; j++)
			check(young[j] == NOISE, "0x%" PRIx64 " to 0x%" PRIx64 ": bits were set",
			      start, end);
	}
}

/* Nobody is asked about nothing, so not even a slow machine says that it is. */
static void empty(void)
{
	struct window *win = window_touched(PAGES);
	uint64_t base = (uintptr_t)win->base;

	ask_nothing(base, base, false);
	ask_nothing(base + 5, base + 5, false);
	ask_nothing(base + 7 * page_size, base + 7 * page_size, false);
	ask_nothing(0, 0, false);
	ask_nothing(ULONG_MAX, ULONG_MAX, false);
	window_check(win);
}

static void reversed(void)
{
	struct window *win = window_touched(PAGES);
	uint64_t base = (uintptr_t)win->base;

	ask_nothing(base + PAGES * page_size, base, false);
	ask_nothing(base + 1, base, false);
	ask_nothing(base + page_size, base, false);
	ask_nothing(ULONG_MAX, base, false);
	ask_nothing(ULONG_MAX, 0, false);
	window_check(win);
}

/* Addresses that no user has: nothing there, and nothing breaks. */
static void beyond(void)
{
	struct window *win = window_touched(PAGES);
	uint64_t kernel = 1UL << (BITS_PER_LONG - 1), top = -page_size;

	ask_nothing(kernel, kernel + 64 * page_size, true);
	ask_nothing(kernel - 3 * page_size, kernel + 3 * page_size, true);
	ask_nothing(top - 64 * page_size, top, true);
	ask_nothing(top - page_size + 1, top - 1, true);
	ask_nothing(0, 64 * page_size, true);
	window_check(win);
}

/* The very last page: out of range by definition, or just empty. */
static void last_page(void)
{
	struct window *win = window_touched(PAGES);
	uint64_t top = -page_size;

	ask_nothing(top, ULONG_MAX, false);
	ask_nothing(ULONG_MAX - 1, ULONG_MAX, false);
	window_check(win);
}

/* Everything there is: a result without a bitmap has no limit. */
static void whole_space(void)
{
	struct window *win = window_touched(PAGES);
	uint32_t want = YOUNG_DEV_YOUNG | (expect_fast ? 0 : YOUNG_DEV_SLOW);
	struct young_dev_range range = { .end = ULONG_MAX };
	int err = young_ask(&range);

	check(!err && range.result == want, "test: got %d, %u",
	      err, range.result);
	range.flags = YOUNG_DEV_CLEAR;
	err = young_ask(&range);
	check(!err && range.result == want, "clear: got %d, %u",
	      err, range.result);
	window_cleared(&win->mappings[0], 0, PAGES);
	window_check(win);
}

static void expect_errno(struct young_dev_range range, int want, const char *what)
{
	int err = young_ask(&range);

	check(err == want, "%s: got %s, expected %s", what, strerror(err), strerror(want));
}

/* Each is a good question with one thing wrong, and would clear something. */
static void refused(void)
{
	struct window *win = window_touched(PAGES);
	static unsigned long map[64];
	uint64_t start = (uintptr_t)win->base, end = start + 65 * page_size;
	uint64_t bits = (uintptr_t)map;
	const uint32_t clear = YOUNG_DEV_CLEAR, last = YOUNG_DEV_CLEAR_FLUSH_YOUNG;
	const struct {
		struct young_dev_range range;
		int err;
		const char *what;
	} questions[] = {
		{ { start, end, bits, bits, 64, 0, clear, 0 }, EINVAL, "short bitmaps" },
		{ { start, end, 0, bits, 64, 0, clear, 0 }, EINVAL, "a short predicate" },
		{ { start, end, bits, 0, 64, 0, clear, 0 }, EINVAL, "a short answer" },
		{ { start, end, bits, 0, 0, 0, clear, 0 }, EINVAL, "an answer of no bits" },
		{ { start, end, bits, 0, 100, 0, clear, 0 }, EINVAL, "an odd number of bits" },
		{ { 0, ULONG_MAX, bits, 0, 128, 0, clear, 0 }, EINVAL, "all pages in few bits" },
		{ { start, end, bits, 0, 128, 0, clear | 4, 0 }, EINVAL, "an unknown flag" },
		{ { start, end, 0, 0, 0, last + 1, clear, 0 }, EINVAL, "an unknown call" },
		{ { start, end, 8, 0, 128, 0, clear, 0 }, EFAULT, "an answer in no memory" },
		{ { start, end, 0, 8, 128, 0, clear, 0 }, EFAULT, "a predicate in no memory" },
		{ { start, start, 0, 0, 0, 1, 0, 0 }, EINVAL, "nothing for clear_young" },
		{ { start, start, 0, 0, 0, 2, 0, 0 }, EINVAL, "nothing for test_young" },
		{ { end, start, 0, 0, 0, 3, 0, 0 }, EINVAL, "less for clear_flush_young" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(questions); i++)
		expect_errno(questions[i].range, questions[i].err, questions[i].what);
	/* none of them cleared anything */
	window_check(win);
}

/* One bit too few is refused, just enough is not, more is left alone. */
static void bitmap_sizes(void)
{
	struct window *win = window_touched(PAGES);
	unsigned long map[10], want;
	struct young_dev_range range = {
		.start = (uintptr_t)win->base + page_size - 1,
		.end = (uintptr_t)win->base + 64 * page_size,
		.young = (uintptr_t)(map + 1), .nbits = 64,
	};
	int err;
	size_t i;

	memset(map, 0, sizeof(map));
	err = young_ask(&range);
	check(!err, "64 bits for 64 pages: %s", strerror(err));
	for (i = 0, want = 0; i < 64; i++)
		want |= (unsigned long)window_young(win, i) << i;
	check(map[1] == want, "64 pages: got 0x%lx, expected 0x%lx", map[1], want);
	range.end++;
	expect_errno(range, EINVAL, "64 bits for 65 pages");

	memset(map, 0, sizeof(map));
	range.end--;
	range.nbits = 8 * 64;
	err = young_ask(&range);
	check(!err, "512 bits for 64 pages: %s", strerror(err));
	check(map[1] == want, "512 bits: got 0x%lx, expected 0x%lx", map[1], want);
	for (i = 0; i < 10; i++)
		check(i == 1 || !map[i], "512 bits for 64 pages: others were set");
	window_check(win);
}

static void no_machine(void)
{
	ask_nothing(0, 64 * page_size, false);
	ask_nothing((uintptr_t)&page_size, (uintptr_t)&page_size + 1, false);
}

/* Its file descriptors are closed, its memory and the mm are still there. */
static void closed_machine(void)
{
	struct window *win = window_touched(PAGES);
	struct mapping *map = &win->mappings[0];
	uint64_t base = (uintptr_t)win->base;
	struct vm *vm = map->vm;

	window_forget(map);
	vm_destroy(vm);
	ask_nothing(base, base + 100 * page_size, false);
	ask_nothing(base, base, false);
	/* and the address space is good for the next one */
	window_touch_irregular(win, window_map(win, vm_create(), 0, VM_GPA, 0, PAGES, 1));
	window_check(win);
}

static void machine_without_memory(void)
{
	struct window *win = window_new(PAGES);
	uint64_t base = (uintptr_t)win->base;

	vm_create();
	ask_nothing(base, base + 64 * page_size, true);
}

static void unmapped_memory(void)
{
	struct window *win = window_touched(PAGES);
	struct mapping *map = &win->mappings[0];

	/*
	 * The slot stays, its memory goes: the guest's mapping must go as well. To
	 * unmap a part of what could be one huge page, the kernel invalidates all
	 * of it, so it is whole ones, where they have but 32 pages.
	 */
	check(!munmap(win->base + 96 * page_size, 64 * page_size), "munmap: %s", strerror(errno));
	window_cleared(map, 96, 64);
	window_check(win);
	window_ask_pages(win, 0, PAGES, NULL, ASK_CLEAR);
	window_check(win);
}

const struct test input_tests[] = {
	{ "input", "empty ranges", empty, 30 },
	{ "input", "reversed ranges", reversed, 30 },
	{ "input", "addresses that no user has", beyond, 30 },
	{ "input", "the last page of the address space", last_page, 30 },
	{ "input", "the whole address space", whole_space, 30 },
	{ "input", "what the device refuses", refused, 30 },
	{ "input", "sizes of bitmaps", bitmap_sizes, 30 },
	{ "input", "no machine", no_machine, 30 },
	{ "input", "a closed machine", closed_machine, 30 },
	{ "input", "a machine without memory", machine_without_memory, 30 },
	{ "input", "unmapped memory", unmapped_memory, 30 },
	{ 0 },
};
