# SPDX-License-Identifier: MIT OR Apache-2.0
# What the shell can do here.
echo "arguments: $# $1"
x=3; while [ $x -gt 0 ]; do printf '%s ' $x; x=$((x - 1)); done; echo
echo one >/tmp.txt; echo two >>/tmp.txt
while read -r line; do echo "read $line"; done </tmp.txt
for f in /*.lua /*.js; do echo "glob $f"; done
read -r l <<END
here: $(echo inner | { read -r w; echo "$w via pipe"; })
END
echo "$l"
(exit 7); echo "status $?"
lua -e 'print("lua from dash", ...)' 2>&1 | { read -r l; echo "got: $l"; }
echo 'print(6 * 7)' | lua - >/out.txt; read -r n </out.txt; echo "answer $n"
f() { echo "function $1"; }; f arg
case abc in a*) echo case;; esac
echo done
