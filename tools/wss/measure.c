// SPDX-License-Identifier: GPL-2.0-only
/* Adds up what a source tells, over a round and over all of them. */
#include "wss.h"

#include <stdlib.h>
#include <string.h>

#define BITS	(8 * sizeof(unsigned long))

/* kidled's: a bucket begins with each of these, and ends before the next. */
static const unsigned int age_min[NR_AGES] = { 0, 1, 2, 5, 15, 30, 60, 120, 240 };

void measure_init(struct measure *measure, const struct ranges *ranges, u64 page)
{
	*measure = (struct measure) { .ranges = ranges, .page = page };
}

static u64 nr_pages(const struct measure *measure)
{
	return measure->ranges->bytes / measure->page;
}

static unsigned long *bitmap_new(u64 pages)
{
	return xcalloc(pages / BITS + 1, sizeof(unsigned long));
}

void measure_cumulative(struct measure *measure)
{
	measure->once = bitmap_new(nr_pages(measure));
}

/* Two bytes and a bit a page; what is never touched is never allocated. */
void measure_ages(struct measure *measure)
{
	measure->stamp = xcalloc(nr_pages(measure), sizeof(*measure->stamp));
	measure->mapped = bitmap_new(nr_pages(measure));
}

void grid_init(struct grid *grid, const struct measure *measure, size_t cells)
{
	u64 pages = nr_pages(measure);

	grid->page = measure->page;
	grid->pages = pages;
	grid->nr = cells < pages ? cells : pages;
	grid->now = xcalloc(grid->nr, sizeof(double));
	grid->sum = xcalloc(grid->nr, sizeof(double));
}

static void grid_free(struct grid *grid)
{
	free(grid->now);
	free(grid->sum);
}

void measure_free(struct measure *measure)
{
	free(measure->once);
	free(measure->mapped);
	free(measure->stamp);
	grid_free(&measure->map);
	grid_free(&measure->plot);
}

/* Sets bits from @start to before @end, and says how many had not been set. */
static u64 bitmap_set(unsigned long *map, u64 start, u64 end)
{
	unsigned long mask, *word;
	u64 new = 0;

	while (start < end) {
		word = &map[start / BITS];
		mask = ~0UL << start % BITS;
		start = (start / BITS + 1) * BITS;
		if (start > end)
			mask &= ~0UL >> (start - end);
		new += __builtin_popcountl(mask & ~*word);
		*word |= mask;
	}
	return new;
}

static bool bitmap_test(const unsigned long *map, u64 bit)
{
	return map[bit / BITS] >> bit % BITS & 1;
}

/* 65535 rounds fit into a stamp. Move them down: what was old stays old. */
static void stamps_rebase(struct measure *measure)
{
	const unsigned int by = UINT16_MAX / 2;
	u64 i, pages = nr_pages(measure);

	for (i = 0; i < pages; i++) {
		if (measure->stamp[i])
			measure->stamp[i] = measure->stamp[i] > by ?
					    measure->stamp[i] - by : 1;
	}
	measure->stamp_base += by;
}

void measure_begin(struct measure *measure)
{
	measure->round++;
	measure->counts = (struct counts) { 0 };
	if (measure->map.nr)
		memset(measure->map.now, 0, measure->map.nr * sizeof(double));
	if (measure->plot.nr)
		memset(measure->plot.now, 0, measure->plot.nr * sizeof(double));
	if (!measure->stamp)
		return;
	memset(measure->mapped, 0, (nr_pages(measure) / BITS + 1) * sizeof(long));
	if (measure->round - measure->stamp_base > UINT16_MAX)
		stamps_rebase(measure);
}

/* Cells are of whole pages, so that some may have one page more than others. */
static u64 cell_start(const struct grid *grid, size_t cell)
{
	return grid->pages * cell / grid->nr * grid->page;
}

