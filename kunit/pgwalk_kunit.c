// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suites of the lockless page-table walker. The cases are in
 * model_cases.h, as they are run in user space too.
 */
#include <kunit/test.h>
#include <linux/debug_locks.h>
#include <linux/gfp.h>
#include <linux/panic.h>

#include "model_cases.h"

static struct model *model;
static unsigned long taint;
static int locks_are_checked;

static int pgwalk_suite_init(struct kunit_suite *suite)
{
	/* Must be aligned to the largest table, and not in vmalloc space. */
	model = alloc_pages_exact(sizeof(*model), GFP_KERNEL | __GFP_ZERO);
	return model ? 0 : -ENOMEM;
}

static void pgwalk_suite_exit(struct kunit_suite *suite)
{
	free_pages_exact(model, sizeof(*model));
}

static int pgwalk_init(struct kunit *test)
{
	taint = get_taint();
	locks_are_checked = debug_locks;
	return 0;
}

/*
 * A warning or a lockdep report does not fail a test by itself. The first
 * warning is seen here, unless somebody else has had it.
 */
static void pgwalk_exit(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, get_taint(), taint);
	KUNIT_EXPECT_EQ(test, debug_locks, locks_are_checked);
}

static void pgwalk_case(struct kunit *test)
{
	model_run_case(model, test->param_value);
	if (model->failure)
		KUNIT_FAIL(test, "line %d: %s", model->line, model->failure);
}

static const void *pgwalk_next_case(const struct model_suite *suite,
				    const void *prev, char *desc)
{
	static struct model_param param;

	if (!prev)
		param = (struct model_param) { };
	if (!model_next_param(suite, &param))
		return NULL;
	model_describe(&param, desc, KUNIT_PARAM_DESC_SIZE);
	return &param;
}

static const void *format_next(const void *prev, char *desc)
{
	return pgwalk_next_case(&model_suites[0], prev, desc);
}

static const void *walk_next(const void *prev, char *desc)
{
	return pgwalk_next_case(&model_suites[1], prev, desc);
}

static const void *young_next(const void *prev, char *desc)
{
	return pgwalk_next_case(&model_suites[2], prev, desc);
}

static const void *race_next(const void *prev, char *desc)
{
	return pgwalk_next_case(&model_suites[3], prev, desc);
}

static struct kunit_case format_kunit_cases[] = {
	KUNIT_CASE_PARAM(pgwalk_case, format_next),
	{ }
};

static struct kunit_case walk_kunit_cases[] = {
	KUNIT_CASE_PARAM(pgwalk_case, walk_next),
	{ }
};

static struct kunit_case young_kunit_cases[] = {
	KUNIT_CASE_PARAM(pgwalk_case, young_next),
	{ }
};

static struct kunit_case race_kunit_cases[] = {
	KUNIT_CASE_PARAM(pgwalk_case, race_next),
	{ }
};

#define PGWALK_SUITE(suite_name, cases)					\
	{								\
		.name = suite_name,					\
		.suite_init = pgwalk_suite_init,			\
		.suite_exit = pgwalk_suite_exit,			\
		.init = pgwalk_init,					\
		.exit = pgwalk_exit,					\
		.test_cases = cases,					\
	}

static struct kunit_suite pgwalk_suites[] = {
	PGWALK_SUITE("pgwalk_format", format_kunit_cases),
	PGWALK_SUITE("pgwalk_walk", walk_kunit_cases),
	PGWALK_SUITE("pgwalk_young", young_kunit_cases),
	PGWALK_SUITE("pgwalk_race", race_kunit_cases),
};

kunit_test_suites(&pgwalk_suites[0], &pgwalk_suites[1], &pgwalk_suites[2],
		  &pgwalk_suites[3]);

MODULE_DESCRIPTION("KUnit tests of the lockless page-table walker");
MODULE_LICENSE("GPL");
