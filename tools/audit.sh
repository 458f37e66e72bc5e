#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# audit.sh: the scripts in cocci/ over their samples, over our files in the
# patched tree, and over the pristine one, where cocci/findings.tsv says what is
# expected; then sparse, kernel-doc, compilers, clang-tidy and shellcheck.
# With KDIR, of any version: a report of what the scripts find there, unless
# setup has prepared that tree: then it is audited like Debian's.
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/lib.sh"
# check counts at the end of a pipe; what is in front of it fails if it found
# something, and says so
shopt -s lastpipe
set +o pipefail

report=
if [ -n "${KDIR:-}" ]; then
	[ -d "$KDIR" ] || die "KDIR=$KDIR is not a folder"
	KDIR=$(cd "$KDIR" && pwd)
	version=$(release "$KDIR")
	case $version in
	'') die "$KDIR is no kernel tree (no VERSION in its Makefile)" ;;
	esac
	report=1
	if bases | grep -xF "${version%.*}" >/dev/null; then
		find_key
		[ ! -f "$KEY/patched.stamp" ] || report=
	fi
fi
[ -z "$report" ] || "$TOP/tools/setup.sh" report
tools=(spatch)
[ -n "$report" ] || tools+=(sparse clang clang-tidy shellcheck)
for tool in "${tools[@]}"; do
	command -v "$tool" >/dev/null || die "$tool is not installed; run: make setup"
done

# where KVM's page tables and their users live
roots=(virt/kvm mm arch/{x86,arm64,powerpc}/kvm arch/arm64/include/asm/kvm_pgtable.h fs/proc/task_mmu.c)
jobs=${JOBS:-$(nproc)}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'say interrupted; exit 130' INT TERM

count=0 failures=0
# check WHAT: ok if nothing is on stdin; otherwise that is what is wrong
check() {
	local said
	said=$(cat)
	count=$((count + 1))
	if [ -z "$said" ]; then
		printf 'ok %s - %s\n' "$count" "$1"
	else
		failures=$((failures + 1))
		printf 'not ok %s - %s\n' "$count" "$1"
		printf '# %s\n' "${said//$'\n'/$'\n'# }"
	fi
}

rules=()
for script in "$TOP"/cocci/*.cocci; do
	rules+=("$(basename "$script" .cocci)")
done
macros=$TOP/cocci/macros.h
option() { sed -n "s|^// $2: ||p" "$TOP/cocci/$1.cocci"; }

# spatch_files RULE OUT LIST: run a script over files, each for itself; the
# findings are in OUT, and in OUT.bad what keeps them from being complete
spatch_files() {
	local rc=0 options
	: >"$2"
	: >"$2.bad"
	[ -s "$3" ] || return 0
	sed 's/$/\n/' "$3" >"$2.groups"
	read -ra options <<<"$(option "$1" Options)"
	spatch -D report --very-quiet --no-show-diff --no-scanner --timeout 120 --cocci-file "$TOP/cocci/$1.cocci" \
		--macro-file "$macros" "${options[@]}" --file-groups "$2.groups" >"$2.said" 2>"$2.errors" </dev/null || rc=$?
	grep -E '^[^:]+:[0-9]+:[0-9]+-[0-9]+: ' "$2.said" >"$2" || true
	{
		[ "$rc" -eq 0 ] || echo "$1: spatch ended with $rc"
		grep -v '^[[:space:]]*$' "$2.errors" | sed "s|^|$1: |" || true
		grep -vE '^[^:]+:[0-9]+:[0-9]+-[0-9]+: |^[[:space:]]*$' "$2.said" | sed "s|^|$1: |" || true
	} >"$2.bad"
}

# functions FILE...: those that are defined there, as "file function"
functions() {
	awk '
		FNR == 1 { name = "" }
		/^[A-Za-z_].*\(/ && !/[;=\\]/ {
			name = $0
			sub(/^(COMPAT_)?SYSCALL_DEFINE[1-9]\(/, "", name)
			gsub(/__(printf|attribute(__)?|acquires|releases|must_hold|section) ?\(+[^()]*\)+/, "", name)
		}
		/^\{ *$/ && name {
			sub(/[(),].*/, "", name)
			sub(/.*[^A-Za-z0-9_]/, "", name)
			print FILENAME "\t" name
		}
		/^[{}#]/ || /;/ { name = "" }
	' "$@"
}

