/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GFP_KERNEL	0
#define __GFP_ZERO	1

/* Aligned to its size, rounded up to a power of two, as the kernel has it. */
static inline void *alloc_pages_exact(size_t size, int gfp)
{
	size_t order = 4096;
	void *p;

	while (order < size)
		order *= 2;
	p = aligned_alloc(order, order);
	if (p && gfp & __GFP_ZERO)
		memset(p, 0, order);
	return p;
}

static inline void free_pages_exact(void *p, size_t size)
{
	free(p);
}
