#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Proves the pure cores with Frama-C WP, run-time errors included, by z3 and cvc4; TAP, one line for each proof. The text
# proved is the shipped one: each proof names files and symbols (`shipped:`), which tests/proofs/extract takes out of the
# tree. A goal that is not proved fails, and so does a mutation (`mutant:`, a substitution in the extracted text) for
# which everything is still proved (LONG=1: a minute more). Called at the top of the tree with a directory for its output.
#
# A proof may say further options of Frama-C (`options:`), and invariants of loops and steps in between (tests/proofs/annotate).
#
# tests/proofs/check.sh [DIR [NAME...]]
set -u
dir=${1:-out/test/proofs}
mkdir -p "$dir"
shift
here=tests/proofs number=0 failed=0 goals=0
WHY3CONFIG=$(cd "$dir" && pwd)/why3.conf
export WHY3CONFIG

report() { # report GOOD(0/1) NAME
	number=$((number + 1))
	if [ "$1" = 0 ]; then echo "ok $number - $2"; else echo "not ok $number - $2"; failed=1; fi
}

for tool in frama-c why3 z3 cvc4 perl; do
	command -v "$tool" >"$dir/which.txt" || {
		echo "1..1"
		echo "not ok 1 - $tool is missing: as root, apt-get install --no-install-recommends frama-c-base why3 z3 cvc4"
		exit 1
	}
done
why3 -C "$WHY3CONFIG" config detect >"$dir/why3.txt" 2>&1

# The axioms about bits: each is a bit-vector theorem of both provers.
axioms=$(sed -n 's/.*axiom \([a-z0-9]*\):.*/\1/p' $here/bits*.h | sort | xargs)
timeout 60 z3 -smt2 $here/bits.smt2 >"$dir/bits.z3" 2>&1
timeout 60 cvc4 --incremental $here/bits.smt2 2>&1 | tr -d '"' >"$dir/bits.cvc4"
for prover in z3 cvc4; do
	proved=$(paste - - <"$dir/bits.$prover" | awk '$2 == "unsat" && NF == 2 { print $1 }' | sort | xargs)
	[ "$proved" = "$axioms" ]
	report $? "bits: $(wc -w <<<"$axioms") facts about bit vectors, by $prover"
done

# extract_all PROOF DIR: what it says is shipped; anything missing is an error.
extract_all() {
	local file symbols symbol
	sed -n 's/^ \* shipped: //p' "$here/$1.c" | while read -r file symbols; do
		for symbol in $symbols; do
			$here/extract "$file" "$symbol" >"$2/$symbol.h" || { echo "$symbol is not in $file" >&2; exit 1; }
		done
	done
}

# prove NAME DIR: sets proved and total
prove() {
	# shellcheck disable=SC2046 # words are meant
	timeout 300 frama-c $(sed -n 's/^ \* options: //p' "$here/$1.c") -cpp-extra-args="-I$2 -I$here" -machdep gcc_x86_64 -wp -wp-rte -wp-prover z3,cvc4 \
		-wp-timeout "${WP_TIMEOUT:-8}" -wp-par 2 "$here/$1.c" >"$2/log.txt" 2>&1
	read -r proved total < <(sed -n 's/^\[wp\] Proved goals: *\([0-9]*\) \/ \([0-9]*\).*/\1 \2/p' "$2/log.txt")
	proved=${proved:-0} total=${total:-0}
}

names=${*:-$(cd $here && ls ./*.c | sed 's/^\.\///; s/\.c$//')}
for name in $names; do
	mkdir -p "$dir/$name"
	if ! extract_all "$name" "$dir/$name" || ! $here/annotate "$here/$name.c" "$dir/$name"; then
		report 1 "$name: the shipped text was found"
		continue
	fi
	prove "$name" "$dir/$name"
	[ "$total" -gt 0 ] && [ "$proved" = "$total" ]
	report $? "$name: $proved of $total goals"
	goals=$((goals + proved))
	[ "${LONG:-0}" = 1 ] || continue # mutations take a minute
	n=0
	while IFS='|' read -r symbol change; do
		[ -n "$symbol" ] || continue
		n=$((n + 1)) mutant=$dir/$name.mutant$n
		mkdir -p "$mutant"
		cp "$dir/$name"/*.h "$mutant"
		perl -pi -e "$change" "$mutant/$symbol.h"
		if cmp -s "$mutant/$symbol.h" "$dir/$name/$symbol.h"; then
			report 1 "$name: mutation of $symbol applies: $change"
			continue
		fi
		WP_TIMEOUT=1 prove "$name" "$mutant"
		[ "$total" -gt 0 ] && [ "$proved" -lt "$total" ]
		report $? "$name: not proved with $symbol $change"
	done < <(sed -n 's/^ \* mutant: *\([A-Za-z0-9_]*\) /\1|/p' "$here/$name.c")
done
echo "1..$number"
echo "# $goals goals proved"
exit $failed
