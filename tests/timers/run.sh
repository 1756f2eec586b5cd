#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# What arming and cancelling a timer costs inside the kernel, asserted: instructions of the functions that do it, counted by QEMU, among
# twenty other timers (row sleep_cancel_20 of programs/bench).  Cancelling is in line but for the heap: what is in line is not counted.
# TAP; $1 is a directory for output.
set -u
out=$1 n=0 failed=0 kernel=out/x86_64/kernel.elf
report() { # report STATUS TEXT
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; failed=1; fi
}

clang-19 -std=c23 -O2 -shared -fPIC -fvisibility=hidden tests/bench/plugin/count.c -o "$out/count.so" && clang-19 -std=c23 -O2 tests/bench/profile.c -o "$out/profile"
report $? 'the plugin, and what reads its counts'
CAPOS_ACCEL=tcg CAPOS_CPU=max,-erms,-fsrm timeout 200 tools/qemu --kernel $kernel --initrd out/images/bench.pkg --smp 1 --mem 256 --log "$out/log.txt" \
	-- -icount shift=0,sleep=off -plugin "$out/count.so,out=$out/count.txt" </dev/null >/dev/null 2>&1
tr -d '\r' <"$out/log.txt" | sed -n 's/^\[[^]]*\] bench: segment //p' >"$out/segments.txt"
llvm-nm-19 --numeric-sort $kernel >"$out/kernel.sym"
"$out/profile" -n 60 -r sleep_cancel_20 "$out/count.txt" "$out/segments.txt" "$out/kernel.sym" >"$out/profile.txt"
cost=$(awk '$2 == "kernel" && $3 ~ /^(timer_(arm|cancel)|heap_(insert|take|remove))(\.|$)/ { sum += $1 } END { printf "%d", sum }' "$out/profile.txt")
[ "${cost:-0}" -gt 50 ] && [ "$cost" -le 190 ]
report $? "a timer armed and cancelled among twenty others: ${cost:-?} instructions, at most 190 and what is in line"
echo "1..$n"
exit $failed
