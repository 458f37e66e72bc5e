/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * wss: how much of a guest's memory is in use.
 *
 * A source (scan.c, smaps.c) tells of the spans of the ranges that are measured
 * (proc.c finds these), measure.c adds them up, and report.c and plot.c show it.
 */
#ifndef WSS_H
#define WSS_H

#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define WSS_VERSION	"1.0"
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MB		1048576.0

/* Printed as %llu on every architecture. */
typedef unsigned long long u64;

/* Documented in wss.1: scripts depend on them. */
enum wss_exit {
	EXIT_DONE	= 0,
	EXIT_FAILED	= 1,
	EXIT_USAGE	= 2,
	EXIT_NO_PROCESS	= 3,
	EXIT_PERMISSION	= 4,
	EXIT_NO_GUEST	= 5,
	EXIT_GONE	= 6,
	EXIT_KERNEL	= 7,
};

/* util.c */
void die(enum wss_exit status, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 2, 3)));
void *xcalloc(size_t nr, size_t size);
void *xrealloc(void *old, size_t nr, size_t size);
char *xstrdup(const char *string);
bool parse_number(const char *text, u64 min, u64 max, u64 *number);
bool parse_seconds(const char *text, double *seconds);
double now_monotonic(void);
double now_cpu(void);
double now_wall(void);
u64 page_bytes(void);

/* Half-open, whole pages. Pages of all ranges are numbered through. */
struct range {
	u64 start;
	u64 end;
	u64 offset;	/* of its first byte in all ranges, one after the other */
	char *name;	/* what is mapped there, "" for anonymous memory */
};

struct ranges {
	struct range *range;
	size_t nr;
	u64 bytes;
};

void ranges_add(struct ranges *ranges, u64 start, u64 end, const char *name);
bool ranges_parse(struct ranges *ranges, const char *text);
void ranges_merge(struct ranges *ranges);
void ranges_number(struct ranges *ranges);
void ranges_free(struct ranges *ranges);

/* A line of /proc/PID/maps. */
struct mapping {
	u64 start;
	u64 end;
	u64 offset;
	u64 inode;
	unsigned int major;
	unsigned int minor;
	char perms[5];
	char *name;
};

struct maps {
	struct mapping *mapping;
	size_t nr;
};

bool mapping_parse(struct mapping *mapping, const char *line);
int maps_read(struct maps *maps, FILE *file);
void maps_free(struct maps *maps);
void maps_guest(const struct maps *maps, struct ranges *ranges);
void maps_all(const struct maps *maps, struct ranges *ranges);
bool maps_widen(const struct maps *maps, struct ranges *ranges);
bool maps_touch(const struct maps *maps, const struct range *range);

/* /proc/PID stays the same process, even if PID is given to another one. */
struct process {
	pid_t pid;
	int dir;
	int pidfd;	/* -1: the kernel has none */
	int vms;	/* file descriptors that are virtual machines */
	int vm_fd;	/* the first of these, in the numbers of the process */
	char comm[64];
};

int process_open(struct process *process, int proc, pid_t pid);
void process_close(struct process *process);
FILE *process_file(const struct process *process, const char *name);
int process_find_vms(struct process *process);
long long process_aged_slow(const struct process *process);

/* In bytes. */
struct counts {
	u64 mapped;
	u64 mapped_huge;
	u64 touched;
	u64 touched_huge;
	u64 swapped;
	u64 zero;
};

/* Neighbours that are alike; of smaps, a mapping. */
struct span {
	u64 start;
	u64 end;
	struct counts counts;
};

typedef void (*span_fn)(void *arg, const struct range *range,
			const struct span *span);

#define SCAN_CLEAR	(1u << 0)

