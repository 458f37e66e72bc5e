# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the tools share: where things are, how they speak, how a kernel is
# configured. To be sourced.
set -euo pipefail

# The outermost script waits for a group of processes, in which it runs again: what
# ends it, if it is by a signal to this process alone, ends all that it has started.
attend() {
	local rc=0
	set -m
	PGWALK_ATTENDED=1 "$0" "$@" </dev/null &
	set +m
	trap 'end_group 129' HUP
	trap 'end_group 130' INT
	trap 'end_group 143' TERM
	wait $! || rc=$?
	# at most what has slept until it would have said how far this is
	kill -- -$! 2>/dev/null || true
	exit "$rc"
}

end_group() {
	trap '' HUP INT TERM
	kill -- -$! 2>/dev/null || true
	for _ in {1..300}; do
		kill -0 -- -$! 2>/dev/null || exit "$1"
		sleep 0.1
	done
	kill -KILL -- -$!
	exit "$1"
}

[ -n "${PGWALK_ATTENDED:-}" ] || attend "$@"
export PGWALK_ATTENDED

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# what is not absolute does not count, says the specification of XDG_CACHE_HOME
[[ ${XDG_CACHE_HOME:-} == /* ]] || XDG_CACHE_HOME=${HOME:?is not set, nor is XDG_CACHE_HOME}/.cache
CACHE=$XDG_CACHE_HOME/lockless_pgwalk

# Our own make must not hand its variables (ARCH=, OUT=) down to the kernel's.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES ARCH CROSS_COMPILE KBUILD_OUTPUT
# A git hook's repository must not be taken for one of ours.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

# Objects are built in tree/obj-*: the compiler then sees only relative paths
# and ccache may serve one tree with what it compiled for another.
# What it does not know is preprocessed only once, by the compiler.
export CCACHE_DIR=$CACHE/ccache CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1
export KBUILD_BUILD_TIMESTAMP='2024-11-17 00:00:00 UTC' KBUILD_BUILD_VERSION=1
export KBUILD_BUILD_USER=lockless_pgwalk KBUILD_BUILD_HOST=build
# kunit.py must not leave byte code in a tree that has to stay as it is.
export PYTHONDONTWRITEBYTECODE=1 LC_ALL=C

say() { printf '%s\n' "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# at_end COMMAND: before this script ends, by a signal, too. Who ends all processes at
# once ends this one more than once: the first time counts.
at_end() {
	# shellcheck disable=SC2064 # the command as it is now
	trap "trap '' HUP INT TERM; $1" EXIT
	trap "trap '' HUP INT TERM; exit 130" INT
	trap "trap '' HUP INT TERM; exit 143" TERM
}

# end_jobs: end what runs in the background here, and wait for it
end_jobs() {
	local at_work
	mapfile -t at_work < <(jobs -p)
	[ "${#at_work[@]}" -eq 0 ] || kill "${at_work[@]}" 2>/dev/null || true
	wait 2>/dev/null || true
}

# slot N: wait until fewer than N jobs are at work
slot() {
	while [ "$(jobs -rp | wc -l)" -ge "$1" ]; do
		wait -n || true
	done
}

# step WHAT COMMAND...: say what is being done, and how long it took
step() {
	local what=$1 start=$SECONDS
	shift
	say "$what ..."
	"$@"
	say "$what: done in $((SECONDS - start)) s"
}

# counted DIR LOG COMMAND...: run it into LOG, and say every 15 s how many
# objects DIR holds
counted() {
	local dir=$1 log=$2 ticker rc=0
	shift 2
	while sleep 15 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
		say "  $(find "$dir" -name '*.o' 2>/dev/null | wc -l) objects"
	done </dev/null >/dev/null 7>&- 8>&- 9>&- &
	ticker=$!
	"$@" >"$log" 2>&1 || rc=$?
	kill "$ticker" 2>/dev/null
	wait "$ticker" 2>/dev/null || true
	return "$rc"
}

# release DIR: 6.12.117, or nothing if DIR is no kernel tree
release() {
	[ ! -f "$1/Makefile" ] ||
		sed -n 's/^\(VERSION\|PATCHLEVEL\|SUBLEVEL\) = //p' "$1/Makefile" | paste -sd.
}

# bases: the releases that the series is for; base/ has what differs on all but the first
bases() {
	printf '6.12\n'
	[ ! -d "$TOP/base" ] || ls "$TOP/base"
}

# ours FILE: where this project has it for BASE
ours() {
	local other=$TOP/base/$BASE/$1
	[ -e "$other" ] || other=$TOP/$1
	printf '%s\n' "$other"
}

# nearest RELEASE: of the bases; of each version there are 20 releases, so far
nearest() {
	bases | awk -F. -v wanted="$1" '
		function number(release, parts) { split(release, parts, "."); return parts[1] * 20 + parts[2] }
		{ distance = number($0) - number(wanted); sub(/^-/, "", distance) }
		NR == 1 || distance + 0 < best { best = distance + 0; name = $0 }
		END { print name }'
}

# find_base [DIR]: BASE, which is that of the kernel tree DIR, or as given, or 6.12
find_base() {
	local found=${BASE:-6.12} what="" all
	if [ $# -gt 0 ]; then
		found=$(release "$1")
		what="$1 is Linux $found"
		[ -n "$found" ] || die "$1 is no kernel tree (no VERSION in its Makefile); give KDIR= the top of a Linux tree"
		found=${found%.*}
	fi
	if ! bases | grep -xF "$found" >/dev/null; then
		all=$(bases | paste -sd' ' | sed 's/ / and /g')
		[ -n "$what" ] || die "BASE=$found, but the series is for $all"
		die "$what, but the series is for $all; nearest to it is $(nearest "$found"); give KDIR= the top of such a tree"
	fi
	[ "${BASE:-$found}" = "$found" ] || die "BASE=$BASE, but $what"
	export BASE=$found
}

# kept_source: the package linux-source-$BASE in the cache, if Debian's is not installed
kept_source() { find "$CACHE/source" -name "linux-source-${BASE}_*.deb" 2>/dev/null | sort -V | tail -n 1 | grep .; }

# source_version: of linux-source-$BASE
source_version() {
	local kept
	dpkg-query -W -f='${Version}' "linux-source-$BASE" 2>/dev/null && return
	kept=$(kept_source) && cut -d_ -f2 <<<"${kept##*/}"
}

