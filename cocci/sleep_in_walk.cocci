// SPDX-License-Identifier: GPL-2.0-only
/// The functions of a page-table format, what is done with the entries of a walk
/// under RCU, and the accessed-bit callbacks of an MMU notifier must neither
/// sleep nor allocate: they run in an RCU read-side critical section or with
/// page-table locks held.
//# Functions of the same file are followed, one level deep.
///
// Confidence: High
// Files: pgwalk_|tdp_[a-z_]*pte|mmu_notifier_ops|kvm_pgtable_walker|kvm_(test_)?age_gfn|kvm_arch_(can_)?age_lockless|mmu_notifier_age_pages
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

@initialize:python@
@@
import re

SLEEPS = re.compile("|".join((
    r"k[mzc]alloc(_array|_node|_array_node)?", r"kv[mzc]alloc(_array|_node)?", r"krealloc(_array)?", r"kmemdup",
    r"kmem_cache_z?alloc(_node|_lru|_bulk)?", r"alloc_pages?(_node|_exact|_exact_nid)?", r"folio_alloc",
    r"__get_free_pages?", r"get_zeroed_page", r"v[mz]alloc(_node)?", r"bitmap_z?alloc",
    r"mutex_lock(_nested|_interruptible|_killable)?", r"down(_read|_write)?(_nested|_interruptible|_killable)?",
    r"mmap_(read|write)_lock(_killable)?", r"m?sleep(_interruptible)?", r"usleep_range", r"fsleep",
    r"schedule(_timeout\w*)?", r"_?cond_resched(_lock|_rwlock_read|_rwlock_write)?", r"might_(sleep|fault)",
    r"synchronize_(rcu|srcu|net)(_expedited)?", r"rcu_barrier", r"wait_(event|for_completion)\w*",
    r"flush_work(queue)?", r"copy_(from|to)_user", r"(__)?(get|put)_user", r"(get|pin)_user_pages\w*",
    r"kvm_mmu_topup_memory_cache")))

# functions that sleep, by file
within = set()
printed = set()

def sleeps(f):
    return SLEEPS.fullmatch(str(f)) is not None

def why(q, g):
    key = (q[0].file, q[0].line, q[0].column)
    if key in printed:
        return None
    if sleeps(g):
        reason = "%s() sleeps or allocates" % g
    elif (q[0].file, str(g)) in within:
        reason = "%s() calls what sleeps or allocates" % g
    else:
        return None
    printed.add(key)
    return reason

// ------------------------------------------------------------------------
// who must not sleep

@fmt@
identifier o, fn;
identifier fld =~ "^(decode|busy|child|load|exchange)$";
@@

struct pgwalk_format o = {
	.fld = fn,
};

@notifier@
identifier o, fn;
identifier fld =~ "^(test_clear_young|test_young|clear_young|clear_flush_young)$";
@@

struct mmu_notifier_ops o = {
	.fld = fn,
};

@visitor@
identifier o, fn;
@@

struct kvm_pgtable_walker o = {
	.cb = fn,
};

@pages@
identifier test, clear;
expression e1, e2, e3, e4, e5;
@@

mmu_notifier_age_pages(e1, e2, e3, e4, test, clear, e5)

// ------------------------------------------------------------------------
// who sleeps

@slow@
identifier s : script:python() { sleeps(s) };
position p;
@@

s@p(...)

@script:python@
p << slow.p;
@@

# leaves the RCU section for it, and starts the walk again
if p[0].current_element != "tdp_mmu_iter_cond_resched":
    within.add((p[0].file, p[0].current_element))

// ------------------------------------------------------------------------
// what the former call

@in_age@
identifier fn =~ "^kvm_((test_)?age_gfn|arch_(can_)?age_lockless)$";
identifier g;
position q;
@@

fn(...)
{
<+...
 g@q(...)
...+>
}

@in_format@
identifier fmt.fn;
identifier g;
position q;
@@

fn(...)
{
<+...
 g@q(...)
...+>
}

@in_notifier@
identifier notifier.fn;
identifier g;
position q;
@@

fn(...)
{
<+...
 g@q(...)
...+>
}

@in_visitor@
identifier visitor.fn;
identifier g;
position q;
@@

fn(...)
{
<+...
 g@q(...)
...+>
}

@in_test@
identifier pages.test;
identifier g;
position q;
@@

test(...)
{
<+...
 g@q(...)
...+>
}

