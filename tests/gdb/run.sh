#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# `make debug`: what tools/gdb/capos.gdb finds of a program is where it is.  TAP; $1 is a directory for output.
# The terminal is stopped as it writes for the first time: its memory is then there to be compared with its file.
set -u
out=$1 n=0 failed=0 program=out/user/debug/terminal
check() { # check STATUS TEXT
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; failed=1; fi
}

socket=$(mktemp -u "$out/gdb.XXXXXX")
tools/qemu --kernel out/x86_64/kernel.elf --initrd out/images/default.pkg --smp 1 --log "$out/log.txt" --gdb "$socket" \
	</dev/null >"$out/console.txt" 2>&1 &
qemu=$!
trap 'kill $qemu 2>/dev/null; rm -f "$socket"' EXIT
for _ in $(seq 100); do [ -S "$socket" ] && break; sleep 0.1; done
timeout 100 gdb -q -batch -x tools/gdb/capos.gdb -ex 'file out/x86_64/kernel.elf' -ex "target remote $socket" \
	-ex 'hbreak write_bytes' -ex continue -ex processes -ex 'program terminal' -ex 'program nobody' \
	-ex 'x/16xb device_write' -ex kill >"$out/gdb.txt" 2>&1

for name in init terminal prompt; do
	grep -qE "^ +[0-9]+  0x[0-9a-f]+ +$name$" "$out/gdb.txt"
	check $? "processes lists $name, and where its program is"
done
grep -q '^no process of that name has begun' "$out/gdb.txt"
check $? "a name that nobody has is refused"
seen=$(grep -E '^0x[0-9a-f]+ <device_write' "$out/gdb.txt" | sed 's/^.*>://' | grep -oE '0x[0-9a-f]{2}' | tr -d '\n')
address=$(nm "$program" | awk '$3 == "device_write" { print "0x" $1 }')
file=$(objdump -s -j .text --start-address="$address" --stop-address=$((address + 16)) "$program" |
	awk '/^ [0-9a-f]+ / { print $2 $3 $4 $5 }' | tr -d '\n' | sed 's/../0x&/g')
[ -n "$seen" ] && [ "$seen" = "${file:0:64}" ]
check $? "program: at the symbol's address are the bytes of its function"
echo "1..$n"
exit $failed
