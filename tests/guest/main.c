// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the kernel know what a guest touched? Runs guests on the raw KVM API,
 * and asks through /dev/young, see kunit/young_dev.h.
 */
#include "tests.h"
#include "window.h"
#include "host.h"

#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MAX_TESTS	128

static bool two_spaces(void)
{
	return arch_spaces() >= 2;
}

/* MGLRU looks into page tables only where the CPU sets their accessed bits. */
static bool lru_walks(void)
{
	return arch_lru_walks() && !software_flag;
}

static bool nested_unasked(void)
{
	return arch_nested() && !arch_nested_asked();
}

static bool giant(void)
{
	return arch_giant_leaves() && giant_pages();
}

/* With a lock, to sample 1 GB takes longer than the interval of samples, if emulated. */
static bool giant_samples(void)
{
	return giant() && expect_fast;
}

/* What a machine cannot do at all is not planned there. */
static const struct {
	const struct test *tests;
	bool (*possible)(void);
} tables[] = {
	{ touch_tests, NULL }, { huge_tests, NULL }, { giant_tests, giant },
	{ spaces_tests, NULL }, { second_space_tests, two_spaces }, { fast_tests, NULL },
	{ input_tests, NULL }, { lru_tests, lru_walks }, { race_tests, NULL },
	{ other_tests, arch_other_tables }, { other_tables_tests, arch_other_tables },
	{ nested_race_tests, arch_nested }, { nested_tests, arch_nested },
	{ nested_asked_tests, arch_nested_asked }, { nested_unasked_tests, nested_unasked },
	{ machines_tests, NULL },
	{ procfs_tests, NULL }, { procfs_giant_tests, giant },
	{ procfs_swap_tests, NULL },
	{ batch_tests, NULL }, { batch_giant_tests, giant_samples },
	{ batch_swap_tests, NULL },
	{ smp_tests, NULL }, { reclaim_tests, NULL },
};

/* Run by name only. */
static const char *const special[] = {
	"reclaim",	/* needs a swap device, and minutes */
	"procfs-swap",	/* needs a swap device */
	"batch-swap",	/* likewise */
	"smp",		/* not every emulator is up to two vCPUs at a time */
};

static struct test tests[MAX_TESTS];
static size_t nr_tests;

/* The scenarios and tests of the command line; without any, all but the special ones. */
static char **wanted;
static int nr_wanted;

/* Not to be run if all are. */
static const char *without[MAX_TESTS];
static size_t nr_without;

/* To be done when the options are known. */
static void collect(void)
{
	const struct test *test;
	size_t i;

	nr_tests = 0;
	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		if (tables[i].possible && !tables[i].possible())
			continue;
		for (test = tables[i].tests; test->name; test++) {
			if (nr_tests == MAX_TESTS)
				abort();
			tests[nr_tests++] = *test;
		}
	}
}

static bool listed(const char *const *names, size_t nr, const char *scenario)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (!strcmp(names[i], scenario))
			return true;
	return false;
}

/* By the name of its scenario, or as --list has it. */
static bool named(const struct test *test, const char *name)
{
	size_t len = strlen(test->scenario);

	if (strncmp(name, test->scenario, len))
		return false;
	name += len;
	return !*name || (!strncmp(name, ": ", 2) && !strcmp(name + 2, test->name));
}

static bool selected(const struct test *test)
{
	int i;

	if (!nr_wanted)
		return !listed(special, ARRAY_SIZE(special), test->scenario) &&
		       !listed(without, nr_without, test->scenario);
	for (i = 0; i < nr_wanted; i++)
		if (named(test, wanted[i]))
			return true;
	return false;
}

static bool known(const char *name)
{
	size_t i;

	for (i = 0; i < nr_tests; i++)
		if (named(&tests[i], name))
			return true;
	return false;
}

