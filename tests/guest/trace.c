// SPDX-License-Identifier: GPL-2.0-only
#include "trace.h"
#include "host.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>


struct counter {
	const char *event;
	const char *function;
	bool optional;		/* not in all kernels */
};

static const struct counter notifiers[] = {
	{ "clear_young", "__mmu_notifier_clear_young", false },
	{ "clear_flush_young", "__mmu_notifier_clear_flush_young", false },
	{ "test_young", "__mmu_notifier_test_young", false },
	{ "test_clear_young", "__mmu_notifier_test_clear_young", true },
};

static const struct counter rwlock[] = {
	{ "write_lock", "_raw_write_lock", false },
	{ "read_lock", "_raw_read_lock", false },
};

static const struct counter spinlock[] = {
	{ "spin_lock", "_raw_spin_lock", false },
};

/*
 * A probe at the lock that mmu_lock is not would do no good, and on powerpc harm:
 * _raw_read_lock() begins with a load that reserves, and never gets on with one.
 */
static const struct counter *locks(size_t *nr)
{
	*nr = arch_mmu_lock_spins() ? ARRAY_SIZE(spinlock) : ARRAY_SIZE(rwlock);
	return arch_mmu_lock_spins() ? spinlock : rwlock;
}

/* A probe at the entry of a function, or with @type 'r' at its return. */
static bool probe(char type, const struct counter *counter, const char *args)
{
	bool ok = write_file(TRACING "kprobe_events", "%c:young/%s %s %s", type,
			     counter->event, counter->function, args);

	check(ok || counter->optional, "no probe at %s: %s", counter->function,
	      strerror(errno));
	return ok;
}

static char *event_file(const char *event, const char *file)
{
	static char path[128];

	snprintf(path, sizeof(path), TRACING "events/%s/%s", event, file);
	return path;
}

static char *young_file(const char *event, const char *file)
{
	char name[64];

	snprintf(name, sizeof(name), "young/%s", event);
	return event_file(name, file);
}

/*
 * &kvm->mmu_lock is where kvm is: it is the first member. Learnt from the first
 * argument of a function that an ioctl calls; %p in logs would be hashed.
 */
static uint64_t lock_address(struct vm *vm)
{
	static const struct counter ioctl_probe = {
		"vm_ioctl", "kvm_vm_ioctl_check_extension", false
	};
	uint64_t address = 0;
	char *text, *found;

	probe('p', &ioctl_probe, "kvm=$arg1:x64");
	must_write(young_file("vm_ioctl", "enable"), "1");
	ioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_NR_VCPUS);
	must_write(young_file("vm_ioctl", "enable"), "0");

	text = read_file(TRACING "trace");
	found = strstr(text, "kvm=0x");
	if (found)
		address = strtoull(found + 4, NULL, 16);
	free(text);
	check(address, "the kernel did not tell where the VM is");
	return address;
}

/* The calls of this thread, those with this lock. */
static void count(const struct counter *counter, uint64_t lock)
{
	char trigger[128];

	if (!probe('p', counter, lock ? "lock=$arg1:x64" : ""))
		return;
	if (lock)
		snprintf(trigger, sizeof(trigger),
			 "hist:keys=common_pid if lock==0x%" PRIx64
			 " && common_pid==%d", lock, getpid());
	else
		snprintf(trigger, sizeof(trigger),
			 "hist:keys=common_pid if common_pid==%d", getpid());
	must_write(young_file(counter->event, "trigger"), trigger);
}

static uint64_t counted(const struct counter *counters, size_t nr)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < nr; i++) {
		const char *path = young_file(counters[i].event, "hist");
		char *text, *hits;

		if (counters[i].optional && access(path, F_OK))
			continue;
		text = read_file(path);
		hits = strstr(text, "Hits: ");
		check(hits, "%s: no hits in it", path);
		sum += strtoull(hits + 6, NULL, 10);
		free(text);
	}
	return sum;
}

void trace_count(struct vm *vm)
{
	uint64_t lock = lock_address(vm);
	const struct counter *counters;
	size_t nr, i;

	for (i = 0; i < ARRAY_SIZE(notifiers); i++)
		count(&notifiers[i], 0);
	counters = locks(&nr);
	for (i = 0; i < nr; i++)
		count(&counters[i], lock);
}

uint64_t traced_notifier_calls(void)
{
	return counted(notifiers, ARRAY_SIZE(notifiers));
}

uint64_t traced_lock_acquisitions(void)
{
	const struct counter *counters;
	size_t nr;

	counters = locks(&nr);
	return counted(counters, nr);
}

static void trace_event(const char *event, const char *lock_field, uint64_t lock)
{
	char filter[128];

	if (lock_field)
		snprintf(filter, sizeof(filter), "%s==0x%" PRIx64 " && common_pid==%d",
			 lock_field, lock, getpid());
	else
		snprintf(filter, sizeof(filter), "common_pid==%d", getpid());
	must_write(event_file(event, "filter"), filter);
	must_write(event_file(event, "enable"), "1");
}

