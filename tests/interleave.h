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

/**
 * struct actor - one of those whose accesses are put in order
 * @waits: for these walkers, by bit, to end their walks
 */
struct actor {
	const char *name;
	void (*run)(struct actor *self);
	jmp_buf paused;
	bool done;
	bool walks;
	unsigned int waits;
	unsigned long young;	/* reported by this walker */
	unsigned long cleared;	/* pages whose bit it has taken */
	bool touched;		/* set the bit of page 0, which was clear */
};

/* What maps pages 0 and 1 before. */
enum mapping {
	SMALL,		/* a leaf each, in a table */
	HUGE,		/* both are part of a huge leaf */
	HOLE,		/* nothing, where there could be a table */
};

enum age {
	YOUNG,
	CLEAN,		/* young, but not dirty */
	OLD,
};

/* What happens to walkers, in some order. */
#define WON		BIT(0)	/* took an accessed bit */
#define LOST		BIT(1)	/* did not: the entry was another one by then */
#define OWNED		BIT(2)	/* saw the marker of a writer */
#define UNLINKED	BIT(3)	/* was in a table that had no parent any more */
#define REUSED		BIT(4)	/* began when that had been freed */
#define LOST_DIRTY	BIT(5)	/* LOST, where hardware sets a dirty bit, too */

/**
 * struct scenario - who runs on what
 * @name: for the report
 * @mapping: what is there
 * @age: whether the leaves are young, and dirty where an architecture has them so
 * @run: the actors
 * @must: pages that the walkers together report in each order
 * @may: pages that they report in some order
 * @orders: there are as many orders, or more
 * @happens: just this happens to walkers that clear
 * @arch: the one that has such a writer, or NULL if all have
 */
struct scenario {
	const char *name;
	enum mapping mapping;
	enum age age;
	struct {
		const char *name;
		void (*run)(struct actor *self);
	} run[MAX_ACTORS];
	unsigned long must;
	unsigned long may;
	unsigned long orders;
	unsigned int happens;
	const struct arch *arch;
};

/* Stands for all that have a marker. */
extern const struct arch marked;

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
void walk_twice(struct actor *self);
void walk_and_clear(struct actor *self);
/* Free the table of pages 0 and 1, which must be unlinked, for others to use. */
void free_table(struct actor *self);

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
