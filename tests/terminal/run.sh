#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The terminal in figures (figures, beside this) and over slow lines, and traces that leave the machine: a session at 960 bytes a second,
# tmux, capos-trace on what a terminal showed.  TAP; $1 is a directory for output.
set -u
out=$1 n=0 failed=0
report() { # report STATUS TEXT
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; failed=1; fi
}

# play NAME SMP [MORE...]: the steps on standard input, at the default image; more arguments are QEMU's.
play() {
	local name=$1 smp=$2
	shift 2
	cat >"$out/$name.steps"
	out/tools/pty-run -t 90 -s "$out/$name.steps" -o "$out/$name.txt" -- out/tools/machine -t 80 -- tools/qemu \
		--kernel out/x86_64/kernel.elf --initrd out/images/default.pkg --smp "$smp" --log "$out/$name.log" -- "$@" \
		2>"$out/$name.err"
}

tests/terminal/figures "$out" >"$out/figures.txt"
at_most() { # at_most KEY MOST WHAT: a figure, and what it may be
	local value
	value=$(awk -v key="$1" '$1 == key { print $2 }' "$out/figures.txt")
	[ -n "$value" ] && [ "$value" -le "$2" ]
	report $? "$3: ${value:-?}, at most $2"
}
at_most key_echo 20000 'key to echo, guest instructions'
at_most complete_200 2000000 'completion among 200 interfaces, guest instructions'
at_most trace_record 10000 'a captured record, guest instructions' # 100,000 a second of a second's 10^9
at_most trace_lost 0 'records lost of a program that is traced'
rate=$(awk '$1 == "trace_rate" { print $2 }' "$out/figures.txt")
[ "${rate:-0}" -ge 100000 ]
report $? "at ${rate:-?} records a second of guest time, at least 100000"
at_most shell_memory 1536 'shell and terminal, KiB'

# What is faster than can be read is counted: records that were read and those that were lost are all there were.
printf '%s\n' 'run pace with { timer } args [30000 0]' trace poweroff |
	CAPOS_ACCEL=tcg timeout 60 out/tools/machine -t 50 -- tools/qemu --kernel out/x86_64/kernel.elf --initrd out/images/test-trace.pkg \
		--smp 1 --log "$out/fast.log" -- -icount shift=0,sleep=off 2>"$out/fast.err" | tr -d '\r' >"$out/fast.txt"
read -r calls lost <<<"$(sed -n 's/^  pace  *ended, \([0-9]*\) calls, \([0-9]*\) records lost$/\1 \2/p' "$out/fast.txt")"
[ "${lost:-0}" -gt 0 ] && [ $((calls * 2 + lost)) = 60000 ]
report $? "a trace that is too slow: ${calls:-?} calls shown, ${lost:-?} records counted as lost, of 30000 calls"