# skipped OUT LIST: the functions that no script ever sees, as spatch cannot parse
# them, or has no flow of control for them, are in OUT as "file function", and in
# OUT.bad what keeps that from being complete
cat >"$tmp/functions.cocci" <<'END'
virtual report

@seen exists@
identifier fn;
position p;
@@

fn@p(...)
{
... when any
}

@script:python depends on report@
fn << seen.fn;
p << seen.p;
@@

print("%s\t%s" % (p[0].file, fn))
END
skipped() {
	local rc=0 these
	sed 's/$/\n/' "$2" >"$1.groups"
	spatch -D report --very-quiet --no-show-diff --no-scanner --timeout 120 --cocci-file "$tmp/functions.cocci" \
		--macro-file "$macros" --no-includes --include-headers --file-groups "$1.groups" >"$1.said" 2>"$1.errors" </dev/null || rc=$?
	mapfile -t these <"$2"
	functions "${these[@]}" | sort | comm -23 - <(sort "$1.said") >"$1"
	{
		[ "$rc" -eq 0 ] || echo "functions: spatch ended with $rc"
		grep -v '^[[:space:]]*$' "$1.errors" | sed 's/^/functions: /' || true
		[ -s "$1.said" ] || echo "functions: none"
	} >"$1.bad"
}

# scan TREE OUT LIST: all scripts over the files of a tree that concern them, or
# rather over copies: spatch sees no function whose name comes from a macro
scan() {
	local rule
	mkdir -p "$2/tree"
	cd "$1"
	for rule in "${rules[@]}"; do
		xargs -r grep -lE -- "$(option "$rule" Files)" <"$3" >"$2/$rule.list" || true
	done
	sort -u "$2"/*.list >"$2/parsed"
	xargs -r cp --parents -t "$2/tree" <"$2/parsed"
	cd "$2/tree"
	grep -rl FNAME . | xargs -r sed -i 's/\<FNAME(\([a-z0-9_]*\))/\1/g'
	skipped "$2/skipped" "$2/parsed" &
	# those with most files are the longest
	wc -l "$2"/*.list | sort -rn | sed -nE 's|.*/(.*)\.list$|\1|p' >"$2/order"
	while read -r rule; do
		slot "$jobs"
		{
			start=$SECONDS
			spatch_files "$rule" "$2/$rule" "$2/$rule.list"
			say "  $rule: $(wc -l <"$2/$rule.list") files, $(wc -l <"$2/$rule") findings, $((SECONDS - start)) s"
		} &
	done <"$2/order"
	wait
	cd "$TOP"
}

# places DIR: the findings of a scan as "script file function number"
places() {
	local rule
	for rule in "${rules[@]}"; do
		sed -nE "s/^([^:]+):.*\(([A-Za-z0-9_]+)\)$/$rule\t\1\t\2/p" "$1/$rule"
	done | sort | uniq -c | awk -v OFS='\t' '{ print $2, $3, $4, $1 }' | sort
}

sources() { find "$@" -name '*.[ch]' 2>/dev/null | sort; }

