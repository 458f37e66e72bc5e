# SPDX-License-Identifier: GPL-2.0-only
# Every task of this project. The work is done by the scripts in tools/.

# These count if they are given to make. Those of the environment are for others.
$(foreach name,ARCH BASE CROSS_COMPILE KDIR MACHINE OUT SIGNOFF,\
	$(if $(filter environment,$(origin $(name))),$(eval undefine $(name))))
# the other bases, unless one is asked for
BASES := $(if $(BASE)$(KDIR),,$(notdir $(wildcard base/*)))
BASED := check-series guest-test
STAGES := setup check-tools check-lib mutants kunit mutants-um check-series audit guest-test guest-test-arm64
STAGES += $(foreach base,$(BASES),$(addsuffix -$(base),$(BASED)))
# in the chroot of another Debian: check-long ELSEWHERE=
ELSEWHERE := check-debian-13
KITS := $(addprefix check-kit-,x86 arm64 powerpc)
LONG_STAGES := guest-test-powerpc $(foreach base,$(BASES),$(addsuffix -$(base),kunit audit mutants-kernel guest-test-arm64 guest-test-powerpc kunit-x86_64))

.PHONY: help
help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

.PHONY: setup
setup: ## install packages, unpack and patch a kernel in the cache; BASE=release: another than 6.12; KDIR=path: start from that tree
	@tools/setup.sh

.PHONY: bases
bases: ## how much differs on other releases than 6.12: files in base/, and changed lines
	@tools/series.py bases

.PHONY: apply
apply: ## apply the series to the kernel tree at KDIR=path itself
	@tools/series.sh apply

.PHONY: series
series: ## write the patch series as mails for `git am` to OUT=dir; SIGNOFF=1: signed by you
	@tools/series.sh export '$(OUT)'

.PHONY: refresh
refresh: ## bring what was edited in the patched tree, or at KDIR=path, back into this project
	@tools/series.sh refresh

.PHONY: check-series
check-series: ## prove the series: each patch applies, builds and passes checkpatch, all of them sparse; LONG=1: for 13 kernels
	@tools/series-check.sh

.PHONY: check-lib
check-lib: ## test the library in user space
	@tools/setup.sh check-lib >/dev/null
	@mkdir -p build && flock -F build/.lib.lock $(MAKE) -j$$(nproc) -C tests check

.PHONY: check-tools
check-tools: ## test these tasks: stale trees, interruptions, odd paths, what is missing
	@tests/tools/run.sh

.PHONY: install-lib
install-lib: ## install the library for user space; PREFIX=path (/usr/local), DESTDIR=path
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' tools/install-lib.sh

.PHONY: bench-lib
bench-lib: ## measure the library beside other ways to walk; writes tests/bench/results.txt and .svg
	@tools/setup.sh check-lib >/dev/null
	@tests/bench/bench.sh build/bench

.PHONY: mutants
mutants: ## put known bugs into the library, one by one, and see a test fail; LONG=1: all of the list
	@tools/setup.sh check-lib >/dev/null
	@mkdir -p build && flock -F build/.lib.lock $(MAKE) -C tests mutants

.PHONY: mutants-kernel
mutants-kernel: ## put known bugs into the kernel, one by one, and see a test fail; MUTANTS=regex: those of matching lines
	@tests/kernel-mutants.sh

.PHONY: kunit
kunit: ## run the KUnit suites under UML; ARCH=x86_64: under emulation
	@tools/kunit.sh $(or $(ARCH),um)

.PHONY: guest-test
guest-test: ## run real guests on an emulated host; ARCH=x86|arm64|powerpc; RUNS="fast swap" and SCENARIOS="touched huge" select, LIST=1 lists
	@tools/guest-test.sh $(or $(ARCH),x86) $(if $(LIST),--list)

.PHONY: audit
audit: ## audit our code and the callers of it; KDIR=path: report on that kernel tree
	@tools/audit.sh

.PHONY: demo
demo: ## show stock and patched kernel side by side; ARCH=x86|arm64|powerpc; MACHINE=haswell|sandybridge|software-flag: in brief
	@tools/demo.sh $(or $(ARCH),x86)

.PHONY: cost
cost: ## show what the series costs those who gain nothing; ARCH=x86|arm64|powerpc
	@tools/cost.sh $(or $(ARCH),x86)

.PHONY: kit
kit: ## pack what it takes to try the series on a real machine; ARCH=x86|arm64|powerpc
	@tools/kit.sh $(or $(ARCH),x86)

.PHONY: wss
wss: ## build wss, which shows how much of a guest's memory is in use: build/wss/native/wss
	@$(MAKE) -s -C tools/wss
	@echo build/wss/native/wss

.PHONY: check
check: ## all of the above that tests, one after the other (what CI runs)
	@tools/check.sh $(STAGES)

.PHONY: check-long
check-long: ## check with more rounds, all bugs in the kernel, all that runs on Intel, hosts of powerpc, and check on Debian 13
	@LONG=1 tools/check.sh $(STAGES:mutants-um=mutants-kernel) $(LONG_STAGES) kunit-x86_64 $(KITS) $(ELSEWHERE)

.PHONY: guest-test-arm64 guest-test-powerpc
guest-test-arm64 guest-test-powerpc: guest-test-%:
	@tools/guest-test.sh $*

.PHONY: mutants-um
mutants-um:
	@MUTANTS=' um ' FIRST=12 tests/kernel-mutants.sh

check-kit-%:
	@tests/kit.sh $*

.PHONY: kunit-x86_64
kunit-x86_64:
	@tools/kunit.sh x86_64

.PHONY: check-debian-13
check-debian-13:
	@tests/debian.sh trixie

# a stage of another base
$(foreach base,$(BASES),$(eval %-$(base): ; @$$(MAKE) -s $$* BASE=$(base)))

.PHONY: clean
clean: ## remove what was compiled; the trees and the compiler's cache stay
	@tools/clean.sh objects

.PHONY: distclean
distclean: ## remove what this clone has in the cache; the last one, the whole cache
	@tools/clean.sh all
