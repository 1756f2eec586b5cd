#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# The proofs in every run of the tests: those whose header does not say `slow:`, without the mutations that `make proofs` tries. TAP.
cd "$(dirname "$0")" || exit
quick=$(grep -L '^ \* slow:' ./*.c | sed 's/^\.\///; s/\.c$//')
cd ../.. || exit
# shellcheck disable=SC2086 # words are meant
WP_TIMEOUT=30 exec tests/proofs/check.sh "$1" $quick # the machine has more to do
