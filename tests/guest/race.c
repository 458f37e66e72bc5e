// SPDX-License-Identifier: GPL-2.0-only
/* The races of race.h that one vCPU is enough for. */
#define _GNU_SOURCE
#include "tests.h"
#include "race.h"
#include "slow_walk.h"
#include "host.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/mman.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define STABLE_FIRST	16
#define GAP		40
#define STRIDE		(page_size / 8)	/* bytes between the words that the guest writes */
#define NOISE		0xc33c96695aa5f00fUL

/* Each side must have done so much, so that they met. */
#define MIN_PULLS	100
#define MIN_ASKS	1000
#define MIN_PASSES	15

static unsigned int count(const unsigned int *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static void increment(unsigned int *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static bool stopped(const struct race *race)
{
	return __atomic_load_n(&race->stop, __ATOMIC_RELAXED);
}

struct race *race_new(struct vm *vm, enum backing backing, size_t loose_pages, size_t leaf)
{
	/* huge pages have to begin at one, for the guest as well */
	bool huge = backing == THP;
	size_t first = (STABLE_FIRST + STABLE_PAGES + GAP + leaf - 1) / leaf * leaf;
	uint64_t gpa = huge ? huge_gpa(VM_GPA * 4) : VM_GPA * 4;
	struct race *race = calloc(1, sizeof(*race));
	unsigned int i;

	check(race, "out of memory");
	race->win = window_new(first + loose_pages + GAP);
	race->vm = vm;
	for (i = 0; i < vm->nr_vcpus; i++)
		race->vcpus[i] = (struct race_vcpu) { .race = race, .vcpu = &vm->vcpus[i] };
	race->random = 0x6c6f636b;
	race->loose_first = first;
	race->loose_pages = loose_pages;
	window_back(race->win, STABLE_FIRST, STABLE_PAGES, SMALL_PAGES);
	window_back(race->win, first, loose_pages, backing);
	race->stable = window_map(race->win, vm, 0, VM_GPA, STABLE_FIRST, STABLE_PAGES, 1);
	race->loose = window_map(race->win, vm, 0, gpa, first, loose_pages, leaf);
	return race;
}

struct race *race_new_huge(struct vm *vm)
{
	size_t leaf = arch_huge_size() / page_size;
	struct race *race = race_new(vm, THP, 2 * leaf, leaf);
	char *start = race->win->base + race->loose_first * page_size;

	/* dropping needs memory that is not locked */
	check(!munlock(start, 2 * arch_huge_size()), "munlock: %s", strerror(errno));
	race->collapsed = vmstat("thp_collapse_alloc");
	return race;
}

uint64_t map_size(const struct mapping *map)
{
	return map->pages * page_size;
}

/* One vCPU's share of the mapping. */
static uint64_t share_size(const struct race *race, const struct mapping *map)
{
	return map_size(map) / race->vm->nr_vcpus;
}

static uint64_t share_offset(const struct race_vcpu *self, const struct mapping *map)
{
	return self->vcpu->id * share_size(self->race, map);
}

static void fill_share(const struct race_vcpu *self, const struct mapping *map, uint64_t salt)
{
	vcpu_fill(self->vcpu, map->gpa + share_offset(self, map), share_size(self->race, map),
		  STRIDE, salt);
}

static void verify_share(const struct race_vcpu *self, const struct mapping *map,
			 uint64_t salt, bool zero_ok)
{
	vcpu_verify(self->vcpu, map->gpa + share_offset(self, map),
		    share_size(self->race, map), STRIDE, salt, zero_ok);
}

static void *vcpu_thread(void *arg)
{
	struct race_vcpu *self = arg;
	struct race *race = self->race;
	uint64_t salt;

	for (salt = 1; !stopped(race); salt++) {
		fill_share(self, race->stable, salt);
		fill_share(self, race->loose, salt);
		verify_share(self, race->stable, salt, false);
		verify_share(self, race->loose, salt, true);
		increment(&self->passes);
	}
	return NULL;
}

/* A page that no slot covers cannot be young. */
static void check_holes(const struct race *race, size_t first, size_t pages,
			const unsigned long *young)
{
	size_t i;

	for (i = 0; i < pages; i++)
		check(!bit_test(young, i) || window_asked(race->win, first + i, 1),
		      "page %zu: young, but in no slot", first + i);
}

static void ask_something(struct race *race, uint64_t *random)
{
	size_t first = random_next(random) % race->win->pages;
	size_t room = race->win->pages - first;
	size_t pages = 1 + random_next(random) % (room < 512 ? room : 512);
	size_t longs = (pages + BITS_PER_LONG - 1) / BITS_PER_LONG, i;
	unsigned long young[512 / BITS_PER_LONG + 1] = { 0 };
	unsigned long predicate[512 / BITS_PER_LONG];
	uint64_t how = random_next(random);
	struct young_dev_range range = {
		.start = (uintptr_t)race->win->base + first * page_size,
		.end = (uintptr_t)race->win->base + (first + pages) * page_size,
		.young = (uintptr_t)young,
		.predicate = how & 1 ? (uintptr_t)predicate : 0,
		.nbits = longs * BITS_PER_LONG,
		.flags = how & 6 ? YOUNG_DEV_CLEAR : 0,
	};
	bool any = false;
	int err;

	for (i = 0; i < longs; i++)
		predicate[i] = random_next(random);
	young[longs] = NOISE;
	err = young_ask(&range);
	check(!err, "YOUNG_DEV_AGE: %s", strerror(err));
	for (i = 0; i < longs * BITS_PER_LONG; i++)
		any |= bit_test(young, i);
	check(young[longs] == NOISE, "memory behind the bitmap was changed");
	check(any == !!(range.result & YOUNG_DEV_YOUNG),
	      "the bitmap is %sempty, the result is %u", any ? "not " : "", range.result);
	check_holes(race, first, longs * BITS_PER_LONG, young);
	if (expect_fast && !race->slow_ok)
		check(!(range.result & YOUNG_DEV_SLOW), "the answer was slow");
	if (any)
		increment(&race->young);
	increment(&race->asks);
}

static void *ager_thread(void *arg)
{
	struct race *race = arg;
	uint64_t random = 0x70677761;

	if (race->slow_walk)
		walk_slowly();
	while (!stopped(race))
		ask_something(race, &random);
	race->stops = walk_stops();
	return NULL;
}

pthread_t start_thread(void *(*run)(void *), void *arg)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, run, arg);

	check(!err, "pthread_create: %s", strerror(err));
	return thread;
}

