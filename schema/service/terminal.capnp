# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf7f6ac33944123e2;
# The terminal: a screen and a keyboard in front of a person, over a serial line.

interface TerminalSession @0xf0fa274362a478a8 {
  # The whole terminal: for the shell, which lends parts of it to programs as StdIO. Ctrl-C and Ctrl-\ are events and not
  # characters, unless somebody edits a line (whose end they are then) or reads raw bytes.

  write @0 (bytes :Data) -> ();
  # Writes bytes; newline becomes carriage return and newline.

  readLine @1 (prompt :Text) -> (line :Text, end :Bool);
  # Shows prompt, lets the person edit a line, and returns it without its end. end: no further line will come (Ctrl-D, input
  # closed). Ctrl-C drops the line and begins again. The line goes into the history. Errors: overloaded when too many wait.

  size @2 () -> (columns :UInt16, rows :UInt16, known :Bool);
  # The size in characters: as set, or as the terminal last said (known: so there is a person's terminal, with escape sequences);
  # 80 x 24 as long as it has said nothing.

  edit @3 (prompt :Text, line :Text, cursor :UInt32, hidden :Bool) -> (line :Text, cursor :UInt32, end :End);
  # As readLine, for a shell: starts with line (at most 960 bytes) and the cursor at that byte of it, and says how the editing ended.
  # After tab the line stays on the screen until the next edit goes on with it: text written meanwhile appears above it.
  # A hidden line is not shown and not remembered. Errors: overloaded; invalidArgument (line, cursor).

  nextEvent @4 () -> (event :TerminalEvent);
  # Waits for the next event. Those that come while nobody waits are kept: one of each kind, and of "closed" 16.
  # Errors: overloaded when somebody waits already.

  readKey @5 () -> (key :TerminalKey);
  # Waits for one key, which is not shown. Errors: overloaded when too many wait.

  setSize @6 (columns :UInt16, rows :UInt16) -> ();
  # Says what the terminal does not say by itself. 0 0: ask it again, before each line. Errors: invalidArgument below 8 x 2 or
  # above 1000 x 1000.

  setScreen @7 (whole :Bool) -> ();
  # whole: this session has the whole screen, to draw on with escape sequences; it begins empty. What others write meanwhile
  # (the last 8 KiB of it) appears when it ends. Errors: failed when somebody else has it.

  openStdIO @8 (foreground :Bool) -> (stdio :StdIO, number :UInt32);
  # For a program that is to be started: a StdIO of its own. When the last capability to it is gone, what the program left
  # behind is put in order (the screen, its mode, its reads), and the event "closed" names the number.
  # Errors: overloaded when there are 32.

  setForeground @9 (number :UInt32) -> ();
  # Which StdIO the keyboard belongs to besides the session; 0: none. Reads of the others wait. Errors: invalidArgument.

  enum End {
    line @0;
    # Enter.
    endOfInput @1;
    # Ctrl-D on an empty line.
    interrupt @2;
    # Ctrl-C: the line is gone.
    tab @3;
    # Tab: the line is still open.
  }
}

interface StdIO @0xf265b76dfdb7b807 {
  # What a program that reads and writes text is given: bytes in, bytes out.

  read @0 (count :UInt32) -> (bytes :Data);
  # Up to count (at most 4096) bytes of input, at least one unless the input has ended (then none). Waits until this
  # program is in the foreground.

  write @1 (bytes :Data) -> ();
  # Output.

  writeError @2 (bytes :Data) -> ();
  # Diagnostics.

  nextEvent @3 () -> (event :TerminalEvent);
  # Waits for an interrupt (Ctrl-C) or a resize while this program is in the foreground. Who has called this once is told of interrupts
  # first, and decides; who has not is ended by the shell. A second interrupt that is not fetched goes to the shell.
  # Errors: overloaded when somebody waits already.

  readKey @4 () -> (key :TerminalKey);
  # As TerminalSession.readKey.

  setMode @5 (input :InputMode, screen :Bool) -> ();
  # How read works from now on; and, screen: as TerminalSession.setScreen. Errors: failed when somebody else has the screen.

  size @6 () -> (columns :UInt16, rows :UInt16);
  # As TerminalSession.size.

  readable @7 (wait :Bool) -> (ready :Bool);
  # Whether read would not wait now; wait: when that is so. Until the next read the keyboard is this program's as if it read: so in
  # the modes line and hidden the person edits a line, which stays when the caller stops waiting. Errors: overloaded.

  enum InputMode {
    line @0;
    # The person edits lines; read gives them with their newline.
    hidden @1;
    # The same, but what is typed is not shown: a password.
    raw @2;
    # Bytes as they come from the terminal, not shown; Ctrl-C is the byte 3. Ctrl-\ stays an event.
  }
}

struct TerminalEvent {
  # Something that a person did, or that happened to the terminal.

  kind @0 :Kind;
  number @1 :UInt32;
  # closed: of which StdIO.
  columns @2 :UInt16;
  rows @3 :UInt16;
  # resized: the new size.

  enum Kind {
    interrupt @0;
    # Ctrl-C: stop what you are doing.
    quit @1;
    # Ctrl-\: end the program, whatever it wants. Only for the session.
    resized @2;
    closed @3;
    # A StdIO that openStdIO made is gone: its program has ended. Only for the session.
  }
}

struct TerminalKey {
  # A key, as far as a terminal tells.

  code @0 :Code;
  character @1 :UInt32;
  # character: its code point; control: the letter, 'A' to '_', that was typed with Ctrl.
  alt @2 :Bool;
  control @3 :Bool;
  # With a named key: Ctrl or Shift was held.

  enum Code {
    character @0;
    control @1;
    enter @2;
    tab @3;
    backTab @4;
    backspace @5;
    delete @6;
    insert @7;
    up @8;
    down @9;
    left @10;
    right @11;
    home @12;
    end @13;
    pageUp @14;
    pageDown @15;
  }
}
