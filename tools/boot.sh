#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Boots a kernel under emulation, shows its console, and ends as the tests in
# it ended. The init of the initramfs says so in a line "guest-test: exit N".
set -euo pipefail

usage() {
	cat <<-EOT
	usage: ${0##*/} [options] ARCH IMAGE INITRAMFS

	ARCH is x86, arm64 or powerpc.
	  -a TEXT     append to the kernel's command line
	  -m SIZE     memory (default 800M)
	  -c N        CPUs (default 2)
	  -M MACHINE  on x86, one of Intel, which Bochs emulates, with at most 2G:
	              sandybridge  EPT without accessed and dirty bits
	              haswell      EPT with them
	              skylake      likewise, and page-modification logging
	  -C MODEL    the CPUs' model, as QEMU's -cpu takes it
	  -i SHIFT    count instructions: each takes 2^SHIFT nanoseconds of virtual time,
	              which is repeatable (QEMU's -icount)
	  -p          CPUs in parallel threads, not one after the other. Code that one of
	              them patches may stay for another what it was, before QEMU 8.1
	  -t SECONDS  give up after this time (default 600)
	  -l FILE     keep the console's text there

	Fails if the run fails, if it does not end, or if the kernel logged a warning.
	EOT
}

fail() {
	echo "boot: $*" >&2
	exit 1
}

append='' memory=800M cpus=2 intel='' model='' icount='' thread=single seconds=600 log=''
positional=()
while [[ $# -gt 0 ]]; do
	case $1 in
	-h | --help) usage; exit 0 ;;
	-p) thread=multi ;;
	-[amcMCitl])
		[[ $# -ge 2 ]] || { usage >&2; exit 2; }
		case $1 in
		-a) append=$2 ;;
		-m) memory=$2 ;;
		-c) cpus=$2 ;;
		-M) intel=$2 ;;
		-C) model=$2 ;;
		-i) icount=$2 ;;
		-t) seconds=$2 ;;
		-l) log=$2 ;;
		esac
		shift
		;;
	-*) usage >&2; exit 2 ;;
	*) positional+=("$1") ;;
	esac
	shift
done
[[ ${#positional[@]} -eq 3 ]] || { usage >&2; exit 2; }
arch=${positional[0]} image=${positional[1]} initramfs=${positional[2]}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
qemu='' console=ttyS0 tools=()
case $arch${intel:+-$intel} in
x86)
	qemu=qemu-system-x86_64 machine=(-cpu "${model:-max,+svm,+npt}")
	# or it panics where this machine is so busy that a timer's interrupt comes late
	append="no_timer_check $append"
	;;
x86-sandybridge) intel=corei7_sandy_bridge_2600k ;;
x86-haswell) intel=corei7_haswell_4770 ;;
x86-skylake)
	intel=corei7_skylake_x
	# it promises counters that are not there, and registers of another size
	append="clearcpuid=aperfmperf noxsave $append"
	;;
arm64)
	qemu=qemu-system-aarch64 console=ttyAMA0
	# the architecture's own way of signing pointers is slow to emulate
	machine=(-M 'virt,virtualization=on,gic-version=3' -cpu "${model:-max,pauth-impdef=on}")
	;;
powerpc)
	qemu=qemu-system-ppc64 console=hvc0 tools=(fdtget fdtput)
	# what switches the power off is on the board, which -nodefaults leaves bare
	machine=(-M powernv9 ${model:+-cpu "$model"}
		-device "ipmi-bmc-sim,id=bmc" -device 'isa-ipmi-bt,bmc=bmc,irq=10')
	;;
*) fail "unknown architecture $arch${intel:+, or no machine $intel}" ;;
esac
for tool in "${qemu:-bochs}" "${tools[@]}"; do
	command -v "$tool" >/dev/null || fail "$tool is missing"
done
for file in "$image" "$initramfs"; do
	[[ -r $file ]] || fail "$file cannot be read"
done

