// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the walker against writers in every order that their accesses to the
 * page table can take, and checks each outcome.
 *
 * Actors are coroutines that pause before each access. A run is a sequence of
 * choices of who goes next; runs are repeated from the start with the last
 * choice that has an alternative changed, until there is none. Accesses are
 * sequentially consistent here: what the walker relies on is that its exchange
 * is atomic, not an order of its accesses.
 */
#include <lockless_pgwalk/formats/x86_tdp.h>
#include <lockless_pgwalk/young.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MAX_ACTORS	3
#define MAX_STEPS	64
#define STACK_SIZE	(64 * 1024)

#define ACCESSED	X86_TDP_EPT_ACCESSED
#define DIRTY		BIT_ULL(9)
#define LEAF		(X86_TDP_PRESENT | 7)
#define HUGE		(LEAF | X86_TDP_LARGE)
#define PFN(n)		((u64)(n) << 12)

struct actor {
	const char *name;
	void (*run)(struct actor *self);
	ucontext_t context;
	char *stack;
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
};

static alignas(4096) u64 root[512];
static alignas(4096) u64 low[512];
static alignas(4096) u64 spare[512];
static const struct pgwalk_tree tree = {
	.root = root, .top = 1, .pages = 512 * 512,
	.accessed = ACCESSED, .address = X86_TDP_ADDRESS,
};

static const struct scenario *scenario;
static struct actor actors[MAX_ACTORS];
static unsigned int nr_actors;
static struct actor *current;
static ucontext_t scheduler;

static unsigned int choice[MAX_STEPS];
static unsigned int options[MAX_STEPS];
static unsigned int nr_steps;
static const char *order[MAX_STEPS];

static void require(bool met, const char *what)
{
	unsigned int i;

	if (met)
		return;
	printf("not ok - interleave: walker and %s\n# %s; the order was:",
	       scenario->name, what);
	for (i = 0; i < nr_steps; i++)
		printf(" %s", order[i]);
	printf("\n");
	exit(1);
}

static void let_others_run(void)
{
	swapcontext(&current->context, &scheduler);
}

/* The walker, with each of its accesses scheduled and its exchange checked. */

static u64 scheduled_load(const void *entryp)
{
	let_others_run();
	return pgwalk_load64(entryp);
}

static bool scheduled_exchange(const struct pgwalk_tree *t,
			       const struct pgwalk_entry *entry, u64 new)
{
	u64 *entryp = entry->entryp;
	u64 old, now;

	let_others_run();
	old = *entryp;
	pgwalk_exchange64(t, entry, new);
	now = *entryp;
	if (now == old)
		return false;

	require(x86_tdp_decode(t, old, entry->level) == PGWALK_LEAF,
		"the walker changed an entry that is no leaf");
	require(old == (now | ACCESSED),
		"the walker changed more than the accessed bit");
	require(old == entry->seen, "the walker changed what it had not seen");
	for (u64 page = entry->pos; page < entry->next; page++)
		current->cleared |= 1UL << page;
	return true;
}

static const struct pgwalk_format scheduled_format = {
	X86_TDP_FORMAT,
	.load		= scheduled_load,
	.exchange	= scheduled_exchange,
};

static void walk(struct actor *self)
{
	const struct pgwalk_young young = {
		.nbits = 2, .young = &self->young, .clear = true,
	};

	pgwalk_test_clear_young(&scheduled_format, &tree, 0, 2, &young);
}

/* The others */

static u64 load(u64 *entryp)
{
	let_others_run();
	return *entryp;
}

static u64 exchange(u64 *entryp, u64 new)
{
	u64 old;

	let_others_run();
	old = *entryp;
	*entryp = new;
	return old;
}

static bool cmpxchg(u64 *entryp, u64 old, u64 new)
{
	let_others_run();
	if (*entryp != old)
		return false;
	*entryp = new;
	return true;
}

static void freeze(u64 *entryp)
{
	while (!cmpxchg(entryp, load(entryp), X86_TDP_FROZEN))
		;
}

static void thaw(u64 *entryp, u64 new)
{
	require(exchange(entryp, new) == X86_TDP_FROZEN,
		"a frozen entry was changed behind its owner's back");
}

static u64 *entry_of(unsigned int page)
{
	return root[0] & X86_TDP_LARGE ? &root[0] : &low[page];
}

static void zap(struct actor *self)
{
	u64 *entryp = entry_of(0);

	freeze(entryp);
	thaw(entryp, X86_TDP_NONPRESENT);
}

static void replace(struct actor *self)
{
	u64 *entryp = entry_of(0);
	u64 leaf = (entryp == root ? HUGE : LEAF) | PFN(512 * 7);

	freeze(entryp);
	thaw(entryp, leaf);
	require(load(entryp) == leaf, "a new leaf was changed");
}

