#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# report.sh [FILE]: run as root on the machine, with the kernel that is to be looked
# at. Tests one that checks itself, measures any other, and writes one report to FILE,
# which is to be sent back. Changes nothing that is there after a reboot.
set -u

here=$(cd "$(dirname "$0")" && pwd)
report=${1:-$here/report-$(uname -r)-$(date +%Y%m%d-%H%M).txt}
megabytes=${MEGABYTES:-256} machines=16
# BRIEF=1: for an emulated machine
long=--long
[ -z "${BRIEF:-}" ] || long=
failed='' tracing=/sys/kernel/tracing
PATH=$here/bin:$PATH

say() { printf '%s\n' "$*" >&2; }
die() { say "report.sh: $*"; exit 1; }

# section TITLE COMMAND...: both outputs go into the report
section() {
	title=$1
	shift
	say "$title ..."
	started=$(date +%s)
	code=0
	{
		printf '\n== %s\n' "$title"
		"$@" 2>&1 </dev/null || code=$?
		printf '== exit code %s after %s s\n' "$code" $(($(date +%s) - started))
	} >>"$report"
	say "$title: exit code $code after $(($(date +%s) - started)) s"
	return "$code"
}

# must TITLE COMMAND...: a section that should pass
must() { section "$@" || failed="$failed
  $1"; }

# --- what is there ---

mounted() { # TYPE FOLDER
	grep -q " $2 $1 " /proc/mounts || mount -t "$1" none "$2" ||
		die "$2 cannot be mounted ($1): the kernel lacks an option of kernel.config"
}

check_host() {
	[ "$(id -u)" -eq 0 ] || die "must be run as root"
	[ -c /dev/kvm ] || die "there is no /dev/kvm: load kvm_intel or kvm_amd, or enable virtualization in the firmware"
	mounted debugfs /sys/kernel/debug
	mounted tracefs "$tracing"
	mounted cgroup2 /sys/fs/cgroup
	[ -e /sys/kernel/debug/lru_gen ] || die "the kernel lacks MGLRU (CONFIG_LRU_GEN, see kernel.config)"
	free=$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo)
	[ "$free" -ge $((3 * megabytes + 512)) ] ||
		die "$free MB of memory are free, but $((3 * megabytes + 512)) MB are needed"
	: >"$report" || die "$report cannot be written"
}

parameter() { cat "/sys/module/$1/parameters/$2" 2>/dev/null; }

machine() {
	uname -a
	cat /proc/cmdline
	grep -m 1 -E 'model name|^cpu[[:space:]]*:|CPU part' /proc/cpuinfo
	grep -c '^processor' /proc/cpuinfo
	grep -E 'MemTotal|Hugepagesize' /proc/meminfo
	grep -q hypervisor /proc/cpuinfo && echo "this machine is a virtual one"
	for module in kvm kvm_intel kvm_amd kvm_hv; do
		grep -s . "/sys/module/$module/parameters/"*
	done
	dmesg | grep -E 'kvm|Hardware dirty bit|nested'
	zcat /proc/config.gz 2>/dev/null | grep -E 'LOCKLESS|KVM|LRU_GEN|LOCK_STAT|KASAN|PREEMPT|PAGES=y'
}

# expectation: what young-test shall expect of the answers
expectation() {
	expect=fast flag=''
	case $(uname -m) in
	x86_64)
		# nobody who ages takes mmu_lock there
		[ "$(cat "$here/release")" = 6.12 ] || flag=--lockless-slow
		[ "$(parameter kvm tdp_mmu)" = Y ] || expect=slow
		[ "$(parameter kvm_intel ept)$(parameter kvm_intel eptad)" != YN ] || expect=slow
		case "$(parameter kvm_intel ept)$(parameter kvm_amd npt)" in *N* | *0*) expect=slow ;; esac
		;;
	aarch64) dmesg | grep -q 'Hardware dirty bit management' || flag=--software-flag ;;
	esac
	printf '%s\n' "--expect=$expect $flag"
}

# --- tests ---

young() {
	# shellcheck disable=SC2046 # one word per option
	young-test $(expectation) "$@"
}

complaints() {
	! dmesg | grep -E 'WARNING:|BUG:|Oops|general protection|INFO: .* blocked|suspicious RCU|soft lockup|Call [Tt]race'
}

tests() {
	if [ ! -c /dev/young ]; then
		say "no tests: this kernel is without the series, or without CONFIG_LOCKLESS_PGWALK_YOUNG_DEV"
		echo "no tests: there is no /dev/young" >>"$report"
	elif [ ! -e /proc/lock_stat ]; then
		say "no tests: they count locks; boot a kernel with check.config for them"
		echo "no tests: there is no /proc/lock_stat" >>"$report"
	else
		must "every scenario" young
		# shellcheck disable=SC2086 # nothing, or one word
		must "vCPUs in parallel" young $long smp
		# shellcheck disable=SC2086
		must "races" young $long race
		[ ! -x "$here/bin/page_referenced" ] || must "the kernel's selftests" selftests
	fi
}

# --- measurements: of this kernel; a report of the stock one is what to compare with ---

# What the last measurement has left in the kernel: its probes, and what they traced.
forget_probes() {
	for group in young users; do
		[ -d "$tracing/events/$group" ] || continue
		for trigger in "$tracing/events/$group"/*/trigger; do
			sed -n 's/^\(hist:.*\) \[.*/!\1/p' "$trigger" | while read -r line; do
				echo "$line" >"$trigger"
			done
		done
		echo 0 >"$tracing/events/$group/enable"
		echo "-:$group/" >>"$tracing/kprobe_events"
	done
	: >"$tracing/trace"
}

measure() {
	forget_probes
	young-measure ${perf:+"$perf"} "$@"
}

measurements() {
	perf=--perf
	measure alone 1 >/dev/null 2>&1 || {
		perf=''
		say "perf counts no instructions here: nanoseconds are taken instead"
		echo "instructions are nanoseconds: perf counts none" >>"$report"
	}
	must "aging pass" measure walk "$megabytes"
	must "eviction" measure evict "$megabytes"
	must "waiting for mmu_lock" measure wait "$megabytes"
	must "a process without a guest" measure alone 32
	must "patterns of pages" measure patterns 16
	must "how long mmu_lock is held" measure holds 4
	must "the end of virtual machines" measure end "$machines"
	must "unmapping" measure unmap "$megabytes"
	must "readers in /proc" measure readers "$megabytes"
	must "wss" measure wss "$megabytes"
}

check_host
section "this machine" machine || true
tests
if [ -e /proc/lock_stat ]; then
	say "no measurements: this kernel counts locks, and is slow"
	echo "no measurements: there is /proc/lock_stat" >>"$report"
else
	measurements
fi
must "complaints of the kernel" complaints
if [ -n "$failed" ]; then
	printf '\nFAILED:%s\n' "$failed" | tee -a "$report" >&2
else
	printf '\nall passed\n' | tee -a "$report" >&2
fi
forget_probes
say "the report: $report"
[ -z "$failed" ]
