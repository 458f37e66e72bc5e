#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# guest-test.sh ARCH [--list]: does the patched kernel know what a guest touched?
# Boots it under emulation with its debugging on, and runs guests in it. --list shows
# the runs, from tests/guest/runs, and the scenarios; tests/guest/README.md says more.
#   RUNS="fast swap"          only these runs
#   SCENARIOS="touched huge"  only these scenarios; without RUNS in the run fast
#   LONG=1                    ten times the rounds, and runs that are for that
#   V=1                       shows the consoles
#
# CPUs in parallel (-p) are not sound before QEMU 8.1, tests/guest/README.md says why:
# the run parallel is for a later one, or to be named.
# shellcheck disable=SC2317 # functions are called by step and trap
# shellcheck disable=SC2034 # arrays are used by their name with the ARCH in it
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

# What the tests look at, and what they would otherwise report one by one.
NEEDED=(KVM LOCKLESS_PGWALK_YOUNG_DEV LOCK_STAT VM_EVENT_COUNTERS
	PROC_PAGE_MONITOR TRANSPARENT_HUGEPAGE HUGETLBFS IDLE_PAGE_TRACKING USERFAULTFD
	LRU_GEN MEMCG SWAP ZRAM DEBUG_FS TRACING)
NEEDED_x86=(KVM_AMD KVM_INTEL KVM_SMM)
NEEDED_arm64=(ARM64_HW_AFDBM JUMP_LABEL KASAN)
NEEDED_powerpc=(KVM_BOOK3S_64_HV PPC_64K_PAGES PPC_RADIX_MMU)

RUN_TABLE=tests/guest/runs

# rows: of the architecture in that table, as: name, tests, 1 if it is for now, what.
# Of two for the same run, the one of this base comes first, and counts.
rows() {
	awk -v arch="$arch" -v base="@$BASE" -v long="${LONG:-}" '$1 == arch {
		if ($2 ~ /@/ && !sub(base "$", "", $2) || seen[$2]++)
			next
		now = long ? $4 : $3
		row = $2 " " (now != "-" ? now : long ? $3 : $4) " " (now != "-")
		$1 = $2 = $3 = $4 = ""
		sub(/^ +/, "")
		print row, $0
	}' "$TOP/$RUN_TABLE"
}