/* The last word of the guest, read by the host. */
static void check_stable(const struct race_vcpu *self)
{
	const struct mapping *map = self->race->stable;
	const char *mem = self->race->win->base + map->first * page_size;
	uint64_t offset = share_offset(self, map);
	uint64_t end = offset + share_size(self->race, map);

	for (; offset < end; offset += STRIDE) {
		uint32_t want = vm_pattern(map->gpa + offset, self->passes), got;

		memcpy(&got, mem + offset, sizeof(got));
		check(got == want, "stable memory at 0x%" PRIx64 ": got 0x%x, expected 0x%x",
		      offset, got, want);
	}
}

static void check_stops(const struct race *race)
{
	if (!race->slow_walk)
		return;
	note("the walker was stopped %" PRIu64 " times", race->stops);
	/* those who have to ask under the lock do not walk */
	check(race->stops > (race->slow_ok ? race->pulls : race->asks), "the walker was not slow");
}

/* Nobody is running any more: the tables must tell the truth again. */
static void check_calm(struct race *race)
{
	struct window *win = race->win;
	struct young_dev_range all = {
		.start = (uintptr_t)win->base,
		.end = (uintptr_t)win->base + win->pages * page_size,
		.flags = YOUNG_DEV_CLEAR,
	};
	int err = young_ask(&all);

	check(!err, "YOUNG_DEV_AGE: %s", strerror(err));
	window_check(win);
	window_touch_irregular(win, race->stable);
	window_check(win);
	window_ask_pages(win, 0, win->pages, NULL, ASK_CLEAR);
	window_check(win);
}