# 9600 baud, a wide window, a line of two rows, a search, and output of a program.
long=$(printf '0123456789%.0s' {1..13})
play slow 2 <<EOF
size 132 40
expect capos>
bytes 960
send \x0c
row 1 capos>
send echo $long
row 1 capos> echo ${long:0:120}
row 2 ${long:120}
send \x01\x01
cursor 1 8
send \r
row 3 $long
send \x12echo
row 4 (search \`echo') echo ${long:0:111}
send \x07
row 4 capos>
send run hello with { console }\r
row 5 hello, world
send timer.sleep ns=60e9\r
wait 500
send \x03
shows CANCELLED
send poweroff\r
EOF
report $? "a session at 960 bytes a second, 132 x 40"

# The same in tmux, as a person has it: completion, a line of two rows, another size, the whole screen and back.
if command -v tmux >/dev/null; then
	socket=$(mktemp -d)/tmux
	pane() { tmux -S "$socket" "$@"; }
	# shown PATTERN: until the pane has a line like that
	shown() { for _ in {1..50}; do pane capture-pane -p | grep -qE -- "$1" && return; sleep 0.1; done; pane capture-pane -p >&2; return 1; }
	pane -f /dev/null new-session -d -x 80 -y 24 "timeout 60 out/tools/machine -t 50 -- tools/qemu \
		--kernel out/x86_64/kernel.elf --initrd out/images/default.pkg --log $out/tmux.log"
	shown '^capos>' && { for key in t i m e; do pane send-keys $key; sleep 0.05; done; pane send-keys Tab; } && shown '^capos> timer\.$' &&
		pane send-keys Tab && shown '^now +only .*sleep' && pane send-keys C-u &&
		pane send-keys "echo $long" && shown "^capos> echo ${long:0:68}$" &&
		pane send-keys Home Right Right Right Right Right X && shown "^capos> echo X${long:0:67}$" && shown "^${long:67}$"
	report $? "in tmux: completion, and a line of two rows edited in its first"
	pane send-keys C-u C-k
	pane resize-window -x 100 -y 30
	pane send-keys Enter && sleep 0.5 && pane send-keys session.size Enter && shown 'columns = 100' && shown 'rows = 30'
	report $? "in tmux: another size"
	pane send-keys tmier.now Enter && shown 'did you mean "timer"' && pane capture-pane -pe | grep -q $'\x1b\\[31m.*you hold nothing'
	report $? "in tmux: a failure is red"
	pane send-keys top Enter && shown 'q ends this' && pane send-keys q && shown 'columns = 100'
	report $? "in tmux: top, and the screen as it was"
	pane send-keys poweroff Enter
	sleep 0.5
	pane kill-server 2>/dev/null
	rm -r "$(dirname "$socket")"
else
	for what in completion size red top; do report 0 "in tmux: $what # SKIP no tmux"; done
fi

# A trace leaves by the terminal, and is read by our tool and by the stock one.
printf '%s\n' nonsense 'run counter with { timer, out: console }' 'let quiet = console.only(write)' \
	'run counter with { timer, out: quiet } args [3]' 'trace counter | export' poweroff |
	timeout 60 out/tools/machine -t 50 -- tools/qemu --kernel out/x86_64/kernel.elf --initrd out/images/default.pkg \
		--log "$out/trace.log" 2>"$out/trace.err" >"$out/trace.txt"
grep -q 'there is no "nonsense"' "$out/trace.txt" && ! grep -q $'\x1b\\[[0-9;]*m' "$out/trace.txt"
report $? "a pipe sees no colours"
tool="out/tools/capos-trace -p out/images/default.pkg"
$tool "$out/trace.txt" >"$out/calls.txt"
report $? "capos-trace reads a transcript"
grep -q 'Console\.writeLine(text = "counter: 1") -> DENIED' "$out/calls.txt"
report $? "calls, arguments and what became of them"
$tool -s -o "$out/trace.bin" "$out/trace.txt" >"$out/stats.txt" && grep -qE '^  Console\.writeLine +1 +1 ' "$out/stats.txt"
report $? "figures by method"
$tool "$out/trace.bin" | cmp -s - "$out/calls.txt"
report $? "the binary file says the same"
capnp decode -I. schema/service/trace.capnp TraceChunk <"$out/trace.bin" | grep -q 'process = "counter"'
report $? "the stock capnp reads it"
$tool -t "$out/time.svg" -g "$out/graph.svg" "$out/trace.bin" &&
	python3 -c 'import sys, xml.dom.minidom as m; [m.parse(f) for f in sys.argv[1:]]' "$out/time.svg" "$out/graph.svg" &&
	grep -q '<title>Console.writeLine' "$out/time.svg" && grep -q 'Console.writeLine  1 call, 1 failed' "$out/graph.svg"
report $? "timeline and call graph"
grep -v '^AAAA' "$out/trace.txt" >"$out/cut.txt"
! $tool "$out/cut.txt" >/dev/null 2>"$out/cut.err" && grep -q 'lines are missing' "$out/cut.err"
report $? "a transcript that lost lines is refused"
head -c 100 "$out/trace.bin" >"$out/short.bin"
! $tool "$out/short.bin" >/dev/null 2>&1
report $? "so is half a file"

echo "1..$n"
exit $failed
