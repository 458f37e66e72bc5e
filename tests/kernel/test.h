/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of kernel files share: checks, and random numbers. */
#ifndef TEST_H
#define TEST_H

#include <kunit/test.h>

/* Of this moment: what stands in for the kernel has no other way to know it. */
static struct kunit *test;

static inline int test_init(struct kunit *t)
{
	test = t;
	return 0;
}

#define check(cond, fmt, ...)						\
	KUNIT_ASSERT_TRUE_MSG(test, cond, fmt, ##__VA_ARGS__)

static inline u32 random_below(u32 limit)
{
	static u64 state = 1;

	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (state >> 33) % limit;
}

#endif
