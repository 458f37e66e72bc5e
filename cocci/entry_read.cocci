// SPDX-License-Identifier: GPL-2.0-only
/// Who walks a page table that others change must read each entry once, by
/// READ_ONCE() or rcu_dereference(), and go by that value. Otherwise the
/// compiler may read again, and what was checked is not what is used.
//# A finding is harmless as long as the entry cannot change meanwhile, for
//# instance because the lock is held for writing. Hardware sets accessed and
//# dirty bits under any lock.
///
// Confidence: Moderate
// Comments: what is an entry is told by names and by the types of KVM
// Files: s?p(te|md|ud)p|sptep|entryp|p(te|md|ud)_t|tdp_ptep_t
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

@initialize:python@
@@
import re

ENTRYP = re.compile(r"^(\w+(->|\.))*_*(\w+_)?(s?pte|pmd|pud|p4d|entry)p(_\w+)?$|^kvm_dereference_pteref\(|^rcu_dereference(_\w+)?\(\w*(->)?(sptep|ptep|entryp)\)$")

def squeeze(text):
    return re.sub(r"\s+", "", str(text))

def is_entryp(text):
    return ENTRYP.search(re.sub(r"^\([^()]*\*\)", "", squeeze(text))) is not None

# there, entries of these types are the primary MMU's, with rules of their own
def in_mm(p):
    return re.search(r"(^|/)mm/", p[0].file) is not None

# a loop comes by the same place with another entry
def same_place(p1, p2):
    return (p1[0].line, p1[0].column) == (p2[0].line, p2[0].column)

// Where an entry is read once, written, or not read at all.
@once@
expression e, v;
identifier rd =~ "^(READ_ONCE|WRITE_ONCE|data_race|smp_load_acquire|ACCESS_PRIVATE|rcu_dereference(_[a-z0-9_]+)?|rcu_assign_pointer|__atomic_load_n|typeof|__typeof__)$";
position p;
@@

(
 rd(*e@p, ...)
|
 sizeof(*e@p)
|
 &*e@p
|
 *e@p = v
)

@plain@
expression e : script:python() { is_entryp(e) };
position p != once.p;
@@

 *e@p

@typed@
typedef kvm_pte_t, pte_t, pmd_t, pud_t;
{kvm_pte_t *, pte_t *, pmd_t *, pud_t *} kp;
position p != {once.p, plain.p};
@@

 *kp@p

@marked@
typedef tdp_ptep_t;
tdp_ptep_t tp;
position p != {once.p, plain.p};
@@

 *tp@p

// ------------------------------------------------------------------------

@twice exists@
expression e : script:python() { is_entryp(e) };
expression l, fmt;
identifier rd =~ "^(kvm_tdp_mmu_read_spte|mmu_spte_get_lockless|__get_spte_lockless|pgwalk_load(_raw)?)$";
identifier lock =~ "^(cpu_relax|(raw_)?(spin|read|write|mutex)_lock(_irq|_irqsave|_nested)?|[a-z0-9_]*try_cmpxchg[a-z0-9_]*|cmpxchg[a-z0-9_]*|synchronize_[a-z0-9_]+)$";
position p1, p2;
@@

(
 READ_ONCE@p1(*e)
|
 rd@p1(e)
|
 rd@p1(fmt, e)
)
... when != e = l
    when != e++
    when != ++e
    when != e += l
    when != lock(...)
(
 READ_ONCE@p2(*e)
|
 rd@p2(e)
|
 rd@p2(fmt, e)
)

@same@
expression e : script:python() { is_entryp(e) };
position p;
@@

(
 (<+... READ_ONCE(*e) ...+>) && (<+... READ_ONCE@p(*e) ...+>)
|
 (<+... READ_ONCE(*e) ...+>) || (<+... READ_ONCE@p(*e) ...+>)
)

// ------------------------------------------------------------------------

@depends on context@
expression e;
position plain.p;
@@

* *e@p

@depends on context@
expression e;
position typed.p;
@@

* *e@p

@depends on context@
expression e;
position marked.p;
@@

* *e@p

@depends on context@
identifier rd;
position twice.p2;
@@

* rd@p2(...)

@depends on context@
position same.p;
@@

* READ_ONCE@p(...)

// ------------------------------------------------------------------------

@script:python depends on org@
p << plain.p;
@@

coccilib.org.print_todo(p[0], "entry read without READ_ONCE() or rcu_dereference()")

@script:python depends on org@
p << typed.p;
@@

if not in_mm(p):
    coccilib.org.print_todo(p[0], "entry read without READ_ONCE() or rcu_dereference()")

@script:python depends on org@
p << marked.p;
@@

coccilib.org.print_todo(p[0], "entry read without READ_ONCE() or rcu_dereference()")

@script:python depends on org@
p1 << twice.p1;
p2 << twice.p2;
@@

if not same_place(p1, p2):
    cocci.print_main("entry read again", p2)
    cocci.print_secs("first", p1)

@script:python depends on org@
p << same.p;
@@

coccilib.org.print_todo(p[0], "entry read again")

@script:python depends on report@
p << plain.p;
@@

coccilib.report.print_report(p[0], "WARNING: entry read without READ_ONCE() or rcu_dereference() (%s)" % p[0].current_element)

@script:python depends on report@
p << typed.p;
@@

if not in_mm(p):
    coccilib.report.print_report(p[0], "WARNING: entry read without READ_ONCE() or rcu_dereference() (%s)" % p[0].current_element)

@script:python depends on report@
p << marked.p;
@@

coccilib.report.print_report(p[0], "WARNING: entry read without READ_ONCE() or rcu_dereference() (%s)" % p[0].current_element)

@script:python depends on report@
p1 << twice.p1;
p2 << twice.p2;
@@

if not same_place(p1, p2):
    coccilib.report.print_report(p2[0], "WARNING: entry read again, first on line %s (%s)" % (p1[0].line, p2[0].current_element))

@script:python depends on report@
p << same.p;
@@

coccilib.report.print_report(p[0], "WARNING: entry read again in one condition (%s)" % p[0].current_element)
