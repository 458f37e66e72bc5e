/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the actors of interleave.c share: page tables, and accesses to them that
 * others can come between.
 */
#ifndef INTERLEAVE_H
#define INTERLEAVE_H

#include <kunit/test.h>
#include <lockless_pgwalk/young.h>
#include <linux/kernel.h>
#include <setjmp.h>

#define MAX_ACTORS	3
#define PFN(n)		((u64)(n) << 12)

/**
 * struct arch - what the writers of an architecture put into entries
 * @name: for the report
 * @fmt: the format under test
 * @big_endian: entries are, in memory
 * @address: mask of the address in an entry
 * @accessed: mask of the accessed bit
 * @dirty: mask of what hardware sets with it if it writes
 * @writable: mask of what write protection takes
 * @leaf: an old leaf of each level, but for the address
 * @table: an entry for a table, but for the address
 * @nothing: what is left where something was mapped
 * @marker: of a writer that is replacing the entry: x86 calls it frozen, arm64
 *	locked; powerpc has none, and empties the entry first
 */
struct arch {
	const char *name;
	const struct pgwalk_format *fmt;
	bool big_endian;
	u64 address;
	u64 accessed;
	u64 dirty;
	u64 writable;
	u64 leaf[2];
	u64 table;
	u64 nothing;
	u64 marker;
};

struct actor {
	const char *name;
	void (*run)(struct actor *self);
	jmp_buf paused;
	bool done;
	unsigned long young;	/* reported by this walker */
	unsigned long cleared;	/* pages whose bit it has taken */
	bool touched;		/* set the bit of page 0, which was clear */
};

/**
 * struct scenario - who runs on what
 * @name: for the report
 * @huge: pages 0 and 1 are part of a huge leaf, else leaves of their own
 * @old: they are old
 * @run: the actors
 * @must: pages that the walkers together must report
 * @may: pages that they may report
 * @arch: the one that has such a writer, or NULL if all have
 */
struct scenario {
	const char *name;
	bool huge;
	bool old;
	struct {
		const char *name;
		void (*run)(struct actor *self);
	} run[MAX_ACTORS];
	unsigned long must;
	unsigned long may;
	const struct arch *arch;
};

/* Behind the last one is one without a name. */
extern const struct arch *const archs[];
extern const struct scenario scenarios[];

/* The table, that of pages 0 to 511, and one in place of a huge leaf. */
extern u64 root[512], low[512], spare[512];
extern struct pgwalk_tree tree;

/* Of this run. */
extern const struct arch *arch;

/* Ends the test if something does not hold that must. */
void require(bool met, const char *what);
void let_others_run(void);
void walk(struct actor *self);

/* Entries as they are in memory. */

static inline u64 get(const u64 *entryp)
{
	return arch->big_endian ? be64_to_cpu(*entryp) : *entryp;
}

static inline void set(u64 *entryp, u64 new)
{
	*entryp = arch->big_endian ? cpu_to_be64(new) : new;
}

static inline enum pgwalk_type type_of(u64 entry, unsigned int level)
{
	return pgwalk_decode(arch->fmt, &tree, entry, level);
}

static inline u64 link_to(const u64 *table)
{
	return (u64)(uintptr_t)table | arch->table;
}

/* The entry that maps @page. */
static inline u64 *entry_of(unsigned int page)
{
	u64 entry = get(&root[0]);
	u64 *table = (u64 *)(uintptr_t)pgwalk_child(arch->fmt, &tree, entry);

	return type_of(entry, 1) == PGWALK_TABLE ? &table[page] : &root[0];
}

#endif
