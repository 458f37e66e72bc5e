// SPDX-License-Identifier: GPL-2.0-only
/* Samples for entry_read.cocci. Never compiled. */

static bool plain(u64 *sptep)
{
	u64 spte = *sptep; /* BUG */

	return spte & ACCESSED;
}

static bool powerpc(pte_t *ptep)
{
	return ptep &&
	       pte_present(*ptep) && /* BUG */
	       pte_young(*ptep); /* BUG */
}

static bool in_struct(const struct kvm_pgtable_visit_ctx *ctx)
{
	return stage2_pte_is_locked(*ctx->ptep); /* BUG */
}

static bool by_type(kvm_pte_t *table)
{
	return kvm_pte_valid(*table); /* BUG */
}

static bool powerpc_by_type(pte_t *table, pmd_t *dir, unsigned long i)
{
	return pmd_present(*dir) && /* BUG */
	       pte_young(*(table + i)); /* BUG */
}

static bool by_type_alone(pte_t *pte)
{
	return pte_young(*pte); /* BUG */
}

static u64 marked(tdp_ptep_t root)
{
	return *root; /* BUG */
}

static u64 by_cast(const void *entryp)
{
	return *(const u64 *)entryp; /* BUG */
}

static void modify(u64 *sptep)
{
	*sptep = *sptep & ~1ULL; /* BUG */
}

static bool check_then_use(u64 *sptep)
{
	if (!(READ_ONCE(*sptep) & PRESENT))
		return false;

	return READ_ONCE(*sptep) & ACCESSED; /* BUG */
}

static u64 helper_twice(tdp_ptep_t sptep)
{
	u64 spte = kvm_tdp_mmu_read_spte(sptep);

	if (is_frozen_spte(spte))
		return 0;
	return kvm_tdp_mmu_read_spte(sptep); /* BUG */
}

static bool walker_twice(const void *entryp)
{
	if (!(pgwalk_load(&format, entryp) & PRESENT))
		return false;

	return pgwalk_load(&format, entryp) & ACCESSED; /* BUG */
}

static bool one_condition(kvm_pte_t *ptep)
{
	return kvm_pte_valid(READ_ONCE(*ptep)) && kvm_pte_young(READ_ONCE(*ptep)); /* BUG */
}

/* Near misses. */

static bool once(u64 *sptep)
{
	u64 spte = READ_ONCE(*sptep);

	return spte & PRESENT && spte & ACCESSED;
}

static bool rcu(tdp_ptep_t sptep)
{
	return READ_ONCE(*rcu_dereference(sptep)) & ACCESSED;
}

static u64 once_by_cast(const void *entryp)
{
	return READ_ONCE(*(const u64 *)entryp);
}

/* Another entry each time. */
static unsigned int scan(u64 *sptep, unsigned int n)
{
	unsigned int young = 0;

	for (; n; n--, sptep++)
		young += !!(READ_ONCE(*sptep) & ACCESSED);
	return young;
}

static bool two_entries(u64 *sptep)
{
	u64 first = READ_ONCE(*sptep), second;

	sptep++;
	second = READ_ONCE(*sptep);
	return first == second;
}

/* Meant to be read again. */
static bool wait(u64 *sptep)
{
	u64 spte = READ_ONCE(*sptep);

	if (spte == FROZEN) {
		cpu_relax();
		spte = READ_ONCE(*sptep);
	}
	return spte & ACCESSED;
}

static bool under_lock(struct kvm *kvm, u64 *sptep)
{
	if (!(READ_ONCE(*sptep) & PRESENT))
		return false;

	spin_lock(&kvm->mmu_lock);
	return READ_ONCE(*sptep) & ACCESSED;
}

/* Written, or not accessed at all. */
static unsigned long others(u64 *sptep, u64 spte, unsigned int *countp)
{
	*sptep = spte;
	WRITE_ONCE(*sptep, spte);
	return sizeof(*sptep) + *countp;
}
