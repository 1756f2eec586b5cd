#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The schema toolchain against the stock one: goldens, generated code at work, random schemas and values in both
# directions, evolution, mutated messages, frames and packing, errors of the plugin, registry data. TAP.
#
#   tests/schema/run.sh [OUTDIR]           at the top of the tree; OUTDIR for what it writes (out/test/schema)
#   tests/schema/run.sh --accept           takes what is generated now as the goldens
#   SEEDS="1 2 3" MESSAGES=6 MUTANTS=100   how much: random schemas, messages for each, mutants in all
#
# What is promised about malformed messages: whatever `capnp convert` refuses, the reader and the frame reader refuse.
# The reverse does not hold: ours refuses far pointers (but in frames), nesting beyond 16, and visiting a message more
# than four times over.
set -u
cd "$(dirname "$0")/../.."
accept=
[ "${1-}" = --accept ] && accept=1 && shift
dir=${1:-${OUT:-out}/test/schema}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
here=$PWD/tests/schema
seeds=${SEEDS:-1 2 3 4 5 8}
messages=${MESSAGES:-5}
mutants=${MUTANTS:-120}

clang=${CLANG:-clang-19}
flags="-std=c23 -g -D_GNU_SOURCE -fgnu-keywords -Wall -Wextra -Wconversion -Wshadow -Wmissing-prototypes -Werror"
sanitize="-O1 -fsanitize=address,undefined -fno-sanitize-recover=all"
includes="-I$PWD/lib/message/include -I$PWD/lib/rpc/include -I$PWD/abi/include -I$dir/gen -I$here/conform"

number=0
failed=0
report() { # STATUS NAME
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		failed=1
	fi
}
stop() {
	report 1 "$1"
	echo "1..$number"
	exit 1
}
canonical() { # SCHEMA < flat
	capnp convert flat:canonical "$1" Root
}

