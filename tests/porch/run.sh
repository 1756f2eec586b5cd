#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Page-table isolation, seen from outside: gdb stops the machine at the first instruction of a system call, where the user's address space
# is still active, and asks QEMU what is mapped. Then an NMI comes right there: kernel mode, the user's root, GS and stack. TAP.
set -u
cd "$(dirname "$0")/../.." || exit
dir=${1:-out/test/porch}
mkdir -p "$dir"
number=0 failed=0
report() { # STATUS NAME
	number=$((number + 1))
	if [ "$1" = 0 ]; then echo "ok $number - $2"; else echo "not ok $number - $2"; failed=1; fi
}

look() { # look NAME WORDS BREAKPOINT GDB-COMMAND...: what gdb says is in NAME.txt, the kernel's log in NAME.log
	local name=$1 words=$2 at=$3 socket commands=() qemu
	shift 3
	for command in "$@"; do commands+=(-ex "$command"); done
	socket=$(mktemp -u /tmp/porch.XXXXXX)
	timeout 100 tools/qemu --kernel out/x86_64/kernel.elf --initrd out/images/hello.pkg --smp 1 --mem 64 --log "$dir/$name.log" \
		--append "debug-exit $words" --gdb "$socket" </dev/null >"$dir/$name.terminal" 2>&1 &
	qemu=$!
	for _ in $(seq 100); do [ -S "$socket" ] && break; sleep 0.1; done
	timeout 90 gdb -nx -batch -ex 'set pagination off' -ex 'file out/x86_64/kernel.elf' -ex "target remote $socket" -ex "hbreak *&$at" \
		-ex continue -ex continue -ex delete "${commands[@]}" >"$dir/$name.txt" 2>&1
	kill $qemu 2>/dev/null
	wait $qemu 2>/dev/null
	rm -f "$socket"
}

kernel_kib() { # what `info mem` shows of the kernel half
	local sum=0 size
	for size in $(tr -d '\r' <"$1" | sed -nE 's/^ffff[0-9a-f]+-[0-9a-f]+ ([0-9a-f]+) .*/\1/p'); do sum=$((sum + 0x$size)); done
	echo $((sum / 1024))
}
shows_user() { tr -d '\r' <"$1" | grep -Eq '^0000[0-9a-f]+-[0-9a-f]+ [0-9a-f]+ u'; }

look plain mitigations=none syscall_entry 'monitor info mem'
shows_user "$dir/plain.txt" && [ "$(kernel_kib "$dir/plain.txt")" -gt 65536 ]
report $? "without isolation the user's address space maps all memory for the kernel"

look isolated mitigations=all syscall_guarded 'monitor info mem' 'monitor nmi' continue
shows_user "$dir/isolated.txt"
report $? "with it, the user's pages are there at a system call's first instruction"
kib=$(kernel_kib "$dir/isolated.txt")
[ "$kib" -gt 0 ] && [ "$kib" -le 96 ]
report $? "and at most 96 KiB of the kernel"
! tr -d '\r' <"$dir/isolated.txt" | grep -Eq '^ffff[89a-f][0-9a-e][^f]'
report $? "nothing of the direct map"
grep -q 'non-maskable interrupt in the kernel' "$dir/isolated.log" && ! grep -q 'double fault' "$dir/isolated.log"
report $? "an NMI at that instruction ends the machine with its report"
out/tools/capos-dump "$dir/isolated.log" 2>/dev/null | grep -q '^panic on CPU 0 of 1'
report $? "and a dump"
echo "1..$number"
exit $failed
