#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The prompt through pipes that are not kind: a script far longer than any buffer, lines of every length, a slow writer, a slow
# reader, a terminal that closes.  TAP; $1 is a directory for output.
set -u
out=$1 n=0 failed=0
report() { # report STATUS TEXT
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; failed=1; fi
}

# boot NAME SMP: the default image, input from standard input, output in $out/NAME.txt; the machine's exit status.
boot() {
	timeout 100 out/tools/machine -t 90 -- tools/qemu --kernel out/x86_64/kernel.elf --initrd out/images/default.pkg \
		--machine q35 --smp "$2" --mem 256 --log "$out/$1.log" 2>"$out/$1.err" | tr -d '\r' >"$out/$1.txt"
	return "${PIPESTATUS[0]}"
}

for smp in 1 2; do
	# 3000 lines, 60 KB: more than the terminal's buffer and the UART's.
	seq -f 'echo line number %g' 3000 | { cat; echo poweroff; } | boot "long-$smp" $smp
	report $? "a script of 3000 lines ends the machine ($smp CPUs)"
	grep -x 'line number [0-9]*' "$out/long-$smp.txt" >"$out/long-$smp.lines"
	seq -f 'line number %g' 3000 | cmp -s - "$out/long-$smp.lines"
	report $? "every one of them ran, in order ($smp CPUs)"

	# Lines up to the longest, and one that is longer: what does not fit is not taken, the next line is whole again.
	{
		for len in 1 70 79 80 81 159 160 161 500 900 2000; do
			printf 'echo %s\n' "$(printf 'x%.0s' $(seq "$len"))"
		done
		echo 'echo short again'
		echo poweroff
	} | boot "lengths-$smp" $smp
	report $? "lines of 1 to 2000 bytes ($smp CPUs)"
	grep -qx 'short again' "$out/lengths-$smp.txt" && grep -qxE 'x{900}' "$out/lengths-$smp.txt"
	report $? "long ones are echoed whole, and the line after a too long one is whole ($smp CPUs)"

	# One byte at a time.
	{
		text='timer.now'
		for ((i = 0; i < ${#text}; i++)); do printf '%s' "${text:i:1}"; sleep 0.02; done
		sleep 0.1
		printf '\npoweroff\n'
	} | boot "slow-$smp" $smp
	report $? "a slow typist ($smp CPUs)"
	grep -qE '^  ns = [0-9]+$' "$out/slow-$smp.txt"
	report $? "gets an answer ($smp CPUs)"
done

# Nobody reads for two seconds while 200 KB come: nothing is lost, and nothing else stops.
{ for i in $(seq 150); do echo help; done; echo poweroff; } |
	timeout 100 out/tools/machine -t 90 -- tools/qemu --kernel out/x86_64/kernel.elf --initrd out/images/default.pkg \
		--machine q35 --smp 2 --mem 256 --log "$out/reader.log" 2>"$out/reader.err" | { sleep 2; tr -d '\r' >"$out/reader.txt"; }
report "${PIPESTATUS[1]}" "a slow reader"
[ "$(grep -c '^  poweroff  ' "$out/reader.txt")" = 150 ]
report $? "loses nothing"

echo "1..$n"
exit $failed
