/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of KUnit as our tests use, for those that run in user space. What runs
 * them and reports is kunit.c.
 */
#ifndef USER_KUNIT_TEST_H
#define USER_KUNIT_TEST_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>

#define KUNIT_PARAM_DESC_SIZE	128

struct kunit {
	void *priv;
	const void *param_value;
	/* private: */
	jmp_buf failed;
	char reason[1024];
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
	const void *(*generate_params)(const void *prev, char *desc);
};

struct kunit_suite {
	const char *name;
	int (*suite_init)(struct kunit_suite *suite);
	void (*suite_exit)(struct kunit_suite *suite);
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(test_name)						\
	{ .run_case = (test_name), .name = #test_name }
#define KUNIT_CASE_PARAM(test_name, gen_params)				\
	{ .run_case = (test_name), .name = #test_name,			\
	  .generate_params = (gen_params) }

/* The linker puts the suites of all files side by side. */
#define kunit_test_suite(suite)						\
	static struct kunit_suite *const registered_##suite		\
	__attribute__((__used__, __section__("kunit_suites"))) = &(suite)

/* Ends the case. */
void kunit_fail(struct kunit *test, const char *file, int line,
		const char *fmt, ...)
	__attribute__((__noreturn__, __format__(__printf__, 4, 5)));

/* A line of diagnosis in the report, whatever the outcome. */
#define kunit_info(test, fmt, ...)	printf("# " fmt "\n", ##__VA_ARGS__)

#define KUNIT_FAIL_AND_ABORT(test, fmt, ...)				\
	kunit_fail(test, __FILE__, __LINE__, fmt, ##__VA_ARGS__)

#define KUNIT_COMPARE(test, left, op, right, fmt, ...)			\
	do {								\
		long long left_ = (long long)(left);			\
		long long right_ = (long long)(right);			\
									\
		if (!(left_ op right_))					\
			kunit_fail(test, __FILE__, __LINE__,		\
				   "%s is %lld (%#llx), expected: %s %s (%lld)" fmt, \
				   #left, left_, left_, #op, #right,	\
				   right_, ##__VA_ARGS__);		\
	} while (0)

#define KUNIT_ASSERT_EQ(test, left, right)				\
	KUNIT_COMPARE(test, left, ==, right, "")
#define KUNIT_ASSERT_EQ_MSG(test, left, right, fmt, ...)		\
	KUNIT_COMPARE(test, left, ==, right, ": " fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_LE(test, left, right)				\
	KUNIT_COMPARE(test, left, <=, right, "")
#define KUNIT_ASSERT_GT(test, left, right)				\
	KUNIT_COMPARE(test, left, >, right, "")
#define KUNIT_ASSERT_TRUE(test, condition)				\
	KUNIT_COMPARE(test, !!(condition), ==, true, "")
#define KUNIT_ASSERT_TRUE_MSG(test, condition, fmt, ...)		\
	KUNIT_COMPARE(test, !!(condition), ==, true, ": " fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_FALSE(test, condition)				\
	KUNIT_COMPARE(test, !!(condition), ==, false, "")

#endif
