# SPDX-License-Identifier: MIT OR Apache-2.0
# gdb start-up for `make debug`: the kernel's symbols at once, a program's with
#   (gdb) program NAME BASE      BASE = load address, printed in the log at start with DEBUG=1, or found with `info`
set confirm off
set pagination off
set architecture i386:x86-64
define program
  add-symbol-file out/user/debug/$arg0 -o $arg1
end
document program
program NAME BASE: loads the symbols of out/user/debug/NAME for a process whose image starts at BASE.
end
