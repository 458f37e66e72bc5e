/* SPDX-License-Identifier: GPL-2.0-only */
/* What the host kernel tells about itself: logs, statistics, sysfs, debugfs. */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define TRACING		"/sys/kernel/tracing/"

/* Seconds on the monotonic clock. */
double now(void);

/* A repeatable sequence: *state is any number but 0. */
uint64_t random_next(uint64_t *state);

/* The whole file as a string, to be freed. Fails the test if it cannot. */
char *read_file(const char *path);

/* The number that a file has. Fails the test if there is none. */
uint64_t read_number(const char *path);

/* One write(2); false and errno if the kernel refused it. */
bool write_file(const char *path, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Likewise, but fails the test if the kernel refused it. */
void must_write(const char *path, const char *text);

/* /proc/PID/pagemap of this process, which may have no child that calls this, too. */
int pagemap(void);

/* Its entries of @pages pages from @start on. */
void read_pagemap(const void *start, uint64_t *entries, size_t pages);

/* A descriptor that reads only what the kernel logs from now on, or -1. */
int kmsg_mark(void);

/*
 * Closes @fd. Returns true and the first complaint in @text if the kernel
 * warned since kmsg_mark(), or if that cannot be told.
 */
bool kmsg_complaint(int fd, char *text, size_t size);

/* Was the kernel booted with pages of 1 GB? */
bool giant_pages(void);

/* A counter of /proc/vmstat. */
uint64_t vmstat(const char *name);

/* Pages of the tables of all guests, where the kernel counts them; exact. */
uint64_t guest_tables(void);

/* Bytes of @field ("AnonHugePages", …) in the VMAs that start in the range. */
uint64_t smaps_bytes(const void *start, size_t size, const char *field);

/*
 * How often any kvm->mmu_lock was acquired, for reading or writing, as
 * /proc/lock_stat has it. Fails the test if the kernel does not count.
 */
uint64_t mmu_lock_acquisitions(void);

/* Is the kernel of this release or a later one? */
bool kernel_since(unsigned int major, unsigned int minor);

/*
 * A page on its way to an LRU list waits in an array of the CPU that sent it, where
 * reclaim cannot have it. Puts all that wait, on any CPU, on their lists.
 */
void lru_drain(void);

/**
 * struct lru_gen - an MGLRU node of one memory cgroup, read from debugfs
 * @memcg: its id
 * @node: the NUMA node
 * @max_gen: its youngest generation
 * @old: anonymous pages that are older than the two youngest generations
 */
struct lru_gen {
	unsigned int memcg;
	unsigned int node;
	unsigned long max_gen;
	unsigned long old;
};

/* Puts this process into a memory cgroup ("/x"), which is made if need be. */
void cgroup_enter(const char *cgroup);

/* Finds the cgroup by its path below the mount point ("/x"). */
struct lru_gen lru_gen_read(const char *cgroup);

/*
 * Makes MGLRU begin a generation, after a walk of the page tables where it does
 * that. False: somebody else just did.
 */
bool lru_gen_age(const struct lru_gen *gen);

/* Evicts anonymous memory that is older than the two youngest generations. */
void lru_gen_evict(const struct lru_gen *gen);

#endif
