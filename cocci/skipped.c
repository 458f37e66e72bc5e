// SPDX-License-Identifier: GPL-2.0-only
/* Functions that spatch does not understand, and others. Never compiled. */

static bool skipped_macro(u64 *sptep)
{
	with_unheard_of (rcu, &lock) do_not {
		clear_bit(5, sptep);
	}
}

static void seen(u64 *sptep)
{
	clear_bit(5, sptep);
}

/* Parsed, and yet no script finds anything in it. */
static void __printf(1, 2) skipped_flow(const char *fmt, ...)
{
	if (*fmt)
		goto nowhere;
}

static __always_inline int
seen_guard(struct kvm *kvm,
	   unsigned int nr)
{
	scoped_guard (rcu)
		nr++;
	for_each_unheard_of_thing(nr)
		nr++;
	guard(mutex)(&kvm->lock);
	return nr;
}

SYSCALL_DEFINE2(seen_call, int, a, int, b)
{
	return a + b;
}

SYSCALL_DEFINE1(skipped_call, int, a)
{
	with_unheard_of (rcu, &lock) do_not {
		a++;
	}
}

static const struct table table[] =
{
	{ 1 },
};
