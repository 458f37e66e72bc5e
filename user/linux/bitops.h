/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* For user space, see compiler.h. */
#ifndef _PGWALK_USER_LINUX_BITOPS_H
#define _PGWALK_USER_LINUX_BITOPS_H

#include <linux/bits.h>
#include <linux/types.h>

#ifndef test_bit
static inline bool test_bit(unsigned long nr, const unsigned long *map)
{
	return map[nr / BITS_PER_LONG] >> nr % BITS_PER_LONG & 1;
}
#endif

#ifndef __set_bit
static inline void __set_bit(unsigned long nr, unsigned long *map)
{
	map[nr / BITS_PER_LONG] |= 1UL << nr % BITS_PER_LONG;
}
#endif

#ifndef __ffs
static inline unsigned long __ffs(unsigned long word)
{
	return __builtin_ctzl(word);
}
#endif

#ifndef __ffs64
static inline unsigned int __ffs64(u64 word)
{
	return __builtin_ctzll(word);
}
#endif

#endif /* _PGWALK_USER_LINUX_BITOPS_H */
