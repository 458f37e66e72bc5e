/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one thread calls in the host's kernel and waits for there. By probes and
 * tracepoints, so that kernels with and without the series can be compared.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "vm.h"

/* Counts from now on the calls of this thread. To be called once. */
void trace_count(struct vm *vm);

/* Calls of the MMU notifiers that age, so far. */
uint64_t traced_notifier_calls(void);

/* Acquisitions of the machine's mmu_lock, so far. */
uint64_t traced_lock_acquisitions(void);

/* Notes from now on for how long this thread waits for the machine's mmu_lock. */
void trace_waits(struct vm *vm);

/* The sum, in microseconds. */
double traced_waits(void);

/**
 * struct holds - how long this thread held the machine's mmu_lock, not only to read
 * @nr: how often
 * @pages: pages that were aged or tested in the longest hold
 * @instructions: of the longest hold with such pages, probes included; 0 if they
 *	cannot be counted
 * @events: all probes that were hit
 * @within: those of them that are part of @instructions
 */
struct holds {
	unsigned long nr;
	unsigned long pages;
	double instructions;
	unsigned long events;
	unsigned long within;
};

/* Prepares trace_holds(). */
void trace_holds_of(struct vm *vm);

/* Notes holds from now on; or no more. */
void trace_holds(bool on);

/* Between the two. */
struct holds traced_holds(void);

#endif
