#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# A profile from the machine to the picture: a process that is busy in a known way, the program profile, tools/flame.
# TAP. Called by tests/run at the top of the tree with a directory for its output.
set -u
dir=${1:-out/test/profile}
mkdir -p "$dir"
number=0 failed=0
report() { # report GOOD(0/1) NAME
	number=$((number + 1))
	if [ "$1" = 0 ]; then echo "ok $number - $2"; else echo "not ok $number - $2"; failed=1; fi
}
flame() { out/tools/flame -p out/gen/registry.bin -n burner=test-profile "$@"; }
share() { # share ERE: how many samples of the burner's are in stacks that match
	grep -E "^burner;.*$1" "$dir/folded.txt" | awk '{ n += $NF } END { print n + 0 }'
}

CAPOS_ACCEL=tcg timeout 100 tools/qemu --kernel out/x86_64/kernel.elf --initrd out/images/test-profile.pkg --machine q35 --smp 2 --mem 256 \
	--log "$dir/log.txt" </dev/null >"$dir/terminal.txt" 2>&1
flame -t "$dir/log.txt" >"$dir/folded.txt" 2>"$dir/errors.txt"
report $? "a machine's log becomes folded stacks"
all=$(share '') user=$(share 'main;burn_in_user') kernel=$(share 'main;burn_in_kernel;.*\[kernel\] Timer\.now')
[ "$all" -gt 20 ] && [ $((user * 4)) -gt "$all" ]
report $? "what a program does in a function of its own has its name ($user of $all)"
[ $((kernel * 8)) -gt "$all" ]
report $? "what the kernel does for it has the operation's ($kernel)"
grep -q '^burner;_start;runtime_start;main;' "$dir/folded.txt"
report $? "stacks begin where the program does"
flame "$dir/log.txt" >"$dir/profile.svg" 2>>"$dir/errors.txt" &&
	grep -q '<title>burn_in_user: ' "$dir/profile.svg" && tail -1 "$dir/profile.svg" | grep -q '^</svg>$'
report $? "and a picture"
echo 'no profile here' | flame >"$dir/none.svg" 2>>"$dir/errors.txt"
[ $? = 1 ]
report $? "a text without one is refused"
echo "1..$number"
exit $failed
