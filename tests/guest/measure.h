/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest with memory of its own in a cgroup of its own, and what a pass of MGLRU
 * over it takes.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdbool.h>
#include <stddef.h>

#include "vm.h"

/* The cgroup that MGLRU ages. */
#define CGROUP	"/guest"

/* Prints "measure: KEY VALUE". */
void report(const char *key, double value);

/*
 * Those of this thread since the call before, if that one returned 0. Under
 * QEMU's -icount a nanosecond is an instruction of the one CPU that runs at a time.
 */
double instructions(void);

/**
 * struct guest - memory, and the machine that sees it
 * @vm: NULL: the memory is this process's own yet
 * @memory: its start, where a page table begins
 * @size: whole page tables
 * @stride: one page in so many bytes is eligible: in the cgroup that MGLRU ages
 * @others: the pages between these belong to another cgroup; else there are none
 * @huge: in huge pages
 * @evict: do not walk page tables, evict and look around
 * @empty: instructions of a pass that guest_cost() shall subtract
 */
struct guest {
	struct vm *vm;
	char *memory;
	size_t size;
	size_t stride;
	bool others;
	bool huge;
	bool evict;
	double empty;
};

/* All pages are eligible. */
struct guest guest_new(size_t megabytes, bool evict);

/* Shows the memory to a machine. */
void guest_begin(struct guest *guest);

/* Touches a page in each @stride bytes. */
void guest_touch(struct guest *guest, size_t stride);

void guest_drop(struct guest *guest, size_t size);

/* Replaces all memory by such that is eligible or not, see struct guest. */
void guest_fill(struct guest *guest);

/* Walk, or evict. */
void guest_use(struct guest *guest, bool evict);

/* One pass over all of it, in the units of @meter. */
double guest_age(struct guest *guest, double (*meter)(void));

/* Notes those of a pass while there is nothing in the memory. */
void guest_note_empty(struct guest *guest);

/*
 * Makes pages idle that stay in their generation, as page_idle does it: looking
 * around does not go far, and a pass by a walk would let them age.
 */
void clear_young(const struct guest *guest);

/* What the next pass shall find: eligible pages that are all young; or idle, after a pass. */
void make_young(struct guest *guest);
void make_idle(struct guest *guest);

/**
 * struct cost - instructions of a pass per eligible page that it comes by
 * @idle: all idle
 * @young: all young
 * @mixed: every second one young
 */
struct cost {
	double idle;
	double young;
	double mixed;
};

/* The least of so many rounds, after one to warm up. */
struct cost guest_cost(struct guest *guest, int rounds);

/* The proof that traced_lock_acquisitions() sees them: the guest's faults take it. */
void guest_prove_counting(struct guest *guest);

/* cost.c */
void measure_alone(unsigned long megabytes);
void measure_patterns(unsigned long megabytes);
void measure_holds(unsigned long megabytes);
void measure_end(unsigned long machines);
void measure_unmap(unsigned long megabytes);

/* readers.c */
void measure_readers(unsigned long megabytes);

/* watched.c */
void measure_wss(unsigned long megabytes);

/* users.c */
void measure_users(unsigned long megabytes);

#endif
