// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "window.h"
#include "host.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mman.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Unsigned longs on either side of a bitmap that nobody may change. */
#define GUARD	4

bool expect_fast = true;
bool lockless_slow;
bool expect_walk;
bool software_flag;

int young_ask(struct young_dev_range *range)
{
	static int fd = -1;

	if (fd < 0) {
		fd = open("/dev/young", O_RDWR | O_CLOEXEC);
		check(fd >= 0, "/dev/young: %s", strerror(errno));
	}
	return ioctl(fd, YOUNG_DEV_AGE, range) ? errno : 0;
}

static size_t bits_longs(size_t bits)
{
	return (bits + BITS_PER_LONG - 1) / BITS_PER_LONG;
}

unsigned long *bits_new(size_t bits)
{
	unsigned long *map = calloc(bits_longs(bits) + 1, sizeof(*map));

	check(map, "out of memory");
	return map;
}

struct window *window_new(size_t pages)
{
	const uintptr_t align = 1UL << 30;
	struct window *win = calloc(1, sizeof(*win));
	size_t size = pages * page_size;
	char *base;

	check(win, "out of memory");
	base = mmap(NULL, size + align, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		    -1, 0);
	check(base != MAP_FAILED, "mmap: %s", strerror(errno));
	win->base = (char *)(((uintptr_t)base + align - 1) & -align);
	win->pages = pages;
	win->random = 0x20230217;
	return win;
}

void window_back(struct window *win, size_t first, size_t pages, enum backing backing)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
	char *start = win->base + first * page_size;
	size_t size = pages * page_size;
	void *mem;

	if (backing == HUGETLB_1G)
		flags |= MAP_HUGETLB | MAP_HUGE_1GB;
	mem = mmap(start, size, PROT_READ | PROT_WRITE, flags, -1, 0);
	check(mem == start, "mmap: %s%s", strerror(errno),
	      backing == HUGETLB_1G ? "; hugepagesz=1G hugepages=1 missing?" : "");

	if (backing == HUGETLB_1G)
		return;
	check(!madvise(mem, size, backing == THP ? MADV_HUGEPAGE : MADV_NOHUGEPAGE),
	      "madvise: %s", strerror(errno));
	if (backing == LOOSE_PAGES)
		return;
	/* MGLRU leaves locked memory alone: nobody but the test asks and clears */
	check(!mlock2(mem, size, MLOCK_ONFAULT), "mlock2: %s", strerror(errno));
}

struct mapping *window_map(struct window *win, struct vm *vm, unsigned int space,
			   uint64_t gpa, size_t first, size_t pages, size_t leaf)
{
	struct mapping *map = &win->mappings[win->nr];

	check(win->nr < MAPPINGS, "too many mappings");
	win->nr++;
	*map = (struct mapping) {
		.vm = vm, .space = space, .gpa = gpa, .first = first, .pages = pages,
		.leaf = leaf, .touched = bits_new(pages), .nested = bits_new(pages),
	};
	map->slot = vm_add_slot(vm, space, gpa, win->base + first * page_size,
				pages * page_size);
	return map;
}

void window_touch(struct mapping *map, size_t page, enum vm_kind kind)
{
	bool nested = map->vm->touch_nested && arch_nested_asked();
	size_t leaf = page - page % map->leaf, i;

	/* some word of the page, not always its first */
	vm_touch(map->vm, map->space, map->gpa + page * page_size + page * 52 % page_size / 4 * 4,
		 kind);
	for (i = leaf; i < leaf + map->leaf; i++)
		bit_set(nested ? map->nested : map->touched, i);
}

void window_touch_irregular(struct window *win, struct mapping *map)
{
	size_t page, run, i;

	window_touch(map, 0, VM_WRITE);
	window_touch(map, map->pages - 1, VM_READ);
	/* about every sixth page; runs of up to 71, which cross words of a bitmap */
	for (page = random_next(&win->random) % 9; page < map->pages;
	     page += 1 + random_next(&win->random) % 11)
		window_touch(map, page, random_next(&win->random) & 1);
	for (i = 0; i < map->pages / 300 + 1; i++) {
		page = random_next(&win->random) % map->pages;
		run = random_next(&win->random) % 72;
		for (; run && page < map->pages; run--, page++)
			window_touch(map, page, VM_WRITE);
	}
}

