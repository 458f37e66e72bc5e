/* SPDX-License-Identifier: GPL-2.0-only */
/* What vmm.c leaves in the file FAKE_PAGES, for fake.c. */
#ifndef FAKE_H
#define FAKE_H

#include <stdint.h>

/* Categories of PAGEMAP_SCAN. */
#define PRESENT		(1ULL << 3)
#define SWAPPED		(1ULL << 4)
#define PFNZERO		(1ULL << 5)
#define HUGE		(1ULL << 6)
#define REFERENCED	(1ULL << 10)

/* Stands for a virtual machine: what its link says is made of this. */
#define VM_NAME		"anon_inode:kvm-vm"

struct page {
	uint32_t is;		/* categories */
	uint32_t young[2];	/* for accessed bits and for idle flags */
};

struct pages {
	uint64_t start;		/* the address of the first one */
	uint64_t size;		/* of each */
	uint64_t nr;
	struct page page[];
};

#endif