# find_key: SHARED, the folder in the cache of one pristine kernel, and KEY, the one
# in it of what this clone makes of that. KEY has links to both: stock and clone.
find_key() {
	local version
	if [ -n "${KDIR:-}" ]; then
		[ -d "$KDIR" ] || die "KDIR=$KDIR is not a folder"
		KDIR=$(cd "$KDIR" && pwd)
		find_base "$KDIR"
		SHARED=$CACHE/kdir-$(printf '%s %s' "$KDIR" "$(release "$KDIR")" | sha256sum | cut -c1-12)
	else
		find_base
		command -v dpkg-query >/dev/null ||
			die "no dpkg here, and so no linux-source-$BASE; give KDIR= the top of a Linux $BASE tree"
		version=$(source_version) || die "linux-source-$BASE is not installed; run: make setup BASE=$BASE"
		SHARED=$CACHE/linux-${version//\~/-}
	fi
	KEY=$SHARED/$(key_of_clone)
}

# key_of_clone: the name of a folder in the cache, one for each pristine kernel
key_of_clone() { printf 'clone-%s\n' "$(printf '%s' "$TOP" | sha256sum | cut -c1-12)"; }

# need TASK [ARCH]: its packages, and trees that are what this clone has by now; of
# each task one runs at a time. What a task runs, has them.
need() {
	if [ -z "${PGWALK_TASK:-}" ]; then
		"$TOP/tools/setup.sh" "$@"
		find_key
		exec 7>"$KEY/.$1${2:+-$2}.lock"
		flock -n 7 || { say "waiting for another ${0##*/} $*"; flock 7; }
		export PGWALK_TASK=$1
	fi
	find_key
}

# hold_tree: until this script ends, setup leaves the patched tree as it is
hold_tree() {
	exec 8>>"$KEY/.lock"
	flock -s 8
}

# arch_is NAME: what the kernel and Debian call it, what is built, and with which
# compiler
arch_is() {
	# shellcheck disable=SC2034 # IMAGE and DEBIAN are for whoever sources this
	case $1 in
	x86) KARCH=x86_64 DEBIAN=amd64 IMAGE=arch/x86/boot/bzImage CROSS= ;;
	arm64) KARCH=arm64 DEBIAN=arm64 IMAGE=arch/arm64/boot/Image CROSS=aarch64-linux-gnu- ;;
	powerpc) KARCH=powerpc DEBIAN=ppc64el IMAGE=vmlinux CROSS=powerpc64le-linux-gnu- ;;
	*) die "unknown architecture $1; known: x86 arm64 powerpc" ;;
	esac
}

# build_one WHAT FOLDER ARCH [PROGRAM]: into build/WHAT, by one task at a time
build_one() {
	arch_is "$3"
	mkdir -p "$TOP/build/$1"
	flock -F "$TOP/build/$1/.lock" make -s -C "$TOP/$2" ARCH="$3" CROSS_COMPILE="$CROSS" \
		OUT="../../build/$1" ${4:+"../../build/$1/$4"} >&2
}

