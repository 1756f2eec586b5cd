#!/bin/bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The SDK as somebody meets it who has only the tarball: in an empty folder outside the tree, a program by hand, then a project from
# the template with its own interface, its tests, and a boot. Then mistakes, and what is said of them. TAP.
set -u
cd "$(dirname "$0")/../.." || exit
top=$PWD dir=$PWD/${1:-out/test/sdk}
mkdir -p "$dir"
number=0 failed=0
report() { # STATUS NAME
	number=$((number + 1))
	if [ "$1" = 0 ]; then echo "ok $number - $2"; else echo "not ok $number - $2"; failed=1; fi
}
tarball=$(ls "$top"/out/sdk/capos-sdk-*.tar.gz 2>/dev/null | head -1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit
unset MAKEFLAGS MFLAGS MAKELEVEL
tar -xzf "$tarball" && mv capos-sdk-* "a place"
report $? 'the tarball unpacks, wherever'
[ -f 'a place/share/doc/capos/LICENSE-MIT' ] && [ -f 'a place/share/doc/capos/reference/Timer.md' ]
report $? 'licences and reference pages are in it'
mv 'a place' sdk
PATH=$work/sdk/bin:$PATH

# By hand.
cat >hello.c <<'END'
#include <runtime/print.h>
#include <runtime/runtime.h>
#include <schema/kernel/console.capnp.h>

int main(void)
{
	runtime_need("console", CONSOLE_INTERFACE_ID);
	runtime_print("hello from outside\n");
	return 0;
}
END
cat >needs.capnp <<END
$(capnp id);
using import "/schema/service/program.capnp".Program;
const needs :Program = (
  summary = "Says hello.",
  grants = [(name = "console", interface = "Console", why = "to say it")],
);
END
cat >image.capnp <<END
$(capnp id);
using import "/schema/service/image.capnp".Image;
const image :Image = (
  name = "by_hand",
  processes = [(name = "greeting", program = "greeting", grants = [(name = "console", source = (kernel = console))], endsSystem = true)],
);
END
mkdir bin
capos-cc -O2 hello.c --needs needs.capnp -o bin/greeting >"$dir/hand.txt" 2>&1
report $? 'capos-cc makes a program of one file'
capos-image build image.capnp -o hand.pkg --programs bin >>"$dir/hand.txt" 2>&1
report $? 'capos-image makes a system of it'
capos-run hand.pkg --smp 1 --mem 32 --timeout 60 --log "$dir/hand.log" </dev/null >>"$dir/hand.txt" 2>&1 && grep -q 'hello from outside' "$dir/hand.log"
report $? 'which boots, says hello and ends'
echo poweroff | capos-run --timeout 60 --log "$dir/default.log" >"$dir/default.txt" 2>&1 && grep -q '^capOS ' "$dir/default.txt"
report $? 'without one capos-run boots the default system'

# A project.
capos-new tally >"$dir/new.txt" 2>&1 && cd tally
report $? 'capos-new makes a project'
make >"$dir/make.txt" 2>&1 && ! grep -i warning "$dir/make.txt"
report $? 'it builds without a warning'
make test >"$dir/test.txt" 2>&1 && grep -q '^ok 3 ' "$dir/test.txt"
report $? 'its tests pass, on this machine and in capOS'
make report >"$dir/report.txt" 2>&1 && grep -Eq '^ +tally +Tally +tally\.tally' "$dir/report.txt"
report $? 'its image says who holds what'
touch tally/tally.c && [ "$(make 2>&1 | grep -c 'capos-cc')" = 1 ]
report $? 'a change builds what depends on it, and no more'

# Mistakes.
cp schema/tally.capnp "$work/good.capnp"
sed -i '/^  # How many/d' schema/tally.capnp
! make >"$dir/comment.txt" 2>&1 && grep -q 'schema/tally.capnp.*count' "$dir/comment.txt"
report $? 'a method without a comment does not build, and says which'
cp "$work/good.capnp" schema/tally.capnp
sed -i 's/only = \["powerOff"\]/only = ["powerUp"]/' image.capnp
! make >"$dir/method.txt" 2>&1 && grep -Eq 'image.capnp:[0-9]+: .*powerUp' "$dir/method.txt"
report $? 'a method that is none is an error with its line'
cd "$work" || exit
! capos-new tally >"$dir/again.txt" 2>&1 && ! capos-new 'Not a name' >>"$dir/again.txt" 2>&1
report $? 'a name that is taken, or none, is refused'

# A C program on the C library.
cat >sum.c <<'END'
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	double sum = 0;
	for (int i = 1; i < argc; i++)
		sum += strtod(argv[i], NULL);
	printf("%s: %.3f\n", argv[0], sqrt(sum));
	return 0;
}
END
capos-cc --libc -O2 -c sum.c -o sum.o >"$dir/libc.txt" 2>&1 && 
	sed 's/console/stdio/; s/Console/StdIO/' needs.capnp >sum.capnp && capos-cc --libc sum.o -lm --needs sum.capnp -o bin/sum >>"$dir/libc.txt" 2>&1
