// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest whose working set changes, and wss, which watches it. What the guest
 * has touched in an interval goes into "measure: touched MB", and what wss says
 * into lines that begin with "wss: ".
 */
#define _GNU_SOURCE
#include "measure.h"
#include "host.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* In 64ths of the guest's memory. */
#define PARTS	64

struct working_set {
	unsigned int first;
	unsigned int nr;
};

/* Each is for an interval of a second. */
static const struct working_set working_sets[] = {
	{ 0, 8 }, { 0, 32 }, { 10, 50 }, { 44, 16 }, { 60, 4 }, { 0, 0 }, { 20, 24 },
	{ 0, 64 }, { 32, 12 },
};

static void touch(const struct guest *guest, const struct working_set *set)
{
	size_t size = guest->size / PARTS * set->nr;

	/* what a TLB remembers, need not be made young again */
	arch_flush_tlb(&guest->vm->vcpus[0]);
	if (size)
		vm_fill(guest->vm, huge_gpa(VM_GPA) + guest->size / PARTS * set->first, size,
			page_size, 1);
	report("touched", size >> 20);
}

/*
 * The guest touches the next set as soon as wss has said what it touched before,
 * which is after clearing: all of a set is in one interval. But wss clears for the
 * first time after it has said what it will do.
 */
static void follow(const struct guest *guest, FILE *wss, FILE *said)
{
	char *line = NULL;
	size_t size = 0, i = 0;
	double start;

	while (getline(&line, &size, wss) > 0) {
		fprintf(said, "wss: %s", line);
		start = now();
		if (!i)
			usleep(300000);
		if (i == ARRAY_SIZE(working_sets))
			continue;
		touch(guest, &working_sets[i++]);
		check(now() - start < 0.8, "the guest was too slow for the interval");
	}
	free(line);
}

void measure_wss(unsigned long megabytes)
{
	struct guest guest = guest_new(megabytes, false);
	char command[128], *text;
	size_t size;
	FILE *wss, *said = open_memstream(&text, &size);

	guest_begin(&guest);
	guest_touch(&guest, page_size);
	snprintf(command, sizeof(command), "exec wss --json -i 1 -n %zu --plot /tmp/wss.svg %d",
		 ARRAY_SIZE(working_sets), getpid());
	wss = popen(command, "r");
	check(wss && said, "cannot run wss");
	follow(&guest, wss, said);
	check(!pclose(wss), "failed: %s", command);
	/* now, as what is plotted comes by the console, too */
	fclose(said);
	fputs(text, stdout);
	free(text);
}
