// SPDX-License-Identifier: GPL-2.0-only
/*
 * wss PID: how much of a guest's memory is in use, interval by interval.
 *
 * Tests the accessed bits of the process and of its guest, as kernels with
 * PAGE_IS_REFERENCED tell them; others tell only what the process touched.
 */
#include "wss.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLOT_CELLS	128

volatile sig_atomic_t wss_stop;

struct options {
	pid_t pid;
	unsigned int rounds;	/* 0: until something ends it */
	double interval;
	bool intervals;		/* or a snapshot */
	bool test_only;
	bool clear;
	bool clears;		/* what follows from these */
	bool idle;
	bool cumulative;
	bool ages;
	bool heatmap;
	bool all;
	bool smaps;
	bool json;
	const char *plot;
	struct ranges ranges;
};

/* A screen of 24 lines, at most. */
static const char usage[] =
"Usage: wss [OPTIONS] PID\n"
"How much memory of a virtual machine, or of a process, is in use.\n"
"\n"
"  -n, --rounds N       intervals to measure (default: until Ctrl-C)\n"
"  -i, --interval SECS  their length, such as 0.5 (default: 1)\n"
"                       Neither: a snapshot of what was touched since a clear\n"
"  -t, --test-only      clear no accessed bits between rounds\n"
"      --clear          clear them in a snapshot and after the last round, too\n"
"      --idle           judge and clear by idle flags, not by accessed bits\n"
"  -C, --cumulative     also what was touched at least once since the start\n"
"  -a, --ages           in the end: memory by the rounds that it has been idle\n"
"  -H, --heatmap        a map of the address space per round, not a table\n"
"  -r, --range FROM-TO  addresses to measure, hexadecimal; may be repeated\n"
"      --all            every mapping, not just guest memory\n"
"      --smaps          use clear_refs and smaps even if the kernel tells more\n"
"      --json           an object per line, sizes in bytes\n"
"      --plot FILE.svg  in the end: draw it with gnuplot\n"
"  -h, --help           show this; -V, --version: show the version\n"
"\n"
"Exit status: 0 done, 1 failed, 2 wrong usage, 3 no process, 4 no permission,\n"
"5 no guest memory, 6 process ended meanwhile, 7 kernel cannot. See wss(1).\n";

enum { OPT_CLEAR = 256, OPT_IDLE, OPT_ALL, OPT_SMAPS, OPT_JSON, OPT_PLOT };

static const struct option longopts[] = {
	{ "rounds",	required_argument,	NULL, 'n' },
	{ "interval",	required_argument,	NULL, 'i' },
	{ "test-only",	no_argument,		NULL, 't' },
	{ "clear",	no_argument,		NULL, OPT_CLEAR },
	{ "idle",	no_argument,		NULL, OPT_IDLE },
	{ "cumulative",	no_argument,		NULL, 'C' },
	{ "ages",	no_argument,		NULL, 'a' },
	{ "heatmap",	no_argument,		NULL, 'H' },
	{ "range",	required_argument,	NULL, 'r' },
	{ "all",	no_argument,		NULL, OPT_ALL },
	{ "smaps",	no_argument,		NULL, OPT_SMAPS },
	{ "json",	no_argument,		NULL, OPT_JSON },
	{ "plot",	required_argument,	NULL, OPT_PLOT },
	{ "help",	no_argument,		NULL, 'h' },
	{ "version",	no_argument,		NULL, 'V' },
	{ }
};

static void option_value(struct options *opt, int c, const char *value)
{
	u64 number;

	switch (c) {
	case 'n':
		if (!parse_number(value, 1, 1000000000, &number))
			die(EXIT_USAGE, "%s is no number of rounds", value);
		opt->rounds = number;
		break;
	case 'i':
		if (!parse_seconds(value, &opt->interval))
			die(EXIT_USAGE, "%s is no interval: seconds, at least 0.001", value);
		opt->intervals = true;
		break;
	case 'r':
		if (!ranges_parse(&opt->ranges, value))
			die(EXIT_USAGE, "%s is no range: as in 7f0000000000-7f0040000000", value);
		break;
	case OPT_PLOT:
		opt->plot = value;
		break;
	}
}

static bool *option_flag(struct options *opt, int c)
{
	switch (c) {
	case 't':
		return &opt->test_only;
	case 'C':
		return &opt->cumulative;
	case 'a':
		return &opt->ages;
	case 'H':
		return &opt->heatmap;
	case OPT_CLEAR:
		return &opt->clear;
	case OPT_IDLE:
		return &opt->idle;
	case OPT_ALL:
		return &opt->all;
	case OPT_SMAPS:
		return &opt->smaps;
	case OPT_JSON:
		return &opt->json;
	}
	return NULL;
}

