#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Branch and MC/DC coverage of the kernel's pure rooms and of the message code by the host tests; TAP. `make coverage` builds the tests
# with clang's source-based coverage, where assertions and branch hints are defined away: an assertion has no branch that may be taken.
#
# For each room: branches taken both ways, conditions that were shown to decide by themselves (MC/DC), and every branch that was not taken,
# in DIR/missing.txt. The gate: each room has at least what tests/coverage/floors says, per cent of the branches that
# tests/coverage/unreachable does not name; a line there that names a branch that is taken, or none, fails as well.
#
# tests/coverage/check.sh DIR PROGRAM...
set -u
dir=$1
shift
mkdir -p "$dir"
rm -f "$dir"/*.profraw
number=0 failed=0

report() { # report GOOD(0/1) NAME
	number=$((number + 1))
	if [ "$1" = 0 ]; then echo "ok $number - $2"; else echo "not ok $number - $2"; failed=1; fi
}

objects=()
for program in "$@"; do
	name=${program##*/}
	objects+=(-object "$program")
	LLVM_PROFILE_FILE=$dir/$name.profraw timeout 600 "$program" >"$dir/$name.txt" 2>&1 </dev/null ||
		report 1 "$name passes: see $dir/$name.txt"
done
llvm-profdata-19 merge -o "$dir/all.profdata" "$dir"/*.profraw
report $? "$# test programs left their counts"
llvm-cov-19 export -format=text -skip-functions "${objects[@]:1}" -instr-profile="$dir/all.profdata" \
	>"$dir/coverage.json" 2>"$dir/export.txt"
report $? "they can be read"
perl "${0%/*}/report.pl" "$dir/coverage.json" "${0%/*}/unreachable" "${0%/*}/floors" "$dir/missing.txt" >"$dir/report.txt"
report $? "nothing is wrong with tests/coverage/unreachable"
while IFS=$'\t' read -r good text; do report "$good" "$text"; done <"$dir/report.txt"
grep -h '^# ' "$dir/missing.txt"
echo "1..$number"
exit $failed
