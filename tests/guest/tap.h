/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs tests, each in a process of its own, and reports them as kselftest does
 * (TAP 13). A process of its own gives each test a fresh mm, and so fresh
 * MMU-notifier subscribers; a crash or a hang costs one test, not the run.
 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct test - one line of the report
 * @scenario: the group that the command line selects
 * @name: what holds if the test passes
 * @run: returns if the test passes, calls fail() if not
 * @seconds: the test fails if it takes longer
 */
struct test {
	const char *scenario;
	const char *name;
	void (*run)(void);
	unsigned int seconds;
};

/* How many times the usual rounds, and the usual time, tests may take. */
extern unsigned int effort;

/* Ends the test from any of its threads; the text follows "# " in the report. */
void fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* A line of diagnosis in the report, whatever the outcome. */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The text says what was got and what was expected. */
#define check(condition, ...)			\
	do {					\
		if (!(condition))		\
			fail(__VA_ARGS__);	\
	} while (0)

/**
 * tap_run() - run tests and report them
 * @tests: the table, in the order of the report
 * @nr: its length
 * @selected: says whether to run a test
 *
 * A test also fails if the kernel logged a warning while it ran.
 *
 * Return: true if there was a test and all passed.
 */
bool tap_run(const struct test *tests, size_t nr,
	     bool (*selected)(const struct test *test));

#endif