/* Of the vCPU that has done least. */
static unsigned int passes(const struct race *race)
{
	unsigned int least = count(&race->vcpus[0].passes), i;

	for (i = 1; i < race->vm->nr_vcpus; i++)
		if (count(&race->vcpus[i].passes) < least)
			least = count(&race->vcpus[i].passes);
	return least;
}

static bool enough(const struct race *race)
{
	return race->pulls >= MIN_PULLS * effort && count(&race->asks) >= MIN_ASKS * effort &&
	       passes(race) >= MIN_PASSES * effort && count(&race->young) &&
	       !(race->unmet && race->unmet(race));
}

/*
 * On arm64 a fault of the guest starts anew if anything was pulled away while it
 * was handled, so one who pulls all the time stops the guest. The longer it does
 * not get on, the longer it is left alone.
 */
static void leave_alone(struct race *race)
{
	const unsigned int patience = 20;
	unsigned int done = passes(race);

	if (done != race->seen_passes) {
		race->seen_passes = done;
		race->seen_pulls = race->pulls;
	}
	if (race->pulls - race->seen_pulls > patience)
		usleep((race->pulls - race->seen_pulls - patience) * 500);
}

void race_run(struct race *race, void (*pull)(struct race *race))
{
	unsigned int nr = race->vm->nr_vcpus, i;
	pthread_t vcpus[VM_VCPUS], ager;

	for (i = 0; i < nr; i++)
		vcpus[i] = start_thread(vcpu_thread, &race->vcpus[i]);
	ager = start_thread(ager_thread, race);

	while (!enough(race)) {
		pull(race);
		race->pulls++;
		leave_alone(race);
	}
	__atomic_store_n(&race->stop, true, __ATOMIC_RELAXED);
	pthread_join(ager, NULL);
	for (i = 0; i < nr; i++)
		pthread_join(vcpus[i], NULL);
	note("%u pulls, %u questions (%u young), %u passes of the guest, %" PRIu64
	     " faults, %" PRIu64 " accesses without a slot", race->pulls, race->asks,
	     race->young, passes(race), race->vm->faults, race->vm->mmio);
	for (i = 0; i < nr; i++)
		check_stable(&race->vcpus[i]);
	check_stops(race);
	check_calm(race);
}

/* A random part of the loose memory. */
static char *loose_part(struct race *race, size_t *size)
{
	size_t first = random_next(&race->random) % race->loose_pages;
	size_t pages = 1 + random_next(&race->random) % (race->loose_pages - first);

	*size = pages * page_size;
	return race->win->base + (race->loose_first + first) * page_size;
}

static void pull_nothing(struct race *race)
{
	(void)race;
	sched_yield();
}

static void undisturbed(void)
{
	race_run(race_new(vm_create(), LOOSE_PAGES, 512, 1), pull_nothing);
}

static void drop(char *start, size_t size)
{
	check(!madvise(start, size, MADV_DONTNEED), "MADV_DONTNEED: %s", strerror(errno));
}

void pull_memory(struct race *race)
{
	size_t size;
	char *start = loose_part(race, &size);

	drop(start, size);
}

static void dropped(void)
{
	race_run(race_new(vm_create(), LOOSE_PAGES, 512, 1), pull_memory);
}

