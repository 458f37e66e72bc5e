/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* For user space, see ../linux/compiler.h. */
#ifndef _PGWALK_USER_ASM_PAGE_H
#define _PGWALK_USER_ASM_PAGE_H

#include <stdint.h>

/*
 * The way from the physical address in an entry to the table there. Here tables
 * are addressed by their own pointers; a program that has them elsewhere, in a
 * dump of memory say, brings its own.
 */
#ifndef __va
#define __va(pa)		((void *)(uintptr_t)(pa))
#endif

#endif /* _PGWALK_USER_ASM_PAGE_H */
