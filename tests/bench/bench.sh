#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# bench.sh DIR: compile the benchmark in DIR, run it, and write results.txt and
# results.svg here
#
# Nothing passes or fails by a clock. A machine that is busy makes medians worse,
# and takes longer; the least of many short passes it hardly changes.
# shellcheck source=tools/lib.sh
. "$(dirname "$0")/../../tools/lib.sh"
dir=$1
here=$(cd "$(dirname "$0")" && pwd)
compilers=(gcc clang)
# in cache, and out of it: gigabytes that the tables map, and passes
small=(1 201) large=(64 101)

for tool in "${compilers[@]}" gnuplot; do
	command -v "$tool" >/dev/null || die "$tool is not installed; run: make setup"
done
mkdir -p "$dir"

# build FORMAT COMPILER
build() {
	"$2" -std=c11 -O2 -Wall -Wextra -Werror -Wno-unused-parameter \
		-Wno-missing-field-initializers -D_GNU_SOURCE -pthread "-I$TOP/include" "-I$TOP/user" \
		"-DBENCH_NAME=\"$1\"" "-DBENCH_HEADER=\"formats/$1.h\"" \
		"$here/bench.c" -o "$dir/$1-$2"
}

# measure FORMAT: all of its numbers
measure() {
	local compiler
	for compiler in "${compilers[@]}"; do
		build "$1" "$compiler"
		"$dir/$1-$compiler" cases "${small[@]}"
		"$dir/$1-$compiler" two "${small[@]}"
		"$dir/$1-$compiler" cases "${large[@]}"
	done >>"$dir/cases"
}

cpu() { sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1; }
# "Debian clang version 14.0.6", "gcc (Debian 12.2.0-14) 12.2.0"
version() { "$1" --version | sed -nE "1s/.* ([0-9]+[.][0-9.]+).*/$1 \1/p"; }

head_of_report() {
	cat <<-EOT
	What \`make bench-lib\` found. $(cpu), $(nproc) CPUs;
	$(version gcc); $(version clang).

	"plain" is a loop that reads each entry of the same tables once, and for a clear
	replaces those that are young; its column is nanoseconds per entry, the least of
	all passes. The others are ratios to it: of the least, and (of the medians).
	pgwalk is the library, asked for 512 entries in a call, by-64 for 64 in a call;
	descent, iterator and visitor are other ways to walk, see ways.h. Tables of
	1 GB stay in a cache, ${small[1]} passes; those of 64 GB do not, unless they fit,
	${large[1]} passes. Leaves of 2 MB are as many as pages, and map more; what takes time
	there is to report 512 pages, or 32, for one that is young. With a second thread
	trust the medians: the least is that of a pass in which the other one slept.
	EOT
}

# table: the lines of all cases, which come way by way
table() {
	awk -F '\t' '
	{ group = $1 ", " $2 ", " $3 " GB" }
	group != shown {
		shown = group
		printf "\n%s\n%-42s %7s", group, "", "plain"
		head = 1
	}
	$6 == "plain" {
		if (head)
			names = ""
		least = $7; median = $8
		row = sprintf("%-42s %7.3f", $4 ", " $5, least)
		next
	}
	{
		row = row sprintf(" %14s", sprintf("%.2f (%.2f)", $7 / least, $8 / median))
		names = names sprintf(" %14s", $6)
	}
	$6 == "visitor" {
		if (head)
			print names
		head = 0
		print row
	}' "$dir/cases"
}

# curve WHAT COMPILER WAY: nanoseconds by share
curve() {
	awk -F '\t' -v what="$1" -v compiler="$2" -v way="$3" \
		'$4 == what && $2 == compiler && $6 == way { print $5, $7 }' "$dir/shares"
}

plot() {
	local what compiler way curves
	cat <<-EOT
	set terminal svg size 900,720 font "sans,12" background "white"
	set logscale xy
	set xtics ("1/128" 0.78125, "1/32" 3.125, "1/8" 12.5, "1/2" 50, "all" 100)
	set xrange [0.7:120]
	set xlabel "young pages"
	set ylabel "ns per entry"
	set yrange [0.1:60]
	set key left top vertical maxrows 3 samplen 2
	set grid
	set multiplot layout 2,2 title "x86, page tables of 1 GB, young pages at random"
	EOT
	for what in test clear; do
		for compiler in "${compilers[@]}"; do
			curves=
			for way in plain pgwalk descent iterator visitor; do
				printf '$%s << EOD\n%s\nEOD\n' "$way" "$(curve "$what" "$compiler" "$way")"
				curves+="${curves:+, }\$$way with linespoints title '$way'"
			done
			printf 'set title "%s, %s"\nplot %s\n' "${what/clear/test and clear}" \
				"$compiler" "$curves"
		done
	done
}

rm -f "$dir/cases"
for format in x86 arm64 powerpc; do
	measure "$format"
done
for compiler in "${compilers[@]}"; do
	"$dir/x86-$compiler" shares "${small[@]}"
done >"$dir/shares"
{ head_of_report; table; } >"$dir/results.txt"
plot | gnuplot >"$dir/results.svg"
mv "$dir/results.txt" "$dir/results.svg" "$here"
cat "$here/results.txt"
say "results.txt and results.svg are in $here"
