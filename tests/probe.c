// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the walker compiles to, for probe.sh to look at. PROBE_FORMAT is the
 * format in the header PROBE_HEADER; with PROBE_POINTER it is no constant, so
 * that the check is seen to find something.
 */
#include <lockless_pgwalk/young.h>
#include PROBE_HEADER

#ifdef PROBE_POINTER
const struct pgwalk_format *probe_format = &PROBE_FORMAT;
#else
static const struct pgwalk_format *const probe_format = &PROBE_FORMAT;
#endif

unsigned int probe_test(const struct pgwalk_tree *tree, u64 start, u64 end)
{
	const struct pgwalk_young young = { };

	return pgwalk_test_clear_young(probe_format, tree, start, end, &young);
}

unsigned int probe_test_clear(const struct pgwalk_tree *tree, u64 start,
			      u64 end, const struct pgwalk_young *young)
{
	return pgwalk_test_clear_young(probe_format, tree, start, end, young);
}