scenarios() { sed -nE 's/^\t\{ "([a-z-]+)", ".*/\1/p' "$TOP"/tests/guest/*.c | sort -u; }

list() {
	echo "runs:"
	rows | while read -r name tests now what; do
		printf '  %-14s %3d tests  %s%s\n' "$name" "$tests" "$what" \
			"$([ "$now" -eq 1 ] || echo ", with ${LONG:+no }LONG=1")"
	done
	echo "scenarios:"
	scenarios | paste -sd' ' | fold -s -w 76 | sed 's/^/  /'
}

if [ $# -lt 1 ] || [ $# -gt 2 ] || [ "${2:---list}" != --list ]; then
	die "usage: [RUNS=] [SCENARIOS=] [LONG=1] [V=1] guest-test.sh x86|arm64|powerpc [--list]"
fi
arch=$1
arch_is "$arch"
find_base ${KDIR:+"$KDIR"}
if [ $# -eq 2 ]; then
	list
	exit
fi

declare -A plans nows whats
runs=()
while read -r name tests now what; do
	plans[$name]=$tests nows[$name]=$now whats[$name]=$what
	[ "$now" -eq 0 ] || runs+=("$name")
done < <(rows)
selected=${RUNS:-${SCENARIOS:+fast}}
[ -z "$selected" ] || read -ra runs <<<"$selected"
for name in "${runs[@]}"; do
	[ -n "${plans[$name]:-}" ] || die "no run $name on $arch; known: $(rows | cut -d' ' -f1 | paste -sd' ')"
	[ -z "${SCENARIOS:-}" ] || [ "$name" != selftests ] || die "selftests are no scenarios"
	[ -n "${LONG:-}${SCENARIOS:-}" ] || [ "${nows[$name]}" -eq 1 ] || die "the run $name takes LONG=1"
done
for name in ${SCENARIOS:-}; do
	scenarios | grep -qx "$name" || die "no scenario $name; known: $(scenarios | paste -sd' ')"
done

need guest-test "$arch"
if [ -z "$selected" ] && [[ " ${runs[*]} " == *" parallel "* ]]; then
	version=$(qemu-system-x86_64 --version | sed -nE 's/.* version ([0-9.]+).*/\1/p')
	if ! printf '%s\n' 8.1 "$version" | sort -VC; then
		say "the run parallel is not for QEMU $version"
		mapfile -t runs < <(printf '%s\n' "${runs[@]}" | grep -vx parallel)
	fi
fi
declare -n more_needed=NEEDED_$arch
long=${LONG:+ --long}
seconds=600
[ -z "$long" ] || seconds=6000
logs=$KEY/guest-test-$arch
mkdir -p "$logs"

tmp=$(mktemp -d)
at_end "end_jobs; rm -rf ${tmp@Q}"

check_config() {
	local option missing=
	for option in "${NEEDED[@]}" "${more_needed[@]}"; do
		grep -qx "CONFIG_$option=y" "$1" || missing+=" CONFIG_$option"
	done
	[ -z "$missing" ] || die "the kernel lacks what the tests need; add to tools/configs:$missing"
}

build_test() {
	build_guest "$arch"
	build_wss "$arch"
}

# boot NAME OPTION...: the console goes to $logs/NAME.log
boot() {
	local log=$logs/$1.log rc=0
	shift
	if [ -n "${V:-}" ]; then
		"$TOP/tools/boot.sh" -l "$log" "$@" "$arch" "$image" "$tmp/initramfs" >&2 &
	else
		"$TOP/tools/boot.sh" -l "$log" "$@" "$arch" "$image" "$tmp/initramfs" >/dev/null 2>"$errors" &
	fi
	wait $! || rc=$?
	return "$rc"
}

# tap LOG: how many tests were planned, passed and failed. KUnit, built into the
# kernel, has a plan of its own before that.
tap() {
	awk '
	/^TAP version 13$/		{ tap = 1 }
	tap && /^1\.\.[0-9]+$/		{ planned += substr($0, 4); plans++ }
	tap && /^ok [0-9]+ /		{ passed++ }
	tap && /^not ok [0-9]+ /	{ failed++ }
	END			{ print plans == 1 ? planned : 0, passed + 0, failed + 0 }
	' "$1"
}

# run NAME OPTION...: a host whose CPUs run in parallel (-p) has this machine for
# itself; of the others as many run as there are CPUs here
run() {
	local at_a_time
	at_a_time=$(nproc)
	[ -z "${V:-}" ] && [[ " $* " != *" -p "* ]] || at_a_time=1
	slot "$at_a_time"
	try "$@" &
	[ "$at_a_time" -gt 1 ] || wait $! || true
}

# complain NAME RC PLANNED FAILED: why try() was not satisfied
complain() {
	local log=$logs/$1.log
	grep -A 14 '^not ok ' "$log" | grep -E '^(not ok|#)' | head -n 60 >&2 || true
	cat "$errors" >&2
	[ "$4" -ne 0 ] || [ "$2" -eq 0 ] || tail -n 20 "$log" >&2
	[ "$3" -eq 0 ] || [ "$3" -eq "${plans[$1]}" ] ||
		say "$1 planned $3 tests, but $RUN_TABLE says ${plans[$1]}; if that is what you want, write it there"
	say "exit code $2; the whole console: $log"
}

# judge_races NAME: of the data races that its kernel reported, none is of the series
judge_races() {
	"$TOP/tools/kcsan.py" "$KEY/stock" "$KEY/patched" "$KEY/patched/obj-$arch-kcsan" "$logs/$1.log" \
		>"$logs/$1.races" || { cat "$logs/$1.races" >>"$errors"; return 1; }
	say "$1: $(tail -n 1 "$logs/$1.races")"
}

# try NAME OPTION...: boots, judges, prints a line
try() {
	local name=$1 errors=$tmp/errors-$1 start=$SECONDS rc=0 planned passed failed verdict=ok
	trap 'end_jobs; exit 143' TERM
	trap - EXIT
	shift
	: >"$errors"
	boot "$name" -t "$seconds" "$@" || rc=$?
	[ "$image" != "$races_image" ] || judge_races "$name" || rc=1
	read -r planned passed failed < <(tap "$logs/$name.log")
	# what SCENARIOS selects is nobody's plan
	[ -z "${SCENARIOS:-}" ] || plans[$name]=$planned
	if [ "$rc" -ne 0 ] || [ "$planned" -eq 0 ] || [ "$failed" -ne 0 ] ||
		[ "$passed" -ne "$planned" ] || [ "$planned" -ne "${plans[$name]}" ]; then
		verdict=FAILED
		touch "$tmp/failed"
	fi
	echo "$passed $failed" >"$tmp/counts-$name"
	printf '%-13s %-46s %3d of %3d passed  %4d s  %s\n' "$name" "${whats[$name]}" "$passed" \
		"${plans[$name]}" $((SECONDS - start)) "$verdict"
	[ "$verdict" = ok ] || complain "$name" "$rc" "$planned" "$failed"
}

# after 6.12, on x86 nobody who ages takes mmu_lock, and protected KVM of arm64 has the
# tables of its guests where the host cannot walk them, without leaves of 1 GB
lockless='' protected='young --expect=slow'
case $BASE-$arch in
6.12-*) protected='all --expect=fast' ;;
*-x86) lockless=' --lockless-slow' ;;
esac

