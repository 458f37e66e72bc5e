// SPDX-License-Identifier: GPL-2.0-only
/*
 * The formats under test, a header each. The bits of a format are written down
 * there once more, as the manuals and the kernel have them: the model must not
 * believe the headers under test.
 */
#include "model_arm64_s2.h"
#include "model_powerpc_radix.h"
#include "model_toy.h"
#include "model_x86_tdp.h"

static const struct model_format *const formats[] = {
	model_x86_tdp,
	model_arm64_s2,
	model_powerpc_radix,
	model_toy,
};

const struct model_format *model_format(unsigned int nr)
{
	const struct model_format *format;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		for (format = formats[i]; format->name; format++) {
			if (!nr--)
				return format;
		}
	}
	return NULL;
}
