// SPDX-License-Identifier: GPL-2.0-only
/*
 * The main() of tests in user space: runs the suites that are linked with it, and
 * reports in TAP. An argument selects cases by a pattern, "suite.case".
 */
#include <kunit/test.h>

#include <fnmatch.h>
#include <stdarg.h>

static const char *pattern = "*";
static unsigned int nr_tests;
static unsigned int nr_failed;

extern struct kunit_suite *const __start_kunit_suites[];
extern struct kunit_suite *const __stop_kunit_suites[];

void kunit_fail(struct kunit *test, const char *file, int line,
		const char *fmt, ...)
{
	va_list args;
	int n;

	n = snprintf(test->reason, sizeof(test->reason), "%s:%d: ", file, line);
	va_start(args, fmt);
	vsnprintf(test->reason + n, sizeof(test->reason) - n, fmt, args);
	va_end(args);
	/* Not longjmp(), for which a test that has stacks of its own is an error. */
	_longjmp(test->failed, 1);
}

static void report(const char *reason, const char *suite, const char *name,
		   const char *desc)
{
	printf("%sok %u - %s.%s%s%s\n", *reason ? "not " : "", ++nr_tests, suite,
	       name, *desc ? ": " : "", desc);
	if (*reason) {
		printf("# %s\n", reason);
		nr_failed++;
	}
	fflush(stdout);
}

/* As in the kernel, what the test leaves behind is cleaned up in any case. */
static void run(const struct kunit_suite *suite, const struct kunit_case *c,
		const void *param, const char *desc)
{
	static struct kunit test;

	test.priv = NULL;
	test.param_value = param;
	test.reason[0] = '\0';
	if (!_setjmp(test.failed)) {
		if (suite->init && suite->init(&test))
			KUNIT_FAIL_AND_ABORT(&test, "init() failed");
		c->run_case(&test);
	}
	if (suite->exit && !_setjmp(test.failed))
		suite->exit(&test);
	report(test.reason, suite->name, c->name, desc);
}

static void run_case(const struct kunit_suite *suite,
		     const struct kunit_case *c)
{
	char desc[KUNIT_PARAM_DESC_SIZE] = "";
	char name[256];
	const void *param = NULL;

	snprintf(name, sizeof(name), "%s.%s", suite->name, c->name);
	if (fnmatch(pattern, name, 0))
		return;
	if (!c->generate_params) {
		run(suite, c, NULL, desc);
		return;
	}
	while ((param = c->generate_params(param, desc)))
		run(suite, c, param, desc);
}

static void run_suite(struct kunit_suite *suite)
{
	const struct kunit_case *c;

	if (suite->suite_init && suite->suite_init(suite)) {
		report("suite_init() failed", suite->name, "*", "");
		return;
	}
	for (c = suite->test_cases; c->run_case; c++)
		run_case(suite, c);
	if (suite->suite_exit)
		suite->suite_exit(suite);
}

int main(int argc, char **argv)
{
	struct kunit_suite *const *suite;

	if (argc > 1)
		pattern = argv[1];
	for (suite = __start_kunit_suites; suite < __stop_kunit_suites; suite++)
		run_suite(*suite);
	printf("1..%u\n", nr_tests);
	return !nr_tests || nr_failed;
}
