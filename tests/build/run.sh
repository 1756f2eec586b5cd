#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
# Promises of the build itself: `make run` with a pipe, its errors, `make debug`, an incremental build, and `make help`.
# Runs after everything is built; $1 = directory for output.
set -u
unset MAKEFLAGS MFLAGS MAKELEVEL # when called by make test
dir=$1 number=0 failed=0
check() { # check NAME COMMAND...
	local name=$1
	shift
	number=$((number + 1))
	if "$@" >"$dir/said.txt" 2>&1; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		tail -10 "$dir/said.txt" | sed 's/^/# /'
		failed=1
	fi
}

piped_run() {
	printf 'caps\npoweroff\n' | timeout 60 make -s run >"$dir/run.txt" || return
	head -1 "$dir/run.txt" | grep -q '^capOS ' && grep -q 'Console' "$dir/run.txt"
}
no_image() { ! make -s run IMAGE=no-such-image </dev/null; }
debugger() {
	timeout 60 make -s debug GDB_ARGS="-batch -ex 'break kernel_main' -ex continue -ex backtrace -ex kill" </dev/null >"$dir/gdb.txt" 2>&1
	grep -q '^#0 .*kernel_main' "$dir/gdb.txt" || { cat "$dir/gdb.txt"; return 1; }
}
incremental() { # one source, one run of the compiler; how long that takes is a row of make bench
	touch kernel/core/panic.c
	make kernel >"$dir/steps.txt" && cat "$dir/steps.txt" && [ "$(awk '{ print $1 }' "$dir/steps.txt" | xargs)" = 'CC LINK' ]
}
nothing_to_do() { make -q kernel user images; }
help() { make -s help >"$dir/help.txt"; for t in run test bench check docs debug; do grep -q "^  $t " "$dir/help.txt" || return; done; }

bill() { # every port is in it, and it is JSON
	make -s sbom && perl -MJSON::PP -e 'local $/; decode_json(<>)' out/capos.spdx.json || return
	for p in ports/*/port.mk; do
		grep -q "SPDXRef-port-$(basename "$(dirname "$p")")\"" out/capos.spdx.json || return
	done
	grep -q "$(sha256sum out/images/default.pkg | cut -d' ' -f1)" out/capos.spdx.json
}
panics() { # no place is overlooked: as many rows as there are calls
	local calls rows
	calls=$(grep -rhE '^[^*/]*(^|[^a-z_"])(panic|kassert)\(' kernel --include='*.c' --include='*.h' --exclude-dir=tests --exclude-dir=host | grep -cvE 'void panic|#define')
	rows=$(tools/panic-surface | grep -c '^| `kernel')
	[ "$calls" -eq "$rows" ] || { echo "$calls calls, $rows rows"; return 1; }
}

check 'a pipe can drive make run' piped_run
check 'an unknown image is an error' no_image
check 'make debug stops at a breakpoint with symbols' debugger
check 'a change of one kernel file compiles that file and links' incremental
check 'make help lists the commands' help
check 'after a build, and help, there is nothing to do' nothing_to_do
check 'the bill of materials lists every port and what ships' bill
check 'the panic surface lists every panic and assertion' panics
echo "1..$number"
exit $failed
