// SPDX-License-Identifier: GPL-2.0-only
/// A page table whose tables are freed after a grace period may be walked only
/// in an RCU read-side critical section, and what was found may be used only
/// until its end.
//# A static function that walks on behalf of its callers is judged by those.
//# The functions of the walker itself, pgwalk_*(), are for their callers.
//# Tables that nobody else can reach need no RCU.
///
// Confidence: Moderate
// Files: pgwalk_|tdp_iter|tdp_[a-z_]*pte
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

@initialize:python@
@@

# function -> places where it is called, those of them without RCU
called = {}
outside = {}

def name(p):
    return (p[0].file, p[0].current_element)

def bad_places(f, seen=()):
    """Where is RCU missing, for a function that walks without taking it?"""
    if f not in called or f in seen:
        return None
    bad = []
    for p in outside.get(f, []):
        above = bad_places(name(p), seen + (f,))
        bad += [p] if above is None else above
    return bad

printed = set()

def once(place):
    key = (place.file, place.line, place.column)
    new = key not in printed
    printed.add(key)
    return new

// ------------------------------------------------------------------------

@walk exists@
identifier f !~ "^(__)?pgwalk_";
identifier walker =~ "^(pgwalk_(start|next|test_clear_young)|tdp_iter_start)$";
iterator I =~ "^(pgwalk_for_each|(tdp_root_)?for_each_tdp_pte(_min_level)?|tdp_root_for_each_(leaf_)?pte|tdp_mmu_for_each_pte)$";
identifier lock =~ "^(rcu_read_lock(_bh|_sched)?|kvm_tdp_mmu_walk_lockless_begin|walk_shadow_page_lockless_begin|kvm_pgtable_walk_begin|lockdep_assert_in_rcu_read_lock)$";
symbol rcu;
statement S;
position p;
@@

f(...)
{
 ... when != lock(...)
     when != guard(rcu)()
     when any
(
 I@p(...) S
|
 walker@p(...)
)
 ... when any
}

// after the end of a section, not before the next one
@after exists@
identifier walker =~ "^(pgwalk_(start|next|test_clear_young)|tdp_iter_start)$";
iterator I =~ "^(pgwalk_for_each|(tdp_root_)?for_each_tdp_pte(_min_level)?|tdp_root_for_each_(leaf_)?pte|tdp_mmu_for_each_pte)$";
identifier lock =~ "^(rcu_read_lock(_bh|_sched)?|kvm_tdp_mmu_walk_lockless_begin|walk_shadow_page_lockless_begin|kvm_pgtable_walk_begin)$";
symbol rcu;
identifier unlock =~ "^(rcu_read_unlock(_bh|_sched)?|kvm_tdp_mmu_walk_lockless_end|walk_shadow_page_lockless_end|kvm_pgtable_walk_end)$";
expression e;
identifier fld =~ "^(entryp|sptep)$";
statement S;
position p;
@@

 unlock(...)
 ... when != lock(...)
     when != guard(rcu)()
(
 I@p(...) S
|
 walker@p(...)
|
 e.fld@p
|
 e->fld@p
)

@call1@
identifier walk.f;
position p;
@@

f@p(...)

@script:python@
f << walk.f;
p << call1.p;
@@

called.setdefault((p[0].file, f), []).append(p[0])

@out1 exists@
identifier walk.f, g;
identifier lock =~ "^(rcu_read_lock(_bh|_sched)?|kvm_tdp_mmu_walk_lockless_begin|walk_shadow_page_lockless_begin|kvm_pgtable_walk_begin|lockdep_assert_in_rcu_read_lock)$";
symbol rcu;
position p;
@@

g(...)
{
 ... when != lock(...)
     when != guard(rcu)()
     when any
 f@p(...)
 ... when any
}

@script:python@
f << walk.f;
p << out1.p;
@@

outside.setdefault((p[0].file, f), []).append(p)

@call2@
identifier out1.g;
position p;
@@

g@p(...)

@script:python@
g << out1.g;
p << call2.p;
@@

called.setdefault((p[0].file, g), []).append(p[0])

@out2 exists@
identifier out1.g, h;
identifier lock =~ "^(rcu_read_lock(_bh|_sched)?|kvm_tdp_mmu_walk_lockless_begin|walk_shadow_page_lockless_begin|kvm_pgtable_walk_begin|lockdep_assert_in_rcu_read_lock)$";
symbol rcu;
position p;
@@

h(...)
{
 ... when != lock(...)
     when != guard(rcu)()
     when any
 g@p(...)
 ... when any
}

@script:python@
g << out1.g;
p << out2.p;
@@

outside.setdefault((p[0].file, g), []).append(p)

// ------------------------------------------------------------------------

@depends on context@
identifier i;
position after.p;
@@

* i@p

@depends on context@
identifier i;
position walk.p;
@@

* i@p(...)

@depends on context@
iterator I;
statement S;
position walk.p;
@@

* I@p(...) S

// ------------------------------------------------------------------------

@script:python depends on report@
f << walk.f;
p << walk.p;
@@

bad = bad_places((p[0].file, f))
for place in [p] if bad is None else bad:
    if once(place[0]):
        coccilib.report.print_report(place[0], "ERROR: walk outside an RCU read-side critical section (%s)" % place[0].current_element)

@script:python depends on org@
f << walk.f;
p << walk.p;
@@

bad = bad_places((p[0].file, f))
for place in [p] if bad is None else bad:
    if once(place[0]):
        coccilib.org.print_todo(place[0], "walk outside an RCU read-side critical section")

@script:python depends on report@
p << after.p;
@@

if once(p[0]):
    coccilib.report.print_report(p[0], "ERROR: used after the RCU read-side critical section (%s)" % p[0].current_element)

@script:python depends on org@
p << after.p;
@@

coccilib.org.print_todo(p[0], "used after the RCU read-side critical section")