static void finish_stdout(void)
{
	if (fflush(stdout) || ferror(stdout))
		die(EXIT_FAILED, "cannot write: %s", strerror(errno));
}

static void parse_options(struct options *opt, int argc, char **argv)
{
	bool *flag;
	int c;

	while ((c = getopt_long(argc, argv, "n:i:tCaHr:hV", longopts, NULL)) != -1) {
		flag = option_flag(opt, c);
		if (flag) {
			*flag = true;
		} else if (c == 'h' || c == 'V') {
			fputs(c == 'h' ? usage : "wss " WSS_VERSION "\n", stdout);
			finish_stdout();
			exit(EXIT_DONE);
		} else if (c == '?') {
			die(EXIT_USAGE, "try wss --help");
		} else {
			option_value(opt, c, optarg);
		}
	}
}

static void check_options(struct options *opt, int argc, char **argv)
{
	u64 pid;

	if (optind == argc)
		die(EXIT_USAGE, "no PID; try wss --help");
	if (optind + 1 < argc)
		die(EXIT_USAGE, "one PID at a time: what is %s?", argv[optind + 1]);
	if (!parse_number(argv[optind], 1, INT32_MAX, &pid))
		die(EXIT_USAGE, "%s is no process ID", argv[optind]);
	if (opt->test_only && opt->clear)
		die(EXIT_USAGE, "--test-only and --clear exclude each other");
	if (opt->idle && opt->smaps)
		die(EXIT_USAGE, "--idle and --smaps exclude each other");
	if (opt->all && opt->ranges.nr)
		die(EXIT_USAGE, "--all and --range exclude each other");
	opt->pid = pid;

	/* What only rounds can answer asks for rounds, and these for clearing. */
	if (opt->rounds > 1 || opt->plot || (!opt->rounds && (opt->cumulative || opt->ages)))
		opt->intervals = true;
	if (!opt->intervals)
		opt->rounds = 1;
	opt->clears = opt->clear || (opt->intervals && !opt->test_only);
}

/* Says what was not allowed, and to whom it would be. */
static void die_process(const struct process *process, int err)
{
	struct stat st = { 0 };

	if (err == -ESRCH)
		die(EXIT_NO_PROCESS, "PID %d (%s) has no memory: a kernel thread, or it has ended",
		    process->pid, process->comm);
	if (err != -EACCES && err != -EPERM)
		die(EXIT_FAILED, "cannot read /proc/%d: %s", process->pid, strerror(-err));
	fstat(process->dir, &st);
	die(EXIT_PERMISSION, "no permission to look at PID %d (%s): that takes its user (uid %u), or root (CAP_SYS_PTRACE and CAP_DAC_OVERRIDE)",
	    process->pid, process->comm, st.st_uid);
}

static void find_process(struct process *process, pid_t pid)
{
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int err = proc < 0 ? -errno : process_open(process, proc, pid);

	if (err == -ESRCH)
		die(EXIT_NO_PROCESS, "there is no process %d", pid);
	if (err)
		die(EXIT_FAILED, "cannot open /proc/%d: %s", pid, strerror(-err));
	close(proc);
	err = process_find_vms(process);
	if (err)
		die_process(process, err);
}

static void read_maps(const struct process *process, struct maps *maps)
{
	FILE *file = process_file(process, "maps");
	int err = file ? maps_read(maps, file) : -errno;

	if (file)
		fclose(file);
	if (!err && !maps->nr)
		err = -ESRCH;
	if (err)
		die_process(process, err);
}

static void find_ranges(const struct process *process, const struct options *opt,
			const struct maps *maps, struct ranges *ranges)
{
	size_t i;

	*ranges = opt->ranges;
	for (i = 0; i < ranges->nr; i++) {
		if (!maps_touch(maps, &ranges->range[i]))
			die(EXIT_NO_GUEST, "PID %d has nothing mapped at %llx-%llx",
			    process->pid, ranges->range[i].start, ranges->range[i].end);
	}
	if (ranges->nr) {
		ranges_merge(ranges);
	} else if (opt->all) {
		maps_all(maps, ranges);
	} else if (!process->vms) {
		die(EXIT_NO_GUEST, "PID %d (%s) is no virtual machine: it has no file descriptor of KVM. --all measures it as a process, --range a part of it",
		    process->pid, process->comm);
	} else {
		maps_guest(maps, ranges);
	}
	if (!ranges->nr)
		die(EXIT_NO_GUEST, "PID %d (%s) has no memory that could be a guest's; see --all",
		    process->pid, process->comm);
}

