/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of kernel files share: checks, and random numbers. */
#ifndef TEST_H
#define TEST_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned int nr_tests;

#define check(cond, fmt, ...)						\
	do {								\
		if (!(cond)) {						\
			printf("not ok %u - " fmt "\n# line %d: %s\n",	\
			       ++nr_tests, ##__VA_ARGS__, __LINE__, #cond); \
			exit(1);					\
		}							\
	} while (0)

static inline void passed(const char *what)
{
	printf("ok %u - %s\n", ++nr_tests, what);
}

static inline uint32_t random_below(uint32_t limit)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (state >> 33) % limit;
}

#endif
