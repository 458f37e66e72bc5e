#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# mutants.sh DIR [PATTERN]: put each bug of mutants.txt into a copy of the code
# below DIR, one at a time, and see a test fail. PATTERN: of lines that match it.
# LIST=file in the environment: those of another list.
set -u
dir=$(mktemp -d "$1/mutants.XXXXXX") || exit
trap 'rm -rf "$dir"' EXIT
pattern=${2:-.}
list=${LIST:-mutants.txt}
jobs=${JOBS:-$(nproc)}

library="-std=c11 -I../kunit -I../user"
kernel="-std=gnu2x -I../user -I../user/x86"
declare -A sources flags
# compiled more often than it is run
sources[unit]="$(echo ../kunit/*_kunit.c ../kunit/model*.c) debug_kunit.c ../user/kunit.c"
flags[unit]="$library -O0"
sources[interleave]="interleave.c interleave_writers.c ../user/kunit.c"
flags[interleave]=$library
sources[threads]=threads.c
flags[threads]="$library -fsanitize=thread -pthread"
kernel_tests=()
for test in kernel/*.c; do
	name=$(basename "$test" .c)
	sources[$name]="$test ../user/kunit.c"
	flags[$name]=$kernel
	kernel_tests+=("$name")
done

# compile COPY FILE PROGRAM: what does not depend on FILE, in which the bug is, is
# taken from the copy without a bug. A program of which nothing does finds no bug.
compile() {
	local copy=$1 file=$2 program=$3 objects=() source object depends=
	for source in ${sources[$program]}; do
		object=$program-$(basename "$source" .c).o
		if [ "$copy" = "$dir/0" ] || grep -q "/$file" "$dir/0/${object%.o}.d"; then
			# shellcheck disable=SC2086 # several flags
			gcc -O1 -w -D_GNU_SOURCE -DCONFIG_LOCKLESS_PGWALK_DEBUG -MMD "-I$copy" "-I$copy/include" ${flags[$program]} \
				-c "$source" -o "$copy/$object" || { echo "does not compile" >"$copy.broken"; return 1; }
			objects+=("$copy/$object")
			depends=1
		else
			objects+=("$dir/0/$object")
		fi
	done
	[ -n "$depends" ] || return
	# shellcheck disable=SC2086
	gcc ${flags[$program]} "${objects[@]}" -o "$copy/$program" ||
		{ echo "$program cannot be linked" >"$copy.broken"; return 1; }
}

# fails COPY FILE PROGRAM [ARGUMENT]: says how, up to the first test that fails.
# One that does not compile finds nothing, nor does one that only comes to no
# good end: as it cannot be run, say, or has no test.
fails() {
	local copy=$1 program=$3 last status
	compile "$@" || return
	last=$(TSAN_OPTIONS=halt_on_error=1 timeout --foreground 120 "$copy/$program" "${@:4}" 2>&1 |
		sed -n '/^not ok/{p; q}; /^ok/h; $!d; x; p'; exit "${PIPESTATUS[0]}")
	status=$?
	# a test; the sanitizer; timeout; or the program died of what it did itself
	case $status:$last in
	0:*) return 1 ;;
	*:"not ok"*) echo "$program: ${last#*- }" ;;
	66:* | 124:* | 13[2-69]:*) echo "$program: crash, hang or sanitizer, behind ${last#*- }" ;;
	*)
		echo "$program ends with $status, and no test fails: $last" >"$copy.broken"
		return 1
		;;
	esac
}

# find_bug COPY FILE: says what found the bug in FILE.
find_bug() {
	local program
	if [ "$2" = all ] || [[ $2 != include/lockless_pgwalk/* ]]; then
		for program in "${kernel_tests[@]}"; do
			fails "$1" "$2" "$program" && return
		done
	fi
	[ "$2" = all ] || [[ $2 = include/lockless_pgwalk/* ]] || return
	fails "$1" "$2" unit || fails "$1" "$2" interleave || fails "$1" "$2" threads 3
}

copy_to() {
	mkdir -p "$1"
	cp -r ../include ../arch ../mm ../virt "$1"
}

# mutant COPY NAME FILE SCRIPT
mutant() {
	local found file=include/lockless_pgwalk/$3
	[[ $3 != /* ]] || file=${3#/}
	copy_to "$1"
	sed -i "$4" "$1/$file"
	if cmp -s "../$file" "$1/$file"; then
		echo "not ok - $2: $file has changed, $list has not"
	elif found=$(find_bug "$1" "$file"); then
		echo "ok - $2: $found"
		touch "$1.found"
	elif [ -e "$1.broken" ]; then
		echo "not ok - $2: $(cat "$1.broken")"
	else
		echo "not ok - $2: no test fails"
	fi
	rm -rf "$1"
}

copy_to "$dir/0"
found=$(find_bug "$dir/0" all) || found=
[ ! -e "$dir/0.broken" ] || found=$(cat "$dir/0.broken")
for program in "${!sources[@]}"; do
	[ -x "$dir/0/$program" ] || found=${found:-$program was not made}
done
if [ -n "$found" ]; then
	echo "not ok - without a bug: $found"
	exit 1
fi

number=0
while IFS='|' read -r name file script; do
	number=$((number + 1))
	[ "$number" -le "$jobs" ] || wait -n
	mutant "$dir/$number" "$name" "${file//[[:space:]]/}" "$script" &
done < <(sed '/^#/d; s/ | /|/; s/ | /|/' "$list" | grep -e "$pattern")
wait
echo "# $number bugs"
[ "$number" -gt 0 ] || echo "not ok - $list has none"
[ "$number" -gt 0 ] && [ "$number" -eq "$(find "$dir" -name '*.found' | wc -l)" ]
