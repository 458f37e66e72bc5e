#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# tool.sh WSS DIR: the program wss, on processes that look like a VMM. TAP.
#
# DIR has vmm (vmm.c) and wss-fake: the same program with a kernel underneath
# that knows PAGE_IS_REFERENCED, or does not (fake.c). WSS itself runs only where
# all kernels are alike: nothing here depends on the one that is running.
# shellcheck disable=SC2317 # functions are called by ok()
set -u
wss=$(realpath "$1")
fake=$(realpath "$2")/wss-fake
vmm=$(realpath "$2")/vmm
tmp=$(mktemp -d)
cd "$tmp" || exit 1
export LC_ALL=C COLUMNS=80
page=$(getconf PAGESIZE)
tests=0
bad=0
guest=

end_vmm() {
	[ -z "$guest" ] || { kill "$guest"; wait "$guest"; } 2>/dev/null
	guest=
}

trap 'end_vmm; cd /; rm -rf "$tmp"' EXIT

# ok NAME COMMAND...: a test
ok() {
	local name=$1
	shift
	tests=$((tests + 1))
	if "$@"; then
		echo "ok $tests - $name"
	else
		echo "not ok $tests - $name"
		head -n 20 out err 2>/dev/null | sed 's/^/# /'
		bad=$((bad + 1))
	fi
}

# vmm ARGUMENTS: start one; $range and $guest (its PID) tell of it.
export FAKE_PAGES=$tmp/pages
start_vmm() {
	end_vmm
	rm -f to from
	mkfifo to from
	"$vmm" "$@" <to >from &
	exec 7>to 8<from
	read -r range guest <&8
}

say() {
	local answer
	echo "$*" >&7
	read -r answer <&8
	[ "$answer" = ok ]
}

# run PROGRAM ARGUMENTS: into out, err and $status
run() {
	"$@" >out 2>err
	status=$?
}

# start PROGRAM ARGUMENTS: likewise, without waiting for it
start() {
	: >out # what an earlier one wrote must not count
	"$@" >out 2>err &
}

# exits STATUS PATTERN ARGUMENTS: one sentence on stderr, nothing on stdout
exits() {
	local expected=$1 pattern=$2
	shift 2
	run "$@"
	[ "$status" -eq "$expected" ] && grep -q -- "$pattern" err && [ ! -s out ]
}

# json TYPE KEY: its values in the objects of out, blank between them
json() {
	sed -n "/^{\"type\":\"$1\"/s/.*\"$2\":\"*\([^,}\"]*\).*/\1/p" out | tr '\n' ' ' | sed 's/ $//'
}

# is TYPE KEY EXPECTED...
is() {
	local type=$1 key=$2 found
	shift 2
	found=$(json "$type" "$key")
	[ "$found" = "$*" ] || { echo "# $key: $found, not $*"; false; }
}

pages() {
	local n
	for n; do
		echo -n "$((n * page)) "
	done | sed 's/ $//'
}

# lines NR: wait until out has so many
lines() {
	local i
	for i in $(seq 200); do
		[ "$(wc -l <out)" -ge "$1" ] && return
		sleep 0.05
	done
	return "$((i > 0))"
}

# --- What it says of itself, and of wrong usage.

fits() {
	run "$wss" --help
	[ "$status" -eq 0 ] && [ "$(wc -l <out)" -le 23 ] && [ -z "$(awk 'length > 80' out)" ]
}
ok "--help fits 24 lines of 80 characters" fits

every_option() {
	local option
	for option in -n -i -t -C -a -H -r -h -V --rounds --interval --test-only --clear --idle \
		      --cumulative --ages --heatmap --range --all --smaps --json --plot --help \
		      --version; do
		grep -q -- "$option\b" out || { echo "# $option"; return 1; }
	done
}
ok "--help names every option" every_option

ok "no PID" exits 2 'no PID' "$wss"
ok "not a number" exits 2 'x1 is no process ID' "$wss" x1
ok "zero" exits 2 '0 is no process ID' "$wss" 0
ok "two PIDs" exits 2 'one PID at a time' "$wss" 1 2
ok "no rounds" exits 2 'no number of rounds' "$wss" -n 0 1
ok "no interval" exits 2 'no interval' "$wss" -i 0 1
ok "no range" exits 2 'no range' "$wss" -r 2000-1000 1
ok "unknown option" exits 2 'try wss --help' "$wss" -z 1
ok "-t and --clear" exits 2 'exclude each other' "$wss" -t --clear 1
ok "--idle and --smaps" exits 2 'exclude each other' "$wss" --idle --smaps 1
ok "--all and -r" exits 2 'exclude each other' "$wss" --all -r 1000-2000 1
ok "no such process" exits 3 'there is no process 2147483647' "$wss" 2147483647

