// SPDX-License-Identifier: GPL-2.0-only
/* libFuzzer chooses the format, the tree and the walks; the oracle judges. */
#include <stdalign.h>
#include <stdlib.h>

#include "model_cases.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static alignas(MODEL_ALIGN) struct model m;
	unsigned int i;

	m.input = data;
	m.input_size = size;
	m.failure = NULL;
	model_reset(&m, &model_formats[model_random(&m,
						    ARRAY_SIZE(model_formats))]);
	model_scatter(&m);
	for (i = 0; i < 8; i++)
		model_check_random(&m);
	if (m.failure) {
		fprintf(stderr, "%s: line %d: %s\n", m.format->name, m.line,
			m.failure);
		abort();
	}
	return 0;
}
