/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * /dev/young: age memory of the calling process from user space, for tests.
 */
#ifndef _LOCKLESS_PGWALK_YOUNG_DEV_H
#define _LOCKLESS_PGWALK_YOUNG_DEV_H

#include <linux/ioctl.h>
#include <linux/types.h>

enum young_dev_op {
	YOUNG_DEV_TEST_CLEAR_YOUNG,
	/* The older calls, which know no bitmaps. */
	YOUNG_DEV_CLEAR_YOUNG,
	YOUNG_DEV_TEST_YOUNG,
	YOUNG_DEV_CLEAR_FLUSH_YOUNG,
};

/* young_dev_range.flags */
#define YOUNG_DEV_CLEAR		1

/* young_dev_range.result */
#define YOUNG_DEV_YOUNG		0x100
#define YOUNG_DEV_SLOW		0x200

/**
 * struct young_dev_range - a call of the MMU notifier
 * @start: first address of the range
 * @end: first address beyond it
 * @young: user address of the bitmap of young pages, in and out, or 0
 * @predicate: user address of the bitmap of wanted pages, or 0
 * @nbits: size of each bitmap, a multiple of 64 and at most 1 << 20
 * @op: one of enum young_dev_op
 * @flags: YOUNG_DEV_CLEAR or 0
 * @result: out: YOUNG_DEV_YOUNG, YOUNG_DEV_SLOW
 */
struct young_dev_range {
	__u64 start;
	__u64 end;
	__u64 young;
	__u64 predicate;
	__u32 nbits;
	__u32 op;
	__u32 flags;
	__u32 result;
};

#define YOUNG_DEV_AGE	_IOWR('Y', 0, struct young_dev_range)

#endif /* _LOCKLESS_PGWALK_YOUNG_DEV_H */
