// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the walker against the writers of each architecture in every order that
 * their accesses to the page table can take, and checks each outcome.
 *
 * Actors are coroutines that pause before each access. A run is a sequence of
 * choices of who goes next; runs are repeated from the start with the last
 * choice that has an alternative changed, until there is none. Accesses are
 * sequentially consistent here: what the walker relies on is that its exchange
 * is atomic, not an order of its accesses.
 */
#include <lockless_pgwalk/formats/arm64_s2.h>
#include <lockless_pgwalk/formats/powerpc_radix.h>
#include <lockless_pgwalk/formats/x86_tdp.h>
#include <lockless_pgwalk/young.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MAX_ACTORS	3
#define MAX_STEPS	64
#define STACK_SIZE	(64 * 1024)

#define PFN(n)		((u64)(n) << 12)

#define X86_LEAF	(X86_TDP_PRESENT | 7)
#define X86_ADDRESS	GENMASK_ULL(51, 12)
#define X86_FROZEN	(X86_TDP_NONPRESENT | 0x5a0)
#define ARM64_BLOCK	(ARM64_S2_VALID | BIT_ULL(7) | BIT_ULL(6))
#define POWERPC_DIRTY	BIT_ULL(7)
#define POWERPC_PAGE	(POWERPC_RADIX_VALID | POWERPC_RADIX_LEAF | \
			 POWERPC_DIRTY | 7)

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

static const struct arch x86 = {
	.name = "x86", .fmt = &x86_tdp_format, .address = X86_ADDRESS,
	.accessed = X86_TDP_EPT_ACCESSED, .dirty = BIT_ULL(9),
	.writable = BIT_ULL(1) | BIT_ULL(9),
	.leaf = { X86_LEAF, X86_LEAF | X86_TDP_LARGE }, .table = X86_LEAF,
	.nothing = X86_TDP_NONPRESENT, .marker = X86_FROZEN,
};

/* KVM does not let hardware keep dirty state, which would be bit 7, too. */
static const struct arch arm64 = {
	.name = "arm64", .fmt = &arm64_s2_4k_format,
	.address = GENMASK_ULL(47, 12),
	.accessed = ARM64_S2_ACCESSED, .writable = BIT_ULL(7),
	.leaf = { ARM64_BLOCK | ARM64_S2_TABLE, ARM64_BLOCK },
	.table = ARM64_S2_VALID | ARM64_S2_TABLE,
	/* An owner, the hypervisor. */
	.nothing = BIT_ULL(2), .marker = BIT_ULL(10),
};

