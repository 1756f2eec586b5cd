# SPDX-License-Identifier: MIT OR Apache-2.0
# Models and proofs: docs/assurance.md. The long gate: minutes, and packages of its own, so not part of `make test`.

.PHONY: assurance models proofs reproducible schedules
assurance: models proofs schedules reproducible  ## Spin models (with the slow ones), Frama-C proofs, schedules, two builds compared

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
