// SPDX-License-Identifier: GPL-2.0-only
/*
 * What most architectures do not have. A back end that has it defines it, and
 * that definition is taken.
 */
#include "vm.h"
#include "tap.h"

#define DEFAULT	__attribute__((weak))

DEFAULT bool arch_counts_instructions(void)
{
	return false;
}

DEFAULT bool arch_may_probe(uint64_t address)
{
	(void)address;
	return true;
}

DEFAULT bool arch_mmu_lock_spins(void)
{
	return false;
}

DEFAULT bool arch_flushes_young(void)
{
	return true;
}

DEFAULT const char *arch_machine(void)
{
	return "unknown";
}

DEFAULT unsigned int arch_spaces(void)
{
	return 1;
}

DEFAULT void arch_second_space_setup(struct vm *vm)
{
	(void)vm;
	fail("there is one address space");
}

DEFAULT void arch_second_space_touch(struct vm *vm)
{
	arch_second_space_setup(vm);
}

DEFAULT bool arch_other_tables(void)
{
	return false;
}

DEFAULT void arch_use_other_tables(struct vm *vm, bool other)
{
	(void)vm;
	(void)other;
	fail("there is one kind of table");
}

DEFAULT bool arch_nested(void)
{
	return false;
}

DEFAULT bool arch_nested_asked(void)
{
	return false;
}

DEFAULT void arch_nested_touch(struct vm *vm)
{
	(void)vm;
	fail("there are no nested guests");
}

DEFAULT void arch_nested_end(struct vm *vm)
{
	arch_nested_touch(vm);
}

DEFAULT bool arch_nested_young(struct vm *vm, uint64_t gpa)
{
	(void)gpa;
	arch_nested_touch(vm);
	return false;
}
