/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Aging while the tables change: vCPUs write and verify, one thread ages, and
 * the main thread pulls memory and slots away. What the guest wrote must be
 * there, answers must make sense, and after the storm they must be exact again.
 */
#ifndef RACE_H
#define RACE_H

#include "window.h"

#include <pthread.h>

#define STABLE_PAGES	512

struct race;

/**
 * struct race_vcpu - one vCPU, which has a part of the memory for itself
 * @race: the machine
 * @vcpu: the vCPU
 * @passes: what it wrote and verified
 */
struct race_vcpu {
	struct race *race;
	struct vm_vcpu *vcpu;
	unsigned int passes;
};

/**
 * struct race - a machine under stress
 * @win: the window
 * @vm: the machine
 * @vcpus: its vCPUs
 * @stable: memory that nobody takes from the guest
 * @loose: memory that may become zero at any time
 * @loose_first: where that is in the window
 * @loose_pages: and how much
 * @random: state of random_next() of the main thread
 * @pulls: what the main thread does to it, as often as it could
 * @seen_passes: what the vCPU that has done least had done, last time it was looked
 * @seen_pulls: and @pulls when that began
 * @asks: questions of the ager
 * @young: of those, answered with young pages
 * @unmet: what must happen before the end has not happened yet, or NULL
 * @collapsed: huge pages that had been collapsed before
 * @slow_walk: the ager shall be a slow walker
 * @stops: how often it was stopped, then
 * @slow_ok: not every answer can be fast
 * @stop: all threads shall end
 */
struct race {
	struct window *win;
	struct vm *vm;
	struct race_vcpu vcpus[VM_VCPUS];
	struct mapping *stable;
	struct mapping *loose;
	size_t loose_first;
	size_t loose_pages;
	uint64_t random;
	unsigned int pulls;
	unsigned int seen_passes;
	unsigned int seen_pulls;
	unsigned int asks;
	unsigned int young;
	bool (*unmet)(const struct race *race);
	uint64_t collapsed;
	bool slow_walk;
	uint64_t stops;
	bool slow_ok;
	bool stop;
};

struct race *race_new(struct vm *vm, enum backing backing, size_t loose_pages, size_t leaf);

/* Loose memory of two huge pages, which can be dropped and collapsed. */
struct race *race_new_huge(struct vm *vm);

/* Lets the threads run until all have done enough, then checks all. */
void race_run(struct race *race, void (*pull)(struct race *race));

uint64_t map_size(const struct mapping *map);

pthread_t start_thread(void *(*run)(void *), void *arg);

/* --- what the main thread can do --- */

/* Drops a random part of the loose memory. */
void pull_memory(struct race *race);

/* Takes a slot away for a moment: the stable and the loose one in turn. */
void pull_slot(struct race *race);

/* Drops one page of the loose memory, which splits a huge one. */
void pull_page(struct race *race);

/* Tries to make the loose memory huge again. */
void pull_collapse(struct race *race);

/* Conditions for &race.unmet: no access without a slot, no collapse yet. */
bool no_slot_missed(const struct race *race);
bool nothing_collapsed(const struct race *race);

#endif
