// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long do walks take, beside a plain loop over the same entries? See bench.sh.
 * All ways to walk take turns, pass by pass, so that noise meets all of them. A
 * pass walks 1 GB, the next one another of those that there are, so that it is
 * short, and finds in the cache only what fits there together.
 *
 * Prints lines of fields: format, compiler, gigabytes, what, shape, way, and of
 * nanoseconds per entry the least and the median.
 */
#include "ways.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define MOST_PASSES	1000

/* Entries of 1 GB. If they are huge, that is 1 GB no more. */
#define PART		(1ULL << (30 - BENCH_PAGE_SHIFT))

#ifdef __clang__
#define COMPILER	"clang"
#else
#define COMPILER	"gcc"
#endif

static const struct shape shapes[] = {
	{ "idle" },
	{ "all young", .every = 1 },
	{ "1 in 8 young", .every = 8 },
	{ "1 in 8, at random", .every = 8, .at_random = true },
	{ "1 in 64 young", .every = 64 },
	{ "holes", .every = 8, .holes = true },
	{ "2 MB leaves", .every = 8, .huge = true },
};

static unsigned int gigabytes, passes;
static u64 *memory;
static unsigned long young_bits[(MOST_ENTRIES << 9) / (8 * sizeof(long))];

static void die(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

/* The pages that were found young in one batch. */
static u64 take_bits(u64 nbits)
{
	u64 i, nr = 0;

	for (i = 0; i < (nbits + BITS_PER_LONG - 1) / BITS_PER_LONG; i++) {
		nr += __builtin_popcountl(young_bits[i]);
		young_bits[i] = 0;
	}
	return nr;
}

/* Walk 1 GB of a tree. Return the pages that were young, if someone will know. */
static u64 walk_part(const struct bench *bench, const struct way *way,
		     unsigned int part, unsigned long *map, bool clear, bool count)
{
	u64 pages = PART << bench->shift, batch = (u64)way->entries << bench->shift;
	u64 end = (part + 1) * pages;
	struct pgwalk_young young = {
		.start = part * pages,
		.nbits = batch,
		.young = map,
		.clear = clear,
	};
	u64 nr = 0;

	for (; young.start < end; young.start += batch) {
		way->walk(bench, young.start, young.start + batch, &young);
		if (count)
			nr += take_bits(batch);
	}
	return nr;
}

/* What is slow must not be fast because it does less. */
static void check_ways(const struct bench *bench)
{
	u64 i, found, expected = 0;
	const struct way *way;
	unsigned int part;

	for (i = 0; i < bench->nr; i++)
		if (bench_has_table(bench, i >> bench_bits(bench->leaf)) &&
		    bench_is_young(bench, i) && bench_has_leaf(bench, i))
			expected += 1ULL << bench->shift;

	for (way = ways + 1; way < ways + WAYS; way++) {
		bench_fill(bench, 0, bench->nr);
		memset(young_bits, 0, sizeof(young_bits));
		found = 0;
		for (part = 0; part < gigabytes; part++) {
			found += walk_part(bench, way, part, young_bits, true, true);
			if (walk_part(bench, way, part, young_bits, false, true))
				die(way->name);
		}
		if (found != expected)
			die(way->name);
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(const struct bench *bench, const char *what,
		  double (*times)[MOST_PASSES])
{
	double per = bench->shape->holes ? PART / 2 : PART;
	unsigned int i;

	for (i = 0; i < WAYS; i++) {
		qsort(times[i], passes, sizeof(double), compare);
		printf("%s\t" COMPILER "\t%u\t%s\t%s\t%s\t%.4f\t%.4f\n", BENCH_NAME,
		       gigabytes, what, bench->shape->name, ways[i].name,
		       times[i][0] / per, times[i][passes / 2] / per);
	}
	fflush(stdout);
}

/* --- a second thread --- */

/*
 * It does @work for each @go, which counts the passes. Those who wait spin: both
 * threads are to begin at the same time.
 */
struct other {
	void (*work)(struct other *other);
	const struct bench *bench;
	const struct way *way;
	unsigned int part;
	double start;
	int cpu;
	unsigned int go;
	unsigned int started;
	unsigned int done;
	bool stop;
};

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("cannot stay on one CPU");
}

static void *other_thread(void *arg)
{
	struct other *other = arg;
	unsigned int pass = 0;

	pin(other->cpu);
	for (;;) {
		while (__atomic_load_n(&other->go, __ATOMIC_ACQUIRE) == pass)
			sched_yield();
		if (__atomic_load_n(&other->stop, __ATOMIC_RELAXED))
			return NULL;
		other->start = now();
		__atomic_store_n(&other->started, ++pass, __ATOMIC_RELEASE);
		other->work(other);
		__atomic_store_n(&other->done, pass, __ATOMIC_RELEASE);
	}
}

/* Set bits as a processor does, here and there, until the walk has ended. */
static void set_bits(struct other *other)
{
	const struct bench *bench = other->bench;
	u64 mask = pgwalk_swap(&BENCH_FORMAT, BENCH_ACCESSED);
	u64 i = other->go;

	while (!__atomic_load_n(&other->stop, __ATOMIC_RELAXED)) {
		i = i * 6364136223846793005 + 1442695040888963407;
		__atomic_fetch_or(&bench->entries[bench->leaf][(i >> 32) & (bench->nr - 1)],
				  mask, __ATOMIC_RELAXED);
	}
}

/* No bitmap: it is the other walker's. */
static void walk_too(struct other *other)
{
	walk_part(other->bench, other->way, other->part, NULL, true, false);
}

static void wait_for(unsigned int *counter, unsigned int value)
{
	while (__atomic_load_n(counter, __ATOMIC_ACQUIRE) != value)
		;
}

static void release(struct other *other, unsigned int pass, bool stop)
{
	__atomic_store_n(&other->stop, stop, __ATOMIC_RELAXED);
	__atomic_store_n(&other->go, pass, __ATOMIC_RELEASE);
}

/* --- passes --- */

static double one_pass(const struct bench *bench, const struct way *way,
		       bool clear, struct other *other, unsigned int pass)
{
	unsigned int part = pass & (gigabytes - 1);
	double start;

	/* Long before it is walked, lest it be in the cache. */
	if (clear && bench->shape->every)
		bench_fill(bench, ((part + gigabytes / 2) & (gigabytes - 1)) * PART, PART);
	if (other) {
		other->way = way;
		other->part = part;
		release(other, pass, false);
		wait_for(&other->started, pass);
	}
	start = now();
	walk_part(bench, way, part, young_bits, clear, false);
	if (!other)
		return now() - start;

	/* That of two walkers is from the first one's start to the last one's end. */
	if (other->work == walk_too) {
		wait_for(&other->done, pass);
		start = other->start;
	}
	start = now() - start;
	__atomic_store_n(&other->stop, true, __ATOMIC_RELAXED);
	wait_for(&other->done, pass);
	return start;
}

static void run(const struct bench *bench, const char *what, bool clear,
		struct other *other)
{
	static double times[WAYS][MOST_PASSES];
	static unsigned int turn;
	unsigned int pass, i;

	fprintf(stderr, "%s, " COMPILER ", %u GB: %s, %s\n", BENCH_NAME,
		gigabytes, what, bench->shape->name);
	for (pass = 0; pass < passes; pass++)
		for (i = 0; i < WAYS; i++)
			times[i][pass] = one_pass(bench, &ways[i], clear, other, ++turn);
	print(bench, what, times);
}

static void run_shape(const struct shape *shape)
{
	struct bench bench;

	bench_make(&bench, shape, memory, gigabytes * PART);
	check_ways(&bench);
	bench_fill(&bench, 0, bench.nr);
	run(&bench, "test", false, NULL);
	run(&bench, "clear", true, NULL);
	bench_free(&bench);
}

static void run_cases(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(shapes); i++)
		run_shape(&shapes[i]);
}

/* Its name is the percentage. */
static void run_shares(void)
{
	struct shape shape = { .at_random = true };
	char name[16];

	shape.name = name;
	for (shape.every = 128; shape.every; shape.every /= 2) {
		snprintf(name, sizeof(name), "%g", 100.0 / shape.every);
		run_shape(&shape);
	}
}

static void run_two(int cpu)
{
	static const struct shape shape = { "1 in 8 young", .every = 8 };
	struct other other = { .cpu = cpu };
	struct bench bench;
	pthread_t thread;

	bench_make(&bench, &shape, memory, gigabytes * PART);
	other.bench = &bench;
	if (pthread_create(&thread, NULL, other_thread, &other))
		die("no thread");
	other.work = set_bits;
	run(&bench, "clear, beside a processor", true, &other);
	other.work = walk_too;
	run(&bench, "clear, two walkers", true, &other);
	release(&other, other.go + 1, true);
	pthread_join(thread, NULL);
	bench_free(&bench);
}

/* The last two CPUs that we may use, or twice the only one. */
static int last_cpus(int *other)
{
	int cpu, last = -1;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		die("which CPUs are there?");
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		*other = last < 0 ? cpu : last;
		last = cpu;
	}
	return last;
}

