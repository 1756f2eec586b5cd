#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The image tool: a right image makes a package, and each thing that can be wrong in one is an error that names file
# and line. Called by tests/run at the top of the tree with a directory for its output.
set -u
dir=${1:-out/test/image}
mkdir -p "$dir"
number=0 failed=0

report() { # report GOOD(0/1) NAME
	number=$((number + 1))
	if [ "$1" = 0 ]; then echo "ok $number - $2"; else echo "not ok $number - $2"; failed=1; fi
}

# source NAME: the image between the fixed head and tail, from standard input, as lines from 6 on.
source_file() {
	{
		printf '%s\n' '# SPDX-License-Identifier: MIT OR Apache-2.0' '@0xd2a0d4b2f9b9a1c8;' \
			'using import "/schema/service/image.capnp".Image;' 'const image :Image = (name = "test",'
		printf 'processes = [\n'
		cat
		printf ');\n'
	} >"$dir/$1.capnp"
}

# accepts NAME WHAT, with the source on standard input
accepts() {
	source_file "$1"
	out/tools/image build "$dir/$1.capnp" -o "$dir/$1.pkg" 2>"$dir/$1.err"
	report $? "$2"
}

# refuses NAME LINE ERE WHAT, with the source on standard input
refuses() {
	local good=1
	source_file "$1"
	rm -f "$dir/$1.pkg"
	if ! out/tools/image build "$dir/$1.capnp" -o "$dir/$1.pkg" 2>"$dir/$1.err" && [ ! -e "$dir/$1.pkg" ]; then
		grep -Eq "^$dir/$1\.capnp:$2(:[0-9-]*)?: .*$3" "$dir/$1.err" && good=0
	fi
	[ $good = 0 ] || sed 's/^/# /' "$dir/$1.err"
	report $good "$4"
}

console='(name = "console", source = (kernel = console))'

accepts good 'a right image is packed' <<END
(name = "a", program = "hello", grants = [$console])],
END
refuses program 7 'no program "absent"' 'an unknown program is an error' <<'END'
(name = "a",
 program = "absent")],
END
refuses listed 8 'no program "absent"' 'an unknown program in the list is an error' <<END
(name = "a", program = "hello", grants = [$console])
],
programs = ["absent"]
END
refuses unasked 8 'grants "timer", which the program hello does not ask for' 'a grant that was not asked for is an error' <<END
(name = "a", program = "hello", grants = [
 $console,
 (name = "timer", source = (kernel = timer))])],
END
refuses missing 7 'asks for "console" \(Console\), which is not granted' 'a need that is not granted is an error' <<END
(name = "other", program = "hello", grants = [$console]),
(name = "a", program = "hello")],
END
refuses interface 7 'grants "console" as Timer, but the program hello asks for Console' 'another interface is an error' <<'END'
(name = "a", program = "hello", grants = [
 (name = "console", source = (kernel = timer))])],
END
refuses twice 7 'grants "console" twice' 'two grants of one name are an error' <<END
(name = "a", program = "hello", grants = [
 $console,
 $console])],
END
refuses names 6 'two processes have this name' 'two processes of one name are an error' <<END
(name = "a", program = "hello", grants = [$console]),
(name = "a", program = "hello", grants = [$console])],
END
refuses long 6 '1 to 31 bytes' 'a process name that the kernel would refuse is an error' <<END
(name = "abcdefghijklmnopqrstuvwxyz0123456", program = "hello", grants = [$console])],
END
refuses export 7 'no process "terminal" exports "console"' 'a reference to an unknown process is an error' <<'END'
(name = "a", program = "hello", grants = [
 (name = "console", source = (export = (process = "terminal", export = "console")))])],
END
refuses noexport 8 'no process "b" exports "console"' 'a reference to an unknown export is an error' <<END
(name = "b", program = "hello", grants = [$console]),
(name = "a", program = "hello", grants = [
 (name = "console", source = (export = (process = "b", export = "console")))])],
END
refuses needless 6 'does not ask for "endpoint"' 'exports of a program that serves nothing are an error' <<END
(name = "a", program = "hello", grants = [$console], exports = [(name = "x", interface = "Console")])],
END
refuses method 7 'Console has no method "read"' 'an unknown method in only is an error' <<'END'
(name = "a", program = "hello", grants = [
 (name = "console", source = (kernel = console), only = ["write", "read"])])],
END
refuses folder 8 'there is no folder images/folders/nowhere' 'a folder that is not there is an error' <<'END'
(name = "a", program = "ramfs", grants = [
 (name = "capabilityManager", source = (kernel = capabilityManager)),
 (name = "initial", source = (folder = "nowhere")),
 (name = "virtualMemory", source = (kernel = virtualMemory))],
 exports = [(name = "x", interface = "Directory", key = 63)])],
END
refuses testing 8 'testPower is for tests only' 'a test-only source in an image that ships is an error' <<'END'
(name = "a", program = "prompt", grants = [
 (name = "console", source = (kernel = console)),
 (name = "power", source = (kernel = testPower))])],
