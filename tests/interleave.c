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
#include <stdalign.h>
#include <string.h>
#include <ucontext.h>

#include "interleave.h"

/* Set it to see that a table that is freed too early is found out. */
#ifndef WITHOUT_GRACE_PERIOD
#define WITHOUT_GRACE_PERIOD	0
#endif

#define MAX_STEPS	64
#define STACK_SIZE	(64 * 1024)

/* Of the pages that a walker asks about, only these are for others to change. */
#define SHARED		2
#define SHARED_MASK	((1UL << SHARED) - 1)

/**
 * enum beside - what is beside the pages that others change
 * @NOTHING: the walker does not look there
 * @OLD: with it they are a line of leaves
 * @MIXED: with it they are a line of various entries
 */
enum beside {
	NOTHING,
	OLD_LINE,
	MIXED_LINE,
};

/**
 * enum ask - what the first walker is asked to do
 * @CLEAR: test and clear
 * @TEST: test
 * @SOME: test all, and clear page 1
 */
enum ask {
	CLEAR,
	TEST,
	SOME,
};

/**
 * struct param - what is run
 * @arch: index of the architecture
 * @scenario: on it
 * @beside: with one of these
 * @ask: in one of these ways
 */
struct param {
	unsigned int arch;
	const struct scenario *scenario;
	enum beside beside;
	enum ask ask;
};

alignas(4096) u64 root[512];
alignas(4096) u64 low[512];
alignas(4096) u64 spare[512];
struct pgwalk_tree tree = {
	.root = root, .top = 1, .pages = 512 * 512,
};

const struct arch *arch;
static const struct param *param;
static struct kunit *test;
static struct actor actors[MAX_ACTORS];
static unsigned int nr_actors;
static struct actor *current;
static jmp_buf scheduler;

static unsigned int choice[MAX_STEPS];
static unsigned int options[MAX_STEPS];
static unsigned int nr_steps;
static const char *order[MAX_STEPS];

/* Of all orders of this scenario, and of all scenarios. */
static unsigned long orders, total;
static unsigned int happened;
/* Pages that were reported in each order, and in any. */
static unsigned long always, ever;
static bool freed;

void require(bool met, const char *what)
{
	char text[MAX_STEPS * 12] = "";
	unsigned int i;

	if (met)
		return;
	for (i = 0; i < nr_steps; i++) {
		strncat(text, " ", sizeof(text) - strlen(text) - 1);
		strncat(text, order[i], sizeof(text) - strlen(text) - 1);
	}
	KUNIT_FAIL_AND_ABORT(test, "%s; the order was:%s", what, text);
}

void let_others_run(void)
{
	if (!_setjmp(current->paused))
		_longjmp(scheduler, 1);
}

/* The walker, with each of its accesses scheduled and its exchange checked. */

static bool is_low(const u64 *entryp)
{
	return entryp >= low && entryp < low + SHARED;
}

/* An access to what nobody else writes may as well be at any other time. */
static bool is_shared(const u64 *entryp)
{
	return entryp == root || is_low(entryp) ||
	       (entryp >= spare && entryp < spare + SHARED);
}

static u64 scheduled_load(const void *p)
{
	const u64 *entryp = p;

	if (!is_shared(entryp))
		return pgwalk_load_raw(arch->fmt, entryp);

	let_others_run();
	if (is_low(entryp)) {
		require(!freed, "a table was read that had been freed");
		if (get(root) != link_to(low))
			happened |= UNLINKED;
	}
	if (arch->marker && get(entryp) == arch->marker)
		happened |= OWNED;
	return pgwalk_load_raw(arch->fmt, entryp);
}

static void exchange_entry(const struct pgwalk_tree *t,
			   const struct pgwalk_entry *entry, u64 new)
{
	if (arch->fmt->exchange)
		arch->fmt->exchange(t, entry, new);
	else
		pgwalk_exchange(arch->fmt, entry, new);
}

