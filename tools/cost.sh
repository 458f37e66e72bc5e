#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# cost.sh ARCH: what the patched kernel costs those who gain nothing from it, beside
# the stock kernel, in one table
# shellcheck disable=SC2317 # functions are called by step
# shellcheck source=tools/measured.sh
. "$(dirname "$0")/measured.sh"

# megabytes of the memory that no guest has, of guests with patterns, of guests whose
# locks are traced, of what is unmapped; and machines that end at once
ALONE=32 PATTERNS=16 HOLDS=4 UNMAPPED=256 MACHINES=64
# what a virtual machine that ends has of memory, in young-measure
MACHINE=4
# of stock; more is too much
LIMIT=1.01

declare -A append=([fast]='' [slow]='kvm.tdp_mmu=0 ')
mmus=(fast) walks=(walk evict)
case $arch in
x86) mmus=(fast slow) ;;
powerpc) walks=(evict) ;;
esac

above=()

# instructions_row WHAT NAME KEY: a row that must not be above the limit
instructions_row() {
	local stock ours ratio
	stock=$(value stock "$2" "$3")
	ours=$(value patched "$2" "$3")
	row "$1" "$stock" "$ours"
	ratio=$(awk -v stock="$stock" -v ours="$ours" -v limit="$LIMIT" \
		'BEGIN { if (ours > limit * stock) printf "%.3f", ours / stock }')
	[ -z "$ratio" ] || above+=("$1: $ratio")
}

# --- the code of mm/vmscan.c (x86) ---

# object KERNEL FLAVOUR
object() { printf '%s\n' "$KEY/$1/obj-$arch-$2/mm/vmscan.o"; }

# without_notifier KERNEL: mm/vmscan.o where nothing selects MMU_NOTIFIER
without_notifier() {
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
}

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
	cat <<-EOT

		Instructions, where nothing else is said, are of a pass, per eligible page that it
		comes by, less what a pass over nothing takes; they are $counter.
		MGLRU is told through debugfs to age $ALONE MB without a guest, and guests of $PATTERNS MB.
		no guest: a process without a secondary MMU
		fast:     a guest whose tables are walked without mmu_lock
	EOT
	[ "$arch" != x86 ] || cat <<-EOT
		slow:     a guest that only the lock can serve (kvm.tdp_mmu=0)
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
	EOT
	if [ "${#above[@]}" -eq 0 ]; then
		printf '\nNo row of instructions is above %s.\n' "$LIMIT"
	else
		printf '\nAbove %s: %d rows\n' "$LIMIT" "${#above[@]}"
		printf '  %s\n' "${above[@]}"
	fi
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
table
