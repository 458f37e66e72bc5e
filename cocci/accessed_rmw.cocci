// SPDX-License-Identifier: GPL-2.0-only
/// The accessed bit of a page-table entry may be cleared only by compare and
/// exchange against the value that was seen as a leaf, and without retry. A
/// fetch-and, clear_bit, xchg or plain store also changes an entry that became
/// something else in the meantime: markers such as FROZEN_SPTE of x86 and the
/// lock bit of arm64 contain accessed bits.
//# A finding is harmless if nobody can replace the entry meanwhile, say because
//# all who do hold the lock that is held here.
///
// Confidence: Moderate
// Comments: accessed bits and entries are told by their names
// Files: ccessed|ACCESSED|_AF\b|_mkold|fetch_and
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

@initialize:python@
@@
import re

BIT = r"(\w*accessed\w*|\w*_AF\b)"

def squeeze(text):
    return re.sub(r"\s+", "", str(text))

def is_accessed(text):
    return re.search(BIT, squeeze(text), re.I) is not None

def clears_accessed(text):
    return re.search(r"~\(*" + BIT + r"|\b\w+_mkold\(", squeeze(text), re.I) is not None

def is_entry(text):
    return re.search(r"(spte|pte|pmd|pud|entry)p(?![a-z])", squeeze(text)) is not None

// Operations that keep all other bits, whatever those have become meanwhile.
@rmw@
identifier bitop =~ "^(__|arch_|raw_)*(test_and_)?(clear|change)_bit(_unlock|_lock)?$";
identifier andop =~ "^((raw_|arch_)*atomic(64|_long)?_(fetch_)?(and|andnot|sub|xor)(_relaxed|_acquire|_release)?|__sync_fetch_and_and|__atomic_(fetch_and|and_fetch))$";
identifier helper =~ "^(tdp_mmu_clear_spte_bits(_atomic)?|kvmppc_radix_update_pte|(__)?(radix__?)?pte_update)$";
expression accessed : script:python() { is_accessed(accessed) };
expression entryp : script:python() { is_entry(entryp) };
expression mask, addr, E;
expression list[n] es;
position p;
@@

(
(
 bitop(accessed, addr)
|
 andop(accessed, ...)
|
 andop(addr, accessed, ...)
|
 andop(mask, entryp)
|
 helper(es, accessed, ...)
)
&
 E@p
)

// The same with the mask, or the entry, in a variable.
@through exists@
identifier andop =~ "^((raw_|arch_)*atomic(64|_long)?_(fetch_)?(and|andnot|sub|xor)(_relaxed|_acquire|_release)?|__sync_fetch_and_and|__atomic_(fetch_and|and_fetch))$";
identifier helper =~ "^tdp_mmu_clear_spte_bits(_atomic)?$";
expression x : script:python() { is_accessed(x) or is_entry(x) };
expression mask, addr, kvm, sptep, E;
expression list[n] es;
type T;
identifier v;
position p != rmw.p;
@@

(
 T v = x;
|
 v = x
)
... when != v = ...
(
(
 andop(v, ...)
|
 andop(~v, ...)
|
 andop(addr, v, ...)
|
 andop(addr, ~v, ...)
|
 andop(mask, v)
|
 helper(sptep, es, v, ...)
|
 kvmppc_radix_update_pte(kvm, sptep, v, ...)
)
&
 E@p
)

// Stores, atomic or not, of the value that was seen but for the bit.
@store@
identifier op =~ "^((arch_|raw_)?xchg(_relaxed|_acquire|_release)?|smp_store_release|smp_store_mb|__atomic_store_n|__atomic_exchange_n|WRITE_ONCE|set_pte|(__)?kvm_tdp_mmu_write_spte(_atomic)?|mmu_spte_update(_no_track)?|mmu_spte_set|__update_clear_spte_(fast|slow)|stage2_try_set_pte)$";
expression v : script:python() { clears_accessed(v) };
expression addr, E;
expression list[n] es;
position p;
@@

(
(
 op(es, v, ...)
|
 *addr = v
|
 *addr &= v
|
 addr[...] = v
|
 addr[...] &= v
)
&
 E@p
)

@later exists@
identifier op =~ "^((arch_|raw_)?xchg(_relaxed|_acquire|_release)?|smp_store_release|smp_store_mb|__atomic_store_n|__atomic_exchange_n|WRITE_ONCE|set_pte|(__)?kvm_tdp_mmu_write_spte(_atomic)?|mmu_spte_update(_no_track)?|mmu_spte_set|__update_clear_spte_(fast|slow)|stage2_try_set_pte)$";
expression x : script:python() { clears_accessed(x) };
expression addr, E;
expression list[n] es;
type T;
identifier v;
position p;
@@

(
 T v = x;
|
 v = x
)
... when != v = ...
(
(
 op(es, v, ...)
|
 *addr = v
|
 addr[...] = v
)
&
 E@p
)

// A compare and exchange that is repeated if it fails.
@retry exists@
identifier op =~ "^(__|arch_|raw_)?try_cmpxchg(64)?(_relaxed|_acquire|_release|_local)?$";
expression v : script:python() { clears_accessed(v) };
expression addr, old;
position p;
@@

 !op@p(addr, old, v)
 ... when any
 !op@p(addr, old, v)

// ------------------------------------------------------------------------

@depends on context@
expression rmw.E;
position rmw.p;
@@

* E@p

@depends on context@
expression through.E;
position through.p;
@@

* E@p

@depends on context@
expression store.E;
position store.p;
@@

* E@p

@depends on context@
expression later.E;
position later.p;
@@

* E@p

@depends on context@
identifier retry.op;
position retry.p;
@@

* op@p(...)

// ------------------------------------------------------------------------

@script:python depends on org@
p << rmw.p;
@@

coccilib.org.print_todo(p[0], "accessed bit cleared in whatever the entry is by now")

@script:python depends on org@
p << through.p;
@@

coccilib.org.print_todo(p[0], "accessed bit cleared in whatever the entry is by now")

@script:python depends on org@
p << store.p;
@@

coccilib.org.print_todo(p[0], "accessed bit cleared by a store that overwrites whatever the entry is by now")

@script:python depends on org@
p << later.p;
@@

coccilib.org.print_todo(p[0], "accessed bit cleared by a store that overwrites whatever the entry is by now")

@script:python depends on org@
p << retry.p;
@@

coccilib.org.print_todo(p[0], "accessed bit cleared by an exchange that is repeated")

@script:python depends on report@
p << rmw.p;
@@

coccilib.report.print_report(p[0], "WARNING: accessed bit cleared in whatever the entry is by now (%s)" % p[0].current_element)

@script:python depends on report@
p << through.p;
@@

coccilib.report.print_report(p[0], "WARNING: accessed bit cleared in whatever the entry is by now (%s)" % p[0].current_element)

@script:python depends on report@
p << store.p;
@@

coccilib.report.print_report(p[0], "WARNING: accessed bit cleared by a store that overwrites whatever the entry is by now (%s)" % p[0].current_element)

@script:python depends on report@
p << later.p;
@@

coccilib.report.print_report(p[0], "WARNING: accessed bit cleared by a store that overwrites whatever the entry is by now (%s)" % p[0].current_element)

@script:python depends on report@
p << retry.p;
@@

coccilib.report.print_report(p[0], "WARNING: accessed bit cleared by an exchange that is repeated (%s)" % p[0].current_element)
