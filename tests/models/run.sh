#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# The models in every run of the tests: all that `make models` checks but the slow variants. TAP.
MODEL_OPTIMIZE=-O0 exec tests/models/check.sh "$1" # compiling them takes longer than running them
