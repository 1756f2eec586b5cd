#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The diagnostics console on the debug UART: every question, wrong ones, floods; while the system runs, and when its terminal is
# gone.  TAP; $1 is a directory for output.
set -u
out=$1 n=0 failed=0
report() { # report STATUS TEXT
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; failed=1; fi
}
mkdir -p "$out"
socket=$(mktemp -d)/com2
mkfifo "$out/keys"
exec 3<>"$out/keys"
out/tools/machine -n -t 400 -- tools/qemu --kernel out/x86_64/kernel.elf --initrd out/images/debug.pkg --smp 2 --mem 256 \
	--log "$out/log.txt" --diagnostics "$socket" <"$out/keys" >"$out/terminal.txt" 2>"$out/err.txt" &
machine=$!
trap 'kill $machine 2>/dev/null; rm -rf "$(dirname "$socket")" "$out/keys"' EXIT
type_line() { printf '%s\n' "$1" >&3; }
shown() { # shown PATTERN: until the terminal has such a line
	for _ in {1..600}; do tr -d '\r' <"$out/terminal.txt" | grep -qE -- "$1" && return; sleep 0.1; done
	return 1
}
asked() { # asked QUESTION PATTERN...: each matches a line of the answer, which has at most 64 lines behind the question
	local question=$1
	shift
	tools/diagnostics "$socket" "$question" >"$out/answer.txt" || return 1
	cat "$out/answer.txt" >>"$out/answers.txt"
	[ "$(sed '0,/^diagnostics> /d' "$out/answer.txt" | grep -vc '^\[')" -le 64 ] || return 1
	for pattern in "$@"; do grep -qE -- "$pattern" "$out/answer.txt" || return 1; done
}

for _ in {1..600}; do [ -S "$socket" ] && break; sleep 0.1; done
asked help '^diagnostics> help$' '^  mem +memory map' '^  cpus ' '^  acpi ' '^  devices ' '^  procs ' '^  faults '
report $? "it answers as soon as the machine runs, and says what can be asked"
grep -q '^\[.*capOS kernel x86_64' "$out/log.txt"
report $? "the log is on the same line"
shown '^capos> '
report $? "the prompt is there, too"
asked mem '^  [0-9a-f]+ \+ [0-9a-f]+  usable$' '^  [0-9a-f]+ \+ [0-9a-f]+  package$' '^  frames: [0-9]+ of [0-9]+ free; kernel objects: [0-9]+$'
report $? "mem: the memory map, frames"
asked cpus '^ +0 +0 ' '^ +1 +1 '
report $? "cpus: both"
asked acpi '^  APIC  [0-9]+ bytes$' '^  FACP  [0-9]+ bytes$'
report $? "acpi: tables"
asked devices '^  ISA interrupt  3: line 3 \(debug UART\)$' '^  ISA interrupt  4: line 4 \(given out\)$'
report $? "devices: interrupt lines, and who has them"
asked procs '^ +1  1 .* init$' '^ +2  1 .* terminal$' '  prompt$'
report $? "procs: processes"
type_line 'let p = processSpawner.create("faulty").process'
type_line 'p.start(entry = 4096)'
type_line 'p.wait'
shown 'reason = pageFault'
asked faults '^  [0-9]+ ms  faulty \([0-9]+\): vector 14 at 1000, address 1000$'
report $? "faults: the last ones"

asked 'memory 0x1000' '^  no such question; try: help$'
report $? "what is not a question is refused, and nothing takes an argument"
asked "$(printf 'x%.0s' {1..300})" '^  no such question; try: help$' && asked procs ' init$'
report $? "a line that is too long is cut, and the next one is whole"
asked "$(printf '\x01\x7f\xff\xfe')procs" ' init$'
report $? "control characters and other bytes are dropped"
python3 -c 'import socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
connection.sendall(b"procs\r" * 200)
connection.settimeout(1)
try:
    while connection.recv(65536): pass
except socket.timeout: pass' "$socket" &
flood=$!
type_line 'echo still here'
shown '^still here$'
report $? "200 questions at once do not stop the prompt"
wait $flood
asked help '^  faults '
report $? "nor the console"
python3 -c 'import socket, sys, time
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
connection.sendall(b"procs\r" * 60)
time.sleep(3)' "$socket"
asked help '^  faults '
report $? "nor one who asks and does not read the answers"

type_line 'supervisor.stop "terminal"'
for _ in {1..30}; do asked procs ' init$' && ! grep -q ' terminal$' "$out/answer.txt" && break; sleep 0.1; done
! grep -q ' terminal$' "$out/answer.txt" && grep -q ' init$' "$out/answer.txt"
report $? "with the terminal gone it still answers"
type_line 'poweroff'
asked mem '^  frames: '
report $? "and nobody hears the terminal any more"
echo "1..$n"
exit $failed
