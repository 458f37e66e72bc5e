// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the kernel know what a guest touched? Runs guests on the raw KVM API,
 * and asks through /dev/young, see kunit/young_dev.h.
 */
#include "tests.h"
#include "window.h"
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_TESTS	128

static const struct test *const tables[] = {
	touch_tests, huge_tests, spaces_tests, fast_tests, input_tests, lru_tests,
	race_tests, reclaim_tests,
};

static struct test tests[MAX_TESTS];
static size_t nr_tests;

/* The scenarios of the command line; without any, all but reclaim. */
static char **wanted;
static int nr_wanted;

static void collect(void)
{
	const struct test *test;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		for (test = tables[i]; test->name; test++) {
			if (nr_tests == MAX_TESTS)
				abort();
			tests[nr_tests++] = *test;
		}
	}
}

static bool selected(const struct test *test)
{
	int i;

	/* it needs a swap device, and minutes */
	if (!nr_wanted)
		return strcmp(test->scenario, "reclaim");
	for (i = 0; i < nr_wanted; i++)
		if (!strcmp(wanted[i], test->scenario))
			return true;
	return false;
}

static bool known(const char *scenario)
{
	size_t i;

	for (i = 0; i < nr_tests; i++)
		if (!strcmp(tests[i].scenario, scenario))
			return true;
	return false;
}

static void usage(FILE *out)
{
	const char *last = "";
	size_t i;

	fprintf(out,
		"usage: young-test [--expect=fast|slow] [--long] [--list] [SCENARIO...]\n"
		"  fast  every answer must come without kvm->mmu_lock (default)\n"
		"  slow  every answer must come under it, and be right all the same\n"
		"  long  ten times the rounds, where there are rounds\n"
		"Without a scenario all run but reclaim, which needs swap. They are:\n ");
	for (i = 0; i < nr_tests; i++) {
		if (strcmp(tests[i].scenario, last))
			fprintf(out, " %s", tests[i].scenario);
		last = tests[i].scenario;
	}
	fprintf(out, "\n");
}

static void list(void)
{
	size_t i;

	for (i = 0; i < nr_tests; i++)
		printf("%s: %s\n", tests[i].scenario, tests[i].name);
}

int main(int argc, char **argv)
{
	int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	page_size = sysconf(_SC_PAGESIZE);
	collect();
	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--expect=fast")) {
			expect_fast = true;
		} else if (!strcmp(argv[i], "--expect=slow")) {
			expect_fast = false;
		} else if (!strcmp(argv[i], "--long")) {
			effort = 10;
		} else if (!strcmp(argv[i], "--list")) {
			list();
			return 0;
		} else {
			bool help = !strcmp(argv[i], "--help") || !strcmp(argv[i], "-h");

			usage(help ? stdout : stderr);
			return help ? 0 : 2;
		}
	}
	wanted = argv + i;
	nr_wanted = argc - i;
	for (; i < argc; i++) {
		if (!known(argv[i])) {
			fprintf(stderr, "young-test: unknown scenario %s\n", argv[i]);
			usage(stderr);
			return 2;
		}
	}
	return tap_run(tests, nr_tests, selected) ? 0 : 1;
}