/* Leave most of the memory to others. */
static void fit_memory(void)
{
	u64 room = (u64)sysconf(_SC_AVPHYS_PAGES) * sysconf(_SC_PAGESIZE) / 4;
	unsigned int wanted = gigabytes;

	while (gigabytes > 1 && gigabytes * PART * sizeof(u64) > room)
		gigabytes /= 2;
	if (gigabytes != wanted)
		fprintf(stderr, "bench: too little memory for %u GB, so %u\n",
			wanted, gigabytes);
	memory = bench_alloc(gigabytes * PART * sizeof(u64));
}

int main(int argc, char **argv)
{
	int cpu, other = 0;

	if (argc != 4)
		die("cases|shares|two GIGABYTES PASSES");
	gigabytes = atoi(argv[2]);
	passes = atoi(argv[3]);
	if (!gigabytes || gigabytes & (gigabytes - 1) || !passes || passes > MOST_PASSES)
		die("a power of two of gigabytes, and 1 to 1000 passes");

	cpu = last_cpus(&other);
	pin(cpu);
	fit_memory();
	if (!strcmp(argv[1], "cases"))
		run_cases();
	else if (!strcmp(argv[1], "shares"))
		run_shares();
	else if (!strcmp(argv[1], "two"))
		run_two(other);
	else
		die("cases, shares or two");
	return 0;
}