# young OPTIONS [SCENARIO...]: what the guest does, for the kernel's command line
young() { printf 'page_poison=1 guest_cmd="young-test%s %s %s"' "$long$lockless" "$1" "${SCENARIOS:-${*:2}}"; }

# all OPTIONS: likewise, all scenarios but those that are run by name
all() { printf 'hugepagesz=1G hugepages=1 %s' "$(young "$1")"; }

# but SCENARIO...: options for all, if all is what is asked for
but() { [ -n "${SCENARIOS:-}" ] || printf ' --without=%s' "$@"; }

# what another kind of leaf may change, and what needs no race
leaves=(touched clear predicate huge spaces fast old input dirty)
[ "$arch" != x86 ] || leaves+=(lru nested)

# some OPTIONS: these, where the rest is that of another run; with LONG=1 all
some() {
	if [ -n "$long" ]; then all "$1"; else young "$1" "${leaves[@]}"; fi
}

# intel NAME WORDS OPTION SCENARIO...: these scenarios, since the emulator is slow; with
# LONG=1 all of them, not longer, but with two CPUs for the races
intel() {
	local cpus=1 scenarios=("${@:4}")
	[ -z "$long" ] || cpus=2 scenarios=()
	run "$1" -M "$1" -t $((6 * seconds)) -c "$cpus" -m 2G \
		-a "mem=2040M $(long='' young "--machine=$2 $3" "${scenarios[@]}")"
}

# kcsan NAME OPTION...: a kernel that looks for data races. It waits at each access that
# it watches, longer than usual, as emulated CPUs are slow, and watches fewer of them.
kcsan() {
	local image=$races_image options='kcsan.udelay_task=3000 kcsan.skip_watch=40000'
	local command="young-test$long$lockless ${SCENARIOS:-race} && cat /sys/kernel/debug/kcsan"
	run "$@" -a "$options guest_cmd=\"$command\""
}

