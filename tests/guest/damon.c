// SPDX-License-Identifier: GPL-2.0-only
#include "damon.h"
#include "host.h"
#include "tap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAMON		"/sys/kernel/mm/damon/admin/kdamonds/"
#define CONTEXT		DAMON "0/contexts/0/"
#define ATTRS		CONTEXT "monitoring_attrs/"
#define TARGET		CONTEXT "targets/0/"
#define SCHEME		CONTEXT "schemes/0/"
#define FILTERS		SCHEME "ops_filters/"

static void write_number(const char *path, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	must_write(path, text);
}

/* Of all regions, count what young folios there are. */
static void filter_young(void)
{
	write_number(CONTEXT "schemes/nr_schemes", 1);
	if (!damon_filters())
		return;
	must_write(SCHEME "action", "stat");
	write_number(SCHEME "access_pattern/sz/max", ~0ULL);
	write_number(SCHEME "access_pattern/nr_accesses/max", ~0U);
	write_number(SCHEME "access_pattern/age/max", ~0U);
	write_number(FILTERS "nr_filters", 1);
	must_write(FILTERS "0/type", "young");
	must_write(FILTERS "0/matching", "Y");
	must_write(FILTERS "0/allow", "Y");
}

void damon_begin(const struct damon *damon)
{
	/* what an earlier test has left */
	write_file(DAMON "0/state", "off");
	write_number(DAMON "nr_kdamonds", 1);
	write_number(DAMON "0/contexts/nr_contexts", 1);
	must_write(CONTEXT "operations", damon->physical ? "paddr" : "fvaddr");
	write_number(ATTRS "intervals/sample_us", damon->sample_us);
	write_number(ATTRS "intervals/aggr_us", damon->sample_us * damon->samples);
	if (damon->regions) {
		write_number(ATTRS "nr_regions/max", damon->regions);
		write_number(ATTRS "nr_regions/min", damon->regions);
	}
	write_number(CONTEXT "targets/nr_targets", 1);
	if (!damon->physical)
		write_number(TARGET "pid_target", getpid());
	write_number(TARGET "regions/nr_regions", 1);
	write_number(TARGET "regions/0/start", damon->start);
	write_number(TARGET "regions/0/end", damon->end);
	if (damon->filter)
		filter_young();
	must_write(DAMON "0/state", "on");
}

void damon_end(void)
{
	must_write(DAMON "0/state", "off");
	write_number(DAMON "nr_kdamonds", 0);
}

struct damon_seen damon_traced(void)
{
	char *trace = read_file(TRACING "trace"), *line = trace;
	struct damon_seen seen = { .least = ~0U };

	while ((line = strstr(line, "damon_aggregated: "))) {
		unsigned int accesses;

		check(sscanf(line, "%*s target_id=%*u nr_regions=%*u %*u-%*u: %u", &accesses) == 1,
		      "trace: unknown format");
		if (accesses < seen.least)
			seen.least = accesses;
		if (accesses > seen.most)
			seen.most = accesses;
		seen.regions++;
		line++;
	}
	free(trace);
	return seen;
}

bool damon_filters(void)
{
	return kernel_since(7, 0);
}

uint64_t damon_passed(void)
{
	if (!damon_filters())
		return 0;
	must_write(DAMON "0/state", "update_schemes_stats");
	return read_number(SCHEME "stats/sz_ops_filter_passed");
}
