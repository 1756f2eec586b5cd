#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Runs the Spin models; TAP. Each model says in its header
#   run: ok|refuted [-DVARIANT...]   which variants must hold, and which must be refuted: a model that cannot fail shows nothing
#   slow: ok|refuted [...]           the same, only with LONG=1
#   code: FILE: TEXT                 lines of the shipped code that it is written after: all there, those of a file that
#                                    follow each other here in this order there; else the model is out of date
# A model without `run:` lines is run once as it is. Called at the top of the tree with a directory for its output.
#
# tests/models/check.sh [DIR [NAME...]]
set -u
dir=${1:-out/test/models}
mkdir -p "$dir"
shift
here=$PWD/tests/models number=0 failed=0 states=0

report() { # report GOOD(0/1) NAME
	number=$((number + 1))
	if [ "$1" = 0 ]; then echo "ok $number - $2"; else echo "not ok $number - $2"; failed=1; fi
}

for tool in spin perl; do
	command -v "$tool" >"$dir/which.txt" || {
		echo "1..1"
		echo "not ok 1 - $tool is missing: as root, apt-get install --no-install-recommends $tool"
		exit 1
	}
done
compiler=$(command -v clang-19 || command -v cc)

# check MODEL WANTED VARIANT...
check() {
	local name=$1 wanted=$2 place result count
	shift 2
	place=$dir/$name$(tr -d ' ' <<<"$*")
	mkdir -p "$place"
	cp "$here"/*.pml "$place"
	(
		cd "$place" || exit 1
		rm -f pan* ./*.trail
		spin -a "$@" "$name.pml" >spin.txt 2>&1 &&
			"$compiler" "${MODEL_OPTIMIZE:--O1}" -w -DSAFETY -DMEMLIM=2000 -DVECTORSZ=2048 -o pan pan.c >cc.txt 2>&1 &&
			timeout "${MODEL_TIMEOUT:-200}" ./pan -m1000000 >pan.txt 2>&1
	)
	count=$(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' "$place/pan.txt" 2>&1)
	if grep -q 'errors: 0' "$place/pan.txt" && ! grep -Eq 'max search depth too small|reached -DMEMLIM|out of memory' "$place/pan.txt"; then
		result=ok
	elif grep -Eq '^pan:[0-9]*: *(assertion violated|invalid end state|acceptance|non-progress)' "$place/pan.txt"; then
		result=refuted
	else
		result='not finished'
	fi
	[ "$result" = "$wanted" ]
	report $? "$name $*: $result${count:+, $count states}"
	[ "$result" = ok ] && states=$((states + ${count:-0}))
}

for model in ${*:-$(cd "$here" && ls ./*.pml | sed 's/^\.\///; s/\.pml$//')}; do
	file=$here/$model.pml
	grep -q proctype "$file" && grep -q '^#include\|active\|init' "$file" || continue
	[ "$model" = tso ] && continue # a part of others
	if grep -q '^ \* code: ' "$file"; then
		perl -e '
			my ($last, $at, $text, $bad) = ("", 0, "", 0);
			while (<STDIN>) {
				my ($path, $line) = /^ \* code: (\S+): (.*)$/ or next;
				if ($path ne $last) { local $/; open(my $f, "<", $path) or die "$path: $!\n"; $text = <$f>; $at = 0; $last = $path }
				my $found = index($text, $line, $at);
				if ($found < 0) { print "# not in $path, or not in this order: $line\n"; $bad = 1; next }
				$at = $found + length($line);
			}
			exit $bad' <"$file"
		report $? "$model: written after the code as it is"
	fi
	runs=$(sed -n 's/^ \* run: //p' "$file")
	[ "${LONG:-0}" = 1 ] && runs="$runs"$'\n'$(sed -n 's/^ \* slow: //p' "$file")
	while read -r wanted variant; do
		# shellcheck disable=SC2086 # words are meant
		[ -n "$wanted" ] && check "$model" "$wanted" $variant
	done <<<"${runs:-ok}"
done
echo "1..$number"
echo "# $states states of models that hold"
exit $failed
