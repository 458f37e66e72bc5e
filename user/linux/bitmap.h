/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* For user space, see compiler.h. */
#ifndef _PGWALK_USER_LINUX_BITMAP_H
#define _PGWALK_USER_LINUX_BITMAP_H

#include <linux/bitops.h>
#include <linux/compiler.h>

#ifndef bitmap_set
static __always_inline void bitmap_set(unsigned long *map, unsigned int start,
				       unsigned int nbits)
{
	for (; nbits && start % BITS_PER_LONG; start++, nbits--)
		__set_bit(start, map);
	/* Atomic only so that compilers make no call of memset() of it. */
	for (; nbits >= BITS_PER_LONG; nbits -= BITS_PER_LONG) {
		__atomic_store_n(&map[start / BITS_PER_LONG], ~0UL,
				 __ATOMIC_RELAXED);
		start += BITS_PER_LONG;
	}
	for (; nbits; start++, nbits--)
		__set_bit(start, map);
}
#endif

#ifndef find_next_bit
static __always_inline unsigned long
find_next_bit(const unsigned long *map, unsigned long size, unsigned long start)
{
	for (; start < size; start += BITS_PER_LONG - start % BITS_PER_LONG) {
		unsigned long word = map[start / BITS_PER_LONG] >>
				     start % BITS_PER_LONG;

		if (word) {
			start += __ffs(word);
			break;
		}
	}
	return start < size ? start : size;
}
#endif

#endif /* _PGWALK_USER_LINUX_BITMAP_H */
