/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the walker needs from where it runs: fixed-width types, single-copy
 * atomic loads, compare-and-exchange, bitmaps, and the way from the physical
 * address in an entry to the table there.
 *
 * In the kernel these are the kernel's own.  In user space they are C11 with
 * the GNU atomics of gcc and clang, so that sanitizers see every access.
 */
#ifndef _LOCKLESS_PGWALK_PLATFORM_H
#define _LOCKLESS_PGWALK_PLATFORM_H

#ifdef __KERNEL__

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/types.h>

#include <asm/byteorder.h>
#include <asm/page.h>

#define pgwalk_to_virt(pa)	((__force void __rcu *)__va(pa))

/* Names of our own: user space has __be64 only with <linux/types.h>. */
typedef __be64 pgwalk_be64;
typedef __be32 pgwalk_be32;

#ifdef CONFIG_LOCKLESS_PGWALK_DEBUG
#define PGWALK_WARN_ON(cond)	WARN_ON_ONCE(cond)
#else
#define PGWALK_WARN_ON(cond)	({ BUILD_BUG_ON_INVALID(cond); false; })
#endif

#else /* !__KERNEL__ */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef __UINT32_TYPE__ u32;
typedef __UINT64_TYPE__ u64;
typedef u64 pgwalk_be64;
typedef u32 pgwalk_be32;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define cpu_to_be64(x)		((pgwalk_be64)(x))
#define be64_to_cpu(x)		((u64)(x))
#define cpu_to_be32(x)		((pgwalk_be32)(x))
#define be32_to_cpu(x)		((u32)(x))
#else
#define cpu_to_be64(x)		((pgwalk_be64)__builtin_bswap64(x))
#define be64_to_cpu(x)		((u64)__builtin_bswap64(x))
#define cpu_to_be32(x)		((pgwalk_be32)__builtin_bswap32(x))
#define be32_to_cpu(x)		((u32)__builtin_bswap32(x))
#endif

/* What only sparse looks at. */
#define __rcu
#define __force

/* What a header defines is not used by all who include it. */
#define __maybe_unused		__attribute__((__unused__))

#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define BIT_ULL(n)		(1ULL << (n))
#define GENMASK_ULL(h, l)	((~0ULL >> (63 - (h))) & (~0ULL << (l)))
#define GENMASK(h, l)		((~0UL >> (BITS_PER_LONG - 1 - (h))) & (~0UL << (l)))
#define BITS_PER_LONG		((unsigned int)(sizeof(long) * CHAR_BIT))
#define BITS_TO_LONGS(n)	(((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)

#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define try_cmpxchg_relaxed(p, oldp, new)				\
	__atomic_compare_exchange_n(p, oldp, new, false,		\
				    __ATOMIC_RELAXED, __ATOMIC_RELAXED)
#define try_cmpxchg64_relaxed	try_cmpxchg_relaxed

/* A test's tables are addressed by their own pointers. */
#define pgwalk_to_virt(pa)	((void *)(uintptr_t)(pa))

#ifdef PGWALK_DEBUG
#include <assert.h>
#define PGWALK_WARN_ON(cond)	({ assert(!(cond)); false; })
#else
#define PGWALK_WARN_ON(cond)	pgwalk_no_warn(cond)
static inline bool pgwalk_no_warn(bool cond)
{
	(void)cond;
	return false;
}
#endif

static inline bool test_bit(unsigned long nr, const unsigned long *map)
{
	return map[nr / BITS_PER_LONG] >> nr % BITS_PER_LONG & 1;
}

static inline void __set_bit(unsigned long nr, unsigned long *map)
{
	map[nr / BITS_PER_LONG] |= 1UL << nr % BITS_PER_LONG;
}

static inline unsigned long __ffs(unsigned long word)
{
	return __builtin_ctzl(word);
}

static inline unsigned int __ffs64(u64 word)
{
	return __builtin_ctzll(word);
}

static inline u64 rol64(u64 word, unsigned int shift)
{
	return word << (shift & 63) | word >> (-shift & 63);
}

static inline u64 ror64(u64 word, unsigned int shift)
{
	return word >> (shift & 63) | word << (-shift & 63);
}

static inline void bitmap_set(unsigned long *map, unsigned int start,
			      unsigned int nbits)
{
	for (; nbits; start++, nbits--)
		__set_bit(start, map);
}

static inline unsigned long find_next_bit(const unsigned long *map,
					  unsigned long size,
					  unsigned long start)
{
	while (start < size && !test_bit(start, map))
		start++;
	return start;
}

#endif /* __KERNEL__ */

#endif /* _LOCKLESS_PGWALK_PLATFORM_H */