/* For a moment there is nothing the guest could be given. */
static void remap(struct race *race)
{
	size_t size;
	char *start = loose_part(race, &size);
	void *hole = mmap(start, size, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	check(hole == start, "mmap: %s", strerror(errno));
	sched_yield();
	window_back(race->win, (start - race->win->base) / page_size, size / page_size,
		    LOOSE_PAGES);
}

static void remapped(void)
{
	struct race *race = race_new(vm_create(), LOOSE_PAGES, 512, 1);

	race->vm->may_fault = true;
	race_run(race, remap);
}

static void toggle_dirty_log(struct race *race)
{
	unsigned long bitmap[STABLE_PAGES / BITS_PER_LONG];

	vm_slot_flags(race->vm, race->stable->slot, KVM_MEM_LOG_DIRTY_PAGES);
	sched_yield();
	vm_slot_dirty(race->vm, race->stable->slot, bitmap);
	vm_slot_flags(race->vm, race->stable->slot, 0);
}

static void dirty_logged(void)
{
	race_run(race_new(vm_create(), LOOSE_PAGES, 512, 1), toggle_dirty_log);
}

void pull_slot(struct race *race)
{
	struct mapping *map = race->pulls & 1 ? race->stable : race->loose;

	vm_slot_delete(race->vm, map->slot);
	sched_yield();
	vm_slot_restore(race->vm, map->slot);
}

bool no_slot_missed(const struct race *race)
{
	return !__atomic_load_n(&race->vm->mmio, __ATOMIC_RELAXED);
}

static void slots_deleted(void)
{
	struct race *race = race_new(vm_create(), LOOSE_PAGES, 128, 1);

	race->unmet = no_slot_missed;
	race_run(race, pull_slot);
}

void pull_page(struct race *race)
{
	size_t size;

	drop(loose_part(race, &size), page_size);
}

/* The guest may be in the way: it must succeed once, see nothing_collapsed(). */
void pull_collapse(struct race *race)
{
	char *start = race->win->base + race->loose_first * page_size;

	madvise(start, race->loose_pages * page_size, MADV_COLLAPSE);
}

bool nothing_collapsed(const struct race *race)
{
	return vmstat("thp_collapse_alloc") == race->collapsed;
}

/*
 * The ager looks at one table and nothing else, so it is often in it, and slow
 * enough to be in it still when it is freed, although the TLB is invalidated
 * between unlinking and freeing it.
 */
static void race_table(struct vm *vm, enum backing backing, unsigned int rounds, bool slow_ok,
		       void (*replace)(struct race *race))
{
	size_t pages = arch_huge_size() / page_size;
	struct race race = {
		.win = window_new(pages), .vm = vm, .random = 0x7461626c,
		.slow_walk = expect_fast, .slow_ok = slow_ok,
		.collapsed = vmstat("thp_collapse_alloc"),
	};
	pthread_t ager;

	window_back(race.win, 0, pages, backing);
	check(!munlock(race.win->base, arch_huge_size()), "munlock: %s", strerror(errno));
	race.stable = window_map(race.win, race.vm, 0, huge_gpa(VM_GPA), 0, pages, 1);
	ager = start_thread(ager_thread, &race);
	/* it takes a while to make the walker slow */
	while (!count(&race.asks))
		usleep(1000);
	/* where one CPU runs at a time, the ager's turn may always come too late */
	for (; race.pulls < rounds * effort || !count(&race.young); race.pulls++)
		replace(&race);
	__atomic_store_n(&race.stop, true, __ATOMIC_RELAXED);
	pthread_join(ager, NULL);
	note("%u questions (%u young)", race.asks, race.young);
	check_stops(&race);
	if (backing == THP)
		check(!nothing_collapsed(&race), "nothing was collapsed");
	else
		check_calm(&race);
}

/* The guest touches a page of the table. */
static size_t touch_one(struct race *race)
{
	size_t page = random_next(&race->random) % race->stable->pages;

	vm_touch(race->vm, 0, race->stable->gpa + page * page_size, VM_WRITE);
	vm_touch_flush(race->vm);
	return page;
}

/* A table that maps one page goes with that page, where KVM frees empty tables. */
static void drop_only_page(struct race *race)
{
	drop(race->win->base + touch_one(race) * page_size, page_size);
}

static void tables_come_and_go(void)
{
	race_table(vm_create(), LOOSE_PAGES, 1000, false, drop_only_page);
}

/* A huge leaf takes the place of the table, and the next table that of the leaf. */
static void collapse_and_split(struct race *race)
{
	size_t page = touch_one(race);

	madvise(race->win->base, arch_huge_size(), MADV_COLLAPSE);
	touch_one(race);
	drop(race->win->base + page * page_size, page_size);
}

static void tables_give_way(void)
{
	/* to collapse 512 MB takes a while */
	unsigned int rounds = (100 << 20) / (arch_huge_size() / 2);

	race_table(vm_create(), THP, rounds < 10 ? 10 : rounds, false, collapse_and_split);
}

/* The guest gets a table of another kind, and a new one of the usual kind. */
static void change_kind(struct race *race)
{
	touch_one(race);
	arch_use_other_tables(race->vm, true);
	arch_use_other_tables(race->vm, false);
}

static void tables_change_kind(void)
{
	race_table(vm_create(), LOOSE_PAGES, 200, true, change_kind);
}

/* A nested guest comes, loses a page, and goes. Its guest goes on. */
static void nest(struct race *race)
{
	vm_touch_nested(race->vm, true);
	drop(race->win->base + touch_one(race) * page_size, page_size);
	touch_one(race);
	vm_touch_nested(race->vm, false);
	arch_nested_end(race->vm);
	touch_one(race);
}

static void nested_guests_come_and_go(void)
{
	race_table(vm_create_nested(), LOOSE_PAGES, 200, true, nest);
}

/* Huge, split by dropping a page or by dirty logging, and huge again. */
static void split_and_collapse(struct race *race)
{
	switch (race->pulls % 4) {
	case 0:
		pull_page(race);
		break;
	case 1:
		vm_slot_flags(race->vm, race->loose->slot, KVM_MEM_LOG_DIRTY_PAGES);
		break;
	case 2:
		vm_slot_flags(race->vm, race->loose->slot, 0);
		break;
	case 3:
		pull_collapse(race);
		break;
	}
}

static void huge_split(void)
{
	struct race *race = race_new_huge(vm_create());

	race->unmet = nothing_collapsed;
	race_run(race, split_and_collapse);
}

/*
 * No race, but the loss that one would cause: with the accessed bit gone, the
 * dirty log must still know every page that was written since it was read.
 */
static void dirty_log_complete(void)
{
	struct window *win = window_new(STABLE_PAGES);
	unsigned long *written, *log = bits_new(STABLE_PAGES);
	struct vm *vm = vm_create();
	struct mapping *map;
	unsigned int round;
	size_t i;

	window_back(win, 0, STABLE_PAGES, SMALL_PAGES);
	map = window_map(win, vm, 0, VM_GPA, 0, STABLE_PAGES, 1);
	vm_slot_flags(vm, map->slot, KVM_MEM_LOG_DIRTY_PAGES);

	for (round = 0; round < 30; round++) {
		written = bits_new(STABLE_PAGES);
		for (i = random_next(&win->random) % 5; i < STABLE_PAGES;
		     i += 1 + random_next(&win->random) % 9) {
			window_touch(map, i, VM_WRITE);
			bit_set(written, i);
		}
		window_ask_pages(win, 0, win->pages, NULL, ASK_CLEAR);
		window_check(win);
		vm_slot_dirty(vm, map->slot, log);
		for (i = 0; i < STABLE_PAGES; i++)
			check(bit_test(log, i) == bit_test(written, i),
			      "round %u, page %zu: got %d, expected %d in the dirty log",
			      round, i, bit_test(log, i), bit_test(written, i));
		free(written);
	}
}

const struct test race_tests[] = {
	{ "dirty", "the log knows what was written", dirty_log_complete, 60 },
	{ "race", "with a running guest", undisturbed, 120 },
	{ "race", "with memory being dropped", dropped, 120 },
	{ "race", "with memory being mapped anew", remapped, 120 },
	{ "race", "with dirty logging on and off", dirty_logged, 120 },
	{ "race", "with slots deleted and added", slots_deleted, 180 },
	{ "race", "with tables that come and go", tables_come_and_go, 120 },
	{ "race", "with tables that give way to huge leaves", tables_give_way, 180 },
	{ "race", "with huge pages split and collapsed", huge_split, 180 },
	{ 0 },
};

const struct test other_tables_tests[] = {
	{ "race", "with tables that change their kind", tables_change_kind, 180 },
	{ 0 },
};

const struct test nested_race_tests[] = {
	{ "race", "with nested guests that come and go", nested_guests_come_and_go, 180 },
	{ 0 },
};