build_wss() { build_one "wss/$1" tools/wss "$1"; }
build_guest() { build_one "guest-$1" tests/guest "$@"; }

# instrumented OBJECT: is it really, as its configuration promises?
instrumented() {
	nm "$1" | grep -E ' U __(asan|tsan)_' >/dev/null ||
		die "$1 was compiled without KASAN or KCSAN, although that is configured"
}

# selftests_of ARCH: SELFTESTS are what tests/guest/selftests runs
selftests_of() {
	SELFTESTS=(demand_paging_test dirty_log_test access_tracking_perf_test
		memslot_modification_stress_test age_exactness_test mm/page_referenced)
	case $BASE-$1 in
	6.12-x86) SELFTESTS+=(max_guest_memory_test) ;;
	*-x86) SELFTESTS+=(mmu_stress_test x86/nested_tdp_fault_test) ;;
	6.12-arm64) SELFTESTS+=(kvm_page_table_test aarch64/page_fault_test) ;;
	*-arm64) SELFTESTS+=(kvm_page_table_test arm64/page_fault_test mmu_stress_test) ;;
	# KVM has none for it
	*-powerpc) SELFTESTS=() ;;
	esac
}

# kmake TREE ARCH FLAVOUR ARGUMENT...: the kernel's make
kmake() {
	local tree=$1 obj=obj-$2-$3 flags=() cc with=()
	arch_is "$2"
	cc="ccache ${CROSS}gcc"
	[[ $3 != @(debug|kcsan) ]] || cc="sanitize-cc.sh $cc"
	# two with other options, the stock kernel and ours, have most code in common
	[ "$3" != perf ] || with=(env -u CCACHE_DEPEND)
	# options that nobody can set: that MGLRU walks page tables, which powerpc does
	# not let it, although the emulated CPU sets their accessed bits
	[ "$2-$3" != powerpc-perf ] ||
		flags=(KCPPFLAGS='-DCONFIG_ARCH_HAS_HW_PTE_YOUNG=1 -DCONFIG_LRU_GEN_WALKS_MMU=1')
	shift 3
	PATH=$TOP/tools:$PATH "${with[@]}" make -s -C "$KEY/$tree" O="$obj" ARCH="$KARCH" CROSS_COMPILE="$CROSS" \
		CC="$cc" "${flags[@]}" -j"$(nproc)" "$@" </dev/null
}

# fragments NAME...: the options in these files of tools/configs, where they are; of
# two that name an option, the later one has its way. Behind "#" stand the releases
# that know an option, if not all do.
fragments() {
	local name
	for name in "$@"; do
		cat "$(ours "tools/configs/$name.config")" 2>/dev/null || true
	done | awk -F' # ' -v base=" $BASE " '!/^#/ && (NF == 1 || index(" " $2 " ", base)) { print $1 }' |
		tac | sort -t= -k1,1 -s -u
}

# compiled_by WRAPPER FOLDER: make knows a compiler by its name. What another version of
# this one has compiled is compiled again.
compiled_by() {
	mkdir -p "$2"
	! cmp -s "$TOP/tools/$1" "$2/$1" || return 0
	find "$2" -name '*.o' -delete
	cp "$TOP/tools/$1" "$2/$1"
}

# kunit_configs ARCH: configs are the arguments of kunit.py that say what is configured
kunit_configs() {
	configs=(--kunitconfig=lib/lockless_pgwalk/.kunitconfig)
	[ "$1" != um ] || configs+=(--kunitconfig="$TOP/tools/configs/kunit.config")
}

# configure TREE ARCH FLAVOUR [partial]: what the fragments name and nothing
# else; unless partial, an option that was asked for and is not there is an error
configure() {
	local obj=$KEY/$1/obj-$2-$3 wanted missing
	wanted=$obj/wanted.config
	mkdir -p "$obj"
	[[ $3 != @(debug|kcsan) ]] || compiled_by sanitize-cc.sh "$obj"
	local names=(common "$2" "$3" "$2-$3")
	[ "$1" = stock ] || names+=(patched)
	fragments "${names[@]}" >"$wanted.new"
	if [ "${4:-}" != partial ] && cmp -s "$wanted.new" "$wanted"; then
		# a Kconfig file may have changed all the same
		kmake "$1" "$2" "$3" olddefconfig >/dev/null
	else
		rm -f "$wanted"
		kmake "$1" "$2" "$3" KCONFIG_ALLCONFIG="$wanted.new" allnoconfig >/dev/null
	fi
	[ "${4:-}" = partial ] && return
	missing=$(grep -v '=n$' "$wanted.new" | grep -vxFf "$obj/.config") &&
		die "$1 $2 $3: asked for in tools/configs, but not reachable (a dependency is missing): ${missing//$'\n'/ }"
	mv "$wanted.new" "$wanted"
}
