# SPDX-License-Identifier: GPL-2.0-only
#
# IMA namespaces: kernel series, tools, tests. "make help" lists the targets;
# those that have nothing to run yet are neither there nor here.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

KERNEL ?= default
IMANS_CACHE ?= $(HOME)/.cache/imans
export IMANS_CACHE

dev := tools/dev
have_tools := $(wildcard tools/Makefile)
have_demo := $(wildcard selftests/demo.sh)
absent := $(if $(have_demo),,demo) $(if $(have_tools),,tools install)

.PHONY: help
help: ## this list
	@echo 'make demo and make test are the two to begin with.'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | \
		while IFS=$$'\t' read -r t d; do \
			[[ ' $(absent) ' == *" $$t "* ]] || \
				printf '  %-13s %s\n' "$$t" "$$d"; \
		done
	@echo
	@echo 'Everything made outside of this tree is in $(IMANS_CACHE) and may'
	@echo 'be deleted (IMANS_CACHE=DIR puts it elsewhere).'

ifneq ($(have_demo),)
.PHONY: demo
demo: ## a container with its own IMA, and all of them in the TPM; with kernel build
	@$(dev)/deps series kernel vm tools tests
	@$(dev)/kernel default
	@$(dev)/module default >/dev/null
	@$(MAKE) -s -C tools
	@$(dev)/vm --kernel default --timeout 1200 -- selftests/demo.sh
	@echo
	@$(dev)/vm --kernel default --timeout 1200 -- selftests/demo-anchor.sh
endif

.PHONY: test
test: ## all tests on kernels default, debug and off; the demo is the last
	@$(dev)/deps series kernel vm tools tests
	@$(dev)/test

.PHONY: check
check: ## what is fast and needs no kernel build
	@$(dev)/deps series kernel tools check
	@$(dev)/check

.PHONY: kernel
kernel: ## build KERNEL=default|base|debug|kcsan|off
	@$(dev)/deps series kernel
	@$(dev)/kernel $(KERNEL)

.PHONY: module
module: ## build ima_ns.ko for KERNEL=, and the kernel
	@$(dev)/deps series kernel
	@$(dev)/kernel $(KERNEL)
	@$(dev)/module $(KERNEL)

.PHONY: bench
bench: ## what a namespace costs, in instructions and bytes, and the bars
	@$(dev)/deps series kernel vm tools
	@$(dev)/kernel base
	@$(dev)/kernel default
	@$(dev)/module default >/dev/null
	@$(dev)/bench

.PHONY: stress
stress: ## namespaces by the thousand, for STRESS_MIN= minutes (10)
	@$(dev)/deps series kernel vm tests
	@$(dev)/kernel debug
	@$(dev)/kernel default
	@$(MAKE) -s -C selftests KTREE=$(IMANS_CACHE)/linux
	@$(dev)/stress

.PHONY: release-check
release-check: ## what a release needs and takes hours: tools/dev/release-check
	@$(dev)/deps series kernel vm tools tests check documents
	@$(dev)/release-check

ifneq ($(have_tools),)
.PHONY: tools install
tools: ## build imans
	@$(dev)/deps tools
	@$(MAKE) -C tools

install: ## install imans to DESTDIR/PREFIX
	@$(MAKE) -C tools install
endif

.PHONY: clean
clean: ## remove what was built in this tree; the cache stays
ifneq ($(have_tools),)
	@$(MAKE) -C tools clean
endif
ifneq ($(wildcard selftests/Makefile),)
	@$(MAKE) -C selftests clean
endif
