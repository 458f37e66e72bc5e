/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* For user space, see compiler.h. */
#ifndef _PGWALK_USER_LINUX_ATOMIC_H
#define _PGWALK_USER_LINUX_ATOMIC_H

#include <stdbool.h>

#ifndef try_cmpxchg_relaxed
#define try_cmpxchg_relaxed(p, oldp, value)				\
	__atomic_compare_exchange_n(p, oldp, value, false,		\
				    __ATOMIC_RELAXED, __ATOMIC_RELAXED)
#endif
#ifndef try_cmpxchg64_relaxed
#define try_cmpxchg64_relaxed(p, oldp, value)				\
	__atomic_compare_exchange_n(p, oldp, value, false,		\
				    __ATOMIC_RELAXED, __ATOMIC_RELAXED)
#endif

#endif /* _PGWALK_USER_LINUX_ATOMIC_H */
