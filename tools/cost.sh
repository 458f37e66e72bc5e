#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# cost.sh ARCH: what the patched kernel costs those who gain nothing from it, beside
# the stock kernel, in one table
# shellcheck disable=SC2317 # functions are called by step
if [ -n "${MACHINE:-}" ]; then
	echo "cost.sh: MACHINE= is for demo; costs are those on the usual machine" >&2
	exit 1
fi
# shellcheck source=tools/measured.sh
. "$(dirname "$0")/measured.sh"

# megabytes of the memory that no guest has, of guests with patterns, of guests whose
# locks are traced, of what is unmapped, of what readers in /proc see; and machines
# that end at once
ALONE=32 PATTERNS=16 HOLDS=4 UNMAPPED=256 READ=256 MACHINES=64
# what a virtual machine that ends has of memory, in young-measure
MACHINE=4
# of stock; more is too much, but for readers in /proc, who see more
LIMIT=1.01 READERS_LIMIT=1.3

declare -A append=([fast]='' [slow]='kvm.tdp_mmu=0 ')
mmus=(fast) walks=(walk evict)
case $arch in
x86) mmus=(fast slow) ;;
powerpc) walks=(evict) ;;
esac

above=() readers_above=()

# excess STOCK OURS LIMIT: the ratio, if it is above the limit
excess() {
	awk -v stock="$1" -v ours="$2" -v limit="$3" \
		'BEGIN { if (ours > limit * stock) printf "%.3f", ours / stock }'
}

# instructions_row WHAT NAME KEY: a row that must not be above the limit
instructions_row() {
	local stock ours ratio
	stock=$(value stock "$2" "$3")
	ours=$(value patched "$2" "$3")
	row "$1" "$stock" "$ours"
	ratio=$(excess "$stock" "$ours" "$LIMIT")
	[ -z "$ratio" ] || above+=("$1: $ratio")
}

# --- the code of mm/vmscan.c (x86) ---

# object KERNEL FLAVOUR
object() { printf '%s\n' "$KEY/$1/obj-$arch-$2/mm/vmscan.o"; }

# without_notifier KERNEL: mm/vmscan.o where nothing selects MMU_NOTIFIER
without_notifier() (
	hold_tree
	local obj=$KEY/$1/obj-$arch-nonotifier config
	config=$(sed '/^CONFIG_\(VIRTUALIZATION\|KVM\|HAVE_KVM\)/d' "$KEY/$1/obj-$arch-perf/.config")
	mkdir -p "$obj"
	if [ "$config" != "$(cat "$obj/wanted.config" 2>/dev/null)" ]; then
		printf '%s\n' "$config" '# CONFIG_VIRTUALIZATION is not set' >"$obj/.config"
		kmake "$1" "$arch" nonotifier olddefconfig >/dev/null
		printf '%s\n' "$config" >"$obj/wanted.config"
	fi
	! grep -q '^CONFIG_MMU_NOTIFIER=y' "$obj/.config" || die "something selects MMU_NOTIFIER"
	counted "$obj" "$obj/build.log" kmake "$1" "$arch" nonotifier mm/vmscan.o && return
	tail -n 20 "$obj/build.log" >&2
	die "the build failed; all of its output: $obj/build.log"
)

# parts FUNCTION OBJECT: its symbols, as the compiler may have split it; the walk
# of a page table may be one function with those of the tables above
parts() {
	local name=$1
	[ "$name" != walk_pte_range ] || name='walk_(pte|pmd|pud)_range'
	nm "$2" | sed -nE "s/.* [tT] ($name(\.[a-z.0-9]+)?)\$/\1/p" | sort
}

# code FUNCTION OBJECT: its instructions, without addresses
code() {
	local part
	objdump -dr --no-show-raw-insn --no-addresses "$2" >"$tmp/code"
	for part in $(parts "$1" "$2"); do
		awk -v begin="<$part>:" '$0 == begin { on = 1 } on && !NF { exit } on' "$tmp/code"
	done | sed -E 's/(\.(text|rodata|data|bss)[^-+ ]*)[-+]0x[0-9a-f]+/\1/'
}

text_size() {
	local part sum=0 size name
	for part in $(parts "$1" "$2"); do
		while read -r _ size _ name; do
			[ "$name" != "$part" ] || ((sum += 0x$size))
		done < <(nm -S "$2")
	done
	echo "$sum"
}

# stack_frame FUNCTION OBJECT: what its parts push and reserve
stack_frame() {
	local instruction operand frame=0 largest=0
	while read -r instruction operand; do
		case $instruction in
		'<'*) ((frame += largest)) || true; largest=0 ;;
		push) ((frame += 8)) ;;
		sub)
			[[ $operand =~ ^\$(0x[0-9a-f]+),%rsp$ ]] || continue
			((BASH_REMATCH[1] <= largest)) || largest=$((BASH_REMATCH[1]))
			;;
		esac
	done < <(code "$1" "$2")
	echo $((frame + largest))
}

