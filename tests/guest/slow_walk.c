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
#define PROBES		16
#define MAX_INSTRUCTION	16	/* bytes */

static int probes[PROBES];
static unsigned int nr_probes;

/* In bytes, up to the next symbol: the kernel lists them by their addresses. 0: none */
static uint64_t function_size(const char *symbols, const char *name)
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
	size = strtoull(next, NULL, 16) - strtoull(found, NULL, 16);
	check(size && size < 1 << 16, "%s has %" PRIu64 " bytes", name, size);
	return size;
}

static const char *find_walker(uint64_t *size)
{
	char *symbols = read_file("/proc/kallsyms");
	size_t i;

	*size = 0;
	for (i = 0; i < ARRAY_SIZE(arch_walkers) && arch_walkers[i]; i++) {
		*size = function_size(symbols, arch_walkers[i]);
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
static void probe_near(uint32_t type, const char *function, uint64_t offset)
{
	uint64_t end = offset + MAX_INSTRUCTION;

	for (; offset < end; offset++) {
		int fd = probe(type, function, offset);

		if (fd >= 0) {
			probes[nr_probes++] = fd;
			return;
		}
	}
}

void walk_slowly(void)
{
	uint64_t size;
	const char *walker = find_walker(&size);
	char *text = read_file(KPROBE_TYPE);
	uint32_t type = strtoul(text, NULL, 10);
	unsigned int i;

	free(text);
	for (i = 0; i < PROBES; i++)
		probe_near(type, walker, size * i / PROBES);
	check(nr_probes > PROBES / 2, "%s: only %u probes, the last failed with: %s",
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
