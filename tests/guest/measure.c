// SPDX-License-Identifier: GPL-2.0-only
/*
 * young-measure [--perf] WHAT NUMBER: what aging the memory of a guest costs.
 *
 * Runs on kernels with and without the series, so that both can be compared.
 * Prints lines "measure: KEY VALUE" for tools/demo.sh and tools/cost.sh.
 *
 * walk: instructions, calls of the notifier and acquisitions of mmu_lock of a
 * pass of MGLRU over the page tables; and how many instructions more these are
 * than for the same memory before there was a guest.
 *
 * huge: the same, in huge pages.
 *
 * evict: the same, in small pages, where MGLRU evicts instead, and finds one page
 * of each table young: it then looks around, and ages the other pages of that table.
 *
 * wait: for how long a walk waits for mmu_lock while the guest faults.
 *
 * wss is in watched.c, the others are in cost.c and readers.c. NUMBER is megabytes,
 * but for the end of a VM, where it is machines.
 */
#define _GNU_SOURCE
#include "measure.h"
#include "host.h"
#include "tap.h"
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OTHER	"/other"
#define BITS_PER_LONG	(8 * sizeof(long))
#define SALT	1

/* tap.c is for programs that go on after a failure. */
void fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "young-measure: ");
	vfprintf(stderr, fmt, args);
	fprintf(stderr, "\n");
	va_end(args);
	_exit(1);
}

void report(const char *key, double value)
{
	printf("measure: %s %.4f\n", key, value);
	fflush(stdout);
}

/* Does perf count instructions? On emulated CPUs, virtual time may do that instead. */
static bool by_perf;

double instructions(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE, .size = sizeof(attr),
		.config = PERF_COUNT_HW_INSTRUCTIONS,
	};
	static int fd = -1;
	uint64_t count;

	if (!by_perf)
		return now() * 1e9;
	if (fd < 0) {
		fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
		check(fd >= 0, "perf_event_open: %s", strerror(errno));
		return 0;
	}
	check(read(fd, &count, sizeof(count)) == sizeof(count), "perf event: %s",
	      strerror(errno));
	close(fd);
	fd = -1;
	return count;
}

/* --- a guest --- */

struct guest guest_new(size_t megabytes, bool evict)
{
	struct guest guest = { .size = megabytes << 20, .stride = page_size };
	size_t table = arch_huge_size();
	char *memory;

	cgroup_enter(CGROUP);
	/* nobody's neighbour: wss would take both for the guest's */
	memory = mmap(NULL, guest.size + 2 * table, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(memory != MAP_FAILED, "mmap: %s", strerror(errno));
	guest.memory = memory + table - ((uintptr_t)memory & (table - 1));
	check(!mprotect(guest.memory, guest.size, PROT_READ | PROT_WRITE), "mprotect: %s",
	      strerror(errno));
	madvise(guest.memory, guest.size, MADV_NOHUGEPAGE);
	guest_use(&guest, evict);
	return guest;
}

void guest_use(struct guest *guest, bool evict)
{
	guest->evict = evict;
	/* 1: "+" shall begin a generation and leave the pages alone */
	check(write_file("/sys/kernel/mm/lru_gen/enabled", evict ? "1" : "7"),
	      "MGLRU's walks: %s", strerror(errno));
}

/* As in no guest that is there already. */
static void guest_make_huge(struct guest *guest)
{
	guest->huge = true;
	guest->stride = arch_huge_size();
	check(!madvise(guest->memory, guest->size, MADV_HUGEPAGE), "MADV_HUGEPAGE: %s",
	      strerror(errno));
}

void guest_begin(struct guest *guest)
{
	guest->vm = vm_create();
	vm_add_slot(guest->vm, 0, huge_gpa(VM_GPA), guest->memory, guest->size);
}

void guest_touch(struct guest *guest, size_t stride)
{
	size_t at;

	/* what a TLB remembers, need not be made young again */
	if (guest->vm) {
		arch_flush_tlb(&guest->vm->vcpus[0]);
		vm_fill(guest->vm, huge_gpa(VM_GPA), guest->size, stride, SALT);
		return;
	}
	check(!mprotect(guest->memory, guest->size, PROT_READ) &&
	      !mprotect(guest->memory, guest->size, PROT_READ | PROT_WRITE),
	      "mprotect: %s", strerror(errno));
	for (at = 0; at < guest->size; at += stride)
		((volatile char *)guest->memory)[at] = SALT;
}

void guest_drop(struct guest *guest, size_t size)
{
	check(!madvise(guest->memory, size, MADV_DONTNEED), "MADV_DONTNEED: %s",
	      strerror(errno));
}

static void new_generation(const struct lru_gen *gen)
{
	check(lru_gen_age(gen), "somebody else aged the guest");
}

/* What waits to be put on a list, as all that is new does, is put there. */
static void drain_new_pages(const struct guest *guest)
{
	/* the page behind, where nothing is */
	madvise(guest->memory + guest->size, page_size, MADV_COLD);
}

/* Pages of tables that are evicted next, and found young: one of each. */
static void fill_first(struct guest *guest)
{
	struct lru_gen gen;

	guest_touch(guest, arch_huge_size());
	drain_new_pages(guest);
	gen = lru_gen_read(CGROUP);
	new_generation(&gen);
}

void guest_fill(struct guest *guest)
{
	guest_drop(guest, guest->size);
	if (guest->evict)
		fill_first(guest);
	guest_touch(guest, guest->stride);
	check(!guest->huge || smaps_bytes(guest->memory, guest->size, "AnonHugePages") == guest->size,
	      "not all of it is in huge pages");
	if (!guest->others)
		return;
	/* whoever faults a page in has it charged to his cgroup */
	cgroup_enter(OTHER);
	guest_touch(guest, page_size);
	cgroup_enter(CGROUP);
}

/* In which generation new pages begin, depends on the kernel. */
static void make_first_old(const struct guest *guest)
{
	size_t tables = guest->size / arch_huge_size();
	struct lru_gen gen = lru_gen_read(CGROUP);

	while (gen.old < tables) {
		new_generation(&gen);
		gen = lru_gen_read(CGROUP);
	}
	/* this program has some of its own */
	check(gen.old < 2 * tables + 128,
	      "%lu pages are old, not one of each table", gen.old);
}

static double pass(const struct guest *guest, double (*meter)(void))
{
	struct lru_gen gen = lru_gen_read(CGROUP);
	double start;

	/* what is freed after a grace period shall not be freed meanwhile */
	check(!syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0), "membarrier: %s",
	      strerror(errno));
	start = meter();
	if (guest->evict)
		lru_gen_evict(&gen);
	else
		new_generation(&gen);
	return meter() - start;
}

