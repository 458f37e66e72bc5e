#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel-mutants.sh (MUTANTS=regex, FIRST=n in the environment): put each bug of
# kernel-mutants.txt into a copy of the patched kernel, one at a time, build it,
# and see the test that is named there fail. MUTANTS: of lines that match it;
# FIRST: of so many of them. The next one is built while the last ones boot, JOBS of
# them at most; but a host whose CPUs run in parallel has this machine for itself.
# shellcheck disable=SC2317 # functions are called by step and trap
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/../tools/lib.sh"
# shellcheck source=tests/outcome.sh
. "$TOP/tests/outcome.sh"

list=$TOP/tests/kernel-mutants.txt
jobs=${JOBS:-$(nproc)}
tmp=$(mktemp -d)
declare -A images initramfs

# host: its memory, and what its kernel is told. page_idle does not take the last pages
# of an odd size, which firmware leaves.
declare -A hosts=(
	[x86]='1508M mem=1500M'
	[x86-slow]='1508M mem=1500M kvm.tdp_mmu=0'
	[x86-leaks]='1508M mem=1500M kmemleak=on'
	[x86-swap]='800M guest_swap_mb=512'
	[x86-mm]='1G guest_swap_mb=200 hugepages=8'
	[arm64]='1500M'
	[powerpc]='2G'
)

stop() {
	end_jobs
	# they are there once there is a copy
	[ ! -e "$tmp/files" ] || restore
	rm -rf "$tmp"
}
at_end stop

# lines: of this base, those that are asked for
lines() {
	awk -F' [|] ' -v base="$BASE" '!/^(#|$)/ {
		split($3, host, "[ @]")
		of = $3 ~ /^[^ ]*@/ ? host[2] : "6.12"
		if (of != base)
			next
		sub("@" base " ", " ")
		print
	}' "$list" | grep -E ${FIRST:+-m "$FIRST"} -e "${MUTANTS:-.}"
}

find_base ${KDIR:+"$KDIR"}
lines >"$tmp/list" || die "kernel-mutants.txt: no line for $BASE matches ${MUTANTS:-.}"
# those hosts that are emulated
mapfile -t arches < <(cut -d'|' -f3 "$tmp/list" | sed -E 's/^ *([a-z0-9]*).*/\1/' | grep -vx um | sort -u)
for arch in "${arches[@]:1}"; do
	"$TOP/tools/setup.sh" mutants-kernel "$arch"
done
need mutants-kernel "${arches[@]:0:1}"
# not "tree": functions of lib.sh have one, and the traps would see theirs
COPY=$KEY/mutants

# The files that differ from their original get a new time: they are compiled.
restore() {
	rsync -rpc --files-from="$tmp/files" "$KEY/patched/" "$COPY/"
}

# A copy of the patched tree, and of the objects that it has; anew if other files are
# patched. It builds its own objtool, and so all of them once, out of ccache.
copy_tree() {
	sed 's/^[^ ]*  //' "$KEY/patched.manifest" >"$tmp/patched"
	if ! cmp -s "$tmp/patched" "$COPY.files"; then
		rm -f "$COPY.files"
		rsync -a --delete --include='/obj-kunit-um/' --include='/obj-*-debug/' --exclude='/obj-*' \
			"$KEY/patched/" "$COPY/"
		cp "$tmp/patched" "$COPY.files"
	fi
	{ cat "$tmp/patched"; cut -d'|' -f2 "$tmp/list" | tr -d ' '; } | sort -u >"$tmp/files"
	restore
}

um_make() {
	PATH=$TOP/tools:$PATH make -s -C "$COPY" ARCH=um O=obj-kunit-um CC='sanitize-cc.sh ccache gcc' \
		-j"$(nproc)" "$@" </dev/null
}

