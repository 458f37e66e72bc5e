// SPDX-License-Identifier: GPL-2.0-only
/* Machines that begin and end while others, or they themselves, are aged. */
#define _GNU_SOURCE
#include "tests.h"
#include "race.h"
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void touch_some(struct vm *vm, size_t pages, size_t step)
{
	size_t i;

	for (i = 0; i < pages; i += step)
		vm_touch(vm, 0, VM_GPA + i * page_size, VM_READ);
	vm_touch_flush(vm);
}

/* Machines come and go over memory that another one uses. */
static void come_and_go(struct race *race)
{
	struct vm *vm = vm_create();
	char *mem = race->win->base + race->stable->first * page_size;

	vm_add_slot(vm, 0, VM_GPA, mem, map_size(race->stable));
	touch_some(vm, STABLE_PAGES, 5);
	vm_destroy(vm);
}

static void machines_come_and_go(void)
{
	race_run(race_new(vm_create(), LOOSE_PAGES, 128, 1), come_and_go);
}

/* Slow enough to be in the tables of a machine still when they are freed. */
static void machines_come_and_go_slowly(void)
{
	struct race *race = race_new(vm_create(), LOOSE_PAGES, 128, 1);

	race->slow_walk = expect_fast;
	race_run(race, come_and_go);
}

/* --- machines of processes that end --- */

#define ROUNDS		(30 * effort)
#define PAGES		64
#define PAGE_IDLE	"/sys/kernel/mm/page_idle/bitmap"
#define PFN_MASK	((1ULL << 55) - 1)

/**
 * struct mortal - what the ager knows of a process that will end
 * @pfns: the memory of its guest
 * @tables: how many there are while it lives
 * @ready: it is there
 */
struct mortal {
	uint64_t pfns[PAGES];
	uint64_t tables;
	bool ready;
};

enum end {
	END_EXIT,	/* with the machine open: the notifier is released */
	END_MUNMAP,	/* likewise, and the guest's memory goes before */
	END_CLOSE,	/* the machine goes before */
	ENDS,
};

static void read_pfns(struct mortal *mortal, const char *mem)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ssize_t n = pread(fd, mortal->pfns, sizeof(mortal->pfns),
			  (uintptr_t)mem / page_size * sizeof(uint64_t));
	size_t i;

	check(n == sizeof(mortal->pfns), "pagemap: %s", strerror(errno));
	close(fd);
	for (i = 0; i < PAGES; i++) {
		mortal->pfns[i] &= PFN_MASK;
		check(mortal->pfns[i], "pagemap: page %zu has no number", i);
	}
}

/* Those that are on no list of LRU yet are not aged: it takes but one that is. */
static bool all_young(const struct window *win)
{
	unsigned long young[PAGES / BITS_PER_LONG] = { 0 };
	struct young_dev_range range = {
		.start = (uintptr_t)win->base,
		.end = (uintptr_t)win->base + PAGES * page_size,
		.young = (uintptr_t)young,
		.nbits = PAGES,
	};
	size_t i;

	check(!young_ask(&range), "YOUNG_DEV_AGE failed");
	for (i = 0; i < PAGES; i++)
		if (!bit_test(young, i))
			return false;
	return true;
}

/* Lives until it is seen to be aged, and ends in the midst of that. */
static void live(struct mortal *mortal, enum end end)
{
	struct window *win = window_new(PAGES);
	struct vm *vm = vm_create();

	window_back(win, 0, PAGES, LOOSE_PAGES);
	/* pages of its own: nobody ages the zero page */
	memset(win->base, 1, PAGES * page_size);
	vm_add_slot(vm, 0, VM_GPA, win->base, PAGES * page_size);
	touch_some(vm, PAGES, 1);
	read_pfns(mortal, win->base);
	check(all_young(win), "the guest's memory is not young");
	__atomic_store_n(&mortal->ready, true, __ATOMIC_RELEASE);
	while (all_young(win))
		sched_yield();
	touch_some(vm, PAGES, 1);
	if (end == END_MUNMAP)
		munmap(win->base, PAGES * page_size);
	else if (end == END_CLOSE)
		vm_destroy(vm);
	_exit(0);
}

