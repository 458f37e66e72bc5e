/* SPDX-License-Identifier: GPL-2.0-only */
/* The scenarios. Each table ends with an entry that has no name. */
#ifndef TESTS_H
#define TESTS_H

#include "tap.h"

extern const struct test touch_tests[];
extern const struct test huge_tests[];
extern const struct test giant_tests[];
extern const struct test spaces_tests[];
extern const struct test second_space_tests[];
extern const struct test fast_tests[];
extern const struct test input_tests[];
extern const struct test lru_tests[];
extern const struct test race_tests[];
extern const struct test other_tests[];
extern const struct test other_tables_tests[];
extern const struct test nested_tests[];
extern const struct test nested_asked_tests[];
extern const struct test nested_unasked_tests[];
extern const struct test nested_race_tests[];
extern const struct test machines_tests[];
extern const struct test smp_tests[];
extern const struct test reclaim_tests[];
extern const struct test procfs_tests[];
extern const struct test procfs_giant_tests[];
extern const struct test procfs_swap_tests[];
extern const struct test batch_tests[];
extern const struct test batch_giant_tests[];
extern const struct test batch_swap_tests[];

#endif
