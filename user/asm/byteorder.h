/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* For user space, see ../linux/compiler.h. */
#ifndef _PGWALK_USER_ASM_BYTEORDER_H
#define _PGWALK_USER_ASM_BYTEORDER_H

/* The system's own: others need all of it. */
#include_next <asm/byteorder.h>

#include <linux/types.h>

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#ifndef be64_to_cpu
#define be64_to_cpu(x)		((u64)(x))
#endif
#ifndef be32_to_cpu
#define be32_to_cpu(x)		((u32)(x))
#endif
#else
#ifndef be64_to_cpu
#define be64_to_cpu(x)		((u64)__builtin_bswap64(x))
#endif
#ifndef be32_to_cpu
#define be32_to_cpu(x)		((u32)__builtin_bswap32(x))
#endif
#endif

#endif /* _PGWALK_USER_ASM_BYTEORDER_H */
