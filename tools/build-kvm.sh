#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# build-kvm.sh TREE NAME [OBJECT...]: compile with W=1 what can see the series,
# in one configuration of tools/configs/build-*: KVM, our library, and what knows
# of MMU notifiers in mm; or only the objects that are named. KVM as modules has to
# find each symbol exported. What differs from another configuration by compiler or
# page size alone compiles the files that the series changes, as do in mm x86, and
# arm64, whose hosts have the rest compiled for themselves.
#   TREE stock|patched|series   NAME one of those that build-kvm.sh alone prints
#   SPARSE_THESE=file  for x86, arm64 and powerpc sparse looks at the sources that
#                      are listed there, compiled again or not
#   PARTIAL=1          not all options that are asked for have to exist yet, and
#                      little of mm is compiled, and shown to sparse only with LONG=1
#   LONG=1             all of KVM and mm is, for all
# What is warned of is printed, one line each: the object, then the warning.
# Debian 12 has no compiler for loongarch, whose KVM is only read.
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"

names=(x86 arm64 powerpc x86-clang x86-32 x86-nonotifier arm64-16k arm64-64k powerpc-4k ppc32 s390 riscv mips64)
# later kernels want a clang that Debian 12 calls by another name: 13 has it
[ "${BASE:-6.12}" = 6.12 ] || [ "$(clang -dumpversion | cut -d. -f1)" -ge 17 ] || names=("${names[@]/x86-clang/}")
[ $# -gt 0 ] || { printf '%s\n' "${names[@]}" | grep .; exit; }
[[ " ${names[*]} " == *" ${2:-none} "* ]] || die "usage: build-kvm.sh stock|patched|series ${names[*]} [OBJECT...]"
name=$2 compiler=gcc
case $name in
arm64*) folder=arm64 CROSS=aarch64-linux-gnu- ;;
mips64) folder=mips CROSS=mips64-linux-gnuabi64- ;;
powerpc*) folder=powerpc CROSS=powerpc64le-linux-gnu- ;;
ppc32) folder=powerpc CROSS=powerpc-linux-gnu- ;;
riscv) folder=riscv CROSS=riscv64-linux-gnu- ;;
s390) folder=s390 CROSS=s390x-linux-gnu- ;;
x86*) folder=x86 CROSS='' ;;
esac
case $name in
x86-32) KARCH=i386 ;;
x86*) KARCH=x86_64 ;;
*) KARCH=$folder ;;
esac
[ "$name" != x86-clang ] || compiler=clang
need check-series
tree=$SHARED/$1
[ "$1" != patched ] || tree=$KEY/$1
obj=$tree/obj-build-$name
shift 2

