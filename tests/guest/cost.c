// SPDX-License-Identifier: GPL-2.0-only
/*
 * What others pay: those who have no guest, whose guests are not walked,
 * whose pages have no neighbours, whose guests end.
 *
 * alone: a pass over memory that no secondary MMU maps.
 * patterns: a pass over guests where some pages only are eligible.
 * holds: the longest time that such a pass holds mmu_lock.
 * end: machines that end, one and many at a time; somebody had asked about them, or not.
 * unmap: page tables that wait for a grace period after memory was unmapped.
 */
#define _GNU_SOURCE
#include "measure.h"
#include "host.h"
#include "tap.h"
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS		2
#define MACHINE_SIZE	(4 << 20)

static void report_cost(const char *name, struct cost cost)
{
	char key[64];

	snprintf(key, sizeof(key), "%s_idle", name);
	report(key, cost.idle);
	snprintf(key, sizeof(key), "%s_young", name);
	report(key, cost.young);
	snprintf(key, sizeof(key), "%s_mixed", name);
	report(key, cost.mixed);
}

void measure_alone(unsigned long megabytes)
{
	struct guest guest = guest_new(megabytes, false);

	if (arch_lru_walks()) {
		guest_note_empty(&guest);
		report_cost("alone_walk", guest_cost(&guest, ROUNDS));
		guest_drop(&guest, guest.size);
	}
	guest_use(&guest, true);
	guest_note_empty(&guest);
	report_cost("alone_evict", guest_cost(&guest, ROUNDS));
}

/* --- patterns --- */

/* One page in so many is eligible; 0: one in each page table. */
static const unsigned int patterns[] = { 1, 2, 8, 64, 0 };

/* "walk_every8_absent": calls @run for each way, pattern, and kind of the others. */
static void each_pattern(struct guest *guest,
			 void (*run)(struct guest *guest, const char *name))
{
	int evict, others;
	char name[64];
	size_t i;

	for (evict = !arch_lru_walks(); evict <= 1; evict++) {
		guest_drop(guest, guest->size);
		guest_use(guest, evict);
		guest_note_empty(guest);
		for (i = 0; i < ARRAY_SIZE(patterns); i++) {
			guest->stride = patterns[i] ? patterns[i] * page_size : arch_huge_size();
			if (patterns[i] && guest->stride >= arch_huge_size())
				continue;
			for (others = 0; others <= (guest->stride > page_size); others++) {
				guest->others = others;
				snprintf(name, sizeof(name), "%s_every%u_%s",
					 evict ? "evict" : "walk", patterns[i],
					 others ? "others" : "absent");
				run(guest, name);
			}
		}
	}
}

static void cost_of_pattern(struct guest *guest, const char *name)
{
	report_cost(name, guest_cost(guest, ROUNDS));
}

void measure_patterns(unsigned long megabytes)
{
	struct guest guest = guest_new(megabytes, false);

	guest_begin(&guest);
	each_pattern(&guest, cost_of_pattern);
}

/* --- holds --- */

static struct holds longest;

static double age_traced(struct guest *guest)
{
	double passed;

	trace_holds(true);
	passed = guest_age(guest, instructions);
	trace_holds(false);
	return passed;
}

/* A probe takes @probe instructions. */
static void note_holds(double probe)
{
	struct holds holds = traced_holds();

	holds.instructions -= holds.within * probe;
	if (holds.pages > longest.pages)
		longest.pages = holds.pages;
	if (holds.instructions > longest.instructions)
		longest.instructions = holds.instructions;
}

static void holds_of_pattern(struct guest *guest, const char *name)
{
	/* learnt from the first pattern, which has the most pages */
	static double probe;

	(void)name;
	if (!guest->evict)
		guest_fill(guest);
	make_young(guest);
	guest_age(guest, instructions);
	if (!probe) {
		double plain;

		make_young(guest);
		plain = guest_age(guest, instructions);
		make_young(guest);
		probe = age_traced(guest) - plain;
		probe /= traced_holds().events + 1;
	}

	make_young(guest);
	age_traced(guest);
	note_holds(probe);
	make_idle(guest);
	age_traced(guest);
	note_holds(probe);
}

void measure_holds(unsigned long megabytes)
{
	struct guest guest = guest_new(megabytes, false);

	guest_begin(&guest);
	guest_touch(&guest, page_size);
	trace_holds_of(guest.vm);

	/* The proof that holds are seen: memory is unmapped under the lock. */
	trace_holds(true);
	guest_drop(&guest, guest.size);
	trace_holds(false);
	check(traced_holds().nr, "unmapping was not seen to take mmu_lock");

	each_pattern(&guest, holds_of_pattern);
	report("hold_pages", longest.pages);
	report("hold_instructions", longest.instructions);
}

/* --- the end of machines --- */

static struct vm *machine_new(char **memory)
{
	struct vm *vm = vm_create();

