# SPDX-License-Identifier: MIT OR Apache-2.0
# gdb start-up for `make debug`: the kernel's symbols at once, a program's with
#   (gdb) processes          what runs, and where each one's program lies: another place each time
#   (gdb) program NAME       the symbols of out/user/debug/NAME, where the first process of that name has it
#   (gdb) program NAME BASE  or where BASE says (a column of `processes`): two of a name, or a process with another name
set confirm off
set pagination off
set architecture i386:x86-64

# $base = where the program of $process lies: its first segment is the only one that is executed, and begins with byte 0 of the file.
define base_of_process
  set $base = 0
  set $i = 0
  while $i < $process->space.len && $base == 0
    if ($process->space.mappings[$i].prot & PAGE_EXEC) != 0
      set $base = $process->space.mappings[$i].base.raw
    end
    set $i = $i + 1
  end
end

define processes
  set $link = process_list.next
  printf "  pid  program at            name\n"
  while $link != &process_list
    set $process = (struct process *)((char *)$link - (long)&((struct process *)0)->link)
    base_of_process
    printf "%5u  0x%-18lx  %s\n", $process->pid, $base, $process->name
    set $link = $link->next
  end
end
document processes
processes: pid, address of the program (0: none yet) and name of each process.
end

define program
  set $found = 0
  if $argc > 1
    set $found = $arg1
  else
    set $link = process_list.next
    while $link != &process_list && $found == 0
      set $process = (struct process *)((char *)$link - (long)&((struct process *)0)->link)
      if $_streq($process->name, "$arg0")
        base_of_process
        set $found = $base
      end
      set $link = $link->next
    end
  end
  if $found == 0
    echo no process of that name has begun; "processes" lists them, "program NAME BASE" takes an address\n
  else
    add-symbol-file out/user/debug/$arg0 -o $found
  end
end
document program
program NAME [BASE]: loads the symbols of out/user/debug/NAME for the first process of that name, or for one whose program lies at BASE.
end
