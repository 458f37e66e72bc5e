// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest with more memory than its cgroup may have, on a host with swap, while
 * MGLRU ages it over and over: nothing the guest wrote may be lost.
 */
#include "tests.h"
#include "window.h"
#include "host.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define MB		(1UL << 20)
#define GUEST_SIZE	(96 * MB)
#define LIMIT		(64 * MB)
#define ROUNDS		(2 * effort)
#define STRIDE		256
#define CGROUP		"/young-test"
#define CGROUPS		"/sys/fs/cgroup"

struct reclaim {
	bool stop;
	unsigned int passes;
};

static void *age_thread(void *arg)
{
	struct reclaim *reclaim = arg;

	while (!__atomic_load_n(&reclaim->stop, __ATOMIC_RELAXED)) {
		struct lru_gen before = lru_gen_read(CGROUP);

		lru_gen_age(&before);
		if (lru_gen_read(CGROUP).max_gen > before.max_gen)
			reclaim->passes++;
		/* let the guest run between two passes */
		usleep(20000);
	}
	return NULL;
}

static void reclaimed(void)
{
	size_t pages = GUEST_SIZE / page_size;
	struct window *win = window_new(pages);
	struct vm *vm = vm_create();
	struct reclaim reclaim = { 0 };
	uint64_t swapped_out = vmstat("pswpout"), swapped_in = vmstat("pswpin");
	uint64_t slow;
	pthread_t ager;
	unsigned int round;
	int err;

	cgroup_enter(CGROUP);
	check(write_file(CGROUPS CGROUP "/memory.max", "%lu", LIMIT),
	      "memory.max: %s", strerror(errno));
	window_back(win, 0, pages, LOOSE_PAGES);
	window_map(win, vm, 0, VM_GPA, 0, pages, 1);
	err = pthread_create(&ager, NULL, age_thread, &reclaim);
	check(!err, "pthread_create: %s", strerror(err));

	for (round = 1; round <= ROUNDS; round++) {
		double start = now();

		vm_fill(vm, VM_GPA, GUEST_SIZE, STRIDE, round * 0x85ebca6bu);
		/* twice: what came back from swap must be good for another trip */
		vm_verify(vm, VM_GPA, GUEST_SIZE, STRIDE, round * 0x85ebca6bu, false);
		vm_verify(vm, VM_GPA, GUEST_SIZE, STRIDE, round * 0x85ebca6bu, false);
		note("round %u of %u: %.1f s", round, ROUNDS, now() - start);
	}
	__atomic_store_n(&reclaim.stop, true, __ATOMIC_RELAXED);
	pthread_join(ager, NULL);

	swapped_out = vmstat("pswpout") - swapped_out;
	swapped_in = vmstat("pswpin") - swapped_in;
	slow = vm_stat(vm, "pages_aged_slow");
	note("%" PRIu64 " pages out, %" PRIu64 " in, %u passes of MGLRU, %" PRIu64
	     " pages aged slowly", swapped_out, swapped_in, reclaim.passes, slow);
	check(swapped_out >= (GUEST_SIZE - LIMIT) / page_size,
	      "got %" PRIu64 " pages swapped out, expected what does not fit", swapped_out);
	check(swapped_in >= (GUEST_SIZE - LIMIT) / page_size,
	      "got %" PRIu64 " pages swapped in, expected what does not fit", swapped_in);
	check(reclaim.passes >= ROUNDS, "got %u passes of MGLRU, expected %u",
	      reclaim.passes, ROUNDS);
	check(expect_fast == !slow, "got %" PRIu64 " pages aged slowly, expected %s",
	      slow, expect_fast ? "none" : "all");
}

const struct test reclaim_tests[] = {
	{ "reclaim", "a guest larger than its memory", reclaimed, 400 },
	{ 0 },
};
