// SPDX-License-Identifier: GPL-2.0-only
/* What people read: a table, or a map, and what it all was in the end. */
#include "wss.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define MAX_RANGES	16
#define BAR		24

/* Level 0 is nothing at all; the least that was touched is level 1. */
#define NR_LEVELS	9
static const char * const blocks[NR_LEVELS] = {
	" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"
};

static const char * const letters[NR_LEVELS] = {
	" ", ".", ":", "-", "=", "+", "*", "#", "@"
};

/* By the environment: an emergency system has no locales, but the terminal. */
bool locale_is_utf8(void)
{
	static const char * const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *value, *codeset;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		value = getenv(names[i]);
		if (!value || !*value)
			continue;
		codeset = strchr(value, '.');
		return codeset && (!strncasecmp(codeset, ".utf-8", 6) ||
				   !strncasecmp(codeset, ".utf8", 5));
	}
	return false;
}

static size_t terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	u64 width;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	if (columns && parse_number(columns, 1, 1000, &width))
		return width;
	return 80;
}

/* A row has 26 characters that are not of the map. */
size_t heatmap_cells(void)
{
	size_t width = terminal_width();

	return width > 36 ? width - 26 : 10;
}

static const char *level(bool utf8, double share)
{
	int i = share <= 0 ? 0 : 1 + (int)(share * (NR_LEVELS - 1));

	if (i >= NR_LEVELS)
		i = NR_LEVELS - 1;
	return utf8 ? blocks[i] : letters[i];
}

static double percent(u64 part, u64 whole)
{
	return whole ? 100.0 * part / whole : 0;
}

static void print_size(int width, double bytes)
{
	if (bytes < MB)
		printf("%*.0f KB", width, bytes / 1024);
	else
		printf("%*.1f MB", width, bytes / MB);
}

static void print_ranges(const struct report *report)
{
	const struct ranges *ranges = report->ranges;
	const struct grid *map = &report->measure->map;
	const struct range *range;
	size_t i;

	for (i = 0; i < ranges->nr && i < MAX_RANGES; i++) {
		range = &ranges->range[i];
		printf("#   %012llx-%012llx ", range->start, range->end);
		print_size(10, range->end - range->start);
		if (report->heatmap)
			printf(", cell %zu", grid_cell(map, range->offset));
		printf("  %s\n", *range->name ? range->name : "anonymous");
	}
	if (i < ranges->nr)
		printf("#   and %zu more\n", ranges->nr - i);
}

static void print_method(const struct report *report)
{
	const struct source *source = report->source;

	printf("# %s%s: touched %s; clears %s\n", source->name,
	       source->by_idle ? " by idle flags" : "",
	       report->clears && report->intervals ? "in each interval" :
	       "since the last clear, whoever did that",
	       report->clears ? "accessed bits" : "nothing");
	if (!source->sees_guest && report->process->vms)
		printf("# blind to what the guest touches: counts only what the VMM itself does\n");
	if (!source->sees_guest && !report->forced)
		printf("# (this kernel has no PAGE_IS_REFERENCED)\n");
	if (!source->exact && report->heatmap)
		printf("# smaps tells of whole mappings: all cells of one are alike\n");
	if (source->hugetlb)
		printf("# smaps does not tell which hugetlb pages were touched\n");
	if (report->widened)
		printf("# smaps tells of whole mappings: ranges were widened to these\n");
}

static void print_heading(const struct report *report)
{
	if (report->heatmap)
		printf("    TIME  TOUCHED     %%\n");
	else
		printf("    TIME EST(s)  %s   MAPPED  TOUCHED     %%    SMALL     HUGE%s   COST\n",
		       report->process->vms ? "GUEST" : " SIZE",
		       report->measure->once ? "    CUMUL" : "");
}

static void text_start(const struct report *report)
{
	const struct process *process = report->process;
	const struct grid *map = &report->measure->map;
	const struct ranges *ranges = report->ranges;

	printf("# PID %d (%s), ", process->pid, process->comm);
	if (process->vms > 1)
		printf("%d virtual machines of KVM: ", process->vms);
	else
		printf("%s: ", process->vms ? "a virtual machine of KVM" : "no virtual machine");
	printf("%.1f MB in %zu range%s\n", ranges->bytes / MB, ranges->nr,
	       ranges->nr == 1 ? "" : "s");
	print_ranges(report);
	print_method(report);
	if (report->heatmap) {
		printf("# a map has %zu cells of ", map->nr);
		print_size(0, (double)ranges->bytes / map->nr);
		printf("; MB are 1048576 bytes\n");
	} else {
		printf("# sizes in MB of 1048576 bytes, COST in ms of CPU time\n");
	}
	print_heading(report);
}

static void print_time(double seconds)
{
	time_t time = seconds;
	char text[16];
	struct tm tm;

	if (!localtime_r(&time, &tm) || !strftime(text, sizeof(text), "%H:%M:%S", &tm))
		strcpy(text, "-");
	printf("%8s", text);
}

static void print_map(const struct report *report, const double *sum)
{
	const struct grid *map = &report->measure->map;
	double share;
	size_t i;

	putchar('|');
	for (i = 0; i < map->nr; i++) {
		share = sum ? sum[i] / report->stats.rounds :
			grid_share(map, i);
		fputs(level(report->utf8, share), stdout);
	}
	puts("|");
}

