#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# outcome.sh: what kernel-mutants.sh takes for a bug that was found. TAP.
# shellcheck disable=SC2317 # functions are called by ok()
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/outcome.sh
. "$top/tests/outcome.sh"

# console LINE...: with those between lines of others
console() { printf '%s\n' "ok 1 race: one" "$@" "not ok 9 race: ten" >"$tmp/log"; }
finds() { killed "race: two" "${1:-}" "$tmp/log"; }
misses() { ! finds "$@"; }

console "ok 2 race: two"
ok "a test that passes finds nothing" misses
ok "nor if the kernel complains of something else" misses "race"
console "not ok 2 race: two # got 1, expected 0"
ok "one that fails does" finds
ok "but not if the kernel is to complain, and does not" misses "KASAN: "
console "BUG: KASAN: use-after-free" "not ok 2 race: two # killed by signal 9"
ok "it does" finds "KASAN: "
console
ok "a test that was not run finds nothing" misses
console "Kernel panic - not syncing"
ok "nor does a kernel that dies before" misses
console "not ok 2 race: two and a half # got 1"
ok "nor does one whose name begins alike" misses
for late in "not finished after 60 s" "soft lockup" "rcu: INFO"; do
	console "not ok 2 race: two # $late"
	ok "to be late is no answer: $late" misses
done
console "BUG: KASAN: use-after-free" "not ok 2 race: two # not finished after 60 s"
ok "unless that is what the bug does" finds "KASAN: "
printf '%s\n' "    not ok 3 two" "# one: pass:1 fail:1" >"$tmp/log"
ok "of KUnit's tests it is the case that counts" killed suite.two "" "$tmp/log"
finish