static void need_exact(const struct options *opt)
{
	const char *what = opt->idle ? "--idle" : opt->ages ? "--ages" :
			   opt->cumulative ? "--cumulative" : NULL;

	if (what && opt->smaps)
		die(EXIT_USAGE, "%s needs to know pages: --smaps tells only of mappings", what);
	if (what)
		die(EXIT_KERNEL, "%s needs PAGE_IS_REFERENCED of PAGEMAP_SCAN, which this kernel lacks: it tells only of mappings (smaps)",
		    what);
}

/* The best that this kernel has. */
static void find_source(struct source *source, const struct process *process,
			const struct options *opt)
{
	int err = -EOPNOTSUPP;

	if (!opt->smaps) {
		err = source_pagemap(source, process, opt->idle, opt->clears);
		if (err == -ENOSYS)
			die(EXIT_KERNEL, "--idle: this kernel keeps no idle flags (CONFIG_PAGE_IDLE_FLAG)");
		if (err == -EOPNOTSUPP)
			source_close(source);
	}
	if (err == -EOPNOTSUPP) {
		need_exact(opt);
		err = source_smaps(source, process, opt->clears);
	}
	if (err == -EPERM && source->by_idle)
		die(EXIT_PERMISSION, "--idle takes root (CAP_SYS_ADMIN): idle flags are also of others who map this memory");
	if (err == -EPERM && opt->clears)
		die(EXIT_PERMISSION, "no permission to clear accessed bits of PID %d (%s): that takes its user, or root (CAP_DAC_OVERRIDE); --test-only does not",
		    process->pid, process->comm);
	if (err == -EOPNOTSUPP)
		die(EXIT_KERNEL, "this kernel has neither pagemap nor smaps (CONFIG_PROC_PAGE_MONITOR)");
	if (err)
		die_process(process, err);
}

static void stop(int sig)
{
	(void)sig;
	wss_stop = 1;
}

/* A second Ctrl-C does not wait for anything. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = stop, .sa_flags = SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* Returns 0 at @deadline, -EINTR for a signal, -ESRCH if the process ends. */
static int wait_until(const struct process *process, double deadline)
{
	struct pollfd poll = { .fd = process->pidfd, .events = POLLIN };
	struct timespec ts;
	sigset_t block, old;
	double left;
	int nr = 0;

	/* A signal counts even if it comes between the test and the wait. */
	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &old);
	while (!wss_stop && !nr && (left = deadline - now_monotonic()) > 0) {
		ts.tv_sec = left;
		ts.tv_nsec = (left - ts.tv_sec) * 1e9;
		nr = ppoll(&poll, 1, &ts, &old) > 0;
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return wss_stop ? -EINTR : nr ? -ESRCH : 0;
}

struct wss {
	const struct options *opt;
	struct process process;
	struct ranges ranges;
	struct source source;
	struct measure measure;
	struct report report;
	struct plot plot;
	double start;		/* of the first interval */
	double last;		/* when the last scan was half done */
	double deadline;
	long long aged_slow;
};

/* Each page was last cleared, on average, in the middle of the scan before. */
static int scan(struct wss *wss, unsigned int flags, bool count, struct round *round)
{
	double start = now_monotonic(), cpu = now_cpu(), end, middle;
	long long slow;
	int err;

	err = wss->source.scan(&wss->source, &wss->ranges, flags,
			       count ? measure_span : NULL, &wss->measure);
	end = now_monotonic();
	middle = start + (end - start) / 2;
	slow = process_aged_slow(&wss->process);
	*round = (struct round) {
		.time = now_wall(),
		.interval = wss->opt->clears && wss->last ? middle - wss->last : -1,
		.cost_ms = (now_cpu() - cpu) * 1e3,
		.scan_ms = (end - start) * 1e3,
		.aged_slow = slow < 0 ? -1 : slow - wss->aged_slow,
	};
	wss->last = middle;
	wss->aged_slow = slow;
	return err;
}

