/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's names that our tests and kernel files use beside those of the
 * library, for tests in user space. Headers of linux/ that include this one are
 * for tests only, and not installed with the library.
 */
#ifndef USER_KERNEL_H
#define USER_KERNEL_H

#include <linux/bitmap.h>
#include <linux/bug.h>
#include <linux/compiler.h>

#include <asm/byteorder.h>
#include <asm/page.h>

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

typedef u64 gfn_t;
typedef u64 kvm_pfn_t;

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define BIT(n)			(1UL << (n))
#define BITS_TO_LONGS(n)	(((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define WRITE_ONCE(x, value)	__atomic_store_n(&(x), value, __ATOMIC_RELAXED)
#define data_race(expression)	(expression)
/* To swap there and back is the same. */
#define cpu_to_be64(x)		((__be64)be64_to_cpu(x))
#define cpu_to_be32(x)		((__be32)be32_to_cpu(x))
#define __pa(va)		((uintptr_t)(va))
#define PAGE_SHIFT		12
#define PAGE_SIZE		(1UL << PAGE_SHIFT)
/* What only sparse looks at. */
#define __acquire(x)		((void)0)
#define __release(x)		((void)0)
#define noinline		__attribute__((noinline))
#define min(a, b)		((a) < (b) ? (a) : (b))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define round_down(x, y)	((x) & ~((y) - 1))
#define ALIGN_DOWN(x, y)	round_down(x, y)
#define container_of(ptr, type, member)					\
	((type *)((char *)(ptr) - offsetof(type, member)))

static inline unsigned long __fls(unsigned long word)
{
	return BITS_PER_LONG - 1 - __builtin_clzl(word);
}

static inline unsigned int hweight_long(unsigned long word)
{
	return __builtin_popcountl(word);
}

#define IS_ENABLED(option)	option

/* Nobody frees what is walked here, but who walks must say so. */
static unsigned int rcu_nesting;

static inline void rcu_read_lock(void)
{
	rcu_nesting++;
}

static inline void rcu_read_unlock(void)
{
	rcu_nesting--;
}

static inline void lockdep_assert_in_rcu_read_lock(void)
{
	assert(rcu_nesting);
}

#endif