@in_clear@
identifier pages.clear;
identifier g;
position q;
@@

clear(...)
{
<+...
 g@q(...)
...+>
}

@in_body exists@
iterator I =~ "^(pgwalk_for_each|(tdp_root_)?for_each_tdp_pte(_min_level)?|tdp_root_for_each_(leaf_)?pte|tdp_mmu_for_each_pte)$";
identifier g;
position q;
@@

I(...) {
 ... when != rcu_read_unlock()
     when any
 g@q(...)
 ... when any
}

// ------------------------------------------------------------------------

// every call there that sleeps itself
@depends on context@
identifier s : script:python() { sleeps(s) };
position in_age.q;
@@

* s@q(...)

@depends on context@
identifier s : script:python() { sleeps(s) };
position in_format.q;
@@

* s@q(...)

@depends on context@
identifier s : script:python() { sleeps(s) };
position in_notifier.q;
@@

* s@q(...)

@depends on context@
identifier s : script:python() { sleeps(s) };
position in_visitor.q;
@@

* s@q(...)

@depends on context@
identifier s : script:python() { sleeps(s) };
position in_test.q;
@@

* s@q(...)

@depends on context@
identifier s : script:python() { sleeps(s) };
position in_clear.q;
@@

* s@q(...)

@depends on context@
identifier s : script:python() { sleeps(s) };
position in_body.q;
@@

* s@q(...)

// ------------------------------------------------------------------------

@script:python depends on org@
q << in_age.q;
g << in_age.g;
@@

reason = why(q, g)
if reason:
    coccilib.org.print_todo(q[0], reason)

@script:python depends on org@
q << in_format.q;
g << in_format.g;
@@

reason = why(q, g)
if reason:
    coccilib.org.print_todo(q[0], reason)

@script:python depends on org@
q << in_notifier.q;
g << in_notifier.g;
@@

reason = why(q, g)
if reason:
    coccilib.org.print_todo(q[0], reason)

@script:python depends on org@
q << in_visitor.q;
g << in_visitor.g;
@@

reason = why(q, g)
if reason:
    coccilib.org.print_todo(q[0], reason)

@script:python depends on org@
q << in_test.q;
g << in_test.g;
@@

reason = why(q, g)
if reason:
    coccilib.org.print_todo(q[0], reason)

@script:python depends on org@
q << in_clear.q;
g << in_clear.g;
@@

reason = why(q, g)
if reason:
    coccilib.org.print_todo(q[0], reason)

@script:python depends on org@
q << in_body.q;
g << in_body.g;
@@

reason = why(q, g)
if reason:
    coccilib.org.print_todo(q[0], reason)

@script:python depends on report@
q << in_age.q;
g << in_age.g;
@@

reason = why(q, g)
if reason:
    coccilib.report.print_report(q[0], "ERROR: %s in a walk or a notifier callback (%s)" % (reason, q[0].current_element))

@script:python depends on report@
q << in_format.q;
g << in_format.g;
@@

reason = why(q, g)
if reason:
    coccilib.report.print_report(q[0], "ERROR: %s in a walk or a notifier callback (%s)" % (reason, q[0].current_element))

@script:python depends on report@
q << in_notifier.q;
g << in_notifier.g;
@@

reason = why(q, g)
if reason:
    coccilib.report.print_report(q[0], "ERROR: %s in a walk or a notifier callback (%s)" % (reason, q[0].current_element))

@script:python depends on report@
q << in_visitor.q;
g << in_visitor.g;
@@

reason = why(q, g)
if reason:
    coccilib.report.print_report(q[0], "ERROR: %s in a walk or a notifier callback (%s)" % (reason, q[0].current_element))

@script:python depends on report@
q << in_test.q;
g << in_test.g;
@@

reason = why(q, g)
if reason:
    coccilib.report.print_report(q[0], "ERROR: %s in a walk or a notifier callback (%s)" % (reason, q[0].current_element))

@script:python depends on report@
q << in_clear.q;
g << in_clear.g;
@@

reason = why(q, g)
if reason:
    coccilib.report.print_report(q[0], "ERROR: %s in a walk or a notifier callback (%s)" % (reason, q[0].current_element))

@script:python depends on report@
q << in_body.q;
g << in_body.g;
@@

reason = why(q, g)
if reason:
    coccilib.report.print_report(q[0], "ERROR: %s in a walk or a notifier callback (%s)" % (reason, q[0].current_element))
