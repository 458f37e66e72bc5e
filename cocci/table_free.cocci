// SPDX-License-Identifier: GPL-2.0-only
/// A page-table page that lockless walkers can reach must be freed a grace
/// period after it was unlinked: by call_rcu(), or after synchronize_rcu().
//# A function is judged by its callers in the same file where some of them are
//# called by RCU, or where to free its parameter is all it does. A caller that
//# frees the same by RCU on another way knows the difference. A finding is
//# harmless for tables that were never linked, and as long as nobody walks these
//# tables without the lock.
///
// Confidence: Moderate
// Comments: what is a page-table page is told by names
// Files: (->|\.|\b)(spt|pgd|pgt|pgtable|childp)\b.*free|free.*\b(spt|pgd|pgt|pgtable|table|childp|p(te|md|ud)p?)\b|p(te|md|ud|4d|gd)_(free|cache)|pagetable_free|put_page
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

@initialize:python@
@@
import re

FREE = re.compile(r"free_pages?|__free_pages?|free_pages_exact|put_page|folio_put|kmem_cache_free|kv?free|(__)?p(te|md|ud|4d|gd)_free(_kernel)?|pagetable_free")
TABLE = re.compile(r"(->|\.|\b)(spt|pgd|pgt|pgtable|table|childp|unlinked|ptep|pmdp|pudp)\b|\bkvm_p(te|md|ud)_cache\b|\bkvm_pte_follow\b|\bkvm_dereference_pteref\b")
PTFREE = re.compile(r"(__)?p(te|md|ud|4d|gd)_free(_kernel)?|pagetable_free")

# function -> places where it is called
callers = {}
# functions that RCU calls after a grace period
after_grace = set()
# functions that do nothing but free their parameter, and their calls that are right
wrappers = set()
right = set()
printed = set()

def frees_table(f, args):
    if not FREE.fullmatch(str(f)):
        return False
    args = re.sub(r"\s*(->|\.)\s*", r"\1", str(args))
    return PTFREE.fullmatch(str(f)) is not None or TABLE.search(args) is not None

def func(p):
    return (p[0].file, p[0].current_element)

def place(p):
    return (p[0].file, p[0].line, p[0].column)

def places(p):
    """Where is a grace period missing, if there is none in the function of p?"""
    if func(p) in after_grace:
        return []
    above = callers.get(func(p), [])
    if func(p) in wrappers and above:
        return [q for q in above if place(q) not in right]
    if any(func(q) in after_grace for q in above):
        return [q for q in above if func(q) not in after_grace]
    return [p]

def new(p):
    seen = place(p) in printed
    printed.add(place(p))
    return not seen

// ------------------------------------------------------------------------

@rcu@
identifier fn, head;
@@

fn(struct rcu_head *head) { ... }

@calls@
identifier rcu.fn, g;
expression list es;
position p;
@@

fn(...)
{
<+...
 g@p(es)
...+>
}

@script:python@
fn << rcu.fn;
p << calls.p;
@@

after_grace.add((p[0].file, str(fn)))

@others@
identifier calls.g;
position p;
@@

g@p(...)

@script:python@
g << calls.g;
p << others.p;
@@

callers.setdefault((p[0].file, str(g)), []).append(p)

@wrapper@
identifier fn, x;
identifier f : script:python() { FREE.fullmatch(str(f)) is not None };
type T;
expression list es;
position p;
@@

fn(T x)
{
 f@p(es);
}

@wrapped@
identifier wrapper.fn;
expression y;
position p;
@@

fn@p(y)

@script:python@
fn << wrapper.fn;
p << wrapper.p;
q << wrapped.p;
@@

wrappers.add((p[0].file, str(fn)))
callers.setdefault((p[0].file, str(fn)), []).append(q)

@never_linked exists@
identifier wrapper.fn;
identifier alloc =~ "alloc|_get_free|get_zeroed_page";
expression x;
position p;
@@

 x = alloc(...)
 ... when any
 fn@p(x)

@by_rcu@
identifier wrapper.fn;
identifier rcu_free =~ "^(k|kv)free_rcu(_mightsleep)?$|^call_rcu$";
expression x, c;
position p;
@@

(
 if (c) { ... rcu_free(x, ...); ... return; }
 ...
 fn@p(x);
|
 if (c) rcu_free(x, ...); else fn@p(x);
)

@script:python@
p << never_linked.p;
@@

right.add(place(p))

@script:python@
p << by_rcu.p;
@@

right.add(place(p))

// Nobody can reach what was allocated here.
@allocated exists@
expression x, e;
identifier alloc =~ "alloc|_get_free|get_zeroed_page";
identifier f : script:python() { FREE.fullmatch(str(f)) is not None };
position p;
@@

(
 x = <+... alloc(...) ...+>
|
 x = e->alloc(...)
)
 ... when any
(
 f@p(..., <+... x ...+>, ...)
|
 e->f@p(x, ...)
)

// Nor what was unlinked before this wait.
@waited exists@
expression e;
identifier wait =~ "^(synchronize_s?rcu(_expedited)?|s?rcu_barrier)$";
identifier f : script:python() { FREE.fullmatch(str(f)) is not None };
position p;
@@

 wait(...)
 ... when any
(
 f@p(...)
|
 e->f@p(...)
)

// Deferred if somebody may be in the table.
@chosen@
identifier f : script:python() { FREE.fullmatch(str(f)) is not None };
expression x, c, e;
position p;
@@

(
 if (c) e->free_unlinked_table(x, ...); else if (...) e->f@p(x);
|
 if (c) e->free_unlinked_table(x, ...); else e->f@p(x);
)

@direct@
identifier f : script:python() { FREE.fullmatch(str(f)) is not None };
expression list es;
position p != {allocated.p, waited.p};
@@

f@p(es)

@member@
identifier f : script:python() { FREE.fullmatch(str(f)) is not None };
expression list es;
expression e;
position p != {allocated.p, waited.p, chosen.p};
@@

e->f@p(es)

// ------------------------------------------------------------------------

@depends on context@
identifier f : script:python() { FREE.fullmatch(str(f)) is not None };
position direct.p;
@@

* f@p(...)

@depends on context@
identifier f : script:python() { FREE.fullmatch(str(f)) is not None };
expression e;
position member.p;
@@

* e->f@p(...)

// ------------------------------------------------------------------------

@script:python depends on org@
p << direct.p;
f << direct.f;
es << direct.es;
@@

for q in places(p) if frees_table(f, es) else []:
    if new(q):
        coccilib.org.print_todo(q[0], "page-table page freed without a grace period")

@script:python depends on org@
p << member.p;
f << member.f;
es << member.es;
@@

for q in places(p) if frees_table(f, es) else []:
    if new(q):
        coccilib.org.print_todo(q[0], "page-table page freed without a grace period")

@script:python depends on report@
p << direct.p;
f << direct.f;
es << direct.es;
@@

for q in places(p) if frees_table(f, es) else []:
    if new(q):
        coccilib.report.print_report(q[0], "WARNING: page-table page freed without a grace period (%s)" % q[0].current_element)

@script:python depends on report@
p << member.p;
f << member.f;
es << member.es;
@@

for q in places(p) if frees_table(f, es) else []:
    if new(q):
        coccilib.report.print_report(q[0], "WARNING: page-table page freed without a grace period (%s)" % q[0].current_element)