work=$(mktemp -d)
running='' viewer=''
# shellcheck disable=SC2317 # the trap calls it
cleanup() {
	# whoever ends all processes at once ends this one, too, and again
	trap '' HUP INT TERM
	# timeout passes the signal on, and kills the emulator if that does not help
	[[ -z $running ]] || kill "$running" 2>/dev/null || true
	[[ -z $viewer ]] || kill "$viewer" 2>/dev/null || true
	wait 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT
trap 'trap "" INT TERM; exit 130' INT
trap 'trap "" INT TERM; exit 143' TERM

append="console=$console panic=-1 $append"

# POWER9 as QEMU has it can do leaves of 2 MB and 1 GB, but QEMU 7.2 does not say
# so in the device tree. It is told to the firmware by a tree of our own, and by
# some instructions that its CPUs are made to begin with.
large_leaves() {
	local tree=0x2000000 code=0x1f00000 node cpu
	"$qemu" "${machine[0]}" "${machine[1]},dumpdtb=$work/tree" "${machine[@]:2}" \
		>"$work/dump" 2>&1 || fail "no device tree: $(cat "$work/dump")"
	# log2 of the size, and in the upper three bits what a CPU calls it
	for node in $(fdtget -l "$work/tree" /cpus); do
		fdtput -t x "$work/tree" "/cpus/$node" ibm,processor-radix-AP-encodings c a0000010 20000015 4000001e
	done
	# lis 3, tree@h; li 0, 0x10; mtctr 0; bctr, to the firmware
	printf '\x3c\x60\x02\x00\x38\x00\x00\x10\x7c\x09\x03\xa6\x4e\x80\x04\x20' >"$work/code"
	machine+=(-device "loader,file=$work/tree,addr=$tree,force-raw=on"
		-device "loader,file=$work/code,addr=$code,force-raw=on")
	for ((cpu = 0; cpu < cpus; cpu++)); do
		machine+=(-device "loader,addr=$code,cpu-num=$cpu")
	done
}

qemu_command() {
	local accel=(-accel "tcg,thread=$thread")
	if [[ -n $icount ]]; then
		# counting needs one thread anyway, and QEMU refuses the other
		[[ $thread == single ]] || fail "-i and -p exclude each other"
		accel+=(-icount "shift=$icount,sleep=off")
	fi
	machine+=("${accel[@]}" -smp "$cpus" -m "$memory"
		-display none -monitor none -serial stdio -no-reboot -nodefaults
		-kernel "$image" -initrd "$initramfs" -append "$append")
	[[ $arch != powerpc ]] || large_leaves
	command=("$qemu" "${machine[@]}")
}

bochs_command() {
	[[ -z $model && $thread == single ]] || fail "-C and -p are for QEMU"
	command=("$here/bochs.sh" ${icount:+-i $((1000000000 >> icount))} -m "$memory" -c "$cpus" -a "$append"
		"$intel" "$image" "$initramfs" "$work")
}

if [[ -n $qemu ]]; then qemu_command; else bochs_command; fi
: >"$work/console"
started=$SECONDS
timeout -k 5 "$seconds" "${command[@]}" </dev/null >>"$work/console" 2>&1 &
running=$!
tail -s 0.2 -n +1 -f --pid="$running" "$work/console" &
viewer=$!

status=0
wait "$running" || status=$?
running=''
wait "$viewer" || true
viewer=''
# a serial console ends its lines with CR LF
tr -d '\r' <"$work/console" >"$work/log"
[[ -z $log ]] || cp "$work/log" "$log"

# 137: killed, by timeout at the end of its patience, or by the kernel for want of memory
[[ $status -ne 124 && ($status -ne 137 || $((SECONDS - started)) -lt $seconds) ]] ||
	fail "not finished after $seconds s, ended it"
# What Bochs' CPUs say of their threads contradicts itself: Linux warns of that, early.
forgive_topology() {
	sed '/-\[ cut here \]-/ {
		N
		/ parse_legacy+/ {
			:more
			/-\[ end trace / !{ N; b more; }
			s/[^\n]*//g
		}
	}'
}

# The words of a list in C, one a line. Data races are for tools/kcsan.py to judge.
sed -n 's/^\t"\(.*\)",$/\1/p' "$here/../tests/guest/complaints.h" >"$work/words"
[[ -s $work/words ]] || fail "no words for complaints"
if { if [[ -n $qemu ]]; then cat; else forgive_topology; fi; } <"$work/log" |
	grep -nFf "$work/words" | grep -v '^[0-9]*:BUG: KCSAN: ' >"$work/complaints"; then
	echo "boot: the kernel complained:" >&2
	cat "$work/complaints" >&2
	exit 1
fi

# a power-off ends Bochs with a panic of its own
if [[ -z $qemu && $status -eq 1 ]] && grep -q '^reboot: Power down' "$work/log"; then
	status=0
fi
[[ $status -eq 0 ]] || fail "${qemu:-Bochs} failed ($status)$(grep -sh PANIC "$work/bochs.out" || true)"

code=$(sed -n 's/^guest-test: exit \([0-9]\{1,3\}\)\>.*/\1/p' "$work/log" | tail -n 1)
[[ -n $code ]] || fail "no result: the kernel or its init died"
exit "$code"
