#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# demo.sh ARCH: the stock and the patched kernel, each as an emulated host that
# ages the memory of the same guest, side by side in one table
# shellcheck disable=SC2317 # functions are called by step
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

MEGABYTES=256

[ $# -eq 1 ] || die "usage: demo.sh x86|arm64|powerpc"
arch=$1
arch_is "$arch"
pages='4 KB'
counter="nanoseconds of QEMU's virtual time, -icount shift=0"
# options of each host, of one that counts instructions; what is measured beside the walk
options=() counting=(-i 0) evict=
if [ "$arch" = powerpc ]; then
	pages='64 KB'
	# QEMU's -icount ends in this machine's firmware
	counter='those that perf counts on the emulated CPU'
	options=(-m 1G) counting=() evict=1
fi
"$TOP/tools/setup.sh"
find_key

tmp=$(mktemp -d)
running=
cleanup() {
	[ -z "$running" ] || kill "$running" 2>/dev/null || true
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# boot KERNEL NAME OPTION...: the console goes to $tmp/KERNEL.NAME
boot() {
	local log=$tmp/$1.$2 image=${images[$1]} rc=0
	shift 2
	"$TOP/tools/boot.sh" -l "$log" "${options[@]}" "$@" "$arch" "$image" "$tmp/initramfs" >"$log.out" 2>&1 &
	running=$!
	wait "$running" || rc=$?
	running=
	[ "$rc" -eq 0 ] || { tail -n 20 "$log.out" >&2; die "the run failed"; }
}

# value KERNEL NAME KEY: what young-measure reported
value() {
	sed -n "s/^measure: $3 //p" "$tmp/$1.$2" | tail -n 1
}

# second_run KERNEL: seconds, from "run1 = 4.1s, reset = 0.2s, run2 = 5.8s, ..."
second_run() {
	sed -n 's/.*run2 = *\([0-9.]*\)s.*/\1/p' "$tmp/$1.memory" | tail -n 1
}

# row WHAT STOCK OURS
row() {
	if [ -z "$2" ] || [ -z "$3" ]; then die "not measured: $1"; fi
	awk -v what="$1" -v stock="$2" -v ours="$3" '
	function number(x) { return sprintf(x < 100 ? "%.4g" : "%.0f", x) }
	BEGIN {
		ratio = stock > 0 ? sprintf("%.2f", ours / stock) : "-"
		printf "%-53s %8s %8s %7s\n", what, number(stock), number(ours), ratio
	}'
}

measured_row() { row "$1" "$(value stock "$2" "$3")" "$(value patched "$2" "$3")"; }

# counted_rows WHAT NAME
counted_rows() {
	measured_row "$1, all idle: instructions per page" "$2" idle_instructions
	measured_row "$1, all young: instructions per page" "$2" young_instructions
	measured_row "$1, all idle: mmu_lock taken per page" "$2" idle_locks
	measured_row "$1, all young: mmu_lock taken per page" "$2" young_locks
	measured_row "$1, all idle: notifier calls per page" "$2" idle_calls
	measured_row "$1, all young: notifier calls per page" "$2" young_calls
}

table() {
	printf '%-53s %8s %8s %7s\n' '' stock ours ratio
	counted_rows 'aging pass' walk
	measured_row 'what guests add to it, idle: instructions per page' walk idle_added
	measured_row 'what guests add to it, young: instructions per page' walk young_added
	measured_row 'aging while the guest faults: ms per pass' wait pass_ms
	measured_row 'aging while the guest faults: us waiting for mmu_lock' wait wait_us
	[ -z "$evict" ] || counted_rows 'eviction' evict
	[ -z "$selftest" ] || row "$selftest, second run: s of virtual time" \
		"$(second_run stock)" "$(second_run patched)"
	cat <<-EOT

		pass:     MGLRU ages a guest of $MEGABYTES MB, in pages of $pages and a cgroup of its own,
		          on demand through debugfs
		per page: pages of the guest. Locks and calls are counted by kprobes, in passes of
		          their own; instructions are $counter
		add:      the same pass over the same memory before there was a guest is subtracted.
		          Less than nothing is possible: what no table finds young is skipped early
		waiting:  contention of this VM's mmu_lock, per pass, while one vCPU faults in parallel
		          on another CPU. Real time of an emulator: only the ratio means something,
		          and it varies from run to run
	EOT
	[ -z "$evict" ] || cat <<-EOT
		eviction: MGLRU evicts one page of each page table, finds it young, and looks around.
		          On powerpc it does not walk page tables, because Linux does not say that
		          this CPU sets accessed bits: for the pass, both kernels were told so
	EOT
	[ -z "$selftest" ] || cat <<-EOT
		second:   KVM's selftest, 2 vCPUs, 1 GB guest, 800 MB host, swap on zram; virtual time,
		          as instructions
	EOT
}

declare -A images
for kernel in stock patched; do
	images[$kernel]=$("$TOP/tools/kernel.sh" "$kernel" "$arch" perf | tail -n 1)
done
make -s -C "$TOP/tests/guest" ARCH="$arch" CROSS_COMPILE="$CROSS" OUT="$TOP/build/guest-$arch"
files=("$TOP/build/guest-$arch/young-measure")
# in 6.12 for x86 only: elsewhere it lacks the memory for its guest's page tables
selftest=
if [ "$arch" = x86 ]; then
	selftest=max_guest_memory_test
	files+=("$("$TOP/tools/selftests.sh" "$arch" $selftest | tail -n 1)/$selftest")
fi
BUSYBOX=$("$TOP/tools/busybox.sh" "$arch" | tail -n 1)
export BUSYBOX
"$TOP/tools/initramfs.sh" "$tmp/initramfs" "${files[@]}"

for kernel in stock patched; do
	step "$kernel: aging a guest's memory" boot "$kernel" walk "${counting[@]}" -t 900 \
		-a "guest_cmd=\"young-measure walk $MEGABYTES\""
	[ -z "$evict" ] || step "$kernel: evicting a guest's memory" boot "$kernel" evict "${counting[@]}" \
		-t 900 -a "guest_cmd=\"young-measure evict $MEGABYTES\""
	step "$kernel: aging a guest's memory while it faults" boot "$kernel" wait -p -t 900 \
		-a "guest_cmd=\"young-measure wait $MEGABYTES\""
	[ -z "$selftest" ] || step "$kernel: a guest larger than the host's memory" boot "$kernel" memory -i 0 \
		-t 1800 -a "guest_swap_mb=1024 guest_cmd=\"$selftest -c 2 -m 1 -s 1\""
done
table
