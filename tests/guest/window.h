/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A window of host virtual memory, the guests that see parts of it, and the
 * truth about which pages they touched. window_ask() asks the kernel through
 * /dev/young and compares: the answer must be the truth, bit for bit.
 */
#ifndef WINDOW_H
#define WINDOW_H

#include "vm.h"
#include "young_dev.h"

#define MAPPINGS	16
#define BITS_PER_LONG	(8 * sizeof(long))

/* From the command line: how all subscribers of a test must answer. */
extern bool expect_fast;

/* Not even a slow answer takes kvm->mmu_lock: not every kernel needs it for them. */
extern bool lockless_slow;

/*
 * Without expect_fast: what the guest touched itself is seen without mmu_lock all
 * the same, that is for its nested guest.
 */
extern bool expect_walk;

/*
 * Likewise: the CPU does not set accessed bits itself. A page whose bit was
 * cleared faults when it is touched, and KVM takes mmu_lock to set it.
 */
extern bool software_flag;

enum backing {
	SMALL_PAGES,	/* the base page size and nothing else */
	THP,		/* transparent huge pages */
	HUGETLB_1G,
	LOOSE_PAGES,	/* small pages that are not locked: may be dropped, swapped */
};

/**
 * struct mapping - one memory slot over a part of the window
 * @vm: whose slot
 * @space: address space of the slot
 * @slot: the slot
 * @gpa: where it begins for the guest
 * @first: its first page, counted from the start of the window
 * @pages: its size
 * @leaf: pages that one leaf of KVM's tables maps here; leaves are counted
 *	from the first page of the mapping
 * @touched: one bit per page of the mapping, whole leaves only
 * @nested: likewise, what the guest's nested guest touched, if KVM has tables for
 *	that alone and asks them (arch_nested_asked()); otherwise that is in @touched
 */
struct mapping {
	struct vm *vm;
	unsigned int space;
	struct vm_slot *slot;
	uint64_t gpa;
	size_t first;
	size_t pages;
	size_t leaf;
	unsigned long *touched;
	unsigned long *nested;
};

/**
 * struct window - a reserved range of host virtual memory
 * @base: its start
 * @pages: its size
 * @mappings: who sees it
 * @nr: how many these are
 * @random: state of random_next(), the seed is fixed
 */
struct window {
	char *base;
	size_t pages;
	struct mapping mappings[MAPPINGS];
	unsigned int nr;
	uint64_t random;
};

unsigned long *bits_new(size_t bits);

static inline bool bit_test(const unsigned long *map, size_t bit)
{
	return map[bit / BITS_PER_LONG] >> bit % BITS_PER_LONG & 1;
}

static inline void bit_set(unsigned long *map, size_t bit)
{
	map[bit / BITS_PER_LONG] |= 1UL << bit % BITS_PER_LONG;
}

static inline void bit_clear(unsigned long *map, size_t bit)
{
	map[bit / BITS_PER_LONG] &= ~(1UL << bit % BITS_PER_LONG);
}

/* Reserves a window, aligned for 1 GB pages. Nothing is behind it yet. */
struct window *window_new(size_t pages);

/* Puts memory behind a part of the window. */
void window_back(struct window *win, size_t first, size_t pages, enum backing backing);

/* Shows a part of the window, which must have memory, to a guest. */
struct mapping *window_map(struct window *win, struct vm *vm, unsigned int space,
			   uint64_t gpa, size_t first, size_t pages, size_t leaf);

/* The guest shall touch this page of the mapping; done before the next question. */
void window_touch(struct mapping *map, size_t page, enum vm_kind kind);

/* An irregular set: both ends, runs, single pages; another one each time. */
void window_touch_irregular(struct window *win, struct mapping *map);

/* A window of so many pages that one guest has touched irregularly. */
struct window *window_touched(size_t pages);

/* All queued touches are done after this, no vCPU runs. */
void window_flush(struct window *win);

/* The mapping's tables are gone (the VM was closed, say). */
void window_forget(struct mapping *map);

/* The tables for its nested guest are. */
void window_forget_nested(struct mapping *map);

/* What the test cleared behind window_ask()'s back. */
void window_cleared(struct mapping *map, size_t page, size_t pages);

/* Is it young, as far as the test knows? */
bool window_young(const struct window *win, size_t page);

/* Pages of all mappings in the range: what KVM counts as asked. */
size_t window_asked(const struct window *win, size_t first, size_t pages);

enum ask_flags {
	ASK_CLEAR	= 1,	/* clear what was asked, or what the predicate chose */
	ASK_PRESET	= 2,	/* some bits of the answer are set before the question */
	ASK_NO_BITMAP	= 4,	/* only the result */
};

/**
 * window_ask() - ask about a range and check the whole answer
 * @win: the window
 * @start: first byte, counted from the start of the window
 * @end: the byte behind the last one
 * @predicate: one bit per page *of the window*, or NULL
 * @flags: enum ask_flags
 *
 * Checks the bitmap, the memory around it, and the result; then does to the
 * truth what was asked for.
 */
void window_ask(struct window *win, size_t start, size_t end,
		const unsigned long *predicate, unsigned int flags);

/* The same in pages. */
void window_ask_pages(struct window *win, size_t first, size_t pages,
		      const unsigned long *predicate, unsigned int flags);

/* Likewise with one of the older calls, enum young_dev_op; for one mapping, no touches pending. */
void window_ask_old(struct window *win, unsigned int op, size_t first, size_t pages);

/* The whole window, nothing cleared. */
void window_check(struct window *win);

/* The question itself, unchecked: errno or 0; the result in range->result. */
int young_ask(struct young_dev_range *range);

#endif
