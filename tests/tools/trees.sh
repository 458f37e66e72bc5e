#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# trees.sh: what is tested is the text of the clone, and nothing that somebody has
# edited is lost. TAP.
# shellcheck disable=SC2317 # functions are called by ok()
# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"

young=include/lockless_pgwalk/young.h
# mark TEXT [TREE]: edit young.h in the clone, or in another tree
mark() {
	local file=${2:-$clone}/$young
	sed -i '/MARK/d' "$file"
	echo "/* MARK $1 */" >>"$file"
}
marked() { grep -q "MARK $1 " "$2/$young"; }
patched() { echo "$(key_of "$@")/patched"; }
edit_and_setup() {
	mark ten
	make setup
}

# at_once TEXT COMMAND... -- COMMAND...: the second while the first one works; it says TEXT
at_once() {
	local text=$1 one=()
	shift
	while [ "$1" != -- ]; do
		one+=("$1")
		shift
	done
	shift
	rm -f "$FAKE/building"
	touch "$FAKE/gate"
	(cd "$clone" && "${one[@]}") >"$tmp/at-once-1" 2>&1 &
	await test -e "$FAKE/building"
	(cd "$clone" && "$@") >"$tmp/at-once-2" 2>&1 &
	rc=0
	await grep -qF "$text" "$tmp/at-once-2" || rc=1
	rm "$FAKE/gate"
	wait -n || rc=1
	wait -n || rc=1
	cat "$tmp/at-once-1" "$tmp/at-once-2" >"$tmp/said"
}
same() { [ "$("$@" | sort -u | wc -l)" = 1 ]; }

mark one
ok "kunit without a setup before" run make kunit
ok "it tests the text of the clone" tested "MARK one"
mark two
ok "kunit after an edit, without a setup" run make kunit
ok "it tests the new text" tested "MARK two"
mark three
ok "likewise with a kernel that boots" run tools/kernel.sh patched x86 debug
ok "it is built of the new text" tested "MARK three"
cp "$clone/tools/sanitize-cc.sh" "$tmp/keep"
sed -i '/^\*\/kvm/d' "$clone/tools/sanitize-cc.sh"
rm -f "$(patched)/obj-x86-debug/mm/mmu_notifier.o"
ok "one that is compiled without KASAN is none" refuses "compiled without KASAN" tools/kernel.sh patched x86 debug
cp "$tmp/keep" "$clone/tools/sanitize-cc.sh"
sed -i 's/^\*) exec.*/*) exec "$@" -fno-sanitize=kernel-address ;;/' "$clone/tools/sanitize-cc.sh"
rm -f "$(patched)/obj-x86-debug/mm/mmu_notifier.o"
ok "nor is one that could not ask the compiler for it" refuses "compiled without KASAN" tools/kernel.sh patched x86 debug
cp "$tmp/keep" "$clone/tools/sanitize-cc.sh"
rm -f "$(patched)/obj-x86-debug/mm/mmu_notifier.o"
ok "a second setup finds nothing to do" run make setup
ok "and says where the trees are" says "$(patched)"
objects=$(stat -c %Y.%s "$(patched)/$young")
run make setup
ok "what is right already keeps its time" [ "$objects" = "$(stat -c %Y.%s "$(patched)/$young")" ]