double guest_age(struct guest *guest, double (*meter)(void))
{
	if (guest->evict)
		make_first_old(guest);
	return pass(guest, meter);
}

static double least(double a, double b, int round)
{
	return round > 1 && a < b ? a : b;
}

void guest_note_empty(struct guest *guest)
{
	int round;

	for (round = 0; round <= 3; round++) {
		struct lru_gen gen = lru_gen_read(CGROUP);

		if (guest->evict)
			new_generation(&gen);
		guest->empty = least(guest->empty, pass(guest, instructions), round);
	}
}

void make_young(struct guest *guest)
{
	/* in the youngest generation, all of them */
	if (guest->evict)
		guest_fill(guest);
	else
		guest_touch(guest, guest->stride);
}

void clear_young(const struct guest *guest)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	int idle = open("/sys/kernel/mm/page_idle/bitmap", O_WRONLY | O_CLOEXEC);
	uint64_t entry, bit;
	size_t at;

	check(pagemap >= 0 && idle >= 0, "pagemap, page_idle: %s", strerror(errno));
	drain_new_pages(guest);
	for (at = 0; at < guest->size; at += guest->stride) {
		off_t page = (uintptr_t)(guest->memory + at) / page_size;

		check(pread(pagemap, &entry, 8, page * 8) == 8, "pagemap: %s", strerror(errno));
		check(entry >> 63, "a page is missing");
		entry &= (1ULL << 55) - 1;
		bit = 1ULL << entry % 64;
		/* 0 where memory ends within the word: it is written all the same */
		check(pwrite(idle, &bit, 8, entry / 64 * 8) >= 0, "page_idle: %s",
		      strerror(errno));
	}
	close(idle);
	close(pagemap);
}

void make_idle(struct guest *guest)
{
	if (!guest->evict)
		return;
	make_young(guest);
	clear_young(guest);
	/* but those that make MGLRU look around */
	guest_touch(guest, arch_huge_size());
}

static void make_mixed(struct guest *guest)
{
	make_idle(guest);
	guest_touch(guest, 2 * guest->stride);
}

/* Eligible pages that a pass comes by: looking around goes a word of pages far. */
static size_t guest_pages(const struct guest *guest)
{
	size_t table = arch_huge_size(), seen = BITS_PER_LONG * page_size;

	if (!guest->evict || seen > table)
		seen = table;
	return guest->size / table * (seen > guest->stride ? seen / guest->stride : 1);
}

struct cost guest_cost(struct guest *guest, int rounds)
{
	size_t pages = guest_pages(guest);
	struct cost cost = { 0 };
	int round;