# differing FUNCTION: lines of its code that are not the same without MMU_NOTIFIER
differing() {
	code "$1" "$(object stock nonotifier)" >"$tmp/stock.code"
	code "$1" "$(object patched nonotifier)" >"$tmp/patched.code"
	[ -s "$tmp/stock.code" ] || die "there is no $1 in mm/vmscan.o"
	diff "$tmp/stock.code" "$tmp/patched.code" | grep -c '^[<>]'
}

code_rows() {
	local function kernel differ
	for function in walk_pte_range lru_gen_look_around; do
		row "$function(): bytes of text" "$(text_size "$function" "$(object stock perf)")" \
			"$(text_size "$function" "$(object patched perf)")"
		row "$function(): bytes of stack" "$(stack_frame "$function" "$(object stock perf)")" \
			"$(stack_frame "$function" "$(object patched perf)")"
		differ=$(differing "$function") || true
		printf '%-53s %26s\n' "$function(), MMU_NOTIFIER=n: lines that differ" "$differ"
		[ "$differ" -eq 0 ] || above+=("$function() with MMU_NOTIFIER=n: $differ lines differ")
	done
}

# --- the table ---

# state_rows WHAT NAME PREFIX OF THE KEY
state_rows() {
	local state
	for state in idle young mixed; do
		instructions_row "$1, $state" "$2" "$3_$state"
	done
}

declare -A ways=([walk]='aging pass' [evict]=eviction)
declare -A patterns=([1]='all pages' [2]='every 2nd' [8]='every 8th' [64]='every 64th' [0]='one in a table')
declare -A kinds=([others]=foreign [absent]=absent)

# pattern_rows MMU
pattern_rows() {
	local way pattern kind
	for way in "${walks[@]}"; do
		for pattern in 1 2 8 64 0; do
			for kind in absent others; do
				[ -n "$(value stock "$1" "${way}_every${pattern}_${kind}_idle")" ] || continue
				state_rows "$1: ${ways[$way]}, ${patterns[$pattern]}, rest ${kinds[$kind]}" \
					"$1" "${way}_every${pattern}_$kind"
			done
		done
	done
}

end_rows() {
	local kind how
	for kind in quiet asked; do
		for how in close exit exits; do
			[ "$arch" = powerpc ] ||
				instructions_row "${hows[$how]}, $kind: instructions" fast "${how}_${kind}_cpu"
			measured_row "${hows[$how]}, $kind: ms" fast "${how}_${kind}_ms"
		done
	done
}
declare -A hows=([close]='end of a VM, by close' [exit]='end of a VM, by exit'
	[exits]="end of $MACHINES VMs, by exit")

# --- readers in /proc ---

declare -A readers=([clear_refs]=clear_refs [smaps_rollup]=smaps_rollup [pagemap]=pagemap
	[scan_present]='PAGEMAP_SCAN, present' [scan_referenced]='PAGEMAP_SCAN, referenced'
	[scan_clear]='PAGEMAP_SCAN, clear' [idle_mark]='page_idle, mark' [idle_read]='page_idle, read')

# reader_value KERNEL KEY: who cannot ask for referenced pages, asks for present ones
reader_value() {
	local found present=$2
	present=${present/scan_referenced/scan_present}
	present=${present/scan_clear/scan_present}
	found=$(value "$1" readers "$2")
	printf '%s\n' "${found:-$(value "$1" readers "$present")}"
}

# reader_row WHAT KEY: of those who see more than they do in the stock kernel
reader_row() {
	local stock ours ratio
	stock=$(reader_value stock "$2")
	ours=$(reader_value patched "$2")
	row "$1" "$stock" "$ours"
	ratio=$(excess "$stock" "$ours" "$READERS_LIMIT")
	[ -z "$ratio" ] || readers_above+=("$1: $ratio")
}

# page_idle STATE: marking pages and reading what became of them, in the patched kernel
page_idle() {
	awk -v mark="$(value patched readers "guest_idle_mark_$1")" \
		-v read="$(value patched readers "guest_idle_read_$1")" 'BEGIN { print mark + read }'
}