void trace_waits(struct vm *vm)
{
	static const struct counter wait_begin = {
		"wait_begin", "queued_spin_lock_slowpath", false
	};
	static const struct counter wait_end = {
		"wait_end", "queued_spin_lock_slowpath", false
	};
	uint64_t lock = lock_address(vm);

	must_write(TRACING "buffer_size_kb", "16384");
	if (arch_mmu_lock_spins()) {
		/* powerpc's spinlocks have no tracepoints */
		probe('p', &wait_begin, "lock_addr=$arg1:x64");
		probe('r', &wait_end, "");
		trace_event("young/wait_begin", "lock_addr", lock);
		/* of any lock: what did not begin is no end */
		trace_event("young/wait_end", NULL, 0);
	} else {
		trace_event("lock/contention_begin", "lock_addr", lock);
		trace_event("lock/contention_end", "lock_addr", lock);
	}
}

/* "  name-12 [000] d..2. 3.456789: contention_begin: …": the seconds, or 0 */
static double event_time(const char *line, const char *what)
{
	const char *event = strstr(line, what);

	if (*line == '#' || !event)
		return 0;
	while (event > line && strncmp(event, ": ", 2))
		event--;
	while (event > line && event[-1] != ' ')
		event--;
	return strtod(event, NULL);
}

double traced_waits(void)
{
	char *text = read_file(TRACING "trace");
	double sum = 0, begin = 0;
	char *line, *save;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		double began = event_time(line, "_begin: "), ended = event_time(line, "_end: ");

		if (began) {
			begin = began;
		} else if (ended && begin) {
			sum += ended - begin;
			begin = 0;
		}
	}
	free(text);
	return sum * 1e6;
}

/*
 * An unlock may be inlined. But behind it the notifier leaves kvm->srcu; and before
 * it does, it can only lock again.
 */
static const struct counter hold_ends = { "hold_end", "__srcu_read_unlock", false };
static const struct counter hold_pages[] = {
	{ "hold_age", "kvm_age_gfn", false },
	{ "hold_test", "kvm_test_age_gfn", false },
};

/* Does it count instructions? Only then is a time in the trace one of them. */
static bool trace_clock;

void trace_holds_of(struct vm *vm)
{
	/* struct kvm_gfn_range begins with the slot, the first page and the last + 1 */
	static const char range[] = "lock=$arg1:x64 first=+8($arg2):u64 end=+16($arg2):u64";
	uint64_t lock = lock_address(vm);
	struct counter begins;
	size_t i;

	must_write(TRACING "buffer_size_kb", "16384");
	/* under QEMU's -icount an instruction is a tick */
	trace_clock = write_file(TRACING "trace_clock", "x86-tsc");

	begins = *locks(&i);
	begins.event = "hold_begin";
	probe('p', &begins, "lock=$arg1:x64");
	trace_event("young/hold_begin", "lock", lock);
	probe('p', &hold_ends, "");
	trace_event("young/hold_end", NULL, 0);
	for (i = 0; i < ARRAY_SIZE(hold_pages); i++) {
		char name[32];

		probe('p', &hold_pages[i], range);
		snprintf(name, sizeof(name), "young/%s", hold_pages[i].event);
		trace_event(name, "lock", lock);
	}
	trace_holds(false);
}

void trace_holds(bool on)
{
	if (on)
		close(open(TRACING "trace", O_WRONLY | O_TRUNC));
	must_write(TRACING "events/young/enable", on ? "1" : "0");
}

static unsigned long field(const char *line, const char *name)
{
	const char *found = strstr(line, name);

	check(found, "no %s in \"%s\"", name, line);
	return strtoul(found + strlen(name), NULL, 10);
}

struct holds traced_holds(void)
{
	unsigned long pages = 0, within = 0;
	char *text = read_file(TRACING "trace");
	struct holds holds = { 0 };
	double begin = 0, time;
	char *line, *save;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (*line == '#' || !strstr(line, ": hold_"))
			continue;
		holds.events++;
		within++;
		if (begin && (event_time(line, "hold_age: ") || event_time(line, "hold_test: "))) {
			pages += field(line, " end=") - field(line, " first=");
			if (pages > holds.pages)
				holds.pages = pages;
			continue;
		}
		time = event_time(line, "hold_begin: ");
		if (begin) {
			double end = time ? time : event_time(line, "hold_end: ");

			if (trace_clock && pages && end - begin > holds.instructions) {
				holds.instructions = end - begin;
				holds.within = within;
			}
		}
		holds.nr += time != 0;
		begin = time;
		pages = 0;
		within = 0;
	}
	free(text);
	return holds;
}
