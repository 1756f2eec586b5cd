#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# docs/hazards.md against the tests.  TAP, a line for each row and each name:
#   - a name between * and * behind `test-X` is in tests/programs/test-X (texts with ` / ` or `...` stand for several);
#   - a name in brackets after `X_test` is an EXPLORE_TEST (or _ALL) of tests/host/X_test.c, and that file exists;
#   - a program test-X has a scenario in tests/system that boots it with two CPUs;
#   - each row names at least one test, program, model or directory of tests.
# (That the tests run, and pass, is the business of their plans.)
set -u
n=0 failed=0
check() { # check STATUS TEXT
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; failed=1; fi
}

while IFS= read -r row; do
	what=$(cut -d'|' -f2 <<<"$row" | sed 's/^ *//; s/ *$//')
	grep -qE 'test-[a-z0-9]+|`[a-z_]+_test`|`(lib|tests)/|models? `|prompt-' <<<"$row"
	check $? "row \"$what\" names a test"
	program=
	while IFS= read -r token; do
		case $token in
		test-*) program=$token ;;
		\**) # of a program; what stands behind anything else is the explorer's, or words
			name=${token//\*/}
			[ -n "$program" ] && [[ $name != *" / "* && $name != *...* ]] || continue
			grep -rqF -- "$name" "tests/programs/$program"
			check $? "$program: $name"
			;;
		*) program= ;;
		esac
	done < <(grep -oE 'test-[a-z0-9]+|\*[^*|]+\*|explorer|`[^`]*`' <<<"$row")
	while IFS= read -r program; do
		for scenario in $(grep -lE "^image: $program\$" tests/system/*.test); do
			sed -n 's/^smp: *//p' "$scenario" | grep -q . || echo 1 2
			sed -n 's/^smp: *//p' "$scenario"
		done | grep -qw 2
		check $? "$program boots with two CPUs"
	done < <(grep -oE 'test-[a-z0-9]+' <<<"$row" | sort -u)
	while IFS= read -r file; do
		[ -e "tests/host/$file.c" ]
		check $? "tests/host/$file.c"
	done < <(grep -oE '`[a-z_]+_test`' <<<"$row" | tr -d '`' | sort -u)
	while IFS= read -r group; do
		file=$(grep -oE '[a-z_]+_test' <<<"$group" | head -1)
		for name in $(sed 's/^[^(]*(//; s/)$//' <<<"$group" | tr ',' ' '); do
			grep -qE -- "EXPLORE_(TEST|ALL)\($name," "tests/host/$file.c"
			check $? "$file: $name"
		done
	done < <(grep -oE '`[a-z_]+_test` \([a-z_, ]+\)' <<<"$row" | sort -u)
done < <(grep -E '^\| ' docs/hazards.md | grep -vE '^\| (what breaks|---)')
[ "$n" -ge 60 ]
check $? "docs/hazards.md has its rows"
echo "1..$n"
exit $failed
