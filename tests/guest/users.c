// SPDX-License-Identifier: GPL-2.0-only
/*
 * users: what it takes those beside MGLRU to find out what a guest uses. Instructions
 * per page, of processes without a guest (alone), and of a guest that uses nothing
 * (idle) or all of its memory (young):
 *
 * - khugepaged, when it looks at small pages, and collapses none;
 * - page_idle, when it clears huge pages that are mapped page by page;
 * - folio_referenced(), when MGLRU would evict such huge pages;
 * - an aging walk over huge pages, here and in KVM: per huge page.
 *
 * And for DAMON, instructions of a sample, and how many of 100 samples find out that
 * the guest uses one page of a huge page.
 */
#define _GNU_SOURCE
#include "measure.h"
#include "damon.h"
#include "host.h"
#include "tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KHUGEPAGED	"/sys/kernel/mm/transparent_hugepage/khugepaged/"

static const char *const states[] = { "alone", "idle", "young" };

static void report_of(const char *who, const char *state, double value)
{
	char key[64];

	snprintf(key, sizeof(key), "%s_%s", who, state);
	report(key, value);
}

/* The guest's accessed bits, which clear_refs knows only with the series; and all flags. */
static void clear_all(const struct guest *guest)
{
	clear_young(guest);
	must_write("/proc/self/clear_refs", "1");
}

/* 0: alone, which becomes idle when the guest has mapped all of it. */
static void enter_state(struct guest *guest, size_t state)
{
	if (state && !guest->vm)
		guest_begin(guest);
	if (guest->vm)
		guest_touch(guest, page_size);
	clear_all(guest);
	if (state == 2)
		guest_touch(guest, page_size);
}

static clockid_t clock_of(const char *name)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	clockid_t clock = 0;
	char path[300];

	check(proc, "/proc: %s", strerror(errno));
	while ((entry = readdir(proc))) {
		char *comm;

		if (*entry->d_name < '1' || *entry->d_name > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		comm = read_file(path);
		comm[strcspn(comm, "\n")] = '\0';
		if (!strcmp(comm, name))
			check(!clock_getcpuclockid(atoi(entry->d_name), &clock), "%s: no clock",
			      name);
		free(comm);
	}
	closedir(proc);
	check(clock, "%s does not run", name);
	return clock;
}

