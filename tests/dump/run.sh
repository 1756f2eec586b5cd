#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# What a panic leaves, and what tools/capos-dump makes of it: init of the image test-init faults, which ends the machine. TAP.
set -u
cd "$(dirname "$0")/../.." || exit
dir=${1:-out/test/dump}
mkdir -p "$dir"
number=0 failed=0
report() { # STATUS NAME
	number=$((number + 1))
	if [ "$1" = 0 ]; then echo "ok $number - $2"; else echo "not ok $number - $2"; failed=1; fi
}

out/tools/machine -t 60 -- tools/qemu --kernel out/x86_64/kernel.elf --initrd out/images/test-init.pkg --smp 2 --mem 64 \
	--log "$dir/log.txt" --append debug-exit </dev/null >"$dir/terminal.txt" 2>&1
[ $? = 127 ]
report $? "the machine ends with a failure"
out/tools/capos-dump -p out/images/test-init.pkg "$dir/log.txt" >"$dir/dump.txt" 2>"$dir/errors.txt"
report $? "there is a dump in its log"
grep -q '^panic on CPU [01] of 2' "$dir/dump.txt" && grep -q 'init has ended (reason 3' "$dir/dump.txt"
report $? "it says where, and why"
grep -q '^process 1 init: ' "$dir/dump.txt" && grep -Eq '^ +[0-9]+\.1 +ProcessSpawner +object [0-9]+$' "$dir/dump.txt"
report $? "the process is there, with its capabilities by name"
[ "$(grep -c '^CPU [01]: ' "$dir/dump.txt")" = 2 ] && grep -Eq 'init \(1\) +fault +vector 14 at 0x28' "$dir/dump.txt"
report $? "and both CPUs, with the events that came before"
! grep -Eiq '[^0-9a-f]ffff[89a-f][0-9a-f]{11}' "$dir/dump.txt" "$dir/log.txt"
report $? "no address of the kernel's half is in either"

# A dump that breaks off: everything up to there, and that it does.
awk '/^dump: / && ++n > 20 { next } { print }' "$dir/log.txt" >"$dir/short.txt"
out/tools/capos-dump "$dir/short.txt" >"$dir/short.out" 2>&1 && grep -q 'process 1 init' "$dir/short.out" &&
	grep -q 'the dump ends here, before its end' "$dir/short.out"
report $? "one that breaks off is shown as far as it goes"
# Any bytes at all.
for i in 1 2 3 4 5 6 7 8; do
	awk -v s="$i" 'BEGIN { srand(s) } /^dump: ./ { p = 7 + int(rand() * (length($0) - 7)); $0 = substr($0, 1, p) substr("AQgw/+9z", 1 + int(rand() * 8), 1) substr($0, p + 2) } { print }' \
		"$dir/log.txt" >"$dir/damaged.txt"
	timeout 10 out/tools/capos-dump -p out/images/test-init.pkg "$dir/damaged.txt" >"$dir/damaged.out" 2>&1
	[ $? -le 1 ] || break
done
[ $? -le 1 ] && [ "$i" = 8 ]
report $? "a damaged one is read as far as it makes sense"
out/tools/capos-dump "$dir/terminal.txt" >"$dir/none.out" 2>&1
[ $? = 1 ] && grep -q 'has no dump in it' "$dir/none.out"
report $? "a log without one says so"
echo "1..$number"
exit $failed