END
refuses inspector 8 'this image does not say debug = true' 'looking at all processes without declaring it is an error' <<'END'
(name = "a", program = "prompt", grants = [
 (name = "console", source = (kernel = console)),
 (name = "inspector", source = (kernel = systemInspector))])],
END
refuses otherinit 6 'another init is for tests only' 'another init in an image that ships is an error' <<END
(name = "a", program = "hello", grants = [$console])
],
init = "hello"
END
refuses restarts 6 'more than 32 restarts' 'a limit of restarts that is not counted is an error' <<END
(name = "a", program = "hello", grants = [$console],
 restart = (policy = always, limit = 33))],
END
refuses delays 6 'the first delay' 'a first delay beyond the longest is an error' <<END
(name = "a", program = "hello", grants = [$console],
 restart = (policy = always, delayMs = 20, maxDelayMs = 10))],
END
accepts cputime 'CPU time that fits is packed' <<END
(name = "a", program = "hello", grants = [$console], cpuTime = (budgetNs = 50000000, periodNs = 100000000)),
(name = "b", program = "hello", grants = [$console], cpuTime = (budgetNs = 25000000, periodNs = 100000000, cpu = 1)),
(name = "c", program = "hello", grants = [$console], cpuTime = (budgetNs = 25000000, periodNs = 100000000, cpu = 0))],
END
refuses toomuch 8 'more than three quarters of a CPU' 'CPU time that does not fit is an error' <<END
(name = "a", program = "hello", grants = [$console], cpuTime = (budgetNs = 50000000, periodNs = 100000000)),
(name = "b", program = "hello", grants = [$console], cpuTime = (budgetNs = 25000000, periodNs = 100000000, cpu = 1)),
(name = "c", program = "hello", grants = [$console], cpuTime = (budgetNs = 26000000, periodNs = 100000000, cpu = 0))],
END
accepts cpulast 'it fits when what may be anywhere is listed last' <<END
(name = "a", program = "hello", grants = [$console], cpuTime = (budgetNs = 60000000, periodNs = 100000000, cpu = 0)),
(name = "b", program = "hello", grants = [$console], cpuTime = (budgetNs = 60000000, periodNs = 100000000, cpu = 1)),
(name = "c", program = "hello", grants = [$console], cpuTime = (budgetNs = 10000000, periodNs = 100000000))],
END
accepts cpufirst 'it fits when what may be anywhere is listed first' <<END
(name = "a", program = "hello", grants = [$console], cpuTime = (budgetNs = 10000000, periodNs = 100000000)),
(name = "b", program = "hello", grants = [$console], cpuTime = (budgetNs = 60000000, periodNs = 100000000, cpu = 0)),
(name = "c", program = "hello", grants = [$console], cpuTime = (budgetNs = 60000000, periodNs = 100000000, cpu = 1))],
END
accepts cpumiddle 'it fits when what may be anywhere is listed in between' <<END
(name = "a", program = "hello", grants = [$console], cpuTime = (budgetNs = 60000000, periodNs = 100000000, cpu = 1)),
(name = "b", program = "hello", grants = [$console], cpuTime = (budgetNs = 10000000, periodNs = 100000000)),
(name = "c", program = "hello", grants = [$console], cpuTime = (budgetNs = 60000000, periodNs = 100000000, cpu = 0))],
END
refuses nobudget 6 'is not 100 us to its period' 'CPU time beyond its period is an error' <<END
(name = "a", program = "hello", grants = [$console], cpuTime = (budgetNs = 2000001, periodNs = 2000000))],
END
refuses noperiod 6 'is not 1 ms to 10 s' 'CPU time without a period is an error' <<END
(name = "a", program = "hello", grants = [$console], cpuTime = (budgetNs = 2000001))],
END
refuses ports 7 'are no range' 'ports beyond the last are an error' <<'END'
(name = "a", program = "terminal", grants = [
 (name = "ports", source = (ioPorts = (first = 0xfff8, count = 9)))])],
END
refuses field 7 "Struct has no field named 'colour'" 'an unknown field is an error' <<'END'
(name = "a", program = "hello",
 colour = "red")],
END
refuses source 7 "Not defined: telephone" 'an unknown kernel source is an error' <<'END'
(name = "a", program = "hello", grants = [
 (name = "console", source = (kernel = telephone))])],
END

out/tools/image report "$dir/good.capnp" >"$dir/report.txt" 2>&1 && grep -q 'console  *Console  *kernel console' "$dir/report.txt"
report $? 'the report says who holds what'

# The package is what abi/package.h says: magic, version, and each file on a page boundary.
[ "$(head -c 8 "$dir/good.pkg")" = CAOSPCK1 ] && [ $(($(stat -c %s "$dir/good.pkg") % 4096)) = 0 ]
report $? 'the package has its magic number and whole pages'

out/tools/image build "$dir/good.capnp" -o "$dir/again.pkg" && cmp -s "$dir/good.pkg" "$dir/again.pkg"
report $? 'the same image makes the same package'

echo "1..$number"
exit $failed