static void usage(FILE *out)
{
	const char *last = "";
	size_t i;

	collect();
	fprintf(out,
		"usage: young-test [--machine=WORDS] [--expect=fast|slow] [--lockless-slow]\n"
		"       [--software-flag] [--long] [--list] [--without=SCENARIO]...\n"
		"       [SCENARIO | \"SCENARIO: TEST\"]...\n"
		"  machine  fail if it is another one than this\n"
		"  fast  every answer must come by a walk without kvm->mmu_lock (default)\n"
		"  slow  none does, and all must be right all the same\n"
		"  lockless-slow  not even what is slow may take kvm->mmu_lock; else it must\n"
		"  software-flag  the CPU does not set accessed bits: a fault under mmu_lock does\n"
		"  long  ten times the rounds, where there are rounds\n"
		"  without  not this scenario, if all are run\n"
		"This machine is %s.\n"
		"Without a scenario all run but smp and, as they need swap, reclaim, procfs-swap\n"
		"and batch-swap. "
		"They are:\n ", arch_machine());
	for (i = 0; i < nr_tests; i++) {
		if (strcmp(tests[i].scenario, last))
			fprintf(out, " %s", tests[i].scenario);
		last = tests[i].scenario;
	}
	fprintf(out, "\n");
}

static bool all_known(const char *const *names, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (!known(names[i])) {
			fprintf(stderr, "young-test: unknown test %s\n", names[i]);
			usage(stderr);
			return false;
		}
	}
	return true;
}

static void list(void)
{
	size_t i;

	collect();
	for (i = 0; i < nr_tests; i++)
		printf("%s: %s\n", tests[i].scenario, tests[i].name);
}

static bool check_machine(const char *told)
{
	const char *machine = arch_machine();

	printf("# machine: %s, %ld CPUs\n", machine, sysconf(_SC_NPROCESSORS_ONLN));
	if (!told || !strcmp(told, machine))
		return true;
	fprintf(stderr, "young-test: the machine is %s, not %s\n", machine, told);
	return false;
}

/*
 * A VM of no use, until the end. The first VM and the last turn on and off, in the
 * kernel's code, whether the scheduler tells KVM when a vCPU's thread leaves a CPU. QEMU
 * before 8.1, if CPUs run in parallel, may execute for good what it read before another
 * CPU changed it: such a thread went on with its guest's registers.
 */
static int kept = -1;

/* The tests, which are children, count their VMs. */
static void forget_vm(void)
{
	close(kept);
	kept = -1;
}

static bool keep_vm(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	kept = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, arch_vm_type());
	if (kept < 0 || pthread_atfork(NULL, NULL, forget_vm)) {
		perror("young-test: KVM_CREATE_VM");
		return false;
	}
	close(kvm);
	return true;
}

int main(int argc, char **argv)
{
	const char *machine = NULL;
	int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	page_size = sysconf(_SC_PAGESIZE);
	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "--expect=fast")) {
			expect_fast = true;
		} else if (!strcmp(argv[i], "--expect=slow")) {
			expect_fast = false;
		} else if (!strncmp(argv[i], "--machine=", strlen("--machine="))) {
			machine = argv[i] + strlen("--machine=");
		} else if (!strcmp(argv[i], "--software-flag")) {
			software_flag = true;
		} else if (!strcmp(argv[i], "--lockless-slow")) {
			lockless_slow = true;
		} else if (!strcmp(argv[i], "--long")) {
			effort = 10;
		} else if (!strncmp(argv[i], "--without=", strlen("--without=")) &&
			   nr_without < MAX_TESTS) {
			without[nr_without++] = argv[i] + strlen("--without=");
		} else if (!strcmp(argv[i], "--list")) {
			list();
			return 0;
		} else {
			bool help = !strcmp(argv[i], "--help") || !strcmp(argv[i], "-h");

			usage(help ? stdout : stderr);
			return help ? 0 : 2;
		}
	}
	collect();
	wanted = argv + i;
	nr_wanted = argc - i;
	if (!all_known((const char *const *)wanted, nr_wanted) || !all_known(without, nr_without))
		return 2;
	if (!check_machine(machine) || !keep_vm())
		return 1;
	return tap_run(tests, nr_tests, selected) ? 0 : 1;
}
