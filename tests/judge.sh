#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# judge.sh DIR: what mutants.sh takes for a bug that was found. Compiler and test
# programs are none here: they end as they are told to.
set -u
dir=$1
rm -rf "$dir"
mkdir -p "$dir/bin"
failed=0

# What it makes are copies of itself.
cat >"$dir/bin/gcc" <<'END'
#!/bin/sh
planted() { grep -qs planted "$1"/include/lockless_pgwalk/walk.h; }
if [ "${0##*/}" = gcc ]; then
	for out; do :; done
	! planted "${out%/*}" || [ "$BUG" != refuse ] || exit 1
	echo "x: /include/lockless_pgwalk/walk.h" >"${out%.o}.d"
	exec install -T "$0" "$out"
fi
how=$NO_BUG
! planted "${0%/*}" || how=$BUG
case $how in
pass) echo "ok 1 - a test" ;;
fail) echo "ok 1 - a test"; echo "not ok 2 - another test"; exit 1 ;;
SEGV | KILL) echo "ok 1 - a test"; kill -s "$how" $$ ;;
*) exit "$how" ;;
esac
END
chmod +x "$dir/bin/gcc"
cat >"$dir/planted" <<'END'
# a comment
a bug | walk.h | $a planted
END
echo 'a bug | walk.h | s/what is not there/planted/' >"$dir/stale"
echo '# a comment' >"$dir/empty"

# expect WITHOUT_BUG WITH_BUG LIST STATUS SAYS
expect() {
	local said status
	said=$(PATH=$(realpath "$dir/bin"):$PATH NO_BUG=$1 BUG=$2 LIST=$dir/$3 JOBS=1 ./mutants.sh "$dir" 2>&1)
	status=$?
	if [ "$status" -eq "$4" ] && grep -q "$5" <<<"$said"; then
		echo "ok - $3, without: $1, with: $2"
	else
		echo "not ok - $3, without: $1, with: $2"
		echo "# ended with $status, not $4, and without \"$5\": $said"
		failed=1
	fi
}

expect pass fail planted 0 'ok - a bug: .*another test'
expect pass SEGV planted 0 'ok - a bug: .*crash, hang or sanitizer, behind a test'
expect pass 66 planted 0 'ok - a bug: .*crash, hang or sanitizer'
expect pass pass planted 1 'not ok - a bug: no test fails'
expect pass refuse planted 1 'not ok - a bug: does not compile'
# no test, a usage error, not to be executed, not there, killed by somebody else
for how in 1 2 126 127 KILL; do
	expect pass "$how" planted 1 'not ok - a bug: .* and no test fails'
done
for how in fail SEGV 1 127; do
	expect "$how" fail planted 1 'not ok - without a bug'
done
expect pass fail stale 1 'has changed, .*stale has not'
expect pass fail empty 1 'empty has none'
exit $failed
