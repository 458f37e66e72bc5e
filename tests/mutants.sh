#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# mutants.sh DIR: put each bug of mutants.txt into a copy of the code in DIR, and see a test fail
set -u
dir=$1
jobs=${JOBS:-$(nproc)}

# find_kernel_bug DIR: likewise for the files of the kernel.
find_kernel_bug() {
	local test
	for test in kernel/*.c; do
		gcc -std=gnu2x -O1 -w -D_GNU_SOURCE -DCONFIG_LOCKLESS_PGWALK_DEBUG "-I$1" "-I$1/include" -I../user -I../user/x86 \
			"$test" -o "$1/kernel" || return
		timeout 60 "$1/kernel" >"$1/out" 2>&1 || { first_failure "$1" "$test"; return; }
	done
}

# find_bug DIR: prints what found the bug that is there.
find_bug() {
	local flags=(-std=c11 -O1 -w -D_GNU_SOURCE -DCONFIG_LOCKLESS_PGWALK_DEBUG "-I$1/include" -I../kunit -I../user)
	gcc "${flags[@]}" unit.c -o "$1/unit" || return
	timeout 60 "$1/unit" >"$1/out" 2>&1 || { first_failure "$1" unit; return; }
	gcc "${flags[@]}" interleave.c -o "$1/interleave" || return
	timeout 120 "$1/interleave" >"$1/out" 2>&1 || { first_failure "$1" interleave; return; }
	gcc "${flags[@]}" -fsanitize=thread -pthread threads.c -o "$1/threads" || return
	TSAN_OPTIONS=halt_on_error=1 "$1/threads" 3 >"$1/out" 2>&1 || first_failure "$1" threads
}

first_failure() {
	sed -n 's/^not ok [0-9]* *- //p' "$1/out" | head -n 1 | grep . || echo "$2: crash, hang or sanitizer"
}

# mutant DIR NAME FILE SCRIPT
mutant() {
	local found file=include/lockless_pgwalk/$3 find=find_bug
	[[ $3 != /* ]] || file=${3#/} find=find_kernel_bug
	mkdir -p "$1"
	cp -r ../include ../arch ../mm ../virt "$1"
	sed -i "$4" "$1/$file"
	if cmp -s "../$file" "$1/$file"; then
		echo "not ok - $2: $file has changed, mutants.txt has not"
		return
	fi
	found=$("$find" "$1")
	if [ -n "$found" ]; then
		echo "ok - $2: $found"
		touch "$1.found"
	else
		echo "not ok - $2: no test fails"
	fi
	rm -rf "$1"
}

rm -rf "$dir"
mkdir -p "$dir"
number=0
while IFS='|' read -r name file script; do
	number=$((number + 1))
	[ "$number" -le "$jobs" ] || wait -n
	mutant "$dir/$number" "$name" "${file//[[:space:]]/}" "$script" &
done < <(sed '/^#/d; s/ | /|/; s/ | /|/' mutants.txt)
wait
[ "$number" -eq "$(find "$dir" -name '*.found' | wc -l)" ]
