// SPDX-License-Identifier: GPL-2.0-only
/*
 * young-measure count|wait MEGABYTES: what aging the memory of a guest costs.
 *
 * Runs on kernels with and without the series, so that both can be compared:
 * it counts calls of functions by kprobes and changes nothing. Prints lines
 * "measure: KEY VALUE" for tools/demo.sh.
 *
 * count: instructions, calls of the notifier and acquisitions of mmu_lock of
 * one aging pass of MGLRU. Under QEMU's -icount a nanosecond of the monotonic
 * clock is an instruction of the one CPU that runs at a time.
 *
 * wait: for how long aging waits for mmu_lock while the guest faults.
 */
#include "host.h"
#include "tap.h"
#include "vm.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define TRACING		"/sys/kernel/tracing/"
#define SALT		1

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

static void report(const char *key, double value)
{
	printf("measure: %s %.4f\n", key, value);
	fflush(stdout);
}

static void must_write(const char *path, const char *text)
{
	check(write_file(path, "%s", text), "%s: cannot write \"%s\": %s", path,
	      text, strerror(errno));
}

/* --- a guest with memory of its own in a cgroup of its own --- */

struct guest {
	struct vm *vm;
	char *memory;
	size_t size;
	struct lru_gen gen;
};

static struct guest guest_new(size_t megabytes)
{
	struct guest guest = { .size = megabytes << 20 };

	cgroup_enter("/guest");
	guest.memory = mmap(NULL, guest.size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(guest.memory != MAP_FAILED, "mmap: %s", strerror(errno));
	madvise(guest.memory, guest.size, MADV_NOHUGEPAGE);

	guest.vm = vm_create();
	vm_add_slot(guest.vm, 0, VM_GPA, guest.memory, guest.size);
	return guest;
}

/* Touches each page of the guest once. */
static void guest_touch(struct guest *guest)
{
	vm_fill(guest->vm, VM_GPA, guest->size, page_size, SALT);
}

/* One aging pass over all of it. Returns nanoseconds. */
static double guest_age(struct guest *guest)
{
	double start;

	guest->gen = lru_gen_read("/guest");
	start = now();
	check(lru_gen_age(&guest->gen), "somebody else aged the guest");
	return (now() - start) * 1e9;
}

/* --- counting calls, by kprobes --- */

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

static const struct counter locks[] = {
	{ "write_lock", "_raw_write_lock", false },
	{ "read_lock", "_raw_read_lock", false },
	{ "spin_lock", "_raw_spin_lock", false },
};

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static bool probe(const struct counter *counter, const char *args)
{
	bool ok = write_file(TRACING "kprobe_events", "p:young/%s %s %s",
			     counter->event, counter->function, args);

	check(ok || counter->optional, "no probe at %s: %s", counter->function,
	      strerror(errno));
	return ok;
}

static char *event_file(const char *event, const char *file)
{
	static char path[128];

	snprintf(path, sizeof(path), TRACING "events/young/%s/%s", event, file);
	return path;
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

	probe(&ioctl_probe, "kvm=$arg1:x64");
	must_write(event_file("vm_ioctl", "enable"), "1");
	ioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_NR_VCPUS);
	must_write(event_file("vm_ioctl", "enable"), "0");

	text = read_file(TRACING "trace");
	found = strstr(text, "kvm=0x");
	if (found)
		address = strtoull(found + 4, NULL, 16);
	free(text);
	check(address, "the kernel did not tell where the VM is");
	return address;
}

/* Counts from now on: the calls of this thread, those with this lock. */
static void count(const struct counter *counter, uint64_t lock)
{
	char trigger[128];

	if (!probe(counter, lock ? "lock=$arg1:x64" : ""))
		return;
	if (lock)
		snprintf(trigger, sizeof(trigger),
			 "hist:keys=common_pid if lock==0x%" PRIx64
			 " && common_pid==%d", lock, getpid());
	else
		snprintf(trigger, sizeof(trigger),
			 "hist:keys=common_pid if common_pid==%d", getpid());
	must_write(event_file(counter->event, "trigger"), trigger);
}

static uint64_t counted(const struct counter *counters, size_t nr)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < nr; i++) {
		const char *path = event_file(counters[i].event, "hist");
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

static void count_all(struct vm *vm)
{
	uint64_t lock = lock_address(vm);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(notifiers); i++)
		count(&notifiers[i], 0);
	for (i = 0; i < ARRAY_SIZE(locks); i++)
		count(&locks[i], lock);
}

