#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# The runner's own test: a runner that cannot fail proves nothing.  Feeds tests/run made-up programs that pass, fail,
# crash, lie about their plan or say nothing, and looks at its counts and exit status; then out/tools/machine and
# out/tools/pty-run with commands that behave like machines.  $1 = directory for output.
set -u
dir=$1
number=0 failed=0
check() { # check NAME COMMAND...
	local name=$1
	shift
	number=$((number + 1))
	if "$@"; then echo "ok $number - $name"; else echo "not ok $number - $name"; failed=1; fi
}

# outcome LAST-LINE STATUS SCRIPT: what tests/run says about one made-up test program.
outcome() {
	printf '#!/bin/bash\n%s\n' "$3" >"$dir/fake"
	chmod +x "$dir/fake"
	echo "$dir/fake" >"$dir/list"
	CAPOS_TEST_OUT=$dir/out CAPOS_HOST_TESTS=$dir/list tests/run host >"$dir/said.txt" 2>&1
	[ "$?" = "$2" ] && [ "$(tail -1 "$dir/said.txt")" = "$1" ] || { sed 's/^/# /' "$dir/said.txt"; return 1; }
}
check 'a passing program counts' outcome '2 passed, 0 failed' 0 'echo 1..2; echo ok 1; echo ok 2 - b'
check 'not ok counts as failed' outcome '1 passed, 1 failed' 1 'echo 1..2; echo ok 1; echo not ok 2'
check 'a bad exit status fails' outcome '1 passed, 1 failed' 1 'echo 1..1; echo ok 1; exit 3'
check 'a crash fails' outcome '1 passed, 1 failed' 1 'echo 1..1; echo ok 1; kill -SEGV $$'
check 'too few tests fail' outcome '1 passed, 1 failed' 1 'echo 1..2; echo ok 1'
check 'too many tests fail' outcome '2 passed, 1 failed' 1 'echo 1..1; echo ok 1; echo ok 2'
check 'a missing plan fails' outcome '1 passed, 1 failed' 1 'echo ok 1'
check 'silence fails' outcome '0 passed, 1 failed' 1 'true'
check 'bailing out fails' outcome '1 passed, 1 failed' 1 'echo 1..1; echo ok 1; echo "Bail out! no"'
check 'a skipped test is not passed' outcome '1 passed, 0 failed' 0 'echo 1..2; echo ok 1; echo "ok 2 # SKIP why"'
check 'log prefixes are understood' outcome '1 passed, 1 failed' 1 \
	'echo "[  0.1] a: 1..2"; echo "[  0.2] a: ok 1"; echo "[  0.3] a: not ok 2"'
check 'a second plan adds up' outcome '2 passed, 0 failed' 0 'echo 1..1; echo ok 1; echo 1..1; echo ok 1'

status_of() { # status_of EXPECTED COMMAND...
	local want=$1
	shift
	"$@" >"$dir/said.txt" 2>&1 </dev/null
	[ $? = "$want" ]
}
machine=out/tools/machine
check 'power-off is status 0' status_of 0 $machine -t 10 -- bash -c 'exit 0'
check 'debug exit 2v+1 is status v' status_of 21 $machine -t 10 -- bash -c 'exit 43'
check 'a failing emulator is not power-off' status_of 1 $machine -t 10 -- bash -c 'exit 1'
check 'a hanging machine is stopped' status_of 124 $machine -t 1 -- sleep 60
early() { [ "$(echo abc | $machine -t 10 -- bash -c 'sleep 0.3; read -t 0 && exit 9; echo up; read x; echo got $x')" = $'up\ngot abc' ]; }
check 'input waits for the guest' early
ending() { [ "$($machine -t 10 -- bash -c 'echo up; read -N 1 x; printf %d "'"'"'$x"' </dev/null)" = $'up\n4' ]; }
check 'Ctrl-D follows the end of input' ending
repeating() { [ "$($machine -t 10 -- bash -c 'echo up; read -N 3 x; echo -n "$x" | wc -c' </dev/null)" = $'up\n3' ]; }
check 'and again, as long as the guest stays quiet' repeating

# QEMU's warnings: only those that a scenario expects. A fake emulator prints one.
warned() { # warned STATUS LINE
	mkdir -p "$dir/tree/tests/system" "$dir/tree/tools" "$dir/tree/out"
	cp tests/run "$dir/tree/tests/run"
	ln -sfn "$PWD/out/tools" "$dir/tree/out/tools"
	printf '#!/bin/bash\necho "fake: a warning" >&2\n' >"$dir/tree/tools/qemu"
	chmod +x "$dir/tree/tools/qemu"
	printf 'smp: 1\n%s\n' "$2" >"$dir/tree/tests/system/fake.test"
	CAPOS_TEST_OUT=$dir/tree/out/test "$dir/tree/tests/run" system >"$dir/said.txt" 2>&1
	[ $? = "$1" ] || { sed 's/^/# /' "$dir/said.txt"; return 1; }
}
check 'a warning of the emulator fails a boot' warned 1 ''
check 'an expected one does not' warned 0 'stderr: a warning$'
check 'another one does' warned 1 'stderr: another'

pty() { # pty EXPECTED-STATUS STEPS COMMAND
	printf "$2" >"$dir/script"
	out/tools/pty-run -t 20 -s "$dir/script" -o "$dir/record" -- bash -c "$3" >"$dir/said.txt" 2>&1
	[ $? = "$1" ]
}
check 'a conversation is played' pty 5 'expect name?\nsend me\\n\nexpect hello me\n' 'echo "name?"; read n; echo hello $n; exit 5'
check 'an unmet expectation fails' pty 126 'timeout 1\nexpect never\n' 'sleep 60'
check 'a command that ends early fails' pty 126 'expect never\n' 'exit 0'
check 'escape sequences are not text' pty 0 'expect red\n' 'printf "r\e[31med"'
echo "1..$number"
exit $failed