static void split_leaf(struct actor *self)
{
	freeze(&root[0]);
	thaw(&root[0], (u64)(uintptr_t)spare | LEAF);
	require(!(load(&root[0]) & X86_TDP_LARGE), "a split leaf is back");
}

/* Unlinks the table of pages 0 and 1, then takes each of its entries. */
static void unlink_table(struct actor *self)
{
	freeze(&root[0]);
	exchange(&low[0], X86_TDP_FROZEN);
	exchange(&low[1], X86_TDP_FROZEN);
	thaw(&root[0], X86_TDP_NONPRESENT);
	require(low[0] == X86_TDP_FROZEN && low[1] == X86_TDP_FROZEN,
		"an entry of an unlinked table was changed");
}

/* A processor that writes to page 0. */
static void hardware(struct actor *self)
{
	u64 *entryp = entry_of(0);
	u64 entry;

	do {
		entry = load(entryp);
		if (x86_tdp_decode(&tree, entry, entryp == root) != PGWALK_LEAF)
			return;
	} while (!cmpxchg(entryp, entry, entry | ACCESSED | DIRTY));
	self->touched = !(entry & ACCESSED);
}

/* Write-protects page 0, as the dirty log does, and must not be undone. */
static void protect(struct actor *self)
{
	u64 *entryp = entry_of(0);
	u64 entry;

	do {
		entry = load(entryp);
	} while (!cmpxchg(entryp, entry, entry & ~(2 | DIRTY)));
	require(!(load(entryp) & 2), "write protection was undone");
}

#define WALKER	{ "walker", walk }

#define OTHER		{ "other", walk }
#define HARDWARE	{ "hardware", hardware }
#define ZAP		{ "zap", zap }
#define REPLACE		{ "replace", replace }
#define SPLIT		{ "split", split_leaf }
#define UNLINK		{ "unlink", unlink_table }
#define PROTECT		{ "protect", protect }

static const struct scenario scenarios[] = {
	{ "nobody", 0, 0, { WALKER }, 3, 3 },
	{ "zap", 0, 0, { WALKER, ZAP }, 2, 3 },
	{ "zap, huge", 1, 0, { WALKER, ZAP }, 0, 3 },
	{ "replace", 0, 0, { WALKER, REPLACE }, 2, 3 },
	{ "replace, huge", 1, 0, { WALKER, REPLACE }, 0, 3 },
	{ "split", 1, 0, { WALKER, SPLIT }, 3, 3 },
	{ "unlink", 0, 0, { WALKER, UNLINK }, 0, 3 },
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
	{ "walker, unlink", 0, 0, { WALKER, OTHER, UNLINK }, 0, 3 },
	{ "hardware, zap", 0, 0, { WALKER, HARDWARE, ZAP }, 2, 3 },
	{ "hardware, split", 1, 0, { WALKER, HARDWARE, SPLIT }, 3, 3 },
	{ "hardware, protect, huge", 1, 0, { WALKER, HARDWARE, PROTECT }, 3, 3 },
};

static void enter(void)
{
	current->run(current);
	current->done = true;
	for (;;)
		let_others_run();
}

static void resume(struct actor *actor)
{
	current = actor;
	swapcontext(&scheduler, &actor->context);
}

static void prepare(const struct scenario *s)
{
	u64 accessed = s->old ? 0 : ACCESSED;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(spare); i++)
		spare[i] = LEAF | PFN(512 + i) | ACCESSED;
	low[0] = LEAF | PFN(1) | accessed;
	low[1] = LEAF | PFN(2) | accessed;
	root[0] = s->huge ? HUGE | PFN(512) | accessed :
			    (u64)(uintptr_t)low | LEAF;

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
		getcontext(&actor->context);
		actor->context.uc_stack.ss_sp = actor->stack;
		actor->context.uc_stack.ss_size = STACK_SIZE;
		makecontext(&actor->context, enter, 0);
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
	bool is_old = !(*entryp & ACCESSED) &&
		      x86_tdp_decode(&tree, *entryp, entryp == root) ==
		      PGWALK_LEAF;
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

int main(void)
{
	unsigned long total = 0;
	unsigned int i;

	for (i = 0; i < MAX_ACTORS; i++) {
		actors[i].stack = malloc(STACK_SIZE);
		if (!actors[i].stack)
			return 1;
	}

	for (i = 0; i < ARRAY_SIZE(scenarios); i++) {
		unsigned long nr = 0;

		scenario = &scenarios[i];
		do {
			run(scenario);
			nr++;
		} while (next_choice());
		printf("ok %u - interleave: walker and %s: %lu orders\n", i + 1,
		       scenario->name, nr);
		total += nr;
	}
	printf("# %lu interleavings\n1..%u\n", total, i);
	return 0;
}
