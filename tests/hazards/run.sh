#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Every test that docs/hazards.md names exists: a name is the text between * and * in a line that says which test program has it.
# (That it runs, and passes, is the business of that program's plan.)  TAP.
set -u
n=0 failed=0
while IFS= read -r name; do
	n=$((n + 1))
	if grep -rqF -- "$name" tests/programs; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		failed=1
	fi
done < <(grep -E '^\|.*test-[a-z0-9]+:' docs/hazards.md | grep -oE '\*[^*|]+\*' | tr -d '*' | grep -vE ' / |\.\.\.')
[ "$n" -ge 20 ] || { n=$((n + 1)); echo "not ok $n - docs/hazards.md names at least 20 tests"; failed=1; }
echo "1..$n"
exit $failed
