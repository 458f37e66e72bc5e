// SPDX-License-Identifier: GPL-2.0-only
/* Samples for accessed_rmw.cocci. Never compiled. */

static bool bit_helper(u64 *sptep)
{
	clear_bit(ffs(shadow_accessed_mask) - 1, (unsigned long *)sptep); /* BUG */
	return true;
}

static bool test_and(u64 *sptep)
{
	return test_and_clear_bit(X86_ACCESSED_SHIFT, (unsigned long *)sptep); /* BUG */
}

static u64 fetch_and(u64 *sptep)
{
	return atomic64_fetch_and(~shadow_accessed_mask, (atomic64_t *)sptep); /* BUG */
}

/* The mask may be any: what counts is that the entry is blindly changed. */
static u64 fetch_and_any(u64 *sptep, u64 mask)
{
	atomic64_t *sptep_atomic = (atomic64_t *)sptep;

	return (u64)atomic64_fetch_and(~mask, sptep_atomic); /* BUG */
}

/*
 * As kernels of 2025 had it: without mmu_lock, the bit goes from what the entry is
 * by now, be it a marker, and not from what was seen.
 */
static u64 clear_bits_atomic(tdp_ptep_t sptep, u64 mask)
{
	atomic64_t *entry = (atomic64_t *)rcu_dereference(sptep);

	return (u64)atomic64_fetch_andnot(mask, entry); /* BUG */
}

static void age_seen(struct tdp_iter *iter)
{
	if (!is_accessed_spte(iter->old_spte))
		return;
	iter->old_spte = tdp_mmu_clear_spte_bits_atomic(iter->sptep, shadow_accessed_mask); /* BUG */
}

static void age_seen_by_variable(struct tdp_iter *iter)
{
	u64 mask = shadow_accessed_mask;

	tdp_mmu_clear_spte_bits_atomic(iter->sptep, mask); /* BUG */
}

static u64 user_space(u64 *p)
{
	return __atomic_fetch_and(p, ~ACCESSED, __ATOMIC_RELAXED); /* BUG */
}

static void powerpc(struct kvm *kvm, pte_t *ptep)
{
	kvmppc_radix_update_pte(kvm, ptep, _PAGE_ACCESSED, 0, 0, 0); /* BUG */
}

static void powerpc_by_variable(struct kvm *kvm, pte_t *ptep)
{
	unsigned long clear = _PAGE_ACCESSED;

	kvmppc_radix_update_pte(kvm, ptep, clear, 0, 0, 0); /* BUG */
}

static void exchange_blindly(u64 *sptep, u64 spte)
{
	xchg(sptep, spte & ~shadow_accessed_mask); /* BUG */
}

static void plain(kvm_pte_t *ptep)
{
	*ptep &= ~KVM_PTE_LEAF_ATTR_LO_S2_AF; /* BUG */
}

static void plain_array(u64 *table, unsigned int i)
{
	table[i] = table[i] & ~ACCESSED; /* BUG */
}

static void once(kvm_pte_t *ptep, kvm_pte_t old)
{
	WRITE_ONCE(*ptep, old & ~KVM_PTE_LEAF_ATTR_LO_S2_AF); /* BUG */
}

static void mkold(pte_t *ptep, pte_t pte)
{
	set_pte(ptep, pte_mkold(pte)); /* BUG */
}

static bool by_variable(const struct kvm_pgtable_visit_ctx *ctx)
{
	kvm_pte_t new = ctx->old & ~KVM_PTE_LEAF_ATTR_LO_S2_AF;

	if (new == ctx->old)
		return false;
	WRITE_ONCE(*ctx->ptep, new); /* BUG */
	return true;
}

static void by_assignment(u64 *sptep, u64 spte)
{
	u64 new;

	new = spte & ~shadow_accessed_mask;
	trace(new);
	xchg(sptep, new); /* BUG */
}

static void until_it_works(u64 *sptep)
{
	u64 old = READ_ONCE(*sptep);

	do {
		cpu_relax();
	} while (!try_cmpxchg64(sptep, &old, old & ~shadow_accessed_mask)); /* BUG */
}

static void until_it_works_too(u64 *sptep, u64 old)
{
	while (!try_cmpxchg64_relaxed(sptep, &old, old & ~shadow_accessed_mask)) /* BUG */
		cpu_relax();
}

/* Near misses. */

static bool exchange(u64 *sptep, u64 seen)
{
	return try_cmpxchg64(sptep, &seen, seen & ~shadow_accessed_mask);
}

static bool exchange_variable(u64 *sptep, u64 seen)
{
	u64 new = seen & ~shadow_accessed_mask;

	if (!try_cmpxchg64(sptep, &seen, new))
		return false;
	trace(seen, new);
	return true;
}

static bool arm64_exchange(const struct kvm_pgtable_visit_ctx *ctx)
{
	kvm_pte_t new = ctx->old & ~KVM_PTE_LEAF_ATTR_LO_S2_AF;

	return cmpxchg(ctx->ptep, ctx->old, new) == ctx->old;
}

/* A value, not an entry. */
static u64 value(u64 spte)
{
	u64 new = spte;

	new &= ~shadow_accessed_mask;
	return new;
}

/* Another bit of an entry, by the same helper. */
static void protect(struct tdp_iter *iter)
{
	tdp_mmu_clear_spte_bits_atomic(iter->sptep, shadow_dirty_mask);
}

/* The variable has another value by then. */
static void reused(u64 *sptep, u64 spte)
{
	u64 new = spte & ~shadow_accessed_mask;

	trace(new);
	new = SHADOW_NONPRESENT_VALUE;
	xchg(sptep, new);
}

/* Another bit, of something else. */
static void other_bits(struct page *page, unsigned long *bitmap)
{
	clear_bit(PG_locked, &page->flags);
	__clear_bit(3, bitmap);
	atomic64_and(~1, &page->count);
}

/* Setting it takes nothing from anybody. */
static void powerpc_set(struct kvm *kvm, pte_t *ptep)
{
	unsigned long set = _PAGE_ACCESSED;

	kvmppc_radix_update_pte(kvm, ptep, 0, set, 0, 0);
}

static void set(u64 *sptep, u64 spte)
{
	set_bit(ffs(shadow_accessed_mask) - 1, (unsigned long *)sptep);
	WRITE_ONCE(*sptep, spte | shadow_accessed_mask);
}