# One that has ended, and whose parent does not want to know, as kernel threads
# have none. That it is so, only root may see. The shell would reap what it outlives.
no_memory() {
	local parent pid status=3 pattern='has no memory'
	[ "$(id -u)" -eq 0 ] || { status=4; pattern='no permission'; }
	sh -c 'sleep 0.2 & echo $! >ended; exec sleep 60' &
	parent=$!
	until grep -q '^State:.Z' "/proc/$(cat ended 2>/dev/null)/status" 2>/dev/null; do
		sleep 0.05
	done
	pid=$(cat ended)
	exits "$status" "$pattern" "$wss" "$pid"
	set -- $?
	kill "$parent"
	wait "$parent" 2>/dev/null
	return "$1"
}
ok "a process without memory" no_memory

# Whoever runs this is without privileges for it.
start_vmm --private 1
private() {
	local without=()
	[ "$(id -u)" -ne 0 ] || without=(setpriv --bounding-set -all)
	exits 4 "no permission.*uid $(id -u).*CAP_SYS_PTRACE" "${without[@]}" "$wss" --all "$guest"
}
ok "a process that may not be looked at" private

full() {
	"$wss" --all $$ >/dev/full 2>err
	[ $? -eq 1 ] && grep -q 'cannot write' err
}
ok "no room for the output" full

# --- Which memory.

start_vmm --vm $(((16 << 20) / page))
guest_found() {
	run "$fake" "$guest"
	[ "$status" -eq 0 ] && grep -q "PID $guest (vmm), a virtual machine of KVM: 16.0 MB in 1 range" out &&
		grep -q "^#   ${range%-*}-.* anonymous" out
}
ok "finds the guest memory of a virtual machine" guest_found

start_vmm 256
ok "no virtual machine" exits 5 'is no virtual machine' "$wss" "$guest"
ok "nothing mapped there" exits 5 'nothing mapped at' "$wss" -r 1000-2000 "$guest"
everything() {
	run "$wss" --all "$guest"
	[ "$status" -eq 0 ] && grep -q 'no virtual machine' out && grep -q '/vmm$' out
}
ok "--all takes every mapping" everything

# --- What kernels can do without PAGE_IS_REFERENCED.

# ENOTTY: no PAGEMAP_SCAN at all, before 6.7. EINVAL: one that does not know it.
ENOTTY=25 EINVAL=22
for error in $ENOTTY $EINVAL; do
	export FAKE_ERROR=$error
	for option in -a -C --idle; do
		ok "$option without our kernel ($error)" exits 7 'needs PAGE_IS_REFERENCED' \
			"$fake" $option --all "$guest"
	done
done
fallback() {
	run "$fake" --json -r "$range" "$guest"
	is start method smaps && is start sees_guest false || return
	run "$fake" -r "$range" "$guest"
	grep -q '^# (this kernel has no PAGE_IS_REFERENCED)' out
}
ok "smaps without our kernel" fallback
unset FAKE_ERROR

ok "-a with --smaps" exits 2 'needs to know pages' "$wss" -a --smaps --all "$guest"

by_smaps() {
	say touch 0 100 1 || return
	run "$wss" --json --smaps -r "$range" "$guest"
	is start method smaps && is start sees_guest false && is start clears false &&
		is round touched_bytes "$(pages 100)" && is round mapped_bytes "$(pages 100)" &&
		is round interval null || return
	run "$wss" --smaps -r "$range" "$guest"
	grep -q '^# clear_refs and smaps: ' out
}
ok "--smaps counts what the process touched, and says how it knows" by_smaps

smaps_rounds() {
	start "$wss" --json --smaps -n 2 -i 1.5 -r "$range" "$guest"
	lines 1 && sleep 0.5 && say touch 7 30 2 && wait $! &&
		is round touched_bytes "$(pages 30 0)" && is start clears true
}
ok "rounds by clear_refs and smaps" smaps_rounds