/* The dirty log takes the dirty bit, C, and no permission. */
static const struct arch powerpc = {
	.name = "powerpc", .fmt = &powerpc_radix_4k_format, .big_endian = true,
	.accessed = POWERPC_RADIX_ACCESSED, .dirty = POWERPC_DIRTY,
	.writable = POWERPC_DIRTY, .leaf = { POWERPC_PAGE, POWERPC_PAGE },
	.table = POWERPC_RADIX_VALID | 9,
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

static alignas(4096) u64 root[512];
static alignas(4096) u64 low[512];
static alignas(4096) u64 spare[512];
static struct pgwalk_tree tree = {
	.root = root, .top = 1, .pages = 512 * 512,
};

static const struct arch *arch;
static const struct scenario *scenario;
static struct actor actors[MAX_ACTORS];
static unsigned int nr_actors;
static struct actor *current;
static jmp_buf scheduler;

static unsigned int choice[MAX_STEPS];
static unsigned int options[MAX_STEPS];
static unsigned int nr_steps;
static const char *order[MAX_STEPS];

static void require(bool met, const char *what)
{
	unsigned int i;

	if (met)
		return;
	printf("not ok - interleave, %s: walker and %s\n# %s; the order was:",
	       arch->name, scenario->name, what);
	for (i = 0; i < nr_steps; i++)
		printf(" %s", order[i]);
	printf("\n");
	exit(1);
}

static void let_others_run(void)
{
	if (!_setjmp(current->paused))
		_longjmp(scheduler, 1);
}

/* Entries as they are in memory. */

static u64 get(const u64 *entryp)
{
	return arch->big_endian ? be64_to_cpu(*entryp) : *entryp;
}

static void set(u64 *entryp, u64 new)
{
	*entryp = arch->big_endian ? cpu_to_be64(new) : new;
}

static enum pgwalk_type type_of(u64 entry, unsigned int level)
{
	return pgwalk_decode(arch->fmt, &tree, entry, level);
}

/* The walker, with each of its accesses scheduled and its exchange checked. */

static u64 scheduled_load(const void *entryp)
{
	let_others_run();
	return pgwalk_load_raw(arch->fmt, entryp);
}

static bool scheduled_exchange(const struct pgwalk_tree *t,
			       const struct pgwalk_entry *entry, u64 new)
{
	u64 *entryp = entry->entryp;
	u64 old, now;

	let_others_run();
	old = get(entryp);
	pgwalk_exchange(arch->fmt, entry, new);
	now = get(entryp);
	if (now == old)
		return false;

	/* A marker, say: to AND the accessed bit away would unlock arm64's. */
	require(type_of(old, entry->level) == PGWALK_LEAF,
		"the walker changed an entry that is no leaf");
	require(old == (now | arch->accessed),
		"the walker changed more than the accessed bit");
	require(old == entry->seen, "the walker changed what it had not seen");
	for (u64 page = entry->pos; page < entry->next; page++)
		current->cleared |= 1UL << page;
	return true;
}

/* Derived from that of @arch. */
static struct pgwalk_format scheduled_format;

static void walk(struct actor *self)
{
	const struct pgwalk_young young = {
		.nbits = 2, .young = &self->young, .clear = true,
	};

	pgwalk_test_clear_young(&scheduled_format, &tree, 0, 2, &young);
}

/* What writers are made of */

static u64 load(u64 *entryp)
{
	let_others_run();
	return get(entryp);
}

static u64 exchange(u64 *entryp, u64 new)
{
	u64 old;

	let_others_run();
	old = get(entryp);
	set(entryp, new);
	return old;
}

static bool cmpxchg(u64 *entryp, u64 old, u64 new)
{
	let_others_run();
	if (get(entryp) != old)
		return false;
	set(entryp, new);
	return true;
}

static void store(u64 *entryp, u64 new)
{
	let_others_run();
	set(entryp, new);
}

/* Whatever else becomes of the entry: a loop of cmpxchg, or of ldarx and stdcx. */
static void update(u64 *entryp, u64 clear, u64 new)
{
	u64 entry;

	do {
		entry = load(entryp);
	} while (!cmpxchg(entryp, entry, (entry & ~clear) | new));
}

/*
 * To replace an entry, own it first, and break the translation before the new
 * one is made.
 */
static void freeze(u64 *entryp)
{
	update(entryp, ~0ULL, arch->marker);
}

static void thaw(u64 *entryp, u64 new)
{
	require(exchange(entryp, new) == arch->marker,
		"a marker was changed behind its owner's back");
}

static u64 link_to(const u64 *table)
{
	return (u64)(uintptr_t)table | arch->table;
}

static u64 *entry_of(unsigned int page)
{
	u64 entry = get(&root[0]);
	u64 *table = (u64 *)(uintptr_t)pgwalk_child(arch->fmt, &tree, entry);

	return type_of(entry, 1) == PGWALK_TABLE ? &table[page] : &root[0];
}

/* Writers that all have */

static void zap(struct actor *self)
{
	u64 *entryp = entry_of(0);

	freeze(entryp);
	thaw(entryp, arch->nothing);
	require(load(entryp) == arch->nothing, "what was zapped is back");
}

static void replace(struct actor *self)
{
	u64 *entryp = entry_of(0);
	u64 leaf = arch->leaf[entryp == root] | PFN(512 * 7);

	freeze(entryp);
	thaw(entryp, leaf);
	require(load(entryp) == leaf, "a new leaf was changed");
}

static void split_leaf(struct actor *self)
{
	freeze(&root[0]);
	thaw(&root[0], link_to(spare));
	require(load(&root[0]) == link_to(spare), "a split leaf is back");
}

/* A processor that writes to page 0, or one whose accessed bit KVM sets. */
static void hardware(struct actor *self)
{
	u64 *entryp = entry_of(0);
	u64 entry;

	do {
		entry = load(entryp);
		if (type_of(entry, entryp == root) != PGWALK_LEAF)
			return;
	} while (!cmpxchg(entryp, entry, entry | arch->accessed | arch->dirty));
	self->touched = !(entry & arch->accessed);
}

/* Write-protects page 0, as the dirty log does, and must not be undone. */
static void protect(struct actor *self)
{
	u64 *entryp = entry_of(0);

	update(entryp, arch->writable, 0);
	require(!(load(entryp) & arch->writable & ~arch->dirty),
		"write protection was undone");
}

/* x86: unlinks the table of pages 0 and 1, then takes each of its entries. */
static void unlink_table(struct actor *self)
{
	freeze(&root[0]);
	exchange(&low[0], arch->marker);
	exchange(&low[1], arch->marker);
	thaw(&root[0], arch->nothing);
	require(get(&low[0]) == arch->marker && get(&low[1]) == arch->marker,
		"an entry of an unlinked table was changed");
}

/*
 * arm64, with mmu_lock held for write: plain stores. Nobody but processors and
 * walkers changes an entry then.
 */

static void unmap(struct actor *self)
{
	u64 *entryp = entry_of(0);

	store(entryp, 0);
	require(!load(entryp), "an unmapped page is back");
}

/* First what is in the table, then the table, which is empty by then. */
static void unmap_table(struct actor *self)
{
	store(&low[0], 0);
	store(&low[1], 0);
	store(&root[0], 0);
	require(!load(&root[0]) && !get(&low[0]) && !get(&low[1]),
		"an unmapped page or its table is back");
}

/*
 * May put back an accessed bit that a walker took; and lose one that a processor
 * sets, as KVM says of itself, so there is no such scenario.
 */
static void store_protected(struct actor *self)
{
	u64 *entryp = entry_of(0);

	store(entryp, load(entryp) & ~arch->writable);
	require(!(load(entryp) & arch->writable),
		"write protection was undone");
}

static void split_stored(struct actor *self)
{
	store(&root[0], arch->marker);
	thaw(&root[0], link_to(spare));
	require(load(&root[0]) == link_to(spare), "a split leaf is back");
}

/* A fault, with mmu_lock held for read: a block replaces the table. */
static void collapse(struct actor *self)
{
	u64 block = arch->leaf[1] | PFN(512 * 7);

	freeze(&root[0]);
	thaw(&root[0], block | arch->accessed);
	require((load(&root[0]) & ~arch->accessed) == block,
		"a new block was changed");
}

/*
 * powerpc, with mmu_lock held: a huge leaf replaces the table. That is unlinked
 * before what is in it is unmapped.
 */
static void replace_table(struct actor *self)
{
	u64 leaf = arch->leaf[1] | PFN(512 * 7);

	store(&root[0], 0);
	exchange(&low[0], 0);
	exchange(&low[1], 0);
	store(&root[0], leaf | arch->accessed);
	require((load(&root[0]) & ~arch->accessed) == leaf,
		"a new leaf was changed");
	require(!get(&low[0]) && !get(&low[1]),
		"an entry of an unlinked table was changed");
}

#define WALKER		{ "walker", walk }
#define OTHER		{ "other", walk }
#define HARDWARE	{ "hardware", hardware }
#define ZAP		{ "zap", zap }
#define REPLACE		{ "replace", replace }
#define SPLIT		{ "split", split_leaf }
#define PROTECT		{ "protect", protect }
#define UNLINK		{ "unlink", unlink_table }
#define UNMAP		{ "unmap", unmap }
#define UNMAP_TABLE	{ "unmap", unmap_table }
#define STORE_PROTECTED	{ "protect", store_protected }
#define SPLIT_STORED	{ "split", split_stored }
#define COLLAPSE	{ "collapse", collapse }
#define REPLACE_TABLE	{ "replace", replace_table }

static const struct scenario scenarios[] = {
	{ "nobody", 0, 0, { WALKER }, 3, 3 },
	{ "zap", 0, 0, { WALKER, ZAP }, 2, 3 },
	{ "zap, huge", 1, 0, { WALKER, ZAP }, 0, 3 },
	{ "replace", 0, 0, { WALKER, REPLACE }, 2, 3 },
	{ "replace, huge", 1, 0, { WALKER, REPLACE }, 0, 3 },
	{ "split", 1, 0, { WALKER, SPLIT }, 3, 3, &x86 },
	{ "split", 1, 0, { WALKER, SPLIT }, 3, 3, &arm64 },
	{ "hardware", 0, 0, { WALKER, HARDWARE }, 3, 3 },
	{ "hardware, huge", 1, 0, { WALKER, HARDWARE }, 3, 3 },
	{ "hardware, old", 0, 1, { WALKER, HARDWARE }, 0, 1 },
	{ "hardware, huge, old", 1, 1, { WALKER, HARDWARE }, 0, 3 },
	{ "protect", 0, 0, { WALKER, PROTECT }, 3, 3 },
	{ "walker", 0, 0, { WALKER, OTHER }, 3, 3 },
	{ "walker, huge", 1, 0, { WALKER, OTHER }, 3, 3 },
	{ "walker, hardware", 0, 0, { WALKER, OTHER, HARDWARE }, 3, 3 },
	{ "walker, hardware, huge", 1, 0, { WALKER, OTHER, HARDWARE }, 3, 3 },
	{ "walker, hardware, old", 0, 1, { WALKER, OTHER, HARDWARE }, 0, 1 },
	{ "walker, zap", 0, 0, { WALKER, OTHER, ZAP }, 2, 3 },
	{ "hardware, zap", 0, 0, { WALKER, HARDWARE, ZAP }, 2, 3 },
	{ "hardware, split", 1, 0, { WALKER, HARDWARE, SPLIT }, 3, 3, &x86 },
	{ "hardware, split", 1, 0, { WALKER, HARDWARE, SPLIT }, 3, 3, &arm64 },
	{ "hardware, protect, huge", 1, 0, { WALKER, HARDWARE, PROTECT },
	  3, 3 },
	{ "unlink", 0, 0, { WALKER, UNLINK }, 0, 3, &x86 },
	{ "walker, unlink", 0, 0, { WALKER, OTHER, UNLINK }, 0, 3, &x86 },
	{ "unmap", 0, 0, { WALKER, UNMAP }, 2, 3, &arm64 },
	{ "unmap, huge", 1, 0, { WALKER, UNMAP }, 0, 3, &arm64 },
	{ "unmap, table", 0, 0, { WALKER, UNMAP_TABLE }, 0, 3, &arm64 },
	{ "unmap, old", 0, 1, { WALKER, UNMAP_TABLE }, 0, 0, &arm64 },
	{ "protect, stored", 0, 0, { WALKER, STORE_PROTECTED }, 3, 3, &arm64 },
	{ "protect, stored, huge", 1, 0, { WALKER, STORE_PROTECTED },
	  3, 3, &arm64 },
	{ "split, stored", 1, 0, { WALKER, SPLIT_STORED }, 3, 3, &arm64 },
	{ "collapse", 0, 0, { WALKER, COLLAPSE }, 3, 3, &arm64 },
	{ "hardware, unmap", 0, 0, { WALKER, HARDWARE, UNMAP }, 2, 3, &arm64 },
	{ "hardware, split, stored", 1, 0, { WALKER, HARDWARE, SPLIT_STORED },
	  3, 3, &arm64 },
	{ "hardware, collapse", 0, 0, { WALKER, HARDWARE, COLLAPSE },
	  3, 3, &arm64 },
	{ "walker, unmap", 0, 0, { WALKER, OTHER, UNMAP_TABLE }, 0, 3, &arm64 },
	{ "walker, protect, stored", 0, 0, { WALKER, OTHER, STORE_PROTECTED },
	  3, 3, &arm64 },
	{ "walker, collapse", 0, 0, { WALKER, OTHER, COLLAPSE }, 3, 3, &arm64 },
	/* While its entry is empty, a page is old. */
	{ "split", 1, 0, { WALKER, SPLIT }, 0, 3, &powerpc },
	{ "hardware, split", 1, 0, { WALKER, HARDWARE, SPLIT }, 0, 3, &powerpc },
	{ "replace, table", 0, 0, { WALKER, REPLACE_TABLE }, 0, 3, &powerpc },
	{ "hardware, replace, table", 0, 0, { WALKER, HARDWARE, REPLACE_TABLE },
	  0, 3, &powerpc },
	{ "walker, replace, table", 0, 0, { WALKER, OTHER, REPLACE_TABLE },
	  0, 3, &powerpc },
};

/* An actor runs to its end in each run, and waits for the next one. */
static void enter(void)
{
	for (;;) {
		let_others_run();
		current->run(current);
		current->done = true;
	}
}

/* Between contexts by jumps: swapcontext() would call the kernel each time. */
static void resume(struct actor *actor)
{
	current = actor;
	if (!_setjmp(scheduler))
		_longjmp(actor->paused, 1);
}

static void start(struct actor *actor)
{
	ucontext_t context;

	getcontext(&context);
	context.uc_stack.ss_sp = malloc(STACK_SIZE);
	context.uc_stack.ss_size = STACK_SIZE;
	if (!context.uc_stack.ss_sp)
		exit(1);
	makecontext(&context, enter, 0);
	current = actor;
	if (!_setjmp(scheduler))
		setcontext(&context);
}

static void prepare(const struct scenario *s)
{
	u64 accessed = s->old ? 0 : arch->accessed;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(spare); i++)
		set(&spare[i], arch->leaf[0] | PFN(512 + i) | arch->accessed);
	set(&low[0], arch->leaf[0] | PFN(1) | accessed);
	set(&low[1], arch->leaf[0] | PFN(2) | accessed);
	set(&root[0], s->huge ? arch->leaf[1] | PFN(512) | accessed :
				link_to(low));

	nr_steps = 0;
	for (nr_actors = 0; nr_actors < MAX_ACTORS; nr_actors++) {
		struct actor *actor = &actors[nr_actors];

		if (!s->run[nr_actors].run)
			break;
		actor->name = s->run[nr_actors].name;
		actor->run = s->run[nr_actors].run;
		actor->done = false;
		actor->young = 0;
		actor->cleared = 0;
		actor->touched = false;
		/* Up to its first access: nothing that others could see. */
		resume(actor);
	}
}

