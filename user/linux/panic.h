/* SPDX-License-Identifier: GPL-2.0-only */
/* What would taint a kernel ends a program. */
#define get_taint()	0UL