/* As reclaim does it, from another process: through the reverse mapping. */
static void age_pfns(int idle, const struct mortal *mortal)
{
	size_t i;

	for (i = 0; i < PAGES; i++) {
		uint64_t pfn = mortal->pfns[i], mask = 1ULL << pfn % 64;
		ssize_t n = pwrite(idle, &mask, sizeof(mask), pfn / 64 * sizeof(mask));

		check(n == sizeof(mask), PAGE_IDLE ": %s", strerror(errno));
	}
}

static pid_t start_mortal(struct mortal *mortal, enum end end)
{
	pid_t pid = fork();

	check(pid >= 0, "fork: %s", strerror(errno));
	if (!pid) {
		/* it waits for its parent, who may have failed */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		live(mortal, end);
	}
	return pid;
}

/* Pages of their tables, or what else there is one of for each. */
static uint64_t tables(void)
{
	static const char *const caches[] = {
		"kvm_mmu_page_header", "kvm-pte", "kvm-pmd",
	};
	char shrink[64], objects[64], *text;
	uint64_t sum;
	size_t i;

	sum = guest_tables();
	for (i = 0; i < ARRAY_SIZE(caches); i++) {
		snprintf(shrink, sizeof(shrink), "/sys/kernel/slab/%s/shrink", caches[i]);
		snprintf(objects, sizeof(objects), "/sys/kernel/slab/%s/objects", caches[i]);
		if (access(objects, R_OK))
			continue;
		/* KASAN keeps for a while what was freed */
		must_write(shrink, "1");
		text = read_file(objects);
		sum += strtoull(text, NULL, 10);
		free(text);
	}
	return sum;
}

/* When there are @wanted, or when it is for long that none went. */
static uint64_t tables_at_rest(uint64_t wanted)
{
	uint64_t least = tables(), now;
	unsigned int same = 0;

	/* what is freed by kfree_rcu() may wait for five seconds */
	while (least > wanted && same++ < 16) {
		usleep(500000);
		now = tables();
		if (now < least) {
			least = now;
			same = 0;
		}
	}
	return least;
}

static void end_one(int idle, struct mortal *mortal, enum end end)
{
	pid_t pid = start_mortal(mortal, end), done;
	int status;

	while (!(done = waitpid(pid, &status, WNOHANG))) {
		if (!__atomic_load_n(&mortal->ready, __ATOMIC_ACQUIRE))
			continue;
		if (!mortal->tables)
			mortal->tables = tables();
		age_pfns(idle, mortal);
	}
	check(done == pid, "waitpid: %s", strerror(errno));
	/* it has said why */
	if (WIFEXITED(status) && WEXITSTATUS(status))
		_exit(1);
	check(WIFEXITED(status), "the process was killed by signal %d", WTERMSIG(status));
}

static void machines_end(void)
{
	struct mortal *mortal = mmap(NULL, sizeof(*mortal), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int idle = open(PAGE_IDLE, O_WRONLY | O_CLOEXEC);
	uint64_t before = tables_at_rest(0), after;
	unsigned int i;

	check(mortal != MAP_FAILED, "mmap: %s", strerror(errno));
	check(idle >= 0, PAGE_IDLE ": %s", strerror(errno));
	for (i = 0; i < ROUNDS; i++) {
		memset(mortal, 0, sizeof(*mortal));
		end_one(idle, mortal, i % ENDS);
		check(mortal->tables > before, "its tables are not counted");
	}
	after = tables_at_rest(before);
	check(after <= before, "%" PRIu64 " tables are left of %u processes", after - before,
	      ROUNDS);
	note("%u processes ended", ROUNDS);
}

const struct test machines_tests[] = {
	/* two vCPUs at a time: a scenario of its own, not every emulator is up to that */
	{ "machines", "that come and go over shared memory", machines_come_and_go, 180 },
	{ "machines", "that come and go under a slow walker", machines_come_and_go_slowly, 180 },
	{ "machines", "that end with their processes", machines_end, 180 },
	{ 0 },
};