void window_flush(struct window *win)
{
	unsigned int i;

	for (i = 0; i < win->nr; i++)
		if (win->mappings[i].vm)
			vm_touch_flush(win->mappings[i].vm);
}

struct window *window_touched(size_t pages)
{
	struct window *win = window_new(pages);

	window_back(win, 0, pages, SMALL_PAGES);
	window_touch_irregular(win, window_map(win, vm_create(), 0, VM_GPA, 0, pages, 1));
	window_flush(win);
	/* On arm64 the first question takes mmu_lock, the only one that does. */
	window_ask_pages(win, 0, 1, NULL, 0);
	return win;
}

void window_cleared(struct mapping *map, size_t page, size_t pages)
{
	for (; pages; pages--, page++) {
		bit_clear(map->touched, page);
		bit_clear(map->nested, page);
	}
}

void window_forget_nested(struct mapping *map)
{
	memset(map->nested, 0, bits_longs(map->pages) * sizeof(long));
}

void window_forget(struct mapping *map)
{
	memset(map->touched, 0, bits_longs(map->pages) * sizeof(long));
	window_forget_nested(map);
	map->pages = 0;
	map->vm = NULL;
}

static bool touched(const struct window *win, size_t page, bool nested)
{
	unsigned int i;

	for (i = 0; i < win->nr; i++) {
		const struct mapping *map = &win->mappings[i];

		if (page >= map->first && page - map->first < map->pages &&
		    bit_test(nested ? map->nested : map->touched, page - map->first))
			return true;
	}
	return false;
}

bool window_young(const struct window *win, size_t page)
{
	return touched(win, page, false) || touched(win, page, true);
}

/* Nobody waits for what is not wanted, but what is seen on the way is told. */
static bool told_unwanted(const struct window *win, size_t page)
{
	return expect_fast || (expect_walk && touched(win, page, false));
}

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t max_size(size_t a, size_t b)
{
	return a > b ? a : b;
}

size_t window_asked(const struct window *win, size_t first, size_t pages)
{
	size_t asked = 0;
	unsigned int i;

	for (i = 0; i < win->nr; i++) {
		const struct mapping *map = &win->mappings[i];
		size_t start = max_size(first, map->first);
		size_t end = min_size(first + pages, map->first + map->pages);

		if (start < end)
			asked += end - start;
	}
	return asked;
}

/* Does to the truth what the kernel was asked to do to the tables. */
static void clear_mapping(struct mapping *map, size_t first, size_t pages,
			  const unsigned long *predicate)
{
	size_t start = max_size(first, map->first);
	size_t end = min_size(first + pages, map->first + map->pages);
	size_t page, leaf;

	for (page = start; page < end; page++) {
		if (predicate && !bit_test(predicate, page))
			continue;
		leaf = page - map->first;
		leaf -= leaf % map->leaf;
		window_cleared(map, leaf, map->leaf);
	}
}

/* The predicate of the window from page @first on, as the kernel wants it. */
static unsigned long *cut_predicate(const unsigned long *predicate, size_t first, size_t pages)
{
	unsigned long *cut;
	size_t i;

	if (!predicate)
		return NULL;
	/* beyond the range all bits are set: whoever looks there shows it */
	cut = malloc((bits_longs(pages) + 1) * sizeof(*cut));
	check(cut, "out of memory");
	memset(cut, 0xff, (bits_longs(pages) + 1) * sizeof(*cut));
	for (i = 0; i < pages; i++)
		if (!bit_test(predicate, first + i))
			bit_clear(cut, i);
	return cut;
}

/*
 * A bitmap for the answer between guards of noise. The last word's bits behind
 * the range are noise as well, and with @preset so are some of the range.
 */
static unsigned long *answer_new(struct window *win, size_t pages, bool preset)
{
	size_t longs = bits_longs(pages), i;
	unsigned long *map = calloc(longs + 2 * GUARD, sizeof(*map));

	check(map, "out of memory");
	for (i = 0; i < longs + 2 * GUARD; i++)
		map[i] = random_next(&win->random);
	for (i = 0; i < pages; i++)
		if (!preset || random_next(&win->random) % 4)
			bit_clear(map + GUARD, i);
	return map;
}

