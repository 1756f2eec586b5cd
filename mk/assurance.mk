# SPDX-License-Identifier: MIT OR Apache-2.0
# Models and proofs: docs/assurance.md. `make test` runs the quick ones, too (tests/{models,proofs}/run.sh).

.PHONY: assurance models proofs
assurance: models proofs  ## Spin models (with the slow ones) and Frama-C proofs

models:  ## Spin models alone
	$(Q)mkdir -p $(OUT)/assurance/models
	$(Q)LONG=1 tests/models/run.sh $(OUT)/assurance/models

proofs:  ## Frama-C proofs alone
	$(Q)mkdir -p $(OUT)/assurance/proofs
	$(Q)tests/proofs/run.sh $(OUT)/assurance/proofs
