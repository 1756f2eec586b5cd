# SPDX-License-Identifier: MIT OR Apache-2.0
@0xf5344616bf560c6a;
# A system image: which processes start, and what each of them holds. This is the security policy.

struct Image {
  name @0 :Text;
  processes @1 :List(Process);
  programs @2 :List(Text);
  # Programs that are packed without being started, for the shell's run.
  testing @3 :Bool;
  # Test images may grant test-only sources (power.testExit); shipped ones may not.
  debug @4 :Bool;
  # Declares that some process may look at all others (source systemInspector). Without it that source is an error.
  init @5 :Text = "init";
  # The program that the kernel starts. Another one only in testing images.
  files @6 :List(Text);
  # Files of images/files that are packed as they are, such as scripts for the shell.

  struct Process {
    name @0 :Text;
    # In logs and lists. Unique in the image.
    program @1 :Text;
    # A program of this tree.
    grants @2 :List(Grant);
    exports @3 :List(Export);
    # What it serves to others. A process with exports is given one endpoint, named "endpoint"; each export is a facet of it.
    arguments @4 :List(Text);
    environment @5 :List(Variable);
    limits @6 :Limits;
    endsSystem @7 :Bool;
    # When it ends, init switches the machine off.
    maxMessage @8 :UInt32 = 1024;
    # Of its endpoint, if it has exports: the largest call in bytes (a multiple of 8), and the most capabilities with one.
    maxCaps @9 :UInt16 = 4;
    restart @10 :Restart;
    # What init does when it has ended.
    cpuTime @11 :CpuTime;
    # CPU time set aside for its first thread.
  }

  struct CpuTime {
    # As SchedulingPolicy.createContext takes it; budgetNs 0: none. init keeps the context: its first thread has it at each start, and cannot
    # lose it to another program. All that an image sets aside must fit on the CPUs that it names, and what it leaves to the kernel to place, on
    # one CPU (at most three quarters of each).
    budgetNs @0 :UInt64;
    # 100 microseconds to periodNs
    periodNs @1 :UInt64;
    # in each period of a millisecond to ten seconds,
    cpu @2 :Int32 = -1;
    # on that CPU, -1: on any.
  }

  struct Grant {
    name @0 :Text;
    # Under this name it stands in the CapSet.
    source :union {
      kernel @1 :KernelSource;
      export @2 :ExportRef;
      # Served by another process of this image.
      ioPorts @3 :PortRange;
      interrupt @4 :UInt8;
      # ISA interrupt line.
      init @8 :InitSource;
      # Served by init itself.
      folder @10 :Text;
      # A folder of the build host, images/folders/NAME, as a read-only MemoryObject that holds a message
      # (schema/service/folder.capnp): ramfs begins with it (its grant "initial").
    }
    only @5 :List(Text);
    # If not empty: only these methods.
    interfaceId @6 :UInt64;
    # Filled in by tools/image: the interface of the source.
    methods @7 :UInt64 = 0xffffffffffffffff;
    # Filled in by tools/image from "only": bit n = method n.
    line @9 :UInt32;
    # Filled in by tools/image: where the grant stands in the image's source.
  }

  enum KernelSource {
    console @0;
    timer @1;
    entropy @2;
    systemInfo @3;
    capabilityManager @4;
    virtualMemory @5;
    processSpawner @6;
    threadSpawner @7;
    logReader @8;
    bootPackage @9;
    power @10;
    testPower @11;
    # Power with testExit: only in testing images.
    ioPortsAll @12;
    # All I/O ports, and all interrupt lines: for a device manager.
    interrupts @13;
    sessions @14;
    # SessionFactory: for whoever decides on whose behalf others run.
    systemInspector @15;
    # Everything that every process holds: only in images with debug = true.
    profiler @16;
    # What every CPU is doing: only in images with debug = true.
    cpuIsolation @17;
    # CPUs to lease: for whoever places work.
    schedulingPolicy @18;
  }

  enum InitSource {
    supervisor @0;
    # Supervisor (schema/service/supervisor.capnp).
  }

  struct Restart {
    # A process with another policy than never is supervised. If it has exports, its endpoint outlives it: calls that it had not
    # received wait for its successor, calls that it had received and not answered complete with DISCONNECTED, and capabilities to
    # objects that it had made answer DISCONNECTED.
    policy @0 :Policy;
    delayMs @1 :UInt32 = 100;
    # Before the first restart; twice as long before each further one,
    maxDelayMs @2 :UInt32 = 10000;
    # but not longer.
    limit @3 :UInt32 = 5;
    # So many restarts within windowMs; one end more, and it is given up: its clients' calls answer DISCONNECTED. At most 32.
    windowMs @4 :UInt32 = 60000;
    keepsObjects @5 :Bool;
    # Its objects outlive it: capabilities to them stay, and the successor knows their keys.

    enum Policy {
      never @0;
      onFailure @1;
      # Restarted unless it exits with code 0.
      always @2;
    }
  }

  struct ExportRef {
    process @0 :Text;
    export @1 :Text;
  }

  struct Export {
    name @0 :Text;
    interface @1 :Text;
    # Name of the interface, for example "Console".
    key @2 :UInt64;
    # Object key of the facet that is handed out.
    interfaceId @3 :UInt64;
    # Filled in by tools/image.
    supers @4 :List(UInt64);
    # Filled in by tools/image: the interfaces that it extends.
  }

  struct PortRange {
    first @0 :UInt16;
    count @1 :UInt16;
  }

  struct Variable {
    name @0 :Text;
    value @1 :Text;
  }

  struct Limits {
    # 0 = the kernel's default (ProcessSpawner.Limits).
    pages @0 :UInt64;
    capabilities @1 :UInt32;
    threads @2 :UInt32;
    calls @3 :UInt32;
  }
}
