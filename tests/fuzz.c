// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer chooses the format, the tree and the walks; the oracle judges.
 *
 * With another format, or another use of random numbers in the model, what is
 * kept in corpus/ means other trees: look for new ones, by LONG=1, and keep them.
 */
#include <stdalign.h>
#include <stdarg.h>
#include <stdlib.h>

#include "model.h"

static struct model *model;

void kunit_fail(struct kunit *test, const char *file, int line,
		const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s: %s:%d: ", model->format->name, file, line);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\n");
	abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static alignas(MODEL_ALIGN) struct model m;
	static unsigned int nr_formats;
	unsigned int i;

	while (model_format(nr_formats))
		nr_formats++;
	model = &m;
	m.input = data;
	m.input_size = size;
	model_reset(&m, model_format(model_random(&m, nr_formats)));
	if (model_random(&m, 2))
		model_scatter(&m);
	else
		model_dense(&m);
	for (i = 0; i < 8; i++)
		model_check_random(&m);
	return 0;
}