/* The @n-th actor that has something left to do; their number if @n is ~0. */
static unsigned int runnable(unsigned int n, struct actor **actor)
{
	unsigned int i, nr = 0;

	for (i = 0; i < nr_actors; i++) {
		if (actors[i].done)
			continue;
		if (nr == n)
			*actor = &actors[i];
		nr++;
	}
	return nr;
}

static void judge(const struct scenario *s)
{
	u64 *entryp = entry_of(0);
	bool is_old = !(get(entryp) & arch->accessed) &&
		      type_of(get(entryp), entryp == root) == PGWALK_LEAF;
	unsigned long young = 0;
	bool touched = false;
	unsigned int i;

	for (i = 0; i < nr_actors; i++) {
		require(!(actors[i].cleared & ~actors[i].young),
			"a page was cleared, and not reported");
		young |= actors[i].young;
		touched |= actors[i].touched;
	}
	require(!touched || !is_old || young & 1, "an access was lost");
	require((young & s->must) == s->must, "a young page was not reported");
	require(!(young & ~s->may), "a page was reported that never was young");
}

static void run(const struct scenario *s)
{
	struct actor *actor = NULL;

	prepare(s);
	while ((options[nr_steps] = runnable(choice[nr_steps], &actor))) {
		order[nr_steps++] = actor->name;
		require(nr_steps < MAX_STEPS, "no end");
		resume(actor);
	}
	judge(s);
}