reader_rows() {
	local reader state
	for reader in clear_refs smaps_rollup scan_present; do
		for state in idle young; do
			instructions_row "no guest: ${readers[$reader]}, $state" readers "alone_${reader}_$state"
		done
	done
	# without a guest it tells more as well
	for state in idle young; do
		reader_row "no guest: pagemap, $state" "alone_pagemap_$state"
	done
	for reader in clear_refs smaps_rollup pagemap scan_present scan_referenced scan_clear; do
		for state in idle young; do
			reader_row "read: ${readers[$reader]}, $state" "guest_${reader}_$state"
		done
	done
	for reader in idle_mark idle_read; do
		for state in idle young; do
			measured_row "read: ${readers[$reader]}, $state" readers "guest_${reader}_$state"
		done
	done
	for reader in clear_refs smaps_rollup pagemap scan_present scan_referenced scan_clear idle_mark idle_read; do
		row "read: ${readers[$reader]}: mmu_lock taken" "$(reader_value stock "locks_$reader")" \
			"$(reader_value patched "locks_$reader")"
	done
	printf '\n%-53s %8s %8s %7s\n' 'the patched kernel alone:' page_idle scan ratio
	for state in idle young; do
		row "read: which pages were used, and clear that, $state" "$(page_idle "$state")" \
			"$(value patched readers "guest_scan_clear_$state")"
	done
}

table() {
	local way mmu
	title
	for way in "${walks[@]}"; do
		state_rows "no guest: ${ways[$way]}" fast "alone_$way"
	done
	[ "$arch" != x86 ] || code_rows
	for mmu in "${mmus[@]}"; do
		pattern_rows "$mmu"
	done
	for mmu in "${mmus[@]}"; do
		measured_row "$mmu: longest hold of mmu_lock, pages" "$mmu" hold_pages
		measured_row "$mmu: longest hold of mmu_lock, instructions" "$mmu" hold_instructions
	done
	end_rows
	instructions_row "unmapping $UNMAPPED MB: instructions per page" fast unmap_instructions
	measured_row "unmapping $UNMAPPED MB: KB of tables freed" fast unmap_tables
	measured_row "unmapping $UNMAPPED MB: KB that wait for a grace period" fast unmap_waiting
	reader_rows
	cat <<-EOT

		Instructions, where nothing else is said, are of a pass, per eligible page that it
		comes by, less what a pass over nothing takes; they are $counter.
		MGLRU is told through debugfs to age $ALONE MB without a guest, and guests of $PATTERNS MB.
		no guest: a process without a secondary MMU
		fast:     a guest whose tables are walked without mmu_lock
	EOT
	[ "$arch" != x86 ] || cat <<-EOT
		slow:     a guest that is not walked (kvm.tdp_mmu=0)
	EOT
	cat <<-EOT
		eviction: MGLRU, without walks, evicts one page of each page table, finds it young,
		          and looks around
		rest:     pages between those that are eligible: absent, or foreign, that is, of
		          another cgroup and young
		idle:     no eligible page is young, but for those that an eviction begins with
		mixed:    every second eligible page is young
		hold:     by a question of these passes; what the probes took is subtracted
		end:      of a VM with $MACHINE MB that its guest used, by close of its last descriptor,
		          or by exit of its process. Asked: somebody had aged it before; quiet: nobody.
		          The time contains the waiting for grace periods, and varies with where in a
		          tick it began
		read:     who asks by a call for $READ MB of a guest which of them were used, per page.
		          In the stock kernel only page_idle sees what the guest used; PAGEMAP_SCAN
		          asks for present pages there. idle: none was used; young: all of them.
		          page_idle: by PFN, in as few calls as can be. Locks are those of a call, or of
		          all these
	EOT
	if [ "${#above[@]}" -eq 0 ]; then
		printf '\nNo row of instructions is above %s.\n' "$LIMIT"
	else
		printf '\nAbove %s: %d rows\n' "$LIMIT" "${#above[@]}"
		printf '  %s\n' "${above[@]}"
	fi
	[ "${#readers_above[@]}" -eq 0 ] || {
		printf '\nReaders who see more, above %s: %d rows\n' "$READERS_LIMIT" "${#readers_above[@]}"
		printf '  %s\n' "${readers_above[@]}"
	}
}

prepare
if [ "$arch" = x86 ]; then
	for kernel in stock patched; do
		step "$kernel: mm/vmscan.c without MMU_NOTIFIER" without_notifier "$kernel"
	done
fi
measure() { printf 'young-measure %s && ' "$@"; echo true; }
for mmu in "${mmus[@]}"; do
	what=("patterns $PATTERNS" "holds $HOLDS")
	[ "$mmu" != fast ] || what=("alone $ALONE" "end $MACHINES" "unmap $UNMAPPED" "${what[@]}")
	# one CPU: what runs in its time, is the measured thread
	step "aging, $mmu, and what ends" boot_both "$mmu" -c 1 "${counting[@]}" -t 3000 \
		-a "${append[$mmu]}guest_cmd=\"$(measure "${what[@]}")\""
done
step "readers in /proc" boot_both readers -c 1 "${counting[@]}" -t 3000 \
	-a "guest_cmd=\"young-measure readers $READ\""
table