/* Nanoseconds that a thread of the kernel has run. */
static double ran(const char *name)
{
	struct timespec ts;

	check(!clock_gettime(clock_of(name), &ts), "%s: %s", name, strerror(errno));
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

/* --- khugepaged --- */

static double khugepaged(const struct guest *guest)
{
	uint64_t begin = read_number(KHUGEPAGED "full_scans"), scans;
	double time = ran("khugepaged");

	must_write(KHUGEPAGED "scan_sleep_millisecs", "10");
	while (read_number(KHUGEPAGED "full_scans") < begin + 50)
		usleep(10000);
	must_write(KHUGEPAGED "scan_sleep_millisecs", "1000000");
	usleep(100000);
	scans = read_number(KHUGEPAGED "full_scans") - begin;
	return (ran("khugepaged") - time) / scans / ((double)guest->size / page_size);
}

static void measure_khugepaged(size_t megabytes)
{
	struct guest guest = guest_new(megabytes, false);
	size_t state;

	guest_touch(&guest, page_size);
	for (state = 0; state < 3; state++) {
		check(!mprotect(guest.memory, guest.size, PROT_READ | PROT_WRITE), "mprotect");
		enter_state(&guest, state);
		/* what cannot be written is not collapsed */
		check(!mprotect(guest.memory, guest.size, PROT_READ) &&
		      !madvise(guest.memory, guest.size, MADV_HUGEPAGE), "read only: %s",
		      strerror(errno));
		if (state)
			/* protecting it has unmapped it from the guest */
			vm_verify(guest.vm, huge_gpa(VM_GPA), guest.size, page_size, 1, false);
		clear_all(&guest);
		if (state == 2) {
			arch_flush_tlb(&guest.vm->vcpus[0]);
			vm_verify(guest.vm, huge_gpa(VM_GPA), guest.size, page_size, 1, false);
		}
		report_of("khugepaged", states[state], khugepaged(&guest));
	}
	vm_destroy(guest.vm);
	munmap(guest.memory, guest.size);
}

/* --- folios that are mapped page by page --- */

static struct guest split_guest(size_t megabytes, bool split)
{
	struct guest guest = guest_new(megabytes, true);
	size_t at;

	check(!madvise(guest.memory, guest.size, MADV_HUGEPAGE), "madvise: %s", strerror(errno));
	guest_touch(&guest, page_size);
	/* khugepaged shall leave it as it is */
	madvise(guest.memory, guest.size, MADV_NOHUGEPAGE);
	for (at = 0; split && at < guest.size; at += arch_huge_size())
		check(!mprotect(guest.memory + at, page_size, PROT_READ) &&
		      !mprotect(guest.memory + at, page_size, PROT_READ | PROT_WRITE), "mprotect");
	return guest;
}

static void end_guest(struct guest *guest)
{
	if (guest->vm)
		vm_destroy(guest->vm);
	munmap(guest->memory, guest->size);
}

/* Marks the folios as idle, each by its first page. */
static double page_idle(const struct guest *guest)
{
	int idle = open("/sys/kernel/mm/page_idle/bitmap", O_WRONLY | O_CLOEXEC);
	double sum = 0, begin;
	uint64_t entry, bit;
	size_t at;

	for (at = 0; at < guest->size; at += arch_huge_size()) {
		read_pagemap(guest->memory + at, &entry, 1);
		entry &= (1ULL << 55) - 1;
		bit = 1ULL << entry % 64;
		begin = instructions();
		check(pwrite(idle, &bit, 8, entry / 64 * 8) == 8, "page_idle: %s", strerror(errno));
		sum += instructions() - begin;
	}
	close(idle);
	return sum / ((double)guest->size / page_size);
}

static void measure_page_idle(size_t megabytes)
{
	struct guest guest = split_guest(megabytes, true);
	size_t state;

	for (state = 0; state < 3; state++) {
		enter_state(&guest, state);
		report_of("page_idle", states[state], page_idle(&guest));
	}
	end_guest(&guest);
}

/* --- folio_referenced() --- */

static double event_time(const char *line)
{
	const char *colon = strstr(line, ": referenced_");

	while (colon > line && colon[-1] != ' ')
		colon--;
	return strtod(colon, NULL);
}

/* What all its calls took, two probes each; and their number. */
static double traced_time(unsigned int *calls)
{
	char *text = read_file(TRACING "trace"), *line, *save;
	double sum = 0, begin = 0;

	*calls = 0;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (strstr(line, ": referenced_begin:")) {
			begin = event_time(line);
		} else if (strstr(line, ": referenced_end:") && begin) {
			sum += event_time(line) - begin;
			begin = 0;
			++*calls;
		}
	}
	free(text);
	return sum;
}

static void trace_referenced(bool on)
{
	if (on)
		close(open(TRACING "trace", O_WRONLY | O_TRUNC));
	must_write(TRACING "events/users/enable", on ? "1" : "0");
}

