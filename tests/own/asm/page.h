/* SPDX-License-Identifier: GPL-2.0-only */
/* A header of own_names.c, found before the one that is installed. */
void *own_va(unsigned long long pa);

#define __va(pa)	own_va(pa)
