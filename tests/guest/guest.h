/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guests' programs need of vm.h, as numbers for the assembler: offsets
 * in the control area, in the order page, and in an entry of the list.
 */
#ifndef GUEST_H
#define GUEST_H

#include "vm.h"

#define STRING2(x)	#x
#define STRING(x)	STRING2(x)

#define ORDER		0x10000
#define ORDER_COUNT	0x00
#define ORDER_START	0x08
#define ORDER_END	0x10
#define ORDER_STRIDE	0x18
#define ORDER_SALT	0x20
#define ORDER_ZERO_OK	0x28
#define ORDER_DIFFERS	0x30
#define ORDER_BAD_GPA	0x38
#define ORDER_BAD_VALUE	0x40

#define LIST		0x20000
#define TOUCH_KIND	8
#define TOUCH_SIZE	16

#define CHECK_ORDER(field, offset)						\
	_Static_assert(offsetof(struct vm_order, field) == (offset), #field)

_Static_assert(VM_ORDER_OFFSET == ORDER, "order page");
_Static_assert(VM_LIST_OFFSET == LIST, "list");
_Static_assert(sizeof(struct vm_touch) == TOUCH_SIZE, "list entry");
_Static_assert(offsetof(struct vm_touch, kind) == TOUCH_KIND, "list entry");
CHECK_ORDER(count, ORDER_COUNT);
CHECK_ORDER(start, ORDER_START);
CHECK_ORDER(end, ORDER_END);
CHECK_ORDER(stride, ORDER_STRIDE);
CHECK_ORDER(salt, ORDER_SALT);
CHECK_ORDER(zero_ok, ORDER_ZERO_OK);
CHECK_ORDER(differs, ORDER_DIFFERS);
CHECK_ORDER(bad_gpa, ORDER_BAD_GPA);
CHECK_ORDER(bad_value, ORDER_BAD_VALUE);

#endif