static bool scheduled_exchange(const struct pgwalk_tree *t,
			       const struct pgwalk_entry *entry, u64 new)
{
	u64 *entryp = entry->entryp;
	u64 old, now;

	require(current != actors || param->ask == CLEAR ||
		(param->ask == SOME && entry->pos <= 1 && entry->next > 1),
		"the walker changed what it was not asked to");
	if (is_shared(entryp))
		let_others_run();
	old = get(entryp);
	exchange_entry(t, entry, new);
	now = get(entryp);
	if (is_shared(entryp))
		happened |= old == entry->seen ? WON : LOST;
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

/* What a walk has reached is not freed before it ends. */
static void walk_as(struct actor *self, enum ask what)
{
	static const unsigned long page1 = BIT(1);
	const struct pgwalk_young young = {
		.nbits = param->beside == NOTHING ? SHARED : PGWALK_LINE,
		.young = &self->young, .clear = what != TEST,
		.predicate = what == SOME ? &page1 : NULL,
	};
	unsigned int i;

	self->walks = true;
	pgwalk_test_clear_young(&scheduled_format, &tree, 0, young.nbits,
				&young);
	self->walks = false;
	for (i = 0; i < nr_actors; i++)
		actors[i].waits &= ~BIT(self - actors);
}

void walk(struct actor *self)
{
	walk_as(self, param->ask);
}

void walk_and_clear(struct actor *self)
{
	walk_as(self, CLEAR);
}

void walk_twice(struct actor *self)
{
	walk(self);
	let_others_run();
	if (freed)
		happened |= REUSED;
	walk(self);
}

/* What is free is for others: they have young leaves of their own there. */
void free_table(struct actor *self)
{
	u64 theirs[SHARED];
	unsigned int i;

	for (i = 0; i < nr_actors && !WITHOUT_GRACE_PERIOD; i++)
		self->waits |= actors[i].walks << i;
	let_others_run();
	freed = true;
	for (i = 0; i < SHARED; i++) {
		theirs[i] = arch->leaf[0] | PFN(512 * 9 + i) | arch->accessed;
		set(&low[i], theirs[i]);
	}
	let_others_run();
	for (i = 0; i < SHARED; i++)
		require(get(&low[i]) == theirs[i],
			"a table was changed that had been freed");
}

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

static void start(unsigned int nr)
{
	static alignas(64) char stacks[MAX_ACTORS][STACK_SIZE];
	ucontext_t context;

	getcontext(&context);
	context.uc_stack.ss_sp = stacks[nr];
	context.uc_stack.ss_size = STACK_SIZE;
	makecontext(&context, enter, 0);
	current = &actors[nr];
	if (!_setjmp(scheduler))
		setcontext(&context);
}

static u64 entry_beside(unsigned int page)
{
	u64 leaf = arch->leaf[0] | PFN(page + 1);

	if (param->beside != MIXED_LINE)
		return leaf;
	switch (page % 3) {
	case 0:
		return arch->nothing;
	case 1:
		return leaf | arch->accessed;
	default:
		return arch->marker ?: leaf;
	}
}

static void prepare(const struct scenario *s)
{
	u64 accessed = s->age == OLD ? 0 : arch->accessed;
	u64 clean = s->age == CLEAN ? ~arch->dirty : ~0ULL;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(spare); i++)
		set(&spare[i], arch->leaf[0] | PFN(512 + i) | arch->accessed);
	for (i = 0; i < SHARED; i++)
		set(&low[i], (arch->leaf[0] & clean) | PFN(1 + i) | accessed);
	for (; i < PGWALK_LINE; i++)
		set(&low[i], entry_beside(i));
	if (s->mapping == SMALL)
		set(&root[0], link_to(low));
	else if (s->mapping == HUGE)
		set(&root[0], (arch->leaf[1] & clean) | PFN(512) | accessed);
	else
		set(&root[0], arch->nothing);

	freed = false;
	nr_steps = 0;
	for (nr_actors = 0; nr_actors < MAX_ACTORS; nr_actors++) {
		struct actor *actor = &actors[nr_actors];

		if (!s->run[nr_actors].run)
			break;
		actor->name = s->run[nr_actors].name;
		actor->run = s->run[nr_actors].run;
		actor->done = false;
		actor->walks = false;
		actor->waits = 0;
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
		if (actors[i].done || actors[i].waits)
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
	young &= SHARED_MASK;
	require(!touched || !is_old || young & 1, "an access was lost");
	require((young & s->must) == s->must, "a young page was not reported");
	require(!(young & ~s->may), "a page was reported that never was young");
	always &= young;
	ever |= young;
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

/* Every order. */
static void interleave_orders(struct kunit *t)
{
	const struct scenario *s = param->scenario;
	unsigned int happens = s->happens;

	if (!arch->marker)
		happens &= ~OWNED;
	if (!arch->dirty)
		happens &= ~LOST_DIRTY;
	else if (happens & LOST_DIRTY)
		happens ^= LOST | LOST_DIRTY;
	do {
		run(s);
		orders++;
	} while (next_choice());
	total += orders;

	KUNIT_ASSERT_EQ(t, always, s->must);
	KUNIT_ASSERT_EQ(t, ever, s->may);
	/* who only looks has fewer steps, but more than one order with others */
	KUNIT_ASSERT_LE(t, param->ask == CLEAR ? s->orders : min(s->orders, 2U), orders);
	if (param->ask == CLEAR)
		KUNIT_ASSERT_EQ(t, happened, happens);
}

/*
 * Three actors take most of the time: the first one clears there; and two walkers
 * with another one do not go by the line, too.
 */
static bool is_wanted(const struct param *p)
{
	const struct scenario *s = p->scenario;

	if (s->arch == &marked ? !archs[p->arch]->marker :
				 s->arch && s->arch != archs[p->arch])
		return false;
	if (!s->run[2].run)
		return true;
	return p->ask == CLEAR &&
	       (p->beside == NOTHING || s->run[1].run != walk_and_clear);
}

static bool next(struct param *p)
{
	if (++p->ask <= SOME)
		return true;
	p->ask = CLEAR;
	if (++p->beside <= MIXED_LINE)
		return true;
	p->beside = NOTHING;
	if ((++p->scenario)->name)
		return true;
	p->scenario = scenarios;
	return archs[++p->arch];
}

static const void *next_param(const void *prev, char *desc)
{
	static const char *const beside[] = { "", ", a line", ", a mixed line" };
	static const char *const ask[] = { "", ", test", ", clear some" };
	static struct param p;

	if (!prev)
		p = (struct param) { .scenario = scenarios };
	while (prev && next(&p) && !is_wanted(&p))
		;
	if (!archs[p.arch])
		return NULL;
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s: walker and %s%s%s",
		 archs[p.arch]->name, p.scenario->name, beside[p.beside],
		 ask[p.ask]);
	return &p;
}

static int interleave_init(struct kunit *t)
{
	unsigned int i;

	test = t;
	param = t->param_value;
	arch = archs[param->arch];
	tree.accessed = arch->accessed;
	tree.address = arch->address;
	tree.owned = arch->marker;
	scheduled_format = *arch->fmt;
	scheduled_format.load = scheduled_load;
	scheduled_format.exchange = scheduled_exchange;
	memset(choice, 0, sizeof(choice));
	orders = 0;
	happened = 0;
	always = ~0UL;
	ever = 0;
	for (i = 0; i < MAX_ACTORS; i++)
		start(i);
	return 0;
}

static void interleave_end(struct kunit_suite *suite)
{
	kunit_info(suite, "%lu interleavings", total);
}

static struct kunit_case interleave_cases[] = {
	KUNIT_CASE_PARAM(interleave_orders, next_param),
	{ }
};

static struct kunit_suite interleave_suite = {
	.name = "interleave",
	.suite_exit = interleave_end,
	.init = interleave_init,
	.test_cases = interleave_cases,
};

kunit_test_suite(interleave_suite);