# What a series no longer brings.
sed -i '/pgwalk_format.rst/d' "$clone"/series/*
mv "$clone/Documentation/mm/pgwalk_format.rst" "$tmp/"
ok "a file of ours is dropped" run make setup
ok "it is gone from the tree" [ ! -e "$(patched)/Documentation/mm/pgwalk_format.rst" ]
sed -i '/kvm\/locking.rst.patch/d' "$clone"/series/*
mv "$clone/Documentation/virt/kvm/locking.rst.patch" "$tmp/"
ok "a patch is dropped" run make setup
ok "the kernel's own file is back" cmp {"$(patched)","$(stock)"}/Documentation/virt/kvm/locking.rst

# A patched tree that somebody has edited.
mark four "$(patched)"
for task in setup kunit guest-test audit demo cost check-series; do
	ok "edited tree: $task refuses" refuses "To keep what was edited: make refresh" make $task
done
ok "edited tree: so does a build" refuses "make refresh" tools/kernel.sh patched x86 debug
ok "edited tree: and one of selftests" refuses "make refresh" tools/selftests.sh x86 dirty_log_test
ok "edited tree: nothing is overwritten" marked four "$(patched)"
ok "edited tree: check fails" refuses "setup failed: there is no right kernel tree" tools/check.sh setup kunit guest-test-powerpc
ok "and names each stage that was not run" says "NOT RUN  guest-test-powerpc"
ok "edited tree: refresh takes it" run make refresh
ok "it is in the clone" marked four "$clone"
ok "and kunit goes on" run make kunit
ok "with it" tested "MARK four"
echo >>"$(patched)/mm/vmscan.c"
ok "an edit that refresh does not know of" refuses "mm/vmscan.c" make kunit
ok "begin anew" run rm -r "$(patched)"
ok "as the message says" run make kunit
rm "$(patched)/mm/vmscan.c"
ok "a file that was removed" refuses "mm/vmscan.c (removed)" make kunit
rm -r "$(patched)"
echo >>"$(stock)/mm/vmscan.c"
ok "edited pristine tree: the tests of the library refuse" refuses "no longer as this tool left it: mm/vmscan.c" \
	make check-lib
ok "and say what to do" says "rm -r $(stock) && make setup"
rm -r "$(stock)"
ok "begin anew" run make setup

# Two clones, and one that is gone.
first=$clone
copy "$tmp/second"
mark five
ok "another clone" run make kunit
ok "has its own text" tested "MARK five"
ok "and its own tree" marked four "$(patched "$first")"
ok "the pristine one is the same" same realpath "$(key_of "$clone")/stock" "$(key_of "$first")/stock"
rm -r "$clone"
copy "$tmp/second"
mark six
ok "a fresh clone at the same place" run make kunit
ok "has its own text" tested "MARK six"
kept=$(key_of "$clone") clone=$first
mark seven "$kept/patched"
rm -r "$tmp/second"
ok "a clone that is gone" run make setup
ok "what was edited in its tree is kept" marked seven "$kept/patched"
ok "and named" says "$tmp/second is gone"
copy "$tmp/second"
rm -r "$kept/patched"
run make setup
rm -r "$clone"
clone=$first
ok "another that is gone" run make setup
ok "where nothing was edited, nothing is left" [ ! -e "$kept" ]

# What a file takes in is no dependency of it.
takes_in() {
	local data
	export CCACHE_DIR=$tmp/ccache CCACHE_DEPEND=1
	cd "$tmp" || return
	echo '.incbin "data"' >a.S
	for data in before behind; do
		echo "$data" >data
		"$clone/tools/sanitize-cc.sh" ccache gcc -Wp,-MMD,a.d -c -o a.o a.S || return
	done
	grep -q behind a.o
}
ok "an image that is another, of the same size" eval '(takes_in)'

# compiles_anew FOLDER COMMAND...: what another compiler of the same name has compiled
compiles_anew() {
	local planted
	planted=$(patched)/$1/planted.o
	run "${@:2}"
	touch "$planted"
	run "${@:2}"
	ok "$1: an object stays" [ -e "$planted" ]
	echo '# another' >>"$clone/tools/sanitize-cc.sh"
	ok "$1: sanitize-cc.sh is another" run "${@:2}"
	ok "$1: objects of the other are gone" [ ! -e "$planted" ]
}
compiles_anew obj-kunit-um make kunit
compiles_anew obj-x86-debug tools/kernel.sh patched x86 debug

# Two at once.
mark eight
run make setup
at_once "waiting for another kunit.sh kunit" make kunit -- make kunit
ok "two of a task, one after the other" [ "$rc" = 0 ]
mark nine
at_once "waiting for what is built in" tools/kernel.sh patched x86 debug -- edit_and_setup
ok "setup during a build waits for that" [ "$rc" = 0 ]
ok "which was of one text" tested "MARK nine"
ok "the tree has another then" marked ten "$(patched)"
rm -rf "$XDG_CACHE_HOME/lockless_pgwalk"
at_once "waiting for another setup" make setup -- make setup
ok "two setups from nothing" [ "$rc" = 0 ]
ok "unpack once" [ "$(cat "$tmp"/at-once-* | grep -c '^unpacking.*done')" = 1 ]
finish