static void compare(const unsigned long *got, const unsigned long *want,
		    size_t first, size_t pages)
{
	size_t longs = bits_longs(pages), i;

	for (i = 0; i < longs * BITS_PER_LONG; i++) {
		bool bit = bit_test(got + GUARD, i);

		check(bit == bit_test(want + GUARD, i),
		      "page %zu, bit %zu of %zu from %zu: got %d, expected %d",
		      first + i, i, pages, first, bit, !bit);
	}
	check(!memcmp(got, want, (longs + 2 * GUARD) * sizeof(long)),
	      "memory around the bitmap of %zu pages was changed", pages);
}

static void check_result(uint32_t result, bool young, size_t first, size_t pages)
{
	uint32_t want = (young ? YOUNG_DEV_YOUNG : 0) | (expect_fast ? 0 : YOUNG_DEV_SLOW);

	check(result == want, "result for %zu pages from %zu: got %u, expected %u",
	      pages, first, result, want);
}

void window_ask(struct window *win, size_t start, size_t end,
		const unsigned long *predicate, unsigned int flags)
{
	size_t first = start / page_size;
	size_t pages = (end + page_size - 1) / page_size - first;
	size_t longs = bits_longs(pages) + 2 * GUARD, i;
	unsigned long *cut = cut_predicate(predicate, first, pages);
	unsigned long *got = answer_new(win, pages, flags & ASK_PRESET);
	unsigned long *want = malloc(longs * sizeof(*want));
	bool any = false;
	struct young_dev_range range = {
		.start = (uintptr_t)win->base + start,
		.end = (uintptr_t)win->base + end,
		.young = flags & ASK_NO_BITMAP ? 0 : (uintptr_t)(got + GUARD),
		.predicate = (uintptr_t)cut,
		.nbits = bits_longs(pages) * BITS_PER_LONG,
		.op = YOUNG_DEV_TEST_CLEAR_YOUNG,
		.flags = flags & ASK_CLEAR ? YOUNG_DEV_CLEAR : 0,
	};
	int err;

	check(want, "out of memory");
	window_flush(win);
	memcpy(want, got, longs * sizeof(*want));
	for (i = 0; i < pages; i++) {
		if (!window_young(win, first + i))
			continue;
		if (predicate && !bit_test(predicate, first + i) && !told_unwanted(win, first + i))
			continue;
		any = true;
		if (!(flags & ASK_NO_BITMAP))
			bit_set(want + GUARD, i);
	}

	err = young_ask(&range);
	check(!err, "YOUNG_DEV_AGE: %s", strerror(err));
	compare(got, want, first, pages);
	check_result(range.result, any, first, pages);

	for (i = 0; flags & ASK_CLEAR && i < win->nr; i++)
		clear_mapping(&win->mappings[i], first, pages, predicate);
	free(cut);
	free(got);
	free(want);
}

void window_ask_pages(struct window *win, size_t first, size_t pages,
		      const unsigned long *predicate, unsigned int flags)
{
	window_ask(win, first * page_size, (first + pages) * page_size, predicate, flags);
}

static bool any_young(const struct window *win, size_t first, size_t pages)
{
	size_t i;

	for (i = first; i < first + pages; i++)
		if (window_young(win, i))
			return true;
	return false;
}

void window_ask_old(struct window *win, unsigned int op, size_t first, size_t pages)
{
	struct young_dev_range range = {
		.start = (uintptr_t)win->base + first * page_size,
		.end = (uintptr_t)win->base + (first + pages) * page_size,
		.op = op,
	};
	uint32_t want = any_young(win, first, pages) ? YOUNG_DEV_YOUNG : 0;
	int err = young_ask(&range);

	check(!err, "call %u: %s", op, strerror(err));
	check(range.result == want, "call %u, %zu pages from %zu: got %u, expected %u",
	      op, pages, first, range.result, want);
	if (op != YOUNG_DEV_TEST_YOUNG)
		window_cleared(&win->mappings[0], first, pages);
}

void window_check(struct window *win)
{
	window_ask_pages(win, 0, win->pages, NULL, 0);
}
