// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel cannot survive: a debug build stops a caller who is wrong. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model.h"

/* A range that does not fit its bitmaps. */
static bool is_stopped(struct kunit *test, u64 start, u64 end, u64 bitmap_start)
{
	struct model *m = test->priv;
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
	KUNIT_ASSERT_EQ(test, waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void debug_fits(struct kunit *test)
{
	KUNIT_ASSERT_FALSE(test, is_stopped(test, 128, 192, 128));
}

static void debug_short(struct kunit *test)
{
	KUNIT_ASSERT_TRUE(test, is_stopped(test, 128, 193, 128));
}

static void debug_late(struct kunit *test)
{
	KUNIT_ASSERT_TRUE(test, is_stopped(test, 128, 192, 129));
}

static void debug_wraps(struct kunit *test)
{
	KUNIT_ASSERT_TRUE(test, is_stopped(test, 5, ~0ULL, -10ULL));
}

/* A format that breaks its contract. */
static enum pgwalk_type always_table(const struct pgwalk_tree *tree, u64 entry,
				     unsigned int level)
{
	return PGWALK_TABLE;
}

static bool is_table_stopped(struct kunit *test, unsigned int level)
{
	const struct pgwalk_format format = { .decode = always_table };
	int status;
	pid_t child = fork();

	if (!child) {
		fclose(stderr);
		_exit(pgwalk_decode(&format, NULL, 0, level));
	}
	KUNIT_ASSERT_EQ(test, waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void debug_table(struct kunit *test)
{
	KUNIT_ASSERT_FALSE(test, is_table_stopped(test, 1));
	KUNIT_ASSERT_TRUE(test, is_table_stopped(test, 0));
}

/* However the walk comes by it: by the line, or alone. */
static bool is_walk_stopped(struct kunit *test, unsigned int pages)
{
	static const struct pgwalk_format format = {
		.bits = 9, .leaf_levels = 1, .accessed = 1, .look = ~0ULL,
		.leaf_mask = 4, .leaf_value = 4,
		.decode = always_table,
	};
	const struct pgwalk_young young = { };
	u64 table[PGWALK_LINE] = { 2, 2, 2, 2, 2, 2, 2, 2 };
	const struct pgwalk_tree tree = { .root = table, .pages = pages };
	int status;
	pid_t child = fork();

	if (!child) {
		fclose(stderr);
		_exit(pgwalk_test_clear_young(&format, &tree, 0, pages, &young));
	}
	KUNIT_ASSERT_EQ(test, waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void debug_table_met(struct kunit *test)
{
	KUNIT_ASSERT_TRUE(test, is_walk_stopped(test, 1));
	KUNIT_ASSERT_TRUE(test, is_walk_stopped(test, PGWALK_LINE));
}

static struct kunit_case debug_cases[] = {
	KUNIT_CASE_PARAM(debug_fits, model_each_format),
	KUNIT_CASE_PARAM(debug_short, model_each_format),
	KUNIT_CASE_PARAM(debug_late, model_each_format),
	KUNIT_CASE_PARAM(debug_wraps, model_each_format),
	KUNIT_CASE_PARAM(debug_table, model_each_format),
	KUNIT_CASE_PARAM(debug_table_met, model_each_format),
	{ }
};

static struct kunit_suite debug_suite = {
	.name = "pgwalk_debug",
	MODEL_SUITE,
	.test_cases = debug_cases,
};

kunit_test_suite(debug_suite);
