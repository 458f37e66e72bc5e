/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's names that our kernel files use, for tests in user space. The
 * headers beside this one are those that these files include.
 */
#ifndef USER_KERNEL_H
#define USER_KERNEL_H

#include <lockless_pgwalk/platform.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

typedef u64 gfn_t;
typedef u64 kvm_pfn_t;

#define BIT(n)			(1UL << (n))
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
#define WARN_ON_ONCE(cond)	({ if (cond) abort(); false; })
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

static inline void rcu_read_lock(void) { }
static inline void rcu_read_unlock(void) { }

#endif
