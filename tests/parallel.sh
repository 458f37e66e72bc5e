#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# parallel.sh RUNS: is QEMU sound if the CPUs of an x86 host run in parallel? Boots the
# stock kernel RUNS times for each of KVM's two MMUs, has two vCPUs write to memory at a
# time, and counts how that ends. Nothing of the series takes part. Another release's
# QEMU: tests/debian.sh trixie tests/parallel.sh RUNS. This machine should do nothing else.
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/../tools/lib.sh"

[[ $# -eq 1 && $1 =~ ^[1-9][0-9]*$ ]] || die "usage: parallel.sh RUNS"
runs=$1
need guest-test x86
tmp=$(mktemp -d)
at_end "end_jobs; rm -rf ${tmp@Q}"

selftests_of x86
test=$(printf '%s\n' "${SELFTESTS[@]}" | grep -xE 'max_guest_memory_test|mmu_stress_test')
folder=$("$TOP/tools/selftests.sh" x86 "$test" | tail -n 1)
image=$("$TOP/tools/kernel.sh" stock x86 perf | tail -n 1)
"$TOP/tools/initramfs.sh" "$tmp/initramfs" "$folder/$test"
logs=$KEY/parallel
mkdir -p "$logs"
version=$(qemu-system-x86_64 --version | sed -n 's/.*version \([^ ]*\).*/\1/p')

# ending LOG RC
ending() {
	if [ "$2" -eq 0 ]; then
		echo "well"
	elif grep -qE 'BUG: |Oops|general protection|Kernel panic|double fault' "$1"; then
		echo "with an oops"
	elif grep -q 'not finished after' "$tmp/errors"; then
		echo "not in 400 s"
	elif grep -q '^guest-test: exit' "$1"; then
		echo "with a test that failed"
	else
		echo "with a reset"
	fi
}

for mmu in 1 0; do
	: >"$tmp/endings"
	for ((i = 1; i <= runs; i++)); do
		log=$logs/$version-$mmu-$i.log start=$SECONDS rc=0
		"$TOP/tools/boot.sh" -p -t 400 -m 1G -l "$log" \
			-a "kvm.tdp_mmu=$mmu guest_cmd=\"$test -c 2 -m 1 -s 1\"" \
			x86 "$image" "$tmp/initramfs" >/dev/null 2>"$tmp/errors" &
		wait $! || rc=$?
		ending "$log" "$rc" | tee -a "$tmp/endings" | sed "s/^/QEMU $version, tdp_mmu=$mmu, run $i of $runs ended after $((SECONDS - start)) s: /" >&2
	done
	sort "$tmp/endings" | uniq -c | sed "s/^/QEMU $version, stock kernel, tdp_mmu=$mmu, two vCPUs in parallel:/"
done
say "the consoles: $logs"