static void measure_referenced(size_t megabytes)
{
	size_t state, i;

	check(write_file(TRACING "kprobe_events", "p:users/referenced_begin folio_referenced") &&
	      write_file(TRACING "kprobe_events", "r:users/referenced_end folio_referenced"),
	      "no probe at folio_referenced()");
	must_write(TRACING "trace_clock", "x86-tsc");
	for (state = 0; state < 3; state++) {
		struct guest guest = split_guest(megabytes, true);
		unsigned int calls;
		struct lru_gen gen;
		double time;

		enter_state(&guest, state == 2 ? 1 : state);
		/* what a fault has made active would not be evicted */
		madvise(guest.memory, guest.size, MADV_COLD);
		for (i = 0; i < 2; i++) {
			gen = lru_gen_read(CGROUP);
			lru_gen_age(&gen);
		}
		if (state == 2)
			guest_touch(&guest, page_size);
		gen = lru_gen_read(CGROUP);
		trace_referenced(true);
		lru_gen_evict(&gen);
		trace_referenced(false);
		time = traced_time(&calls);
		report_of("referenced_folios", states[state], calls);
		report_of("referenced", states[state],
			  time / calls / ((double)arch_huge_size() / page_size));
		end_guest(&guest);
	}
}

/* --- huge pages --- */

static void measure_huge_walk(size_t megabytes)
{
	struct guest guest = split_guest(megabytes, false);
	size_t state;
	int round;

	guest_use(&guest, false);
	for (state = 0; state < 3; state++) {
		double least = 0, took;

		for (round = 0; round < 4; round++) {
			enter_state(&guest, state);
			took = guest_age(&guest, instructions);
			if (!least || took < least)
				least = took;
		}
		report_of("huge_walk", states[state], least / ((double)guest.size / arch_huge_size()));
	}
	end_guest(&guest);
	/* what of that is no huge page's */
	guest = guest_new(megabytes, false);
	report("huge_walk_nothing", guest_age(&guest, instructions));
}

/* --- DAMON --- */

#define SAMPLE_US	10000
#define SAMPLES		100

/* One huge page, of which KVM maps small pages; the guest uses one of them, or none. */
static void measure_sampling(const char *name, bool split, bool use)
{
	struct guest guest = split_guest(4, split);
	uint64_t gpa = huge_gpa(VM_GPA) + page_size;
	uint64_t start = (uintptr_t)guest.memory;
	double time, end;

	guest.vm = vm_create();
	vm_add_slot(guest.vm, 0, gpa, guest.memory, guest.size);
	vm_fill(guest.vm, gpa, guest.size, page_size, 1);
	clear_all(&guest);
	damon_begin(&(struct damon) {
		.start = start,
		.end = start + arch_huge_size(),
		.sample_us = SAMPLE_US,
		.samples = SAMPLES,
		.regions = 3,
	});
	usleep(1000);
	close(open(TRACING "trace", O_WRONLY | O_TRUNC));
	must_write(TRACING "events/damon/damon_aggregated/enable", "1");
	time = ran("kdamond.0");
	for (end = now() + 3.0 * SAMPLES * SAMPLE_US / 1e6; now() < end; usleep(SAMPLE_US / 4)) {
		if (!use)
			continue;
		arch_flush_tlb(&guest.vm->vcpus[0]);
		vm_fill(guest.vm, gpa + 300 * page_size, page_size, page_size, 1);
	}
	time = ran("kdamond.0") - time;
	must_write(TRACING "events/damon/damon_aggregated/enable", "0");
	report_of(name, use ? "found" : "idle_found", damon_traced().most);
	report_of(name, use ? "sample" : "idle_sample", time / (3 * SAMPLES));
	damon_end();
	end_guest(&guest);
}

static void measure_damon(size_t megabytes)
{
	(void)megabytes;
	measure_sampling("damon", false, true);
	measure_sampling("damon", false, false);
}

/* Each in a process of its own, which has had no guest before. */
void measure_users(unsigned long megabytes)
{
	static void (*const measures[])(size_t megabytes) = {
		measure_khugepaged, measure_page_idle, measure_huge_walk, measure_referenced,
		measure_damon,
	};
	int status;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(measures); i++) {
		pid_t child = fork();

		check(child >= 0, "fork: %s", strerror(errno));
		if (!child) {
			measures[i](megabytes);
			_exit(0);
		}
		check(waitpid(child, &status, 0) == child && !status, "a measure failed");
	}
}
