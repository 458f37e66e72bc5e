// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cases of the KUnit suites in user space, where every sanitizer is at
 * hand, and the one that the kernel cannot survive.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model_cases.h"

static unsigned int nr;
static unsigned int failed;

static void report(bool passed, const char *suite, const char *text)
{
	printf("%sok %u - %s: %s\n", passed ? "" : "not ", ++nr, suite, text);
	failed += !passed;
}

static void run_suite(struct model *m, const struct model_suite *suite)
{
	struct model_param p = { };
	char text[256];

	while (model_next_param(suite, &p)) {
		model_run_case(m, &p);
		model_describe(&p, text, sizeof(text));
		report(!m->failure, suite->name, text);
		if (m->failure)
			printf("# line %d: %s\n", m->line, m->failure);
	}
}

/* A debug build stops a caller whose range does not fit its bitmaps. */
static bool is_stopped(struct model *m, u64 start, u64 end, u64 bitmap_start)
{
	const struct pgwalk_young young = {
		.start = bitmap_start, .nbits = 64, .young = m->young,
	};
	int status;
	pid_t child = fork();

	if (!child) {
		fclose(stderr);
		model_run(m, start, end, &young);
		_exit(0);
	}
	return waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGABRT;
}

int main(void)
{
	const struct model_suite *suite = model_suites;
	struct model *m = aligned_alloc(MODEL_ALIGN, sizeof(*m) + MODEL_ALIGN -
					sizeof(*m) % MODEL_ALIGN);

	if (!m)
		return 1;
	memset(m, 0, sizeof(*m));
	for (; suite < model_suites + ARRAY_SIZE(model_suites); suite++)
		run_suite(m, suite);

	model_reset(m, model_formats);
	fflush(stdout);
	report(!is_stopped(m, 128, 192, 128), "debug", "a bitmap that fits");
	fflush(stdout);
	report(is_stopped(m, 128, 193, 128), "debug", "a bitmap too short");
	fflush(stdout);
	report(is_stopped(m, 128, 192, 129), "debug", "a bitmap too late");
	fflush(stdout);
	report(is_stopped(m, 5, ~0ULL, -10ULL), "debug", "an end that wraps");

	free(m);
	printf("1..%u\n", nr);
	return failed != 0;
}