/* Changes the last choice that has an alternative. */
static bool next_choice(void)
{
	while (nr_steps) {
		nr_steps--;
		if (++choice[nr_steps] < options[nr_steps])
			return true;
		choice[nr_steps] = 0;
	}
	return false;
}

static unsigned long nr_tests;
static unsigned long total;

static void run_scenario(const struct scenario *s)
{
	unsigned long nr = 0;

	scenario = s;
	do {
		run(s);
		nr++;
	} while (next_choice());
	printf("ok %lu - interleave, %s: walker and %s: %lu orders\n",
	       ++nr_tests, arch->name, s->name, nr);
	total += nr;
}

static void run_arch(const struct arch *a)
{
	unsigned int i;

	arch = a;
	tree.accessed = a->accessed;
	tree.address = a->address;
	tree.owned = a->marker;
	scheduled_format = *a->fmt;
	scheduled_format.load = scheduled_load;
	scheduled_format.exchange = scheduled_exchange;
	for (i = 0; i < ARRAY_SIZE(scenarios); i++) {
		if (!scenarios[i].arch || scenarios[i].arch == a)
			run_scenario(&scenarios[i]);
	}
}

int main(void)
{
	unsigned int i;

	for (i = 0; i < MAX_ACTORS; i++)
		start(&actors[i]);

	run_arch(&x86);
	run_arch(&arm64);
	run_arch(&powerpc);
	printf("# %lu interleavings\n1..%lu\n", total, nr_tests);
	return 0;
}