# ---- Tools ----
rm -rf "$dir/gen" && mkdir -p "$dir/gen" "$dir/obj"
plugin=$PWD/${OUT:-out}/tools/capnpc-capos
if [ ! -x "$plugin" ]; then
	plugin=$dir/capnpc-capos
	# shellcheck disable=SC2086
	$clang $flags -O1 $includes tools/capnpc-capos/*.c lib/message/*.c -o "$plugin" || stop "the plugin compiles"
fi
# shellcheck disable=SC2086
$clang $flags tests/schema/conform/schemas.c -o "$dir/schemas" || stop "the generator of schemas compiles"
for f in lib/message/*.c; do
	# shellcheck disable=SC2086
	$clang $flags $sanitize $includes -c "$f" -o "$dir/obj/$(basename "$f").o" || stop "lib/message compiles"
done

# The program for a schema FILE in directory D: D/p (driver_main.h says what it can do).
program() { # D FILE
	(cd "$1" && capnp compile -o"$plugin" "$2" && CAPNPC_CAPOS_EXERCISE=1 capnp compile -o"$plugin" "$2" >p.c &&
		# shellcheck disable=SC2086
		$clang $flags -Wno-unused-function -Wno-unneeded-internal-declaration $sanitize -I. $includes p.c "$2.c" \
			"$dir"/obj/*.o -o p)
}

# ---- Goldens: what is generated, for review ----
golden() {
	local good=0 f
	rm -rf "$dir/golden" && mkdir "$dir/golden"
	capnp compile -o"$plugin:$dir/golden" --src-prefix=tests/schema/golden tests/schema/golden/*.capnp || return 1
	mv "$dir"/golden/docs/reference/*.md "$dir/golden" && rm -r "$dir/golden/docs"
	if [ -n "$accept" ]; then
		rm -f tests/schema/golden/*.capnp.[hc] tests/schema/golden/*.md
		cp "$dir"/golden/* tests/schema/golden/
	fi
	for f in "$dir"/golden/*; do
		diff -u "tests/schema/golden/$(basename "$f")" "$f" | head -60 | sed 's/^/# /'
		cmp -s "tests/schema/golden/$(basename "$f")" "$f" || good=1
	done
	[ $good = 0 ] || echo "# if this is meant: tests/schema/run.sh --accept, and review the difference"
	return $good
}
golden
report $? "generated files are as the goldens say"
[ -n "$accept" ] && exit 0

# ---- Generated code at work ----
capnp compile -I. -o"$plugin:$dir/gen" schema/exception.capnp || stop "schema/exception.capnp compiles"
# shellcheck disable=SC2086
$clang $flags $sanitize $includes -I"$dir/golden" tests/schema/shapes_test.c "$dir"/golden/*.capnp.c \
	"$dir/gen/schema/exception.capnp.c" lib/rpc/*.c "$dir"/obj/*.o -o "$dir/shapes_test" || stop "shapes_test compiles"
while read -r line; do
	case $line in
	"ok "*) report 0 "shapes: ${line#* - }" ;;
	"not ok "*) report 1 "shapes: ${line#* - }" ;;
	esac
done < <("$dir/shapes_test")

# ---- Random schemas and values, both directions ----
# m1: random, by our builders. The stock tool reads it (c1). Our readers print it; the stock tool encodes that (m2), and
# it means the same. Our readers and builders copy m2 field by field (m3), and that means the same.
conform() { # D SCHEMA SEED
	(cd "$1" && ./p random "$3" m1 && canonical "$2" <m1 >c1 &&
		./p dump m1 >t1 && capnp convert text:flat "$2" Root <t1 >m2 && canonical "$2" <m2 >c2 && cmp c1 c2 &&
		./p copy m2 m3 && canonical "$2" <m3 >c3 && cmp c1 c3)
}
# The same through frames and packing: the stock tool's frame is flattened, its packing unpacked, ours unpacked by it.
frames() { # D SCHEMA
	(cd "$1" && capnp convert flat:binary "$2" Root <m1 >b1 && ./p flatten b1 f1 && canonical "$2" <f1 | cmp - c1 &&
		capnp convert binary:packed "$2" Root <b1 >k1 && ./p unpack k1 b2 && cmp b1 b2 &&
		./p pack b1 k2 && capnp convert packed:flat "$2" Root <k2 | canonical "$2" | cmp - c1)
}
for seed in $seeds; do
	d=$dir/random$seed
	mkdir -p "$d"
	"$dir/schemas" "$seed" >"$d/s.capnp"
	if ! capnp compile -o- "$d/s.capnp" >/dev/null 2>&1; then
		report 0 "schema $seed # SKIP the stock compiler refuses it"
		continue
	fi
	program "$d" s.capnp || stop "schema $seed: generated code compiles"
	bad=0
	for i in $(seq 1 "$messages"); do
		conform "$d" s.capnp "$i" && frames "$d" s.capnp || { bad=1; echo "# schema $seed, message $i, in $d"; }
	done
	report $bad "schema $seed: $messages messages, both directions"
done

# ---- Evolution ----
for v in old new; do
	mkdir -p "$dir/$v"
	cp "tests/schema/evolution/$v.capnp" "$dir/$v/s.capnp"
	program "$dir/$v" s.capnp || stop "evolution: $v compiles"
done
# A message of version $1, read by version $2, must say what the stock tool says with that schema.
evolve() {
	local i bad=0
	for i in $(seq 1 12); do
		(cd "$dir" && "$1/p" plain "$i" e1 && "$2/p" dump e1 >e1.txt &&
			capnp convert text:flat "$2/s.capnp" Root <e1.txt | canonical "$2/s.capnp" >e1.ours &&
			capnp convert flat:text "$2/s.capnp" Root <e1 | capnp convert text:flat "$2/s.capnp" Root |
			canonical "$2/s.capnp" >e1.stock && cmp e1.ours e1.stock) || { bad=1; echo "# message $i"; }
	done
	return $bad
}
evolve new old
report $? "evolution: an old reader reads new messages"
evolve old new
report $? "evolution: a new reader reads old messages"

# ---- Mutated messages ----
mutate() { # D SCHEMA
	local i missed=0 refused=0 crashed=0 stock ours flat
	for i in $(seq 1 "$mutants"); do
		(cd "$1" && [ $((i % 20)) = 1 ] && ./p random "$i" m1)
		(cd "$1" && ./p mutate "$i" m1 mm) || return 1
		# A long list of Voids makes the stock tool print for minutes: bounded, and then it says nothing.
		(ulimit -v 400000; timeout 2 capnp convert flat:text "$1/$2" Root <"$1/mm") >/dev/null 2>"$1/stock"
		stock=$?
		[ $stock -ge 124 ] || grep -q "bad_alloc\|nable to allocate" "$1/stock" && stock=0
		(cd "$1" && ./p dump mm) >/dev/null 2>"$1/err"
		ours=$?
		(cd "$1" && ./p frame mm mf)
		(cd "$1" && ./p flatten mf ff) 2>>"$1/err"
		flat=$?
		if [ $flat = 0 ]; then # the types are for who reads it then
			(cd "$1" && ./p dump ff) >/dev/null 2>>"$1/err"
			flat=$?
		fi
		[ $ours = 0 ] || [ $ours = 3 ] || { crashed=1; sed 's/^/# /' "$1/err" | head -20; }
		[ $flat = 0 ] || [ $flat = 3 ] || { crashed=1; sed 's/^/# /' "$1/err" | head -20; }
		[ $stock = 0 ] && continue
		refused=$((refused + 1))
		[ $ours = 3 ] && [ $flat = 3 ] || { missed=1; echo "# mutant $i: stock refuses, reader $ours, frame $flat"; }
	done
	echo "# $refused of $mutants mutants refused by the stock tool"
	[ $refused -gt 0 ] || missed=1
	report $crashed "mutated messages never crash a reader"
	report $missed "what the stock tool refuses, reader and frame reader refuse"
}
mutate "$dir/new" s.capnp

# ---- A message of several segments ----
text=$(for i in $(seq 1 3000); do printf '(a = %d, c = "child %d"), ' $((i % 256)) "$i"; done)
echo "(children = [$text])" | capnp encode "$dir/new/s.capnp" Root >"$dir/large.bin"
segments=$(od -An -tu4 -N4 "$dir/large.bin" | tr -d ' ')
(cd "$dir" && new/p flatten large.bin large.flat && canonical new/s.capnp <large.flat >large.1 &&
	capnp convert binary:canonical new/s.capnp Root <large.bin >large.2 && cmp large.1 large.2 && [ "$segments" -gt 0 ])
report $? "a message of $((segments + 1)) segments becomes one"

# ---- Errors ----
printf '@0xabcdefabcdefabcd;\ninterface Silent {\n  said @0 ();\n  # Is.\n  unsaid @1 ();\n}\n' >"$dir/silent.capnp"
(cd "$dir" && capnp compile -o"$plugin" silent.capnp) >"$dir/silent.txt" 2>&1 && status=1 || status=0
grep -q 'silent.capnp:5: Silent.unsaid has no doc comment' "$dir/silent.txt" || status=1
report $status "a method without a doc comment is an error that names file, line and method"
echo garbage | "$plugin" >/dev/null 2>&1 && status=1 || status=0
report $status "input that is no request is an error"

printf '@0xabcdefabcdefabce;\ninterface Flow {\n  push @0 () -> stream;\n  # Is.\n}\n' >"$dir/flow.capnp"
(cd "$dir" && capnp compile -I/usr/include -o"$plugin" flow.capnp) >"$dir/flow.txt" 2>&1 && status=1 || status=0
grep -q 'does not support' "$dir/flow.txt" || status=1
report $status "what is not supported is an error that says so"

# ---- Registry data ----
CAPNPC_CAPOS_REGISTRY=$dir/registry.bin capnp compile -I. -o"$plugin" schema/*.capnp schema/*/*.capnp &&
	capnp convert flat:text schema/service/registry_data.capnp RegistryData <"$dir/registry.bin" >"$dir/registry.txt" &&
	grep -q 'name = "sleepUntil"' "$dir/registry.txt"
report $? "registry data of all schemas, readable by the stock tool"

echo "1..$number"
exit $failed