	if (!guest->evict)
		guest_fill(guest);
	/* the first round is to warm up */
	for (round = 0; round <= rounds; round++) {
		make_young(guest);
		cost.young = least(cost.young, guest_age(guest, instructions), round);
		make_idle(guest);
		cost.idle = least(cost.idle, guest_age(guest, instructions), round);
		make_mixed(guest);
		cost.mixed = least(cost.mixed, guest_age(guest, instructions), round);
	}
	cost.young = (cost.young - guest->empty) / pages;
	cost.idle = (cost.idle - guest->empty) / pages;
	cost.mixed = (cost.mixed - guest->empty) / pages;
	return cost;
}

/* --- counting --- */

static void count_pass(struct guest *guest, const char *name)
{
	uint64_t calls = traced_notifier_calls();
	uint64_t acquired = traced_lock_acquisitions();
	size_t pages = guest_pages(guest);
	char key[64];

	guest_age(guest, now);
	snprintf(key, sizeof(key), "%s_calls", name);
	report(key, (double)(traced_notifier_calls() - calls) / pages);
	snprintf(key, sizeof(key), "%s_locks", name);
	report(key, (double)(traced_lock_acquisitions() - acquired) / pages);
}

void guest_prove_counting(struct guest *guest)
{
	uint64_t acquired = traced_lock_acquisitions();

	guest_drop(guest, guest->size);
	guest_touch(guest, page_size);
	check(traced_lock_acquisitions() > acquired,
	      "the guest's faults were not seen to take mmu_lock");
}

/* Counting calls costs instructions, so it comes last. */
static void measure_calls(struct guest *guest)
{
	trace_count(guest->vm);
	make_young(guest);
	count_pass(guest, "young");
	make_idle(guest);
	count_pass(guest, "idle");
	guest_prove_counting(guest);
}

static void measure_count(struct guest *guest)
{
	struct cost before = { 0 }, with;

	if (!guest->evict)
		before = guest_cost(guest, 1);
	guest_begin(guest);
	with = guest_cost(guest, 1);
	report("idle_instructions", with.idle);
	report("young_instructions", with.young);
	if (!guest->evict) {
		report("idle_added", with.idle - before.idle);
		report("young_added", with.young - before.young);
	}
	measure_calls(guest);
}

static void measure_walk(unsigned long megabytes)
{
	struct guest guest = guest_new(megabytes, false);

	measure_count(&guest);
}

static void measure_huge(unsigned long megabytes)
{
	struct guest guest = guest_new(megabytes, false);

	guest_make_huge(&guest);
	measure_count(&guest);
}

static void measure_evict(unsigned long megabytes)
{
	struct guest guest = guest_new(megabytes, true);

	measure_count(&guest);
}

/* --- waiting --- */

static volatile bool stop;

/* The guest faults half of its memory in, over and over. */
static void *fault_loop(void *arg)
{
	struct guest *guest = arg;

	while (!stop) {
		guest_drop(guest, guest->size / 2);
		guest_touch(guest, page_size);
	}
	return NULL;
}

static void measure_wait(unsigned long megabytes)
{
	struct guest guest = guest_new(megabytes, false);
	/* the same number of pages, whatever their size */
	const int passes = 20 * (page_size / 4096);
	double seconds = 0;
	pthread_t thread;
	int i;

	guest_begin(&guest);
	guest_touch(&guest, page_size);
	trace_waits(guest.vm);
	check(!pthread_create(&thread, NULL, fault_loop, &guest), "no thread");
	sleep(1);

	for (i = 0; i < passes; i++)
		seconds += guest_age(&guest, now);
	report("pass_ms", seconds * 1e3 / passes);

	stop = true;
	pthread_join(thread, NULL);
	report("wait_us", traced_waits() / passes);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(unsigned long number);
	} measures[] = {
		{ "walk", measure_walk },
		{ "huge", measure_huge },
		{ "evict", measure_evict },
		{ "wait", measure_wait },
		{ "alone", measure_alone },
		{ "patterns", measure_patterns },
		{ "holds", measure_holds },
		{ "end", measure_end },
		{ "unmap", measure_unmap },
		{ "readers", measure_readers },
		{ "wss", measure_wss },
		{ "users", measure_users },
	};
	long number;
	size_t i;

	by_perf = arch_counts_instructions();
	if (argc > 1 && !strcmp(argv[1], "--perf")) {
		by_perf = true;
		argc--;
		argv++;
	}
	number = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	page_size = sysconf(_SC_PAGESIZE);
	for (i = 0; number > 0 && i < ARRAY_SIZE(measures); i++) {
		if (strcmp(argv[1], measures[i].name))
			continue;
		measures[i].run(number);
		return 0;
	}
	fprintf(stderr, "usage: young-measure [--perf] WHAT NUMBER, with WHAT one of");
	for (i = 0; i < ARRAY_SIZE(measures); i++)
		fprintf(stderr, " %s", measures[i].name);
	fprintf(stderr, "\n");
	return 2;
}
