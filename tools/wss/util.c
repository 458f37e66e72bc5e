// SPDX-License-Identifier: GPL-2.0-only
/* What every part of wss needs. */
#include "wss.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void die(enum wss_exit status, const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fputs("wss: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

void *xcalloc(size_t nr, size_t size)
{
	void *new = calloc(nr ? nr : 1, size);

	if (!new)
		die(EXIT_FAILED, "not enough memory");
	return new;
}

void *xrealloc(void *old, size_t nr, size_t size)
{
	void *new = reallocarray(old, nr ? nr : 1, size);

	if (!new)
		die(EXIT_FAILED, "not enough memory");
	return new;
}

char *xstrdup(const char *string)
{
	char *new = strdup(string);

	if (!new)
		die(EXIT_FAILED, "not enough memory");
	return new;
}

/* Nothing but digits: strtoull() takes signs and blanks, too. */
bool parse_number(const char *text, u64 min, u64 max, u64 *number)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return !errno && !*end && *number >= min && *number <= max;
}

/* 2, 0.25, .5: neither 1e3 nor nan, from a millisecond to a year. */
bool parse_seconds(const char *text, double *seconds)
{
	size_t digits = 0, dots = 0;
	const char *c;

	for (c = text; *c; c++) {
		if (isdigit((unsigned char)*c))
			digits++;
		else if (*c == '.')
			dots++;
		else
			return false;
	}
	if (!digits || dots > 1)
		return false;
	*seconds = strtod(text, NULL);
	return *seconds >= 0.001 && *seconds <= 366 * 86400.0;
}

static double now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

double now_monotonic(void)
{
	return now(CLOCK_MONOTONIC);
}

double now_cpu(void)
{
	return now(CLOCK_PROCESS_CPUTIME_ID);
}

double now_wall(void)
{
	return now(CLOCK_REALTIME);
}

u64 page_bytes(void)
{
	return sysconf(_SC_PAGESIZE);
}
