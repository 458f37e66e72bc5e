// SPDX-License-Identifier: GPL-2.0-only
/*
 * The formats under test, a header each. The bits of a format are written down
 * there once more, as the manuals and the kernel have them: the model must not
 * believe the headers under test.
 */
#include "formats/toy.h"
#include "formats/riscv_gstage.h"
#include "formats/powerpc_radix.h"
#include "formats/arm64_s2.h"
#include "formats/x86_tdp.h"

const struct model_format *model_format(unsigned int nr)
{
	const struct model_format *format = MODEL_FORMATS;

	for (; format && nr; nr--)
		format = format[1].name ? format + 1 : format[1].next;
	return format;
}