widened() {
	local start=$((16#${range%-*}))
	run "$wss" --smaps -r "$(printf '%x-%x' $((start + page)) $((start + 2 * page)))" "$guest"
	[ "$status" -eq 0 ] && grep -q 'were widened' out && grep -q "^#   $range " out
}
ok "smaps: a range becomes the mapping around it" widened

# A page of 256 is less than any block: yet it was touched.
least() {
	start_vmm 256
	say touch 3 1 1 || return
	run "$wss" --smaps -H -r "$range" "$guest"
	grep -q '|\.*|$' out && grep -q 'all cells of one are alike' out
}
ok "the least that was touched is on the map" least

# --- With a kernel that knows PAGE_IS_REFERENCED.

start_vmm 256
snapshot() {
	say touch 0 20 3 && say touch 100 50 1 && say read 200 5 1 || return
	for _ in 1 2; do
		run "$fake" --json -r "$range" "$guest"
		is round touched_bytes "$(pages 70)" && is round mapped_bytes "$(pages 70)" &&
			is round zero_bytes "$(pages 5)" && is start clears false &&
			is start method pagemap_scan &&
			is round touched_small_bytes "$(pages 70)" || return
	done
}
ok "a snapshot counts touched pages, and clears nothing" snapshot

cleared() {
	run "$fake" --json --clear -r "$range" "$guest"
	is round touched_bytes "$(pages 70)" && is start clears true || return
	say touch 100 3 1
	run "$fake" --json -n 1 -r "$range" "$guest"
	is round touched_bytes "$(pages 3)" && is round mapped_bytes "$(pages 70)"
}
ok "--clear clears after it" cleared

only_range() {
	local start=$((16#${range%-*})) a b
	a=$(printf '%x-%x' $((start + 100 * page)) $((start + 102 * page)))
	b=$(printf '0x%x-0x%x' $((start + 150 * page)) $((start + 160 * page)))
	say touch 90 70 1
	run "$fake" --json --clear -r "$a" -r "$b" "$guest"
	is round touched_bytes "$(pages 12)" && is start guest_bytes "$(pages 12)" || return
	run "$fake" --json -r "$range" "$guest"
	is round touched_bytes "$(pages 58)"
}
ok "tests and clears nothing but its ranges" only_range

# Pages that differ from their neighbours fill any array.
partial() {
	local regions
	say zap 0 256 && say touch 0 128 2 || return
	for regions in 1 2 3 7 127 128 129; do
		rm -f log
		FAKE_LOG=log FAKE_REGIONS=$regions run "$fake" --json -r "$range" "$guest"
		is round touched_bytes "$(pages 128)" &&
			[ "$(grep -vc ' 0 0 0$' log)" -le $((128 / regions + 1)) ] || return
	done
	! grep -v '^0 ' log
}
ok "arrays that are full; few calls; no flag that clears" partial

"$fake" --clear -r "$range" "$guest" >/dev/null
rounds() {
	# 64 cells of 4 pages each.
	COLUMNS=90 start "$fake" --json -C -a -H -n 3 -i 1.5 -r "$range" "$guest"
	lines 1 && sleep 0.5 && say touch 0 10 2 &&
		lines 2 && say touch 10 20 2 &&
		wait $! && is round touched_bytes "$(pages 10 20 0)" &&
		is round cumulative_bytes "$(pages 10 25 25)" && is end rounds 3 &&
		is end cumulative_bytes "$(pages 25)" && is end touched_max_bytes "$(pages 20)" &&
		is end touched_mean_bytes "$(pages 10)" && is end touched_min_bytes 0 &&
		is end never_touched_bytes "$(pages 103)"
}
ok "rounds: what was touched in each, cumulative" rounds

ages() {
	python3 - "$page" <<-EOF
	import json, sys
	end = [json.loads(line) for line in open("out")][-1]
	ages = {a["min"]: a["bytes"] // int(sys.argv[1]) for a in end["idle_age"]}
	# In round 2: 20 pages. In round 1, and not again: 5. Never in 3 rounds: 103.
	print("#", ages)
	sys.exit(ages != {0: 0, 1: 20, 2: 108, 5: 0, 15: 0, 30: 0, 60: 0, 120: 0, 240: 0})
	EOF
}
ok "idle ages after these" ages

parsed() {
	python3 - <<-EOF
	import json, sys
	types = []
	for line in open("out"):
	    value = json.loads(line)
	    types.append(value["type"])
	    if value["type"] == "round" and value["touched_bytes"] != \
	       value["touched_small_bytes"] + value["touched_huge_bytes"]:
	        sys.exit(str(value))
	sys.exit(types != ["start"] + ["round"] * 3 + ["end"])
	EOF
}
ok "each line is JSON" parsed

heat() {
	python3 - <<-EOF
	import json, sys
	rounds = [json.loads(line) for line in open("out")][1:-1]
	for r in rounds:
	    if abs(sum(r["heat"]) / len(r["heat"]) - r["touched_bytes"] / r["guest_bytes"]) > 1e-3:
	        sys.exit(str(r))
	sys.exit(any(rounds[2]["heat"]) or not rounds[0]["heat"][0] or any(rounds[0]["heat"][6:]))
	EOF
}
ok "heat in JSON is what was touched" heat

intervals() {
	python3 - <<-EOF
	import json, sys
	rounds = [json.loads(line) for line in open("out")][1:-1]
	sys.exit(any(not 0.5 < r["interval"] < 2.5 for r in rounds))
	EOF
}
ok "measured intervals are near those asked for" intervals

test_only() {
	say touch 0 5 1 || return
	rm -f log
	FAKE_LOG=log run "$fake" --json -t -n 3 -i 0.1 -r "$range" "$guest"
	is round touched_bytes "$(pages 5 5 5)" && is round interval null null null &&
		is start clears false && ! grep -v '^0 ' log
}
ok "-t: rounds that clear nothing" test_only

last_round() {
	rm -f log
	FAKE_LOG=log run "$fake" --json -n 2 -i 0.1 -r "$range" "$guest"
	# An empty range for the probe; before the first round, and after each but the last.
	[ "$(cut -d ' ' -f 1 log | tr '\n' ' ')" = "4 4 4 0 " ] || return
	rm -f log
	FAKE_LOG=log run "$fake" --json --clear -n 2 -i 0.1 -r "$range" "$guest"
	[ "$(cut -d ' ' -f 1 log | tr '\n' ' ')" = "4 4 4 4 " ]
}
ok "the last round clears only with --clear" last_round

by_idle() {
	say touch 0 6 1 || return
	run "$fake" --json --idle --clear -r "$range" "$guest"
	is start by_idle true || return
	say touch 0 3 1
	run "$fake" --json --idle -r "$range" "$guest"
	is round touched_bytes "$(pages 3)" || return
	# Nobody else loses what idle flags forgot.
	run "$fake" --json -r "$range" "$guest"
	is round touched_bytes "$(pages 6)"
}
ok "--idle leaves accessed bits to others" by_idle

no_idle() {
	FAKE_NO_IDLE=1 exits 7 'no idle flags' "$fake" --idle --all "$guest"
}
ok "--idle where there are no idle flags" no_idle

forbidden() {
	FAKE_FORBIDDEN=8 exits 4 'idle takes root' "$fake" --idle -r "$range" "$guest" &&
		FAKE_FORBIDDEN=4 exits 4 'no permission to clear' "$fake" -i 1 -r "$range" "$guest" &&
		FAKE_FORBIDDEN=4 run "$fake" -t -n 2 -i 0.1 -r "$range" "$guest" && [ "$status" -eq 0 ]
}
ok "clearing and idle flags may take more than reading" forbidden

table() {
	run "$fake" -n 2 -i 0.1 -C -a -r "$range" "$guest"
	[ -z "$(awk '!/^#   / && length > 80' out)" ] && [ ! -s err ] &&
		grep -q '^# PAGEMAP_SCAN: touched in each interval; clears accessed bits$' out &&
		grep -q '^ *TIME EST(s) .* TOUCHED .* CUMUL ' out &&
		[ "$(grep -cE '^[0-9]{2}:[0-9]{2}:[0-9]{2} +[0-9]+\.[0-9]{2} ' out)" -eq 2 ] &&
		grep -q '^# 2 rounds in ' out && grep -q '^    240+ ' out
}
ok "a table of 80 columns" table

heatmap() {
	say touch 128 128 1 || return
	run "$fake" -H -r "$range" "$guest"
	[ "$(grep -c '|  *@*|$' out)" -eq 1 ] && [ -z "$(awk '!/^#   / && length > 80' out)" ] &&
		! LC_ALL=C grep -q '[^ -~]' out || return
	LC_ALL=C.UTF-8 run "$fake" -H -r "$range" "$guest"
	grep -q '█|$' out
}
"$fake" --clear -r "$range" "$guest" >/dev/null
ok "a map of 80 columns, with and without UTF-8" heatmap

interrupted() {
	start "$fake" -i 0.3 -r "$range" "$guest"
	lines 6 && kill -"$1" $!
	wait $! && grep -q '^# [0-9]* rounds* in ' out && tail -n 1 out | grep -q '^# touched: least '
}
# Bash starts what runs in the background with SIGINT ignored; wss listens all the same.
ok "Ctrl-C ends with the summary" interrupted INT
ok "and so does SIGTERM" interrupted TERM

too_early() {
	start "$fake" -i 60 -r "$range" "$guest"
	lines 5 && sleep 0.2 && kill -INT $!
	wait $! && tail -n 1 out | grep -q '^# no interval was completed'
}
ok "Ctrl-C before the first line" too_early

# --- Pages of 2 MB.

start_vmm --huge $(((8 << 20) / page))
huge() {
	local leaf=$(((2 << 20) / page))
	say touch 0 $((2 * leaf)) 1 || return
	run "$fake" --json --clear -r "$range" "$guest"
	is round touched_huge_bytes "$((4 << 20))" && say touch "$leaf" 1 1 || return
	run "$fake" --json -r "$range" "$guest"
	is round mapped_huge_bytes "$((4 << 20))" &&
		is round touched_huge_bytes "$((2 << 20))" && is round touched_small_bytes 0
}
ok "huge pages count as such" huge

# --- The end of the process.

gone() {
	local program=$1 start=$SECONDS
	shift
	start_vmm 64
	say touch 0 64 1
	start "$program" "$@" -r "$range" "$guest"
	lines 5 && sleep 0.3 && say exit
	wait $!
	[ $? -eq 6 ] && [ $((SECONDS - start)) -lt 20 ] &&
		tail -n 1 out | grep -q '^# PID .* has ended, after 0 rounds'
}
ok "a process that ends in an interval" gone "$fake" -i 60
ok "the same by smaps" gone "$wss" --smaps -i 60

gone_json() {
	start_vmm 64
	start "$wss" --smaps --json -i 0.2 -r "$range" "$guest"
	lines 3 && say exit
	wait $!
	[ $? -eq 6 ] && is end end gone
}
ok "the same in JSON" gone_json

# --- Plots.

start_vmm 64
no_gnuplot() {
	exits 1 'needs gnuplot, which is not installed' env PATH=/nowhere "$wss" --all --plot x.svg $$ &&
		[ ! -e x.svg ]
}
ok "--plot without gnuplot" no_gnuplot

bad_gnuplot() {
	mkdir -p bin
	printf "#!/bin/sh\necho half\nexit 1\n" >bin/gnuplot
	chmod +x bin/gnuplot
	run env PATH="$tmp/bin:$PATH" "$wss" --smaps --all -n 1 -i 0.1 --plot x.svg "$guest"
	[ "$status" -eq 1 ] && grep -q 'could not draw x.svg' err && [ ! -e x.svg ]
}
ok "gnuplot fails: no half picture" bad_gnuplot

bad_file() {
	exits 1 'cannot write /nowhere/x.svg' env PATH="$tmp/bin" "$wss" --all --plot /nowhere/x.svg $$
}
ok "a file that cannot be written" bad_file

svg() {
	say touch 0 32 1
	run "$fake" -C -n 2 -i 0.1 --plot x.svg -r "$range" "$guest"
	[ "$status" -eq 0 ] && [ ! -s err ] &&
		python3 -c 'import xml.dom.minidom as m; m.parse("x.svg").getElementsByTagName("svg")[0]'
}
ok "--plot draws an SVG" svg

left() {
	end_vmm
	[ -z "$(find . -type f ! -name out ! -name err ! -name log ! -name pages \
		! -name ended ! -name x.svg ! -name gnuplot)" ]
}
ok "nothing is left behind" left

echo "1..$tests"
exit $((bad > 0))
