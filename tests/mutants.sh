#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# mutants.sh DIR: put each bug of mutants.txt into a copy of the headers in DIR, and see a test fail
set -u
dir=$1
flags=(-std=c11 -O1 -w -D_GNU_SOURCE -DPGWALK_DEBUG "-I$dir/include" -I../kunit)
failed=0

# Prints what found the bug.
find_bug() {
	gcc "${flags[@]}" unit.c -o "$dir/unit" || return
	timeout 30 "$dir/unit" >"$dir/out" 2>&1 || { first_failure unit; return; }
	gcc "${flags[@]}" interleave.c -o "$dir/interleave" || return
	timeout 60 "$dir/interleave" >"$dir/out" 2>&1 || { first_failure interleave; return; }
	gcc "${flags[@]}" -fsanitize=thread -pthread threads.c -o "$dir/threads" || return
	TSAN_OPTIONS=halt_on_error=1 "$dir/threads" 3 >"$dir/out" 2>&1 || first_failure threads
}

first_failure() {
	sed -n 's/^not ok [0-9]* *- //p' "$dir/out" | head -n 1 | grep . || echo "$1: crash, hang or sanitizer"
}

while IFS='|' read -r name file script; do
	file=$dir/include/lockless_pgwalk/${file//[[:space:]]/}
	rm -rf "$dir"
	mkdir -p "$dir"
	cp -r ../include "$dir"
	sed -i "$script" "$file"
	if diff -rq ../include "$dir/include" >/dev/null; then
		echo "not ok - $name: the headers have changed, mutants.txt has not"
		failed=1
		continue
	fi
	found=$(find_bug)
	if [ -n "$found" ]; then
		echo "ok - $name: $found"
	else
		echo "not ok - $name: no test fails"
		failed=1
	fi
done < <(sed '/^#/d; s/ | /|/; s/ | /|/' mutants.txt)
exit $failed
