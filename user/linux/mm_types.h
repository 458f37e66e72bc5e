/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef USER_LINUX_MM_TYPES_H
#define USER_LINUX_MM_TYPES_H

#include "../kernel.h"

struct mm_struct {
	bool has_notifiers;
};

struct vm_area_struct {
	struct mm_struct *vm_mm;
	unsigned long vm_end;
};

#endif
