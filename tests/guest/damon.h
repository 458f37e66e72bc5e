/* SPDX-License-Identifier: GPL-2.0-only */
/* DAMON, as its files in sysfs and its tracepoint have it. */
#ifndef DAMON_H
#define DAMON_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct damon - what DAMON watches, and how
 * @physical: by physical addresses, and not those of this process
 * @start: first address
 * @end: first address beyond
 * @sample_us: microseconds between two samples
 * @samples: how many make an aggregation
 * @regions: in how many regions; 0: as it likes
 * @filter: once per aggregation, have its filter look for young folios, where damon_filters()
 */
struct damon {
	bool physical;
	uint64_t start;
	uint64_t end;
	unsigned int sample_us;
	unsigned int samples;
	unsigned int regions;
	bool filter;
};

/**
 * struct damon_seen - what it reports of the aggregations in the trace
 * @regions: how many regions they had in all
 * @least: the least of their accesses
 * @most: the most
 */
struct damon_seen {
	unsigned int regions;
	unsigned int least;
	unsigned int most;
};

void damon_begin(const struct damon *damon);
void damon_end(void);

struct damon_seen damon_traced(void);

/* Does this kernel have such a filter? 6.12 has not. */
bool damon_filters(void);

/* How many bytes of folios it has found to be young up to now. */
uint64_t damon_passed(void);

#endif