# ---------------------------------------------------------------- another tree
if [ -n "$report" ]; then
	(cd "$KDIR" && sources "${roots[@]}" include/linux/{mmu_notifier,kvm_}*.h) >"$tmp/list"
	[ -s "$tmp/list" ] || die "$KDIR has none of ${roots[*]}"
	say "Linux $version in $KDIR: $(wc -l <"$tmp/list") files, ${#rules[@]} scripts ..."
	scan "$KDIR" "$tmp/out" "$tmp/list"
	for rule in "${rules[@]}"; do
		printf '\n== %s: %s\n' "$rule" "$(sed -n 's|^/// ||p' "$TOP/cocci/$rule.cocci" | tr '\n' ' ' | sed -E 's/\. .*/./')"
		sort -t: -k1,1 -k2,2n "$tmp/out/$rule"
	done
	printf '\n%s findings in %s functions; cocci/README.md says how to read them\n' \
		"$(for rule in "${rules[@]}"; do cat "$tmp/out/$rule"; done | wc -l)" "$(places "$tmp/out" | wc -l)"
	printf '%s functions were skipped, as spatch does not understand them\n' "$(wc -l <"$tmp/out/skipped")"
	sed 's/^/  /' "$tmp/out/skipped"
	bad=$(cat "$tmp"/out/*.bad)
	[ -z "$bad" ] || die "not all could be looked at: $bad"
	exit 0
fi

need audit
hold_tree
began=$SECONDS

# ------------------------------------------------------------------ the samples
say "samples ..."
mkdir "$tmp/samples"
for sample in "$TOP"/cocci/tests/*.c; do
	name=$(basename "$sample" .c)
	echo "$sample" >"$tmp/samples/$name.list"
	slot "$jobs"
	spatch_files "${name%%-*}" "$tmp/samples/$name" "$tmp/samples/$name.list" &
done
wait
for sample in "$TOP"/cocci/tests/*.c; do
	name=$(basename "$sample" .c)
	grep -n '/\* BUG \*/' "$sample" | cut -d: -f1 | sort -u >"$tmp/planted"
	cut -d: -f2 "$tmp/samples/$name" | sort -u >"$tmp/found"
	{
		cat "$tmp/samples/$name.bad"
		[ -s "$tmp/planted" ] || echo "no bug is planted"
		comm -23 "$tmp/planted" "$tmp/found" | sed 's/^/not found: line /'
		comm -13 "$tmp/planted" "$tmp/found" | sed 's/^/a near miss is reported: line /'
	} | check "$name: $(wc -l <"$tmp/planted") planted bugs found, no near miss"
done
echo "$TOP/cocci/skipped.c" >"$tmp/list"
skipped "$tmp/sample" "$tmp/list"
{
	cat "$tmp/sample.bad"
	diff <(grep -oE 'skipped_\w+' "$TOP/cocci/skipped.c" | sort) <(cut -f2 "$tmp/sample")
} | check "functions that no script sees are known"
for rule in "${rules[@]}"; do
	compgen -G "$TOP/cocci/tests/$rule*.c" >/dev/null || echo "$rule"
done | check "each script has samples"
for rule in "${rules[@]}"; do
	for mode in org context patch; do
		grep -q "^virtual $mode$" "$TOP/cocci/$rule.cocci" || continue
		samples=("$TOP/cocci/tests/$rule".c)
		spatch -D "$mode" --very-quiet --macro-file "$macros" --cocci-file "$TOP/cocci/$rule.cocci" --no-includes "${samples[@]}" \
			>"$tmp/mode" 2>"$tmp/mode.bad" </dev/null || echo "$rule, mode $mode: failed"
		[ -s "$tmp/mode" ] || echo "$rule, mode $mode: finds nothing in its sample"
		sed "s/^/$rule, mode $mode: /" "$tmp/mode.bad"
	done
done | check "modes org, context and patch"

# ----------------------------------------------------------------- pristine tree
# The table: script, file, function; for each base the findings in the pristine tree,
# and those with the series; verdict, why.
table=$TOP/cocci/findings.tsv
pristine=$((2 + 2 * $(bases | grep -nxF "$BASE" | cut -d: -f1)))
series=$((pristine + 1))
awk '{ print $2 }' "$KEY/patched.manifest" | grep '\.[ch]$' >"$tmp/ours"
# expected COLUMN: "script file function number" by the table
expected() { awk -F'\t' -v OFS='\t' -v n="$1" '!/^#/ && $n > 0 { print $1, $2, $3, $n }' "$table" | sort; }
# compare DIR COLUMN WHERE
compare() {
	places "$1" | comm -23 - <(expected "$2") | check "$3: every finding is in cocci/findings.tsv"
	expected "$2" | if [ "$2" = "$series" ]; then grep -Ff "$tmp/ours"; else cat; fi |
		comm -23 - <(places "$1") | check "$3: everything in cocci/findings.tsv is found"
}

say "scripts over $(release "$KEY/stock") ..."
(cd "$KEY/stock" && sources "${roots[@]}") >"$tmp/list"
scan "$KEY/stock" "$tmp/stock" "$tmp/list"
cat "$tmp"/stock/*.bad | check "pristine tree: everything could be looked at"
known() { awk -F'\t' -v OFS='\t' -v base=" $BASE " '!/^#/ && index(" " $3 " ", base) { print $1, $2 }' "$TOP/cocci/skipped.tsv" | sort; }
comm -23 "$tmp/stock/skipped" <(known) | check "pristine tree: each function that no script sees is in cocci/skipped.tsv"
comm -13 "$tmp/stock/skipped" <(known) | check "pristine tree: no script sees what is in cocci/skipped.tsv"
compare "$tmp/stock" "$pristine" "pristine tree"
{
	cut -f1-3 "$table" | grep -v '^#' | sort | uniq -d
	awk -F'\t' -v fields=$((3 + 2 * $(bases | wc -l) + 2)) -v pristine="$pristine" '
		FNR == NR { ours[$1]; next }
		/^#/ { next }
		{
			sum = 0
			wrong = NF != fields || $(NF - 1) !~ /^(true|harmless|false)$/ || $NF == ""
			for (i = 4; i < NF - 1; i++) {
				wrong = wrong || $i !~ /^[0-9]+$/
				sum += $i
			}
		}
		wrong || sum == 0 { print; next }
		$pristine != $(pristine + 1) && !($2 in ours) { print "the series does not touch this: " $0 }
	' "$tmp/ours" "$table"
} | check "cocci/findings.tsv: one line each, with numbers, a verdict and a reason"
grep -v '^#' "$table" | awk -F'\t' -v pristine="$pristine" '
	$pristine + $(pristine + 1) { n[$1]++; v[$1, $(NF - 1)]++ }
	END { for (rule in n) printf "# %-24s %3d true %3d harmless %3d false\n", rule, v[rule, "true"], v[rule, "harmless"], v[rule, "false"] }
' | sort
awk -F'\t' '!/^#/ && /FROZEN_SPTE/ { printf "# %s in %s, %s(): %s\n", $1, $2, $3, $NF }' "$table"

# ------------------------------------------------------------------ patched tree
say "scripts over our files ..."
while read -r file; do
	[ -f "$KEY/stock/$file" ] || echo "$file"
done <"$tmp/ours" >"$tmp/new"
scan "$KEY/patched" "$tmp/patched" "$tmp/ours"
cat "$tmp"/patched/*.bad | check "our files: everything could be looked at"
# Tables that a test made need no RCU: nobody frees them.
sed -i '/^lib\/lockless_pgwalk\//d' "$tmp/patched/walk_rcu"
compare "$tmp/patched" "$series" "our files"
comm -23 "$tmp/patched/skipped" "$tmp/stock/skipped" |
	check "our files: scripts see every function that they see in the pristine tree"
awk -F'\t' -v pristine="$pristine" '!/^#/ && $(pristine + 1) < $pristine { printf "# the series removes: %s in %s, %s()\n", $1, $2, $3 }' "$table"

# ---------------------------------------------------------------------- compilers
(cd "$KEY/patched" && xargs scripts/kernel-doc -none -Wall <"$tmp/new") 2>&1 | check "kernel-doc"

# What has passed there is not done again.
say "sparse and checkpatch, patch by patch ..."
: >"$tmp/series.bad"
"$TOP/tools/series-check.sh" >"$tmp/series" 2>&1 || tail -n 3 "$tmp/series" >"$tmp/series.bad"
check <"$tmp/series.bad" "sparse, checkpatch --strict: nothing that the pristine tree does not have"

say "user space ..."
# user_space WHERE FLAGS SOURCES [OPTION...]: FLAGS and SOURCES are names of
# arrays, the options are for clang-tidy
user_space() {
	local -n cflags=$2 files=$3
	local compiler tidy=("--config-file=$TOP/tests/.clang-tidy" "${@:4}")
	each() { printf '%s\0' "${files[@]}" | xargs -0 -I{} -P "$jobs" "$@"; }
	for compiler in gcc clang; do
		each "$compiler" "${cflags[@]}" -O2 -Wall -Wextra -Wshadow -Wno-unused-parameter \
			-Wno-missing-field-initializers -fsyntax-only {} 2>&1 | check "$compiler -Wall -Wextra -Wshadow, $1"
	done
	{
		each clang-tidy --quiet "${tidy[@]}" {} -- "${cflags[@]}" 2>"$tmp/tidy" ||
			echo "clang-tidy ended with $?: $(tail -n 1 "$tmp/tidy")"
	} | grep -E '(warning|error|ended with.*):' | sort -u | check "clang-tidy, $1"
}
# shellcheck disable=SC2034 # user_space gets the names of the arrays
library=(-std=c11 -D_GNU_SOURCE -DCONFIG_LOCKLESS_PGWALK_DEBUG "-I$TOP/include" "-I$TOP/kunit" "-I$TOP/user"
	-DPROBE_FORMAT=x86_tdp_format '-DPROBE_HEADER="lockless_pgwalk/formats/x86_tdp.h"')
# shellcheck disable=SC2034
library_tests=("$TOP"/tests/*.c "$TOP"/kunit/model*.c "$TOP"/kunit/*_kunit.c "$TOP/user/kunit.c")
# shellcheck disable=SC2034
bench=(-std=c11 -D_GNU_SOURCE "-I$TOP/include" "-I$TOP/user" '-DBENCH_NAME="x86"'
	'-DBENCH_HEADER="formats/x86.h"')
# shellcheck disable=SC2034
bench_files=("$TOP"/tests/bench/*.c)
# kernel files and what they include; macros there are those of the kernel
# shellcheck disable=SC2034
kernel=(-std=gnu2x -D_GNU_SOURCE -DCONFIG_LOCKLESS_PGWALK_DEBUG "-I$TOP" "-I$TOP/user" "-I$TOP/user/x86"
	"-I$TOP/include" "-I$TOP/kunit")
# shellcheck disable=SC2034
kernel_tests=("$TOP"/tests/kernel/*.c)
# shellcheck disable=SC2034
guest=(-std=gnu11 "-I$TOP/kunit" "-I$TOP/tools/wss")
# the compilers here know no assembler but this machine's; of the other back ends
# the build asks the same
# shellcheck disable=SC2034
mapfile -t guest_tests < <(find "$TOP/tests/guest" -name '*.c' ! -name arm64.c ! -name powerpc.c | sort)
user_space "tests/, kunit/" library library_tests
user_space tests/bench/ bench bench_files
user_space "tests/kernel/, user/" kernel kernel_tests --checks=-bugprone-suspicious-include,-bugprone-macro-parentheses \
	--header-filter='include/lockless_pgwalk|kunit|tests|user|mm/young_'
user_space tests/guest/ guest guest_tests

mapfile -t scripts < <(cd "$TOP" && find . -path ./build -prune -o -name .git -prune -o -type f -printf '%P\n' | sort | while read -r file; do
	if [[ -f $file && $(head -c 64 "$file" | tr -d '\0') =~ ^'#!'.*sh ]]; then
		echo "$file"
	fi
done)
# SC2187: busybox sh is checked as dash
(cd "$TOP" && shellcheck -x -e SC2187 "${scripts[@]}" tools/lib.sh) 2>&1 | check "shellcheck: $((${#scripts[@]} + 1)) scripts"

say "audit: done in $((SECONDS - began)) s"
printf '1..%s\n%s passed, %s failed\n' "$count" $((count - failures)) "$failures"
[ "$failures" -eq 0 ]