# sparse knows neither all compilers' options nor more than these would show it
checker=()
case ${SPARSE_THESE:+$name} in
x86 | arm64 | powerpc)
	if [ -z "${PARTIAL:-}" ]; then
		checker=(C=2 CHECK="build-cc.sh sparse")
	elif [ $# -gt 0 ] || [ -n "${LONG:-}" ]; then
		checker=(C=1 CHECK="build-cc.sh sparse")
	fi
	;;
esac

# Without kernel-doc, which W=1 would run for each object. The compiler's script
# is found by its name, so that no object depends on where this project is.
build_make() {
	PATH=$TOP/tools:$PATH make -s -C "$tree" O="${obj##*/}" ARCH="$KARCH" CROSS_COMPILE="$CROSS" \
		CC="build-cc.sh ccache $CROSS$compiler" HOSTCC="ccache gcc" \
		W=1 cmd_checkdoc= "${checker[@]}" -j"$(nproc)" "$@" </dev/null
}

refused() {
	grep -m 20 -A 3 -E 'error|Error|ERROR|undefined' "$obj/build.log" >&2 || tail -n 20 "$obj/build.log" >&2
	die "$name: $1; all of the output: $obj/build.log"
}

configure_build() {
	local missing
	fragments build "build-${name%%-*}" "build-$name" >"$obj/wanted.new"
	if ! cmp -s "$obj/wanted.new" "$obj/wanted" ||
	   [ -n "$(find "$tree" -name 'obj-*' -prune -o -name 'Kconfig*' -newer "$obj/wanted" -print -quit)" ]; then
		rm -f "$obj/wanted"
		build_make KCONFIG_ALLCONFIG=wanted.new allnoconfig >"$obj/build.log" 2>&1 || refused "no configuration"
		mv "$obj/wanted.new" "$obj/wanted"
		touch "$obj/wanted"
	fi
	[ -z "${PARTIAL:-}" ] || return 0
	missing=$(grep -v '=n$' "$obj/wanted" | grep -vxFf "$obj/.config") || return 0
	die "$name: asked for in tools/configs, but not reachable (a dependency is missing): ${missing//$'\n'/ }"
}

# What is named in tree/mm and can be compiled: not what its Makefile leaves out.
in_mm() {
	(cd "$tree" && grep -lE "$1" mm/*.c mm/damon/*.c) | sed 's/c$/o/' | grep -vxFf <(
		sed -nE 's/^obj-\$\((\w+)\)\s*\+= /\1 /p' "$tree/mm/Makefile" | while read -r option objects; do
			grep -q "^$option=y" "$obj/.config" || sed 's/[^ ]*/mm\/&/g; s/ /\n/g' <<<"$objects"
		done)
}

# modpost over KVM's modules. No vmlinux is linked for it: what that would export
# stands in the source, some of it with names that macros complete.
modpost() {
	local modules=(arch/x86/kvm/kvm{,-amd,-intel}.o)
	(cd "$tree" && grep -rhoE --include='*.[chS]' 'EXPORT_[A-Z_]*(SYMBOL|STATIC_CALL)[A-Z_]*\(\w+( *##)?' \
		arch/x86/[!k]* arch/x86/kernel block crypto drivers fs init kernel lib mm security virt/lib) |
		sed 's/.*(//' >"$obj/exports"
	cd "$obj"
	nm -u "${modules[@]}" | sed -n 's/^ *U //p' | sort -u | awk '
		NR == FNR { if (sub(/ *##/, "")) part[$0]; else whole[$0]; next }
		{
			name = $0
			sub(/^__(tracepoint_|traceiter_|SC[KT]__(tp_func_)?)/, "", name)
			found = name in whole || $0 in whole
			for (p in part)
				found = found || index($0, p) == 1
			if (found)
				printf "0x0\t%s\tvmlinux\tEXPORT_SYMBOL_GPL\t\n", $0
		}' exports - >rest.symvers
	scripts/mod/modpost -M -i rest.symvers -o kvm.symvers "${modules[@]}"
}

# The files of the series that are compiled here.
changed() {
	awk '{ print $2 }' "$KEY/patched.manifest" | sed -nE "s|^virt/|arch/$folder/kvm/../../../virt/|
		/^(mm|arch\/$folder)\//s/\.c$/.o/p"
}

default_targets() {
	printf '%s\n' fs/proc/page.o fs/proc/task_mmu.o kernel/fork.o
	! grep -qx CONFIG_PROC_PAGE_YOUNG_KUNIT_TEST=y "$obj/.config" || echo fs/proc/page_young_kunit.o
	[ ! -d "$tree/lib/lockless_pgwalk" ] || echo lib/lockless_pgwalk/
	case $BASE-$name${LONG:+-long}${PARTIAL:+-partial} in
	*-x86-nonotifier-long) echo mm/ ;;
	*-x86-nonotifier) in_mm 'mmu_notifier|_young' ;;
	*-x86-clang | *-arm64-16k | *-arm64-64k | *-powerpc-4k | *-arm64) changed ;;
	*-x86) changed | grep '^mm/'; echo "arch/$folder/kvm/" ;;
	*-long) printf '%s\n' mm/ "arch/$folder/kvm/" ;;
	*) in_mm 'mmu_notifier|_young'; echo "arch/$folder/kvm/" ;;
	esac
}

mkdir -p "$obj"
exec 9>"$obj/.lock"
flock 9
compiled_by build-cc.sh "$obj"
export SAID=$obj/said SPARSE_SAW=$obj/sparse.saw
# what had something to say is compiled again, until it has nothing
touch "$SAID"
(cd "$obj" && cut -d' ' -f1 said | xargs rm -f "$@")
: >"$SAID"
configure_build
targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <(default_targets)
counted "$obj" "$obj/build.log" build_make "${targets[@]}" || refused "does not build"
if [ "$name" = x86 ] && [ $# -eq 0 ]; then
	(modpost) >>"$obj/build.log" 2>&1 || refused "KVM as modules"
fi
sort "$SAID"
