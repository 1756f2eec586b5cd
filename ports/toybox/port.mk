# SPDX-License-Identifier: MIT OR Apache-2.0
# toybox: the commands of daily life in one program, which does what the name says that it is called by (PORT_ALIASES).
PORT_PACKAGE_toybox  := toybox
PORT_VERSION_toybox  := 0.8.9+dfsg-1
PORT_SHA256_toybox   := 16fb5967531e88ca33b8c9142376987617ebe52e34e2b3f3a779603674b7d07c
PORT_LICENCE_toybox  := 0BSD
PORT_SIDES_toybox    := libc
PORT_PREPARE_toybox  := ports/toybox/prepare
PORT_GLOBS_toybox    := lib/*.c main.c toys/*/*.c
PORT_INCLUDES_toybox := .
PORT_CFLAGS_toybox   := -Os -D_GNU_SOURCE -funsigned-char
PORT_PROGRAMS_toybox := toybox
PORT_MAIN_toybox     := main.c
PORT_WITHOUT_toybox  := main.c
PORT_ALIASES_toybox := base64 basename cal cat chmod cksum clear cmp comm cp cut date dd diff dirname du echo egrep env expand expr false \
	factor fgrep file find fold grep groups head hexdump id kill less ln logname ls md5sum mkdir mktemp more mv nl nproc od paste patch \
	printenv printf pwd readlink realpath rev rm rmdir sed seq sha1sum sha256sum sleep sort split stat strings tac tail \
	tar tee test time timeout touch tr true truncate tty uname uniq unlink vi wc which whoami xargs xxd yes
