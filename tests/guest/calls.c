// SPDX-License-Identifier: GPL-2.0-only
#include "calls.h"
#include "host.h"
#include "tap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS	"/sys/kernel/tracing/events/kvm/"
#define TRACE	"/sys/kernel/tracing/trace"

/* A page alone is asked about by one of the older calls. */
static const struct {
	const char *name;
	const char *address;
} events[] = {
	{ "kvm_test_clear_young_hva", "start" },
	{ "kvm_age_hva", "start" },
	{ "kvm_test_age_hva", "hva" },
};

unsigned int calls_traced(void)
{
	char *text = read_file(TRACE), *line;
	unsigned int calls = 0, i;

	for (i = 0; i < ARRAY_SIZE(events); i++)
		for (line = text; (line = strstr(line, events[i].name)); line++)
			calls += line[strlen(events[i].name)] == ':' && line[-1] == ' ';
	free(text);
	return calls;
}

void calls_trace(const struct window *win, bool on)
{
	unsigned int i;
	char path[128];

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		const char *address = events[i].address;

		snprintf(path, sizeof(path), EVENTS "%s/filter", events[i].name);
		check(write_file(path, "%s >= %#lx && %s < %#lx", address,
				 (unsigned long)win->base, address,
				 (unsigned long)(win->base + win->pages * page_size)),
		      "%s: %s", path, strerror(errno));
		snprintf(path, sizeof(path), EVENTS "%s/enable", events[i].name);
		check(write_file(path, on ? "1" : "0"), "%s: %s", path, strerror(errno));
	}
}
