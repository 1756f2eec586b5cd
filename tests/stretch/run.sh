#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# How long interrupts are off, asserted: the longest stretch of kernel code in instructions, for programs that end processes with much
# memory, use up every quota, and revoke (tests/bench/run stretch says how it is counted).  TAP; $1 is a directory for output.
set -u
out=$1 n=0 failed=0 kernel=out/x86_64/kernel.elf
report() { # report STATUS TEXT
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; failed=1; fi
}
at_most() { # at_most IMAGE KIND MOST
	local longest
	longest=$(awk -v kind="$2" '$1 == "stretch" && $2 == kind { print $4 }' "$out/$1.txt")
	[ -n "$longest" ] && [ "$longest" -gt 0 ] && [ "$longest" -le "$3" ]
	report $? "$1: $2, ${longest:-?} instructions, at most $3"
}

clang-19 -std=c23 -O2 -shared -fPIC -fvisibility=hidden tests/bench/plugin/stretch.c -o "$out/stretch.so"
report $? 'the plugin'
syscall=$(llvm-nm-19 $kernel | awk '$3 == "syscall_entry" { print $1 }') traps=$(llvm-nm-19 $kernel | awk '$3 == "trap_stubs" { print $1 }')
off=$(llvm-nm-19 $kernel | awk '$3 == "arch_poweroff" { print $1 }')
for image in test-memory test-process test-quota test-session; do
	CAPOS_ACCEL=tcg CAPOS_CPU=max,-erms,-fsrm timeout 100 tools/qemu --kernel $kernel --initrd out/images/$image.pkg --smp 1 --mem 256 \
		--log "$out/$image.log" -- -icount shift=0,sleep=off \
		-plugin "$out/stretch.so,syscall=$syscall,traps=$traps,off=$off,out=$out/$image.txt" </dev/null >/dev/null 2>&1
	at_most $image syscall 100000
	at_most $image fault 100000
	at_most $image interrupt 100000
done
echo "1..$n"
exit $failed
