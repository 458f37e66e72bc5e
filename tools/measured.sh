# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What demo.sh and cost.sh share: the stock and the patched kernel, each as an
# emulated host that measures, and one table of both. To be sourced.
# shellcheck disable=SC2034 # variables are for whoever sources this
# shellcheck source=tools/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ $# -eq 1 ] || die "usage: ${0##*/} x86|arm64|powerpc"
arch=$1
arch_is "$arch"
counter="nanoseconds of QEMU's virtual time, -icount shift=0"
# options of each host, and of one that counts instructions
options=() counting=(-i 0)
case $arch${MACHINE:+-$MACHINE} in
x86 | arm64) ;;
powerpc)
	# QEMU's -icount ends in this machine's firmware
	counter='those that perf counts on the emulated CPU'
	options=(-m 1G) counting=()
	;;
x86-haswell | x86-sandybridge)
	counter="nanoseconds of Bochs' virtual time, each of them an instruction"
	options=(-M "$MACHINE" -c 1)
	;;
arm64-software-flag) options=(-C cortex-a72) ;;
*) die "no MACHINE=$MACHINE is measured on $arch; known: haswell and sandybridge on x86, software-flag on arm64" ;;
esac
need "$(basename "$0" .sh)" "$arch"

tmp=$(mktemp -d)
at_end "end_jobs; rm -rf ${tmp@Q}"

declare -A images

# programs that the hosts need beside young-measure
programs=()

# prepare: both kernels, and what they run
prepare() {
	local kernel
	for kernel in stock patched; do
		images[$kernel]=$("$TOP/tools/kernel.sh" "$kernel" "$arch" perf | tail -n 1)
	done
	build_guest "$arch" young-measure
	BUSYBOX=$("$TOP/tools/busybox.sh" "$arch" | tail -n 1)
	export BUSYBOX
	"$TOP/tools/initramfs.sh" "$tmp/initramfs" "$TOP/build/guest-$arch/young-measure" "${programs[@]}"
}

# start KERNEL NAME OPTION...: the console goes to $tmp/KERNEL.NAME
start() {
	local log=$tmp/$1.$2 image=${images[$1]}
	shift 2
	"$TOP/tools/boot.sh" -l "$log" "${options[@]}" "$@" "$arch" "$image" "$tmp/initramfs" >"$log.out" 2>&1 &
}

# await KERNEL NAME PID: says every 15 s how many values there are
await() {
	local rc=0 ticks=0
	while kill -0 "$3" 2>/dev/null; do
		sleep 1 &
		wait $!
		((++ticks % 15)) || say "  $1: $(grep -c '^measure: ' "$tmp/$1.$2.out") values"
	done
	wait "$3" || rc=$?
	[ "$rc" -eq 0 ] || { tail -n 20 "$tmp/$1.$2.out" >&2; die "the run failed"; }
}

# boot KERNEL NAME OPTION...
boot() {
	start "$@"
	await "$1" "$2" $!
}

# boot_both NAME OPTION...: where instructions are counted, the hosts may share this machine
boot_both() {
	local stock
	start stock "$@"
	stock=$!
	start patched "$@"
	await patched "$1" $!
	await stock "$1" "$stock"
}

# value KERNEL NAME KEY: what young-measure reported
value() {
	sed -n "s/^measure: $3 //p" "$tmp/$1.$2" | tail -n 1
}

title() { printf '%-53s %8s %8s %7s\n' '' stock ours ratio; }

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

# measured_row WHAT NAME KEY
measured_row() { row "$1" "$(value stock "$2" "$3")" "$(value patched "$2" "$3")"; }