# build_all HOST: from nothing, or what others have changed
build_all() {
	local arch=${1%%-*} configs
	if [ "$arch" = um ]; then
		kunit_configs um
		compiled_by sanitize-cc.sh "$COPY/obj-kunit-um"
		(cd "$COPY" && PATH=$TOP/tools:$PATH /usr/bin/python3 tools/testing/kunit/kunit.py config --arch=um \
			"${configs[@]}" --build_dir=obj-kunit-um \
			--make_options='CC=sanitize-cc.sh ccache gcc') >"$tmp/build.log" 2>&1 || return
	else
		configure mutants "$arch" debug
	fi
	build "$1"
}

# build HOST: its kernel is ${images[HOST]} then
build() {
	local arch=${1%%-*}
	if [ "$arch" = um ]; then
		images[$1]=$COPY/obj-kunit-um/linux
		um_make linux >"$tmp/build.log" 2>&1
	else
		arch_is "$arch"
		images[$1]=$COPY/obj-$arch-debug/$IMAGE
		kmake mutants "$arch" debug "${IMAGE##*/}" >"$tmp/build.log" 2>&1
	fi
}

# programs HOST: what runs on it, packed as ${initramfs[HOST]}
programs() {
	local arch=${1%%-*} files
	[ "$arch" != um ] || return 0
	arch_is "$arch"
	if [[ $1 = *-mm ]]; then
		files=("$("$TOP/tools/selftests.sh" "$arch" mm/page_referenced | tail -n 1)/mm/page_referenced")
	else
		files=("$TOP/build/guest-$arch/young-test" "$TOP/build/wss/$arch/wss")
		build_guest "$arch"
		build_wss "$arch"
	fi
	initramfs[$1]=$tmp/initramfs-$1
	BUSYBOX=$("$TOP/tools/busybox.sh" "$arch" | tail -n 1) "$TOP/tools/initramfs.sh" "${initramfs[$1]}" "${files[@]}"
}

# parallel HOST: do its CPUs run so?
parallel() { [[ $1 = arm64 || $1 = powerpc ]]; }

# guest_cmd HOST TEST...: what runs on it
guest_cmd() {
	case $1 in
	*-mm) echo page_referenced ;;
	*-leaks) echo young-test --expect=fast machines ;;
	*-slow) echo young-test --expect=slow "${@:2}" ;;
	*) echo young-test --expect=fast "${@:2}" ;;
	esac
}

# run HOST IMAGE LOG TEST...
run() {
	local host=$1 image=$2 log=$3 memory append options=()
	shift 3
	[ "$host" != um ] || { run_um "$image" "$log" "$@"; return; }
	read -r memory append <<<"${hosts[$host]}"
	! parallel "$host" || options=(-p)
	"$TOP/tools/boot.sh" "${options[@]}" -m "$memory" -a "$append guest_cmd=\"$(guest_cmd "$host" "${@@Q}")\"" \
		-l "$log" "${host%%-*}" "$image" "${initramfs[$host]}" >/dev/null 2>"$log.errors"
}

