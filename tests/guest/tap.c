// SPDX-License-Identifier: GPL-2.0-only
#include "tap.h"
#include "host.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define REASON_SIZE 512

unsigned int effort = 1;

/* Shared with the children: the words of the one that failed. */
static char *reason;

void fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, REASON_SIZE, fmt, args);
	va_end(args);
	/* exit_group: the other threads of the test end here, too */
	_exit(1);
}

void note(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("# ");
	vprintf(fmt, args);
	printf("\n");
	va_end(args);
	fflush(stdout);
}

static void run_child(const struct test *test)
{
	alarm(test->seconds * effort);
	test->run();
	fflush(stdout);
	_exit(0);
}

/* Returns true if the test passed, otherwise leaves the cause in @reason. */
static bool run_one(const struct test *test)
{
	int kmsg = kmsg_mark();
	int status;
	pid_t pid;

	reason[0] = '\0';
	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		snprintf(reason, REASON_SIZE, "fork: %s", strerror(errno));
		close(kmsg);
		return false;
	}
	if (pid == 0)
		run_child(test);

	if (waitpid(pid, &status, 0) < 0) {
		snprintf(reason, REASON_SIZE, "waitpid: %s", strerror(errno));
		status = -1;
	} else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
		snprintf(reason, REASON_SIZE, "not finished after %u s",
			 test->seconds * effort);
	} else if (WIFSIGNALED(status)) {
		snprintf(reason, REASON_SIZE, "killed by signal %d", WTERMSIG(status));
	}

	if (kmsg_complaint(kmsg, reason, REASON_SIZE))
		status = -1;
	return status == 0;
}

bool tap_run(const struct test *tests, size_t nr,
	     bool (*selected)(const struct test *test))
{
	size_t i, planned = 0, done = 0, failed = 0;

	reason = mmap(NULL, REASON_SIZE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (reason == MAP_FAILED) {
		perror("mmap");
		return false;
	}

	for (i = 0; i < nr; i++)
		planned += selected(&tests[i]);
	printf("TAP version 13\n1..%zu\n", planned);

	for (i = 0; i < nr; i++) {
		const struct test *test = &tests[i];
		double start = now();
		bool ok;

		if (!selected(test))
			continue;
		ok = run_one(test);
		failed += !ok;
		printf("%s %zu %s: %s%s%s\n", ok ? "ok" : "not ok", ++done,
		       test->scenario, test->name, ok ? "" : " # ", reason);
		note("%.1f s", now() - start);
	}

	printf("# Totals: pass:%zu fail:%zu xfail:0 xpass:0 skip:0 error:0\n",
	       done - failed, failed);
	return planned && !failed;
}