static void print_split(const struct measure *measure)
{
	const struct counts *counts = &measure->counts;

	if (measure->split)
		printf(" %8.1f %8.1f", (counts->touched - counts->touched_huge) / MB,
		       counts->touched_huge / MB);
	else
		printf(" %8s %8s", "-", "-");
}

static void text_round(const struct report *report, const struct round *round)
{
	const struct measure *measure = report->measure;
	const struct counts *counts = &measure->counts;
	u64 guest = report->ranges->bytes;

	print_time(round->time);
	if (report->heatmap) {
		printf(" %8.1f %5.1f ", counts->touched / MB,
		       percent(counts->touched, guest));
		print_map(report, NULL);
		return;
	}
	if (round->interval < 0)
		printf(" %6s", "-");
	else
		printf(" %6.2f", round->interval);
	printf(" %6.0f %8.1f %8.1f %5.1f", guest / MB, counts->mapped / MB,
	       counts->touched / MB, percent(counts->touched, guest));
	print_split(measure);
	if (measure->once)
		printf(" %8.1f", measure->once_pages * measure->page / MB);
	printf(" %6.1f\n", round->cost_ms);
}

/* Said once: from then on it is known. */
static void warn_slow(struct report *report, long long pages)
{
	if (pages <= 0 || report->stats.warned_slow || report->json)
		return;
	report->stats.warned_slow = true;
	printf("# KVM took mmu_lock for %lld pages: measuring makes this guest wait\n",
	       pages);
}

static void stats_add(struct stats *stats, const struct round *round, u64 touched)
{
	if (!stats->rounds++ || touched < stats->min)
		stats->min = touched;
	if (touched > stats->max)
		stats->max = touched;
	stats->sum += touched;
	stats->cost_ms += round->cost_ms;
	if (round->interval > 0)
		stats->elapsed += round->interval;
}

static void print_bar(bool utf8, double share)
{
	int i, length = share * BAR + 0.5;

	if (length)
		putchar(' ');
	for (i = 0; i < length; i++)
		fputs(utf8 ? "█" : "#", stdout);
	putchar('\n');
}

static void print_age(const struct age *age)
{
	char text[32];

	if (age->max == -1U)
		snprintf(text, sizeof(text), "%u+", age->min);
	else if (age->min == age->max)
		snprintf(text, sizeof(text), "%u", age->min);
	else
		snprintf(text, sizeof(text), "%u-%u", age->min, age->max);
	printf("%8s", text);
}

static void print_ages(const struct report *report)
{
	struct age ages[NR_AGES];
	u64 never = measure_get_ages(report->measure, ages), all = 0, sum = 0;
	int i;

	for (i = 0; i < NR_AGES; i++)
		all += ages[i].bytes;
	printf("# idle age: mapped memory by the rounds since it was last touched\n");
	printf("  ROUNDS       MB     %%  CUM%%\n");
	for (i = 0; i < NR_AGES; i++) {
		sum += ages[i].bytes;
		print_age(&ages[i]);
		printf(" %8.1f %5.1f %5.1f", ages[i].bytes / MB,
		       percent(ages[i].bytes, all), percent(sum, all));
		print_bar(report->utf8, all ? (double)ages[i].bytes / all : 0);
	}
	printf("# never touched in %u round%s: %.1f MB, of the oldest age that this allows\n",
	       report->stats.rounds, report->stats.rounds == 1 ? "" : "s", never / MB);
}

static void print_summary(const struct report *report)
{
	const struct measure *measure = report->measure;
	const struct stats *stats = &report->stats;
	u64 once = measure->once_pages * measure->page;
	double mean = stats->sum / stats->rounds;

	printf("# %u round%s", stats->rounds, stats->rounds == 1 ? "" : "s");
	if (stats->elapsed > 0)
		printf(" in %.2f s", stats->elapsed);
	printf(", own cost %.1f ms\n", stats->cost_ms);
	printf("# touched: least %.1f, mean %.1f (%.1f%%), most %.1f MB\n", stats->min / MB,
	       mean / MB, percent(mean, report->ranges->bytes), stats->max / MB);
	if (measure->once)
		printf("# touched at least once: %.1f MB (%.1f%%)\n", once / MB,
		       percent(once, report->ranges->bytes));
	if (report->heatmap) {
		printf("%-24s", "# mean of all rounds");
		print_map(report, measure->map.sum);
	}
	if (measure->stamp)
		print_ages(report);
}

static void text_end(const struct report *report, enum wss_end end)
{
	unsigned int rounds = report->stats.rounds;

	if (rounds && report->intervals)
		print_summary(report);
	if (!rounds && end == END_SIGNAL)
		printf("# no interval was completed\n");
	if (end == END_GONE)
		printf("# PID %d has ended, after %u round%s\n", report->process->pid,
		       rounds, rounds == 1 ? "" : "s");
}

void report_start(const struct report *report)
{
	if (report->json)
		json_start(report);
	else
		text_start(report);
	fflush(stdout);
}

void report_round(struct report *report, const struct round *round)
{
	stats_add(&report->stats, round, report->measure->counts.touched);
	if (report->json)
		json_round(report, round);
	else
		text_round(report, round);
	warn_slow(report, round->aged_slow);
	fflush(stdout);
}

void report_end(const struct report *report, enum wss_end end)
{
	if (report->json)
		json_end(report, end);
	else
		text_end(report, end);
	fflush(stdout);
}