# One case, or all of them
run_um() {
	local filter=()
	[ $# -ne 3 ] || filter=("kunit.filter_glob=$3")
	timeout 300 "$1" mem=1G console=tty kunit_shutdown=halt "${filter[@]}" </dev/null >"$2" 2>/dev/null
	! grep -q '^ *not ok' "$2"
}

report() {
	printf '%s\n' "$*" >&2
	printf '%s\n' "$*" >>"$tmp/results"
}

# judge NUMBER NAME HOST TEST COMPLAINT: in an image of its own
judge() {
	local log=$tmp/$1.log began
	trap - EXIT
	began=$(cat "$tmp/$1.began")
	trap 'kill $! 2>/dev/null; wait; exit 143' TERM
	run "$3" "$tmp/$1.image" "$log" "$4" &
	wait $! || true
	if killed "$4" "$5" "$log"; then
		report "$(printf 'ok %2d of %d - %s: %s, %s%s, %d s' "$1" "$total" "$2" "$3" "$4" "${5:+, $5}" $((SECONDS - began)))"
		rm -f "$log"*
	else
		report "not ok $1 of $total - $2: $3, $4 does not fail${5:+ by $5}"
		{ grep -E '^ *not ok ' "$log" || tail -n 15 "$log"; cat "$log.errors"; } >&2 2>/dev/null
		mkdir -p "$KEY/mutants.logs"
		mv "$log" "$KEY/mutants.logs/$1.log"
	fi
	rm -f "$tmp/$1.image"
}

# mutant NUMBER NAME FILE HOST TEST COMPLAINT SCRIPT
mutant() {
	local refused=
	echo "$SECONDS" >"$tmp/$1.began"
	sed -i "$7" "$COPY/$3"
	if cmp -s "$KEY/patched/$3" "$COPY/$3"; then
		refused="$3 has changed, kernel-mutants.txt has not"
	elif ! build "$4"; then
		refused="does not compile"
		grep -m 5 -A 5 -E 'error|undefined' "$tmp/build.log" >&2 || true
	else
		cp "${images[$4]}" "$tmp/$1.image"
	fi
	restore
	if [ -n "$refused" ]; then
		report "not ok $1 of $total - $2: $refused"
		return
	fi
	slot "$jobs"
	! parallel "$4" || wait
	judge "$1" "$2" "$4" "$5" "$6" &
	! parallel "$4" || wait
}

# check_baseline HOST TEST...: a kernel's command line has its limits
check_baseline() {
	local host=$1 log=$tmp/$1.log test began=$SECONDS
	trap - EXIT
	trap 'kill $! 2>/dev/null; wait; exit 143' TERM
	shift
	while [ $# -gt 0 ]; do
		run "$host" "$tmp/$host.image" "$log" "${@:1:20}" &
		wait $! || true
		for test in "${@:1:20}"; do
			[[ $(outcome "$test" "$log") != ok* ]] || continue
			report "not ok - without a bug: $host, $test does not pass"
			tail -n 20 "$log" >&2
		done
		shift $(($# < 20 ? $# : 20))
	done
	say "# without a bug, $host: $((SECONDS - began)) s"
}

# Without a bug, all tests that are named pass.
baseline() {
	local host=$1 tests=()
	mapfile -t tests < <(awk -F'\037' -v host="$host" '$4 == host { print $5 }' "$tmp/mutants" | sort -u)
	build_all "$host" || { tail -n 20 "$tmp/build.log" >&2; die "without a bug: $host is not built"; }
	programs "$host" </dev/null
	cp "${images[$host]}" "$tmp/$host.image"
	slot "$jobs"
	check_baseline "$host" "${tests[@]}" &
}

# name | file | host: test => complaint | script, as fields
awk -F' [|] ' -v OFS='\037' '{
	test = $3
	complaint = ""
	if (i = index(test, " => ")) {
		complaint = substr(test, i + 4)
		test = substr(test, 1, i - 1)
	}
	host = test
	sub(/ .*/, "", host)
	sub(/^[^ ]* /, "", test)
	script = $0
	sub(/^[^|]* [|] [^|]* [|] [^|]* [|] /, "", script)
	print NR, $1, $2, host, test, complaint, script
}' "$tmp/list" >"$tmp/mutants"
total=$(wc -l <"$tmp/mutants")
while read -r host; do
	[ "$host" = um ] || [ -n "${hosts[$host]:-}" ] || die "kernel-mutants.txt: no host $host; known: um ${!hosts[*]}"
done < <(cut -d $'\037' -f4 "$tmp/mutants" | sort -u)
: >"$tmp/results"

exec 9>"$KEY/mutants.lock"
flock 9
step "copying the patched tree" copy_tree
while read -r host; do
	step "without a bug, $host" baseline "$host"
done < <(cut -d $'\037' -f4 "$tmp/mutants" | sort -u)
while IFS=$'\037' read -r number name file host test complaint script; do
	mutant "$number" "$name" "$file" "$host" "$test" "$complaint" "$script"
done <"$tmp/mutants"
wait
sort -s -k1,1r "$tmp/results"
passed=$(grep -c '^ok' "$tmp/results") || true
echo "$passed passed, $(grep -c '^not' "$tmp/results") failed"
[ "$passed" -eq "$total" ] && ! grep -q '^not' "$tmp/results"
