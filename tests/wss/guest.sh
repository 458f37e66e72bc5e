#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh [DIR]: wss on a guest of x86 that touches known pages. TAP; for the
# shell of an emulated host, with wss and guest (guest.c) in DIR. Root.
#
# make -C tests/wss host, then tools/initramfs.sh OUT build/wss/native/wss
# build/wss/tests/guest tests/wss/guest.sh, and tools/boot.sh
# -a 'guest_cmd="sh /test/guest.sh"' x86 KERNEL OUT, of stock and patched kernels.
#
# shellcheck disable=SC2317 # functions are called by ok()
dir=${1:-/test}
tmp=$(mktemp -d)
cd "$tmp" || exit 1
tests=0
bad=0

ok() {
	tests=$((tests + 1))
	name=$1
	shift
	if "$@"; then
		echo "ok $tests - $name"
	else
		echo "not ok $tests - $name"
		sed 's/^/# /' out err
		bad=1
	fi
}

say() {
	echo "$*" >&7
	read -r answer <&8
	[ "$answer" = ok ]
}

# touched NR OPTIONS...: wss counts so many pages, in each of its rounds
touched() {
	expected=$1
	shift
	"$dir/wss" --json "$@" "$pid" >out 2>err || return
	[ "$(sed -n 's/.*"touched_bytes":\([0-9]*\).*/\1/p' out)" = "$((expected * 4096))" ]
}

mkfifo to from
"$dir/guest" <to >from &
exec 7>to 8<from
read -r range pid _ <&8

found() {
	"$dir/wss" "$pid" >out 2>err && grep -q 'a virtual machine of KVM: 1.0 MB in 1 range' out &&
		grep -q "^#   ${range%-*}-${range#*-} " out
}
ok "the memory of the guest is found" found

method=$(sed -n 's/^# \(PAGEMAP_SCAN\|clear_refs\).*/\1/p' out)
if [ "$method" != PAGEMAP_SCAN ]; then
	# What guests do is not seen, and wss says so.
	blind() {
		say touch 0 256 1 && touched 256 --clear && say touch 0 40 3 && touched 0 &&
			"$dir/wss" "$pid" | grep -q '^# blind to what the guest touches'
	}
	ok "stock: blind, and says so" blind
	say exit
	echo "1..$tests"
	exit $bad
fi

# The first touch of all faults pages into both page tables.
all_pages() {
	say touch 0 256 1 && touched 256 && touched 256 --clear && touched 0
}
ok "all pages, then none" all_pages

by_guest() {
	say touch 3 40 5 && touched 40 && touched 40 && touched 40 --clear && touched 0
}
ok "pages that only the guest touched" by_guest

by_both() {
	say touch 0 30 2 && say vmm 1 20 2 && say vmm 0 10 2 && touched 50 --clear && touched 0
}
ok "pages that both touched count once" by_both

in_range() {
	start=$((0x${range%-*}))
	say touch 100 20 1 || return
	touched 5 --clear -r "$(printf '%x-%x' $((start + 95 * 4096)) $((start + 105 * 4096)))" &&
		touched 15 --clear
}
ok "a range, and nothing beyond it, is cleared" in_range

by_smaps() {
	say touch 0 25 1 && touched 25 --smaps && echo 1 >"/proc/$pid/clear_refs" &&
		touched 0 --smaps && touched 0
}
ok "smaps and clear_refs of the same kernel" by_smaps

by_idle() {
	touched 256 --idle --clear && say touch 7 11 1 && touched 11 --idle --clear &&
		touched 0 --idle && touched 11 --clear
}
ok "idle flags, and accessed bits that they leave" by_idle

rounds() {
	"$dir/wss" --json -C -a -n 2 -i 4 "$pid" >out 2>err &
	wss=$!
	sleep 2
	say touch 0 60 4 || return
	wait "$wss" && [ "$(sed -n 's/.*"round":[0-9]*,.*"touched_bytes":\([0-9]*\).*/\1/p' out |
			 tr '\n' ' ')" = "$((60 * 4096)) 0 " ] &&
		grep -q "\"type\":\"end\".*\"cumulative_bytes\":$((60 * 4096)),\"never_touched_bytes\":$((196 * 4096))," out
}
ok "rounds" rounds

slow() {
	"$dir/wss" --json "$pid" >out 2>err && grep -q '"aged_slow_pages":0[,}]' out
}
ok "KVM answered without mmu_lock" slow

gone() {
	"$dir/wss" -i 60 "$pid" >out 2>err &
	wss=$!
	sleep 2
	echo exit >&7
	wait "$wss"
	[ $? -eq 6 ] && tail -n 1 out | grep -q 'has ended, after 0 rounds'
}
ok "the end of the guest" gone
cd / && rm -rf "$tmp"
echo "1..$tests"
exit $bad