size_t grid_cell(const struct grid *grid, u64 offset)
{
	size_t cell = offset / grid->page * grid->nr / grid->pages;

	while (cell + 1 < grid->nr && cell_start(grid, cell + 1) <= offset)
		cell++;
	return cell;
}

/* @touched bytes, spread evenly from @start to @end. */
static void grid_add(struct grid *grid, u64 start, u64 end, u64 touched)
{
	double density = (double)touched / (end - start);
	size_t cell;
	u64 next;

	for (cell = grid_cell(grid, start); start < end; cell++) {
		next = cell_start(grid, cell + 1);
		if (next > end)
			next = end;
		grid->now[cell] += (next - start) * density;
		start = next;
	}
}

static void grid_finish(struct grid *grid)
{
	size_t cell;

	for (cell = 0; cell < grid->nr; cell++)
		grid->sum[cell] += grid_share(grid, cell);
}

/* How much of a cell was touched in this round, 0 to 1. */
double grid_share(const struct grid *grid, size_t cell)
{
	return grid->now[cell] / (cell_start(grid, cell + 1) - cell_start(grid, cell));
}

static void add(struct counts *sum, const struct counts *counts)
{
	sum->mapped += counts->mapped;
	sum->mapped_huge += counts->mapped_huge;
	sum->touched += counts->touched;
	sum->touched_huge += counts->touched_huge;
	sum->swapped += counts->swapped;
	sum->zero += counts->zero;
}

/* A span_fn. Spans of sources that are not exact have neither bits nor stamps. */
void measure_span(void *data, const struct range *range, const struct span *span)
{
	struct measure *measure = data;
	u64 offset = range->offset + (span->start - range->start);
	u64 length = span->end - span->start;
	u64 i, first = offset / measure->page;
	u64 last = (offset + length) / measure->page;

	add(&measure->counts, &span->counts);
	if (measure->mapped && span->counts.mapped)
		bitmap_set(measure->mapped, first, last);
	if (!span->counts.touched)
		return;
	if (measure->once)
		measure->once_pages += bitmap_set(measure->once, first, last);
	for (i = first; measure->stamp && i < last; i++)
		measure->stamp[i] = measure->round - measure->stamp_base;
	if (measure->map.nr)
		grid_add(&measure->map, offset, offset + length, span->counts.touched);
	if (measure->plot.nr)
		grid_add(&measure->plot, offset, offset + length, span->counts.touched);
}

void measure_end(struct measure *measure, bool exact)
{
	struct counts *counts = &measure->counts;

	/* Where all pages have one size, it is clear which size was touched. */
	measure->split = exact || !counts->mapped_huge ||
			 counts->mapped_huge == counts->mapped;
	if (!exact && counts->mapped_huge == counts->mapped)
		counts->touched_huge = counts->touched;
	grid_finish(&measure->map);
	grid_finish(&measure->plot);
}

static unsigned int bucket(unsigned int age)
{
	unsigned int i = NR_AGES - 1;

	while (age < age_min[i])
		i--;
	return i;
}

/*
 * Of the pages mapped in the last round. Returns the bytes never found touched,
 * which count as idle since the first round.
 */
u64 measure_get_ages(const struct measure *measure, struct age ages[NR_AGES])
{
	unsigned int now = measure->round - measure->stamp_base, age;
	u64 i, never = 0, pages = nr_pages(measure);

	for (i = 0; i < NR_AGES; i++) {
		ages[i].min = age_min[i];
		ages[i].max = i + 1 < NR_AGES ? age_min[i + 1] - 1 : -1U;
		ages[i].bytes = 0;
	}
	for (i = 0; i < pages; i++) {
		if (!bitmap_test(measure->mapped, i))
			continue;
		age = measure->stamp[i] ? now - measure->stamp[i] : measure->round;
		ages[bucket(age)].bytes += measure->page;
		if (!measure->stamp[i])
			never += measure->page;
	}
	return never;
}