# page_idle cannot report the last pages of an odd size: firmware has those at the end
# of the memory below 4 GB
x86() {
	case $1 in
	fast) run "$1" -m 5G -a "kmemleak=on $(all "--machine=npt --expect=fast$(but race machines)")" ;;
	races) run "$1" -m 5G -a "$(young '--machine=npt --expect=fast' race machines)" ;;
	slow) run "$1" -m 5G -a "kvm.tdp_mmu=0 $(some '--machine=npt,rmaps --expect=slow')" ;;
	swap) run "$1" -m 808M -a "mem=800M $swapped" ;;
	selftests) run "$1" -m 5G -a "$selftests_args" ;;
	parallel) run "$1" -p -m 1G -a "$(young '' race smp)" ;;
	kcsan) kcsan "$1" -m 1500M ;;
	sandybridge) intel "$1" ept --expect=slow "${leaves[@]}" ;;
	haswell) intel "$1" ept,ad --expect=fast "${leaves[@]}" procfs ;;
	*) die "no run $1" ;;
	esac
}

arm64() {
	case $1 in
	fast) run "$1" -p -m 3500M -a "$(all --expect=fast)" ;;
	software-flag) run "$1" -p -C cortex-a72 -m 3500M -a "$(some '--expect=fast --software-flag')" ;;
	swap) run "$1" -m 800M -a "$swapped" ;;
	# one CPU after the other: in parallel, QEMU 7.2 lets a compare-and-swap of read-only
	# memory fault as a write at once, where page_fault_test expects a read before
	selftests) run "$1" -m 3G -a "$selftests_args" ;;
	smp) run "$1" -p -c 4 -m 1G -a "$(young '' smp)" ;;
	kcsan) kcsan "$1" -p -m 1500M ;;
	# a CPU of 40 bits: so large are the tables there, and when they are freed, 7.3 looks at
	# each GB of them
	protected) run "$1" -p -C cortex-a76 -m 3500M -a "kvm-arm.mode=protected $($protected)" ;;
	*) die "no run $1" ;;
	esac
}

powerpc() {
	case $1 in
	fast) run "$1" -p -m 4G -a "$(all --expect=fast)" ;;
	swap) run "$1" -m 1G -a "$swapped" ;;
	smp) run "$1" -p -c 4 -m 2G -a "$(young '' smp)" ;;
	*) die "no run $1" ;;
	esac
}

image=$("$TOP/tools/kernel.sh" patched "$arch" debug | tail -n 1)
check_config "$KEY/patched/obj-$arch-debug/.config"
races_image=
[[ " ${runs[*]} " != *" kcsan "* ]] || races_image=$("$TOP/tools/kernel.sh" patched "$arch" kcsan | tail -n 1)
files=("$TOP/build/guest-$arch/young-test" "$TOP/build/wss/$arch/wss" "$TOP/tests/guest/selftests")
step "building the guest test" build_test
if [[ " ${runs[*]} " == *" selftests "* ]]; then
	selftests_of "$arch"
	selftests=$("$TOP/tools/selftests.sh" "$arch" "${SELFTESTS[@]}" | tail -n 1)
	files+=("${SELFTESTS[@]/#/$selftests/}")
fi
BUSYBOX=$("$TOP/tools/busybox.sh" "$arch" | tail -n 1)
export BUSYBOX
"$TOP/tools/initramfs.sh" "$tmp/initramfs" "${files[@]}"

selftests_args="page_poison=1 hugepages=8 guest_swap_mb=200 guest_cmd=\"selftests$long\""
swapped="guest_swap_mb=512 $(young '' procfs-swap batch-swap reclaim)"
for name in "${runs[@]}"; do
	rm -f "$logs/$name.log"
	: >"$logs/$name.log"
	"$arch" "$name"
done
wait
awk '{ passed += $1; failed += $2 } END { print passed " passed, " failed " failed" }' "$tmp"/counts-*
for name in "${runs[@]}"; do
	[ -e "$tmp/counts-$name" ] || die "run $name did not come to its end"
done
[ ! -e "$tmp/failed" ]