/* Where the spans come from. Functions return 0 or a negative errno. */
struct source {
	const char *name;
	const char *key;	/* the same for programs */
	bool exact;		/* of pages, not of mappings */
	bool sees_guest;
	bool by_idle;
	int (*scan)(struct source *source, const struct ranges *ranges,
		    unsigned int flags, span_fn fn, void *arg);
	const struct process *process;
	int fd;			/* pagemap; smaps: clear_refs */
	u64 chunk;
	void *vec;
	bool hugetlb;		/* smaps: met some, which it cannot judge */
};

/* -EOPNOTSUPP: this kernel does not tell. */
int source_pagemap(struct source *source, const struct process *process,
		   bool by_idle, bool clear);
int source_smaps(struct source *source, const struct process *process, bool clear);
void source_close(struct source *source);

/* Set by signals: whatever takes long is to end. */
extern volatile sig_atomic_t wss_stop;

/* The address space in cells of the same size, each with its touched bytes. */
struct grid {
	size_t nr;
	u64 page;
	u64 pages;
	double *now;
	double *sum;		/* over the rounds, in shares of a cell */
};

#define NR_AGES	9

struct measure {
	const struct ranges *ranges;
	u64 page;
	unsigned int round;
	struct counts counts;
	bool split;		/* touched_huge is known */
	unsigned long *once;	/* a bit per page: touched since the start */
	u64 once_pages;
	unsigned long *mapped;	/* a bit per page: mapped in this round */
	uint16_t *stamp;	/* the round that found a page touched; 0: none */
	unsigned int stamp_base;
	struct grid map;
	struct grid plot;
};

struct age {
	unsigned int min;	/* rounds without a touch */
	unsigned int max;
	u64 bytes;
};

void measure_init(struct measure *measure, const struct ranges *ranges, u64 page);
void measure_cumulative(struct measure *measure);
void measure_ages(struct measure *measure);
void measure_free(struct measure *measure);
void measure_begin(struct measure *measure);
void measure_span(void *measure, const struct range *range, const struct span *span);
void measure_end(struct measure *measure, bool exact);
u64 measure_get_ages(const struct measure *measure, struct age ages[NR_AGES]);
void grid_init(struct grid *grid, const struct measure *measure, size_t cells);
size_t grid_cell(const struct grid *grid, u64 offset);
double grid_share(const struct grid *grid, size_t cell);

struct round {
	double time;		/* seconds since 1970 */
	double interval;	/* measured; negative: unknown */
	double cost_ms;		/* CPU time of this program */
	double scan_ms;
	long long aged_slow;	/* pages under KVM's mmu_lock; negative: unknown */
};

struct stats {
	unsigned int rounds;
	double elapsed;
	double cost_ms;
	double sum;
	u64 min;
	u64 max;
	bool warned_slow;
};

enum wss_end { END_ROUNDS, END_SIGNAL, END_GONE };

struct report {
	const struct process *process;
	const struct source *source;
	const struct ranges *ranges;
	const struct measure *measure;
	bool json;
	bool heatmap;
	bool utf8;
	bool clears;
	bool intervals;
	bool widened;
	bool forced;		/* to be blind */
	double interval;
	struct stats stats;
};

void report_start(const struct report *report);
void report_round(struct report *report, const struct round *round);
void report_end(const struct report *report, enum wss_end end);
bool locale_is_utf8(void);
size_t heatmap_cells(void);
void json_start(const struct report *report);
void json_round(const struct report *report, const struct round *round);
void json_end(const struct report *report, enum wss_end end);
void json_string(FILE *file, const char *string);

/* Rounds kept for gnuplot. */
struct plot {
	const char *path;
	int fd;
	bool created;
	size_t nr;
	size_t cells;
	struct plot_row {
		double start;	/* seconds since the first interval began */
		double end;
		struct counts counts;
		u64 once;
		unsigned char *cell;	/* 0 to 255 */
	} *row;
};

void plot_open(struct plot *plot, const char *path);
void plot_free(struct plot *plot);
void plot_add(struct plot *plot, const struct measure *measure, double end, double length);
bool plot_write(struct plot *plot, const struct report *report);
void plot_script(const struct plot *plot, const struct report *report, FILE *file);

#endif
