#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# demo.sh ARCH: the stock and the patched kernel, each as an emulated host that
# ages the memory of the same guest, side by side in one table; and in another one
# what wss says of it there
#   MACHINE=haswell, sandybridge (x86), software-flag (arm64): on another machine than
#   the usual one, only what is counted
# shellcheck disable=SC2317 # functions are called by step
# shellcheck source=tools/measured.sh
. "$(dirname "$0")/measured.sh"

MEGABYTES=256

pages='4 KB'
# what is measured; and the mark of rows that no user's kernel has
walk=1 evict='' mark=''
case $arch${MACHINE:+-$MACHINE} in
powerpc) pages='64 KB' evict=1 mark='*' ;;
# MGLRU walks no page tables whose accessed bits a fault sets
arm64-software-flag) walk='' evict=1 ;;
esac

# second_run KERNEL: the least of three, in seconds, from lines like
# "run1 = 4.1s, reset = 0.2s, run2 = 5.8s, ..."
second_run() {
	sed -n 's/.*run2 = *\([0-9.]*\)s.*/\1/p' "$tmp/$1.memory" | sort -n | head -n 1
}

# counted_rows WHAT NAME
counted_rows() {
	measured_row "$1, all idle: instructions per page" "$2" idle_instructions
	measured_row "$1, all young: instructions per page" "$2" young_instructions
	measured_row "$1, all idle: mmu_lock taken per page" "$2" idle_locks
	measured_row "$1, all young: mmu_lock taken per page" "$2" young_locks
	measured_row "$1, all idle: notifier calls per page" "$2" idle_calls
	measured_row "$1, all young: notifier calls per page" "$2" young_calls
}

# walk_rows WHAT NAME
walk_rows() {
	counted_rows "$1$mark" "$2"
	measured_row "what guests add to it$mark, idle: instructions per page" "$2" idle_added
	measured_row "what guests add to it$mark, young: instructions per page" "$2" young_added
}

rows() {
	title
	[ -z "$evict" ] || counted_rows eviction evict
	if [ -n "$walk" ]; then
		walk_rows 'aging pass' walk
		walk_rows 'huge pages' huge
	fi
	[ -z "${MACHINE:-}" ] || return 0
	measured_row "aging while the guest faults$mark: ms per pass" wait pass_ms
	measured_row "aging while the guest faults$mark: us waiting for mmu_lock" wait wait_us
	[ -z "$selftest" ] || row "$selftest, second run: s of virtual time" \
		"$(second_run stock)" "$(second_run patched)"
}

explain() {
	echo
	[ -z "$mark" ] || cat <<-EOT
		*         No Kconfig can set this: on powerpc MGLRU does not walk page tables, because
		          Linux does not say that this CPU sets accessed bits. Both kernels were
		          compiled to believe it. What users have are the rows of the eviction
	EOT
	[ -z "$evict" ] || cat <<-EOT
		eviction: MGLRU, without walks, evicts one page of each page table, finds it young,
		          and looks around. "Per page" is per page that it comes by
	EOT
	cat <<-EOT
		guest:    $MEGABYTES MB in pages of $pages and a cgroup of its own
		per page: pages of the guest. Locks and calls are counted by kprobes, in passes of
		          their own; instructions are $counter
	EOT
	[ -z "$walk" ] || cat <<-EOT
		pass:     MGLRU ages the guest on demand, through debugfs
		add:      the same pass over the same memory before there was a guest is subtracted.
		          Less than nothing is possible: what no table finds young is skipped early
		huge:     the same in pages of 2 MB, which are so in the guest's tables, too
	EOT
	[ -n "${MACHINE:-}" ] || cat <<-EOT
		waiting:  contention of this VM's mmu_lock, per pass, while one vCPU faults in parallel
		          on another CPU. Real time of an emulator: only the ratio means something,
		          and it varies from run to run
	EOT
	[ -z "$selftest" ] || cat <<-EOT
		second:   KVM's selftest, 2 vCPUs, 1 GB guest, 800 MB host, swap on zram; virtual time,
		          as instructions; the least of three, as one alone may be a half more
	EOT
}

# touched KERNEL: what wss said, in bytes, a line for each interval
touched() {
	sed -n 's/^wss: {"type":"round".*"touched_bytes":\([0-9]*\),.*/\1/p' "$tmp/$1.wss"
}

# wss_table: the second one, and its picture
wss_table() {
	local guest stock ours i=0
	echo
	printf '%-44s %8s %8s %8s\n' 'wss -i 1: MB that were touched' guest stock ours
	while read -r guest stock ours; do
		[ -n "$ours" ] || die "not measured: interval $((i + 1))"
		awk -v i=$((++i)) -v guest="$guest" -v stock="$stock" -v ours="$ours" 'BEGIN {
			printf "interval %-35d %8.1f %8.1f %8.1f\n", i, guest, stock / 1048576, ours / 1048576
		}'
	done < <(paste <(sed -n 's/^measure: touched //p' "$tmp/patched.wss") <(touched stock) <(touched patched))
	sed -n 's/^plot: //p' "$tmp/patched.wss" | gnuplot >"$svg"
	cat <<-EOT

		guest:    what it touches, of its $MEGABYTES MB, and another part of them each time
		stock:    no interface tells there what guests touch, but only what their VMM does
		ours:     drawn by wss --plot in ${svg#"$TOP/"}
	EOT
}

# on x86 only: elsewhere it lacks the memory for its guest's page tables. And in 6.12
# only: later, mmu_stress_test also faults on each page, which takes many minutes
selftest=
if [ "$BASE-$arch${MACHINE:-}" = 6.12-x86 ]; then
	selftest=max_guest_memory_test
	programs+=("$("$TOP/tools/selftests.sh" "$arch" $selftest | tail -n 1)/$selftest")
fi
if [ -z "${MACHINE:-}" ]; then
	build_wss "$arch"
	programs+=("$TOP/build/wss/$arch/wss" "$TOP/tests/guest/gnuplot")
fi
svg=$TOP/build/wss/demo-$arch.svg
prepare

# counted NAME WHAT: a measurement that may share this machine with another one
counted() {
	step "$2" boot_both "$1" "${counting[@]}" -t 1800 -a "guest_cmd=\"young-measure $1 $MEGABYTES\""
}

if [ -n "$walk" ]; then
	counted walk "aging a guest's memory"
	counted huge "aging a guest's memory in huge pages"
fi
[ -z "$evict" ] || counted evict "evicting a guest's memory"
if [ -z "${MACHINE:-}" ]; then
	counted wss "wss on a guest whose working set changes"
	for kernel in stock patched; do
		step "$kernel: aging a guest's memory while it faults" boot "$kernel" wait -p -t 900 \
			-a "guest_cmd=\"young-measure wait $MEGABYTES\""
	done
fi
[ -z "$selftest" ] || step "a guest larger than the host's memory" boot_both memory -i 0 -t 1800 \
	-a "guest_swap_mb=1024 guest_cmd=\"for run in 1 2 3; do $selftest -c 2 -m 1 -s 1 || exit; done\""
rows
explain
[ -n "${MACHINE:-}" ] || wss_table
