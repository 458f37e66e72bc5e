// SPDX-License-Identifier: GPL-2.0-only
/* The races of race.h all at once, with two vCPUs that run at the same time. */
#include "tests.h"
#include "race.h"
#include "host.h"

#include <stdlib.h>

/* Begins to log, or reads the log and ends. Between them other things happen. */
static void flip_dirty_log(struct race *race, const struct mapping *map)
{
	unsigned long *log;

	if (!(map->slot->flags & KVM_MEM_LOG_DIRTY_PAGES)) {
		vm_slot_flags(race->vm, map->slot, KVM_MEM_LOG_DIRTY_PAGES);
		return;
	}
	log = bits_new(map->pages);
	vm_slot_dirty(race->vm, map->slot, log);
	vm_slot_flags(race->vm, map->slot, 0);
	free(log);
}

static void pull_stable_log(struct race *race)
{
	flip_dirty_log(race, race->stable);
}

static void pull_loose_log(struct race *race)
{
	flip_dirty_log(race, race->loose);
}

static void pull_anything(struct race *race)
{
	static void (*const pulls[])(struct race *race) = {
		pull_memory, pull_page, pull_collapse, pull_stable_log, pull_loose_log,
		pull_slot,
	};

	pulls[random_next(&race->random) % ARRAY_SIZE(pulls)](race);
}

static bool something_missed(const struct race *race)
{
	return no_slot_missed(race) || nothing_collapsed(race);
}

static void everything(void)
{
	struct race *race = race_new_huge(vm_create_smp(VM_VCPUS));

	race->unmet = something_missed;
	race_run(race, pull_anything);
}

const struct test smp_tests[] = {
	{ "smp", "two vCPUs, with all that can happen to their memory", everything, 300 },
	{ 0 },
};
