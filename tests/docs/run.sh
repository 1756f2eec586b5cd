#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# What documents show of sessions is what happens.  TAP; $1 is a directory for output.
set -u
out=$1 n=0 failed=0
for file in README.md docs/guide/shell.md; do
	n=$((n + 1))
	if TRANSCRIPT_OUT=$out tools/transcript check "$file" >"$out/$(basename "$file").difference"; then
		echo "ok $n - the session in $file"
	else
		echo "not ok $n - the session in $file; \"make transcripts\" writes it anew"
		sed 's/^/# /' "$out/$(basename "$file").difference"
		failed=1
	fi
done
echo "1..$n"
exit $failed
