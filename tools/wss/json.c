// SPDX-License-Identifier: GPL-2.0-only
/* What programs read: an object per line. Sizes are bytes, null is unknown. */
#include "wss.h"

/* Names are bytes of any encoding: those beyond ASCII are taken for Latin-1. */
void json_string(FILE *file, const char *string)
{
	const unsigned char *c;

	putc('"', file);
	for (c = (const unsigned char *)string; *c; c++) {
		if (*c == '"' || *c == '\\')
			fprintf(file, "\\%c", *c);
		else if (*c < 0x20 || *c >= 0x7f)
			fprintf(file, "\\u%04x", *c);
		else
			putc(*c, file);
	}
	putc('"', file);
}

static const char *boolean(bool value)
{
	return value ? "true" : "false";
}

static void json_ranges(const struct ranges *ranges)
{
	const struct range *range;
	size_t i;

	printf("\"ranges\":[");
	for (i = 0; i < ranges->nr; i++) {
		range = &ranges->range[i];
		printf("%s{\"start\":\"0x%llx\",\"end\":\"0x%llx\",\"bytes\":%llu,\"name\":",
		       i ? "," : "", range->start, range->end,
		       range->end - range->start);
		json_string(stdout, range->name);
		putchar('}');
	}
	putchar(']');
}

void json_start(const struct report *report)
{
	const struct source *source = report->source;

	printf("{\"type\":\"start\",\"version\":\"" WSS_VERSION "\",\"pid\":%d,\"comm\":",
	       report->process->pid);
	json_string(stdout, report->process->comm);
	printf(",\"vms\":%d,\"method\":\"%s\",\"by_idle\":%s,\"sees_guest\":%s,\"clears\":%s",
	       report->process->vms, source->key, boolean(source->by_idle),
	       boolean(source->sees_guest), boolean(report->clears));
	printf(",\"page_bytes\":%llu,\"guest_bytes\":%llu,", report->measure->page,
	       report->ranges->bytes);
	if (report->intervals)
		printf("\"interval\":%g,", report->interval);
	else
		printf("\"interval\":null,");
	json_ranges(report->ranges);
	printf("}\n");
}

static void json_split(const struct measure *measure)
{
	const struct counts *counts = &measure->counts;

	if (measure->split)
		printf(",\"touched_small_bytes\":%llu,\"touched_huge_bytes\":%llu",
		       counts->touched - counts->touched_huge, counts->touched_huge);
	else
		printf(",\"touched_small_bytes\":null,\"touched_huge_bytes\":null");
}

static void json_heat(const struct report *report)
{
	const struct grid *map = &report->measure->map;
	size_t i;

	printf(",\"heat\":[");
	for (i = 0; i < map->nr; i++)
		printf("%s%.4g", i ? "," : "", grid_share(map, i));
	putchar(']');
}

void json_round(const struct report *report, const struct round *round)
{
	const struct measure *measure = report->measure;
	const struct counts *counts = &measure->counts;
	u64 guest = report->ranges->bytes;

	printf("{\"type\":\"round\",\"round\":%u,\"time\":%.3f,\"interval\":",
	       measure->round, round->time);
	if (round->interval < 0)
		printf("null");
	else
		printf("%.6f", round->interval);
	printf(",\"guest_bytes\":%llu,\"mapped_bytes\":%llu,\"mapped_huge_bytes\":%llu",
	       guest, counts->mapped, counts->mapped_huge);
	printf(",\"swapped_bytes\":%llu,\"zero_bytes\":%llu,\"touched_bytes\":%llu",
	       counts->swapped, counts->zero, counts->touched);
	printf(",\"touched_percent\":%.3f", guest ? 100.0 * counts->touched / guest : 0);
	json_split(measure);
	if (measure->once)
		printf(",\"cumulative_bytes\":%llu", measure->once_pages * measure->page);
	printf(",\"cost_ms\":%.3f,\"scan_ms\":%.3f", round->cost_ms, round->scan_ms);
	if (round->aged_slow >= 0)
		printf(",\"aged_slow_pages\":%lld", round->aged_slow);
	if (report->heatmap)
		json_heat(report);
	printf("}\n");
}

static void json_ages(const struct measure *measure)
{
	struct age ages[NR_AGES];
	u64 never = measure_get_ages(measure, ages);
	int i;

	printf(",\"never_touched_bytes\":%llu,\"idle_age\":[", never);
	for (i = 0; i < NR_AGES; i++) {
		printf("%s{\"min\":%u,\"max\":", i ? "," : "", ages[i].min);
		if (ages[i].max == -1U)
			printf("null");
		else
			printf("%u", ages[i].max);
		printf(",\"bytes\":%llu}", ages[i].bytes);
	}
	putchar(']');
}

void json_end(const struct report *report, enum wss_end end)
{
	static const char * const ends[] = {
		[END_ROUNDS] = "rounds", [END_SIGNAL] = "signal", [END_GONE] = "gone",
	};
	const struct measure *measure = report->measure;
	const struct stats *stats = &report->stats;

	printf("{\"type\":\"end\",\"end\":\"%s\",\"rounds\":%u,\"seconds\":%.6f,\"cost_ms\":%.3f",
	       ends[end], stats->rounds, stats->elapsed, stats->cost_ms);
	if (stats->rounds)
		printf(",\"touched_min_bytes\":%llu,\"touched_mean_bytes\":%.0f,\"touched_max_bytes\":%llu",
		       stats->min, stats->sum / stats->rounds, stats->max);
	if (measure->once)
		printf(",\"cumulative_bytes\":%llu", measure->once_pages * measure->page);
	if (measure->stamp && stats->rounds)
		json_ages(measure);
	printf("}\n");
}
