/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* For user space, see compiler.h. */
#ifndef _PGWALK_USER_LINUX_TYPES_H
#define _PGWALK_USER_LINUX_TYPES_H

#include <stdbool.h>
#include <stddef.h>

/* The system's own, which have __be64: others need all of them. */
#include_next <linux/types.h>

#ifndef u32
typedef __UINT32_TYPE__ u32;
#endif
#ifndef u64
typedef __UINT64_TYPE__ u64;
#endif

#endif /* _PGWALK_USER_LINUX_TYPES_H */
