# SPDX-License-Identifier: MIT OR Apache-2.0
# Models and proofs: docs/assurance.md. The long gate; what is quick is part of `make test` (tests/models/run.sh, tests/proofs/run.sh).

.PHONY: assurance models proofs reproducible schedules coverage
assurance: models proofs schedules races coverage reproducible  ## Spin models (with the slow ones), Frama-C proofs, schedules, races, coverage, two builds compared

schedules: $(OUT)/host/tests/tests_host_all  ## small races under every schedule with at most two preemptions
	$(Q)$< --bound 2

reproducible:  ## builds HEAD twice, in different surroundings, and compares what ships
	$(Q)env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL tools/check-reproducible

models:  ## Spin models alone
	$(Q)mkdir -p $(OUT)/assurance/models
	$(Q)LONG=1 tests/models/check.sh $(OUT)/assurance/models

proofs:  ## Frama-C proofs alone
	$(Q)mkdir -p $(OUT)/assurance/proofs
	$(Q)LONG=1 tests/proofs/check.sh $(OUT)/assurance/proofs

# Assertions and branch hints are defined away: see tests/coverage/check.sh.
# A program that is run by hand leaves its counts under out/, too.
COVERAGE := -fprofile-instr-generate=$(CURDIR)/out/coverage/by-hand.profraw -fcoverage-mapping -fcoverage-mcdc '-D__builtin_expect(x,y)=(x)' '-Dkassert(x)=((void)sizeof(!(x)))'
COVERAGE_TESTS := $(patsubst $(OUT)/%,out/coverage/%,$(filter $(addprefix $(OUT)/host/tests/,kernel_% tests_host_% lib_message_%), \
	$(filter-out $(OUT)/host/tests/kernel_arch_%,$(HOST_TESTS))))
coverage:  ## branch and MC/DC coverage of cap, ring, mm and message code by the host tests (out/coverage)
	$(Q)$(MAKE) --no-print-directory OUT=out/coverage SANITIZE="$(SANITIZE) $(COVERAGE)" $(COVERAGE_TESTS)
	$(Q)tests/coverage/check.sh out/coverage/report $(COVERAGE_TESTS)
