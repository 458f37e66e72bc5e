// SPDX-License-Identifier: GPL-2.0-only
/* The probes are perf events: they go with the process, however it ends. */
#include "slow_walk.h"
#include "host.h"
#include "tap.h"
#include "vm.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KPROBE_TYPE	"/sys/bus/event_source/devices/kprobe/type"
#define PLACES		16
#define DEPTH		2	/* probes at each, so that it takes long to pass it */
#define MAX_INSTRUCTION	16	/* bytes */

static int probes[PLACES * DEPTH];
static unsigned int nr_probes;

/* Its size in bytes, up to the next symbol: they are listed by their addresses. 0: none */
static uint64_t find_function(const char *symbols, const char *name, uint64_t *address)
{
	const char *found, *next;
	char line[128];
	uint64_t size;

	snprintf(line, sizeof(line), " %s\n", name);
	found = strstr(symbols, line);
	if (!found)
		return 0;
	next = found + strlen(line);
	while (found > symbols && found[-1] != '\n')
		found--;
	*address = strtoull(found, NULL, 16);
	size = strtoull(next, NULL, 16) - *address;
	check(size && size < 1 << 16, "%s has %" PRIu64 " bytes", name, size);
	return size;
}

static const char *find_walker(uint64_t *address, uint64_t *size)
{
	char *symbols = read_file("/proc/kallsyms");
	size_t i;

	*size = 0;
	for (i = 0; i < ARRAY_SIZE(arch_walkers) && arch_walkers[i]; i++) {
		*size = find_function(symbols, arch_walkers[i], address);
		if (*size)
			break;
	}
	check(*size, "the kernel has no function %s", arch_walkers[0]);
	free(symbols);
	return arch_walkers[i];
}

static int probe(uint32_t type, const char *function, uint64_t offset)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = type,
		.kprobe_func = (uintptr_t)function,
		.probe_offset = offset,
	};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

/* At @offset or, where that is no place for a probe, a little behind. */
static void probe_near(uint32_t type, const char *function, uint64_t address, uint64_t offset)
{
	uint64_t end = offset + MAX_INSTRUCTION;

	for (; offset < end; offset++) {
		int fd = arch_may_probe(address + offset) ? probe(type, function, offset) : -1;

		if (fd >= 0) {
			probes[nr_probes++] = fd;
			return;
		}
	}
}

void walk_slowly(void)
{
	uint64_t address, size;
	const char *walker = find_walker(&address, &size);
	char *text = read_file(KPROBE_TYPE);
	uint32_t type = strtoul(text, NULL, 10);
	unsigned int i;

	free(text);
	for (i = 0; i < ARRAY_SIZE(probes); i++)
		probe_near(type, walker, address, size * (i % PLACES) / PLACES);
	check(nr_probes > ARRAY_SIZE(probes) / 2, "%s: only %u probes, the last failed with: %s",
	      walker, nr_probes, strerror(errno));
}

uint64_t walk_stops(void)
{
	uint64_t sum = 0, stops;
	unsigned int i;

	for (i = 0; i < nr_probes; i++) {
		check(read(probes[i], &stops, sizeof(stops)) == sizeof(stops), "probe: %s",
		      strerror(errno));
		sum += stops;
	}
	return sum;
}