static void count_pass(struct guest *guest, const char *name)
{
	uint64_t calls = counted(notifiers, ARRAY_SIZE(notifiers));
	uint64_t acquired = counted(locks, ARRAY_SIZE(locks));
	double pages = guest->size / page_size;
	char key[64];

	guest_age(guest);
	snprintf(key, sizeof(key), "%s_calls", name);
	report(key, (counted(notifiers, ARRAY_SIZE(notifiers)) - calls) / pages);
	snprintf(key, sizeof(key), "%s_locks", name);
	report(key, (counted(locks, ARRAY_SIZE(locks)) - acquired) / pages);
}

static void measure_count(struct guest *guest)
{
	double pages = guest->size / page_size;
	double idle, young;
	uint64_t faults;

	/* Twice: the first clears what setting up the guest left young. */
	guest_touch(guest);
	guest_age(guest);
	guest_age(guest);

	idle = guest_age(guest);
	guest_touch(guest);
	young = guest_age(guest);
	report("pages", pages);
	report("idle_instructions", idle / pages);
	report("young_instructions", young / pages);

	/* Counting costs instructions, so it comes last. */
	count_all(guest->vm);
	count_pass(guest, "idle");
	guest_touch(guest);
	count_pass(guest, "young");

	/* The proof that acquisitions are seen: the guest's faults take it. */
	faults = counted(locks, ARRAY_SIZE(locks));
	madvise(guest->memory, guest->size, MADV_DONTNEED);
	guest_touch(guest);
	check(counted(locks, ARRAY_SIZE(locks)) > faults,
	      "the guest's faults were not seen to take mmu_lock");
}

/* --- waiting --- */

static volatile bool stop;

/* The guest faults all of its memory in, over and over. */
static void *fault_loop(void *arg)
{
	struct guest *guest = arg;

	while (!stop) {
		madvise(guest->memory, guest->size / 2, MADV_DONTNEED);
		guest_touch(guest);
	}
	return NULL;
}

/* Sum of the times between begin and end of contention, in microseconds. */
static double waited(double *times)
{
	char *text = read_file(TRACING "trace");
	double sum = 0, begin = 0;
	char *line, *save;

	*times = 0;
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *event = strstr(line, ": contention_");
		double at;

		if (*line == '#' || !event)
			continue;
		while (event > line && event[-1] != ' ')
			event--;
		at = strtod(event, NULL);
		if (strstr(line, "contention_begin")) {
			begin = at;
		} else if (begin) {
			sum += at - begin;
			begin = 0;
			++*times;
		}
	}
	free(text);
	return sum * 1e6;
}

static void trace_waits(struct vm *vm)
{
	static const char *const events[] = { "contention_begin", "contention_end" };
	uint64_t lock = lock_address(vm);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		char path[128];

		snprintf(path, sizeof(path), TRACING "events/lock/%s/filter", events[i]);
		check(write_file(path, "lock_addr==0x%" PRIx64 " && common_pid==%d",
				 lock, getpid()), "%s: %s", path, strerror(errno));
		snprintf(path, sizeof(path), TRACING "events/lock/%s/enable", events[i]);
		must_write(path, "1");
	}
	must_write(TRACING "buffer_size_kb", "16384");
}

static void measure_wait(struct guest *guest)
{
	const int passes = 20;
	double start, times, usec;
	pthread_t thread;
	int i;

	guest_touch(guest);
	trace_waits(guest->vm);
	check(!pthread_create(&thread, NULL, fault_loop, guest), "no thread");
	sleep(1);

	start = now();
	for (i = 0; i < passes; i++)
		guest_age(guest);
	report("pass_ms", (now() - start) * 1e3 / passes);

	stop = true;
	pthread_join(thread, NULL);
	usec = waited(&times);
	report("wait_us", usec / passes);
	report("waits", times / passes);
}

int main(int argc, char **argv)
{
	struct guest guest;
	long megabytes;

	page_size = sysconf(_SC_PAGESIZE);
	megabytes = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	if (megabytes <= 0 || (strcmp(argv[1], "count") && strcmp(argv[1], "wait"))) {
		fprintf(stderr, "usage: young-measure count|wait MEGABYTES\n");
		return 2;
	}

	guest = guest_new(megabytes);
	if (!strcmp(argv[1], "count"))
		measure_count(&guest);
	else
		measure_wait(&guest);
	return 0;
}
