// SPDX-License-Identifier: GPL-2.0-only
/* Samples for table_free.cocci. Never compiled. */

static void at_once(struct kvm_mmu_page *sp)
{
	free_page((unsigned long)sp->spt); /* BUG */
	kfree(sp);
}

static void by_name(void *table)
{
	free_page((unsigned long)table); /* BUG */
}

static void by_name_alone(unsigned long table)
{
	free_page(table); /* BUG */
}

static void from_cache(pmd_t *pmdp)
{
	kmem_cache_free(kvm_pmd_cache, pmdp); /* BUG */
}

/* Who frees is who calls this. */
static void free_pte_page(pte_t *ptep)
{
	kmem_cache_free(kvm_pte_cache, ptep);
}

static void wrapped(pte_t *pte)
{
	memset(pte, 0, PAGE_SIZE);
	free_pte_page(pte); /* BUG */
}

static int walker(const struct kvm_pgtable_visit_ctx *ctx, enum kvm_pgtable_walk_flags visit)
{
	struct kvm_pgtable_mm_ops *mm_ops = ctx->mm_ops;
	kvm_pte_t *childp = kvm_pte_follow(ctx->old, mm_ops);

	kvm_clear_pte(ctx->ptep);
	mm_ops->put_page(childp); /* BUG */
	return 0;
}

static void destroy(struct kvm_pgtable *pgt)
{
	free_pages_exact(pgt->pgd, PAGE_SIZE); /* BUG */
	pgt->pgd = NULL;
}

static void primary_style(struct kvm *kvm, pud_t *pud)
{
	pud_free(kvm->mm, pud); /* BUG */
}

/* One caller has waited, the other has not. */
static void free_sp(struct kvm_mmu_page *sp)
{
	free_page((unsigned long)sp->spt);
	kmem_cache_free(header_cache, sp);
}

static void free_sp_rcu(struct rcu_head *head)
{
	free_sp(container_of(head, struct kvm_mmu_page, rcu_head));
}

static void unlink_sp(struct kvm_mmu_page *sp)
{
	list_del(&sp->link);
	free_sp(sp); /* BUG */
}

static void too_early(struct kvm_pgtable *pgt)
{
	free_pages_exact(pgt->pgd, PAGE_SIZE); /* BUG */
	synchronize_rcu();
}

/* Near misses. */

static void free_table_rcu(struct rcu_head *head)
{
	struct kvm_mmu_page *sp = container_of(head, struct kvm_mmu_page, rcu_head);

	free_page((unsigned long)sp->spt);
}

static void deferred(struct kvm_mmu_page *sp)
{
	call_rcu(&sp->rcu_head, free_table_rcu);
}

static void waited(struct kvm_pgtable *pgt)
{
	void *pgd = pgt->pgd;

	rcu_assign_pointer(pgt->pgd, NULL);
	synchronize_rcu();
	free_pages_exact(pgd, PAGE_SIZE);
}

static void deferred_if_needed(struct kvm_pgtable *pgt, kvm_pte_t *childp)
{
	struct kvm_pgtable_mm_ops *mm_ops = pgt->mm_ops;

	if (childp && pgt->flags & LOCKLESS)
		mm_ops->free_unlinked_table(childp, 2);
	else if (childp)
		mm_ops->put_page(childp);
}

static int never_linked(struct kvm_pgtable_mm_ops *mm_ops, struct memcache *cache)
{
	kvm_pte_t *childp;

	childp = mm_ops->zalloc_page(cache);
	if (!try_link(childp)) {
		mm_ops->put_page(childp);
		return -EAGAIN;
	}
	return 0;
}

static void wrapped_rcu(pte_t *pte, bool rcu)
{
	if (rcu) {
		kfree_rcu_mightsleep(pte);
		return;
	}

	memset(pte, 0, PAGE_SIZE);
	free_pte_page(pte);
}

static void wrapped_rcu_or_else(pte_t *pte, bool rcu)
{
	if (rcu)
		kfree_rcu_mightsleep(pte);
	else
		free_pte_page(pte);
}

static void wrapped_never_linked(void)
{
	pte_t *new = NULL;

	if (missing())
		new = alloc_pte_page();
	if (new && !link(new))
		free_pte_page(new);
}

static int never_linked_page(struct kvm_mmu_page *sp)
{
	sp->spt = (void *)__get_free_page(GFP_KERNEL);
	if (!link(sp)) {
		free_page((unsigned long)sp->spt);
		return -EAGAIN;
	}
	return 0;
}

static void no_table(struct page *page, void *buffer)
{
	put_page(page);
	kfree(buffer);
	free_page((unsigned long)buffer);
}