report $? 'capos-cc --libc compiles and links ISO C'
capos-new --libc order >>"$dir/libc.txt" 2>&1 && cd order &&
	make >"$dir/libc-make.txt" 2>&1 && ! grep -i warning "$dir/libc-make.txt"
report $? 'capos-new --libc makes a project, which builds without a warning'
cp ../bin/sum out/bin/ && sed -i 's/programs = \[/programs = ["sum", /; s/^run order/run sum with { stdio } args ["2.25", "4"]\n&/' image.capnp tests/prompt.session &&
	echo '> ^sum: 2.500' >>tests/prompt.session && make test >"$dir/libc-test.txt" 2>&1
report $? 'both run in capOS, with what they are given'
cd "$work" || exit

# The package holds the same.
dpkg-deb -x "${tarball%.tar.gz}.deb" deb && diff -r sdk deb/usr/lib/capos-sdk >"$dir/deb.txt" 2>&1 &&
	[ "$(readlink -f deb/usr/bin/capos-cc)" = "$(readlink -f deb/usr/lib/capos-sdk/bin/capos-cc)" ]
report $? 'the Debian package holds the same, with its commands in /usr/bin'

# Installed by dpkg, beside what this machine has installed (so its dependencies are really looked at), in a root of its own; then the
# guide's page as it stands, from an empty folder: what it says to type, and what it says that one then sees.
root=$work/root page=$root/usr/lib/capos-sdk/share/doc/capos/guide/sdk.md
package() { # OPTIONS...: dpkg, which says of each package of this machine that its files are not in that root
	dpkg --root="$root" --force-not-root --force-script-chrootless --log=/dev/null "$@" >"$work/said" 2>&1
	local status=$?
	grep -v ' files list file for package ' "$work/said" >>"$dir/dpkg.txt"
	return $status
}
: >"$dir/dpkg.txt"
mkdir -p "$root/var/lib/dpkg/"{info,updates} "$work/empty" && touch "$root/var/lib/dpkg/status" && ! package -i "${tarball%.tar.gz}.deb" && grep -q 'depends on clang-19' "$dir/dpkg.txt"
report $? 'dpkg does not configure the package where what it depends on is missing'
cp /var/lib/dpkg/status "$root/var/lib/dpkg/" &&
	package -i "${tarball%.tar.gz}.deb" &&
	[ "$(dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${Status}' capos-sdk)" = 'install ok installed' ]
report $? 'dpkg installs it, and finds what it depends on'
cd "$work/empty" || exit
PATH=$root/usr/bin:${PATH#"$work/sdk/bin:"}
[ "$(command -v capos-new)" = "$root/usr/bin/capos-new" ]
report $? 'its commands are in the path'

commands() { sed -n "/^$1/,\$p" "$page" | awk '/^    / { print substr($0, 5); seen = 1; next } seen { exit }'; } # of a section: those that are indented
session() { sed -n "/^$1/,\$p" "$page" | awk '/^```/ { if (inside) exit; inside = 1; next } inside'; }              # what follows them
follow() { # SECTION PROJECT: types the page's commands, and at the prompt the page's lines; each other line of it must then be on the screen
	local line good=0 input
	commands "$1" | grep -v '^tar ' >"$dir/page-$2.sh"
	grep -q '^capos-new' "$dir/page-$2.sh" && grep -q '^make run$' "$dir/page-$2.sh" || return 1
	input=$(session "$1" | sed -n 's/^capos> //p')
	[ -n "$input" ] || return 1
	printf '%s\n' "$input" poweroff | timeout 300 bash "$dir/page-$2.sh" >"$dir/page-$2.txt" 2>&1
	while IFS= read -r line; do # a time is another one each time
		tr -d '\r' <"$dir/page-$2.txt" | grep -Exq -- "$(sed 's/[][\\.*^$+?(){}|]/\\&/g; s/ [0-9]* us$/ [0-9]+ us/' <<<"$line")" && continue
		echo "missing: $line" >>"$dir/page-$2.txt"
		good=1
	done < <(session "$1" | grep -v '^capos> ')
	return $good
}
follow '## Ten minutes' greeter
report $? 'the page, literally: an interface, a server and a client, which answer as it says'
follow '## C programs on a C library' order
report $? 'and a C program on the C library'
package -P capos-sdk && [ ! -e "$root/usr/bin/capos-cc" ] &&
	[ ! -e "$root/usr/lib/capos-sdk" ]
report $? 'removed, it leaves nothing'
echo "1..$number"
exit $failed