static int one_round(struct wss *wss)
{
	const struct options *opt = wss->opt;
	bool last = opt->rounds && wss->measure.round + 1 == opt->rounds;
	struct round round;
	int err;

	measure_begin(&wss->measure);
	/* Nobody asks about what comes after the last round. */
	err = scan(wss, opt->clears && (!last || opt->clear) ? SCAN_CLEAR : 0,
		   true, &round);
	if (err)
		return err;
	measure_end(&wss->measure, wss->source.exact);
	report_round(&wss->report, &round);
	if (opt->plot)
		plot_add(&wss->plot, &wss->measure, wss->last - wss->start,
			 round.interval < 0 ? opt->interval : round.interval);
	return 0;
}

/* What takes longer than an interval is followed by a whole one nevertheless. */
static void next_deadline(struct wss *wss)
{
	wss->deadline += wss->opt->interval;
	if (wss->deadline < now_monotonic())
		wss->deadline = now_monotonic() + wss->opt->interval;
}

static int all_rounds(struct wss *wss)
{
	const struct options *opt = wss->opt;
	struct round round;
	unsigned int done;
	int err = 0;

	if (opt->intervals && opt->clears)
		err = scan(wss, SCAN_CLEAR, false, &round);
	wss->deadline = now_monotonic();
	wss->start = wss->last ? wss->last : wss->deadline;
	for (done = 0; !err && (!opt->rounds || done < opt->rounds); done++) {
		/* What is only tested is known at once. */
		if (opt->intervals && (opt->clears || done)) {
			next_deadline(wss);
			err = wait_until(&wss->process, wss->deadline);
		}
		if (!err)
			err = one_round(wss);
	}
	return err;
}

static void prepare_ranges(struct wss *wss)
{
	struct maps maps;

	read_maps(&wss->process, &maps);
	find_ranges(&wss->process, wss->opt, &maps, &wss->ranges);
	if (!wss->source.exact)
		wss->report.widened = maps_widen(&maps, &wss->ranges);
	maps_free(&maps);
	ranges_number(&wss->ranges);
}

static void prepare_measure(struct wss *wss)
{
	const struct options *opt = wss->opt;
	struct measure *measure = &wss->measure;

	measure_init(measure, &wss->ranges, page_bytes());
	if (opt->cumulative)
		measure_cumulative(measure);
	if (opt->ages)
		measure_ages(measure);
	if (opt->heatmap)
		grid_init(&measure->map, measure, heatmap_cells());
	if (opt->plot)
		grid_init(&measure->plot, measure, PLOT_CELLS);
}

static void prepare_report(struct wss *wss)
{
	const struct options *opt = wss->opt;
	struct report *report = &wss->report;

	report->process = &wss->process;
	report->source = &wss->source;
	report->ranges = &wss->ranges;
	report->measure = &wss->measure;
	report->json = opt->json;
	report->heatmap = opt->heatmap;
	report->utf8 = locale_is_utf8();
	report->clears = opt->clears;
	report->forced = opt->smaps;
	report->intervals = opt->intervals;
	report->interval = opt->interval;
}

static enum wss_exit run(struct wss *wss)
{
	enum wss_end end = END_ROUNDS;
	enum wss_exit status = EXIT_DONE;
	int err;

	report_start(&wss->report);
	err = all_rounds(wss);
	if (err == -ESRCH)
		end = END_GONE;
	else if (err == -EINTR)
		end = END_SIGNAL;
	report_end(&wss->report, end);
	if (wss->opt->plot && !plot_write(&wss->plot, &wss->report))
		status = EXIT_FAILED;
	if (err && end == END_ROUNDS)
		die_process(&wss->process, err);
	return end == END_GONE ? EXIT_GONE : status;
}

int main(int argc, char **argv)
{
	struct options opt = { .interval = 1 };
	struct wss wss = { .opt = &opt, .aged_slow = -1 };
	enum wss_exit status;

	parse_options(&opt, argc, argv);
	check_options(&opt, argc, argv);
	find_process(&wss.process, opt.pid);
	find_source(&wss.source, &wss.process, &opt);
	prepare_ranges(&wss);
	prepare_measure(&wss);
	prepare_report(&wss);
	/* Look once: smaps is to say what it cannot see before it is believed. */
	if (!wss.source.exact)
		wss.source.scan(&wss.source, &wss.ranges, 0, NULL, NULL);
	if (opt.plot)
		plot_open(&wss.plot, opt.plot);
	catch_signals();
	wss.aged_slow = process_aged_slow(&wss.process);
	status = run(&wss);
	finish_stdout();

	plot_free(&wss.plot);
	measure_free(&wss.measure);
	ranges_free(&wss.ranges);
	source_close(&wss.source);
	process_close(&wss.process);
	return status;
}