	*memory = mmap(NULL, MACHINE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(*memory != MAP_FAILED, "mmap: %s", strerror(errno));
	vm_add_slot(vm, 0, VM_GPA, *memory, MACHINE_SIZE);
	vm_fill(vm, VM_GPA, MACHINE_SIZE, page_size, 1);
	return vm;
}

/* Asks about all memory of the cgroup, and so about all its machines. */
static void ask(void)
{
	struct lru_gen gen = lru_gen_read(CGROUP);

	check(lru_gen_age(&gen), "somebody else aged the machines");
}

/* Seconds that this process ran; those of its threads that ended, too. */
static double cpu_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static double seconds(struct timeval tv)
{
	return tv.tv_sec + tv.tv_usec / 1e6;
}

struct ends {
	double wall;
	double cpu;
};

/* @nr processes with a machine each, which all exit at the same time. */
static struct ends processes_end(unsigned int nr, bool asked)
{
	double *before = mmap(NULL, nr * sizeof(*before), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct ends ends = { 0 };
	int ready[2], go[2];
	unsigned int i;
	char byte = 0;

	check(before != MAP_FAILED && !pipe(ready) && !pipe(go), "%s", strerror(errno));
	for (i = 0; i < nr; i++) {
		char *memory;
		pid_t pid = fork();

		check(pid >= 0, "fork: %s", strerror(errno));
		if (pid)
			continue;
		close(go[1]);
		machine_new(&memory);
		check(write(ready[1], &byte, 1) == 1, "pipe: %s", strerror(errno));
		before[i] = cpu_time();
		/* until it is closed */
		_exit(read(go[0], &byte, 1));
	}
	close(ready[1]);
	for (i = 0; i < nr; i++)
		check(read(ready[0], &byte, 1) == 1, "a machine failed");
	if (asked)
		ask();
	/* the last of them shall be waiting, too */
	sleep(1);

	ends.wall = -now();
	close(go[1]);
	for (i = 0; i < nr; i++) {
		struct rusage used;
		int status;

		check(wait4(-1, &status, 0, &used) > 0 && !status, "a machine failed");
		ends.cpu += seconds(used.ru_utime) + seconds(used.ru_stime) - before[i];
	}
	ends.wall += now();

	close(go[0]);
	close(ready[0]);
	munmap(before, nr * sizeof(*before));
	return ends;
}

/* The last descriptor is closed, the process lives on. */
static struct ends descriptors_end(bool asked)
{
	char *memory;
	struct vm *vm = machine_new(&memory);
	struct ends ends;

	if (asked)
		ask();
	ends.wall = -now();
	ends.cpu = -cpu_time();
	vm_destroy(vm);
	ends.wall += now();
	ends.cpu += cpu_time();
	munmap(memory, MACHINE_SIZE);
	return ends;
}

static void report_ends(const char *name, const char *kind, struct ends ends, int rounds)
{
	char key[64];

	snprintf(key, sizeof(key), "%s_%s_ms", name, kind);
	report(key, ends.wall * 1e3 / rounds);
	snprintf(key, sizeof(key), "%s_%s_cpu", name, kind);
	report(key, ends.cpu * 1e9);
}

/* The mean of times, which depend on the clock's tick, and the least of instructions. */
static void add_ends(struct ends *sum, struct ends one)
{
	sum->wall += one.wall;
	if (!sum->cpu || one.cpu < sum->cpu)
		sum->cpu = one.cpu;
}

/* Some MMUs do for whoever was asked what they do not do for the others. */
void measure_end(unsigned long machines)
{
	static const char *const kinds[] = { "quiet", "asked" };
	const int rounds = 8;
	int asked, i;

	cgroup_enter(CGROUP);
	for (asked = 0; asked <= 1; asked++) {
		struct ends close = { 0 }, exit = { 0 };

		for (i = 0; i <= rounds; i++) {
			struct ends closed = descriptors_end(asked);
			struct ends exited = processes_end(1, asked);

			/* the first one is to warm up */
			if (!i)
				continue;
			add_ends(&close, closed);
			add_ends(&exit, exited);
		}
		report_ends("close", kinds[asked], close, rounds);
		report_ends("exit", kinds[asked], exit, rounds);
		report_ends("exits", kinds[asked], processes_end(machines, asked), 1);
	}
}

/* --- memory that waits --- */

static double tables(void)
{
	return guest_tables() * (page_size >> 10);
}

void measure_unmap(unsigned long megabytes)
{
	struct guest guest = guest_new(megabytes, false);
	size_t pages = guest.size / page_size;
	double before, after, later, spent;

	guest_begin(&guest);
	guest_touch(&guest, page_size);
	ask();
	before = tables();
	spent = -instructions();
	guest_drop(&guest, guest.size);
	spent += instructions();
	after = tables();
	sleep(2);
	later = tables();

	report("unmap_instructions", spent / pages);
	report("unmap_tables", before - later);
	report("unmap_waiting", after - later);
}
