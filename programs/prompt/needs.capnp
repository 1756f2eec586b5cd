# SPDX-License-Identifier: MIT OR Apache-2.0
@0xb7d5a0c6e2418f93;
# What the prompt asks for.

using Program = import "/schema/service/program.capnp".Program;

const needs :Program = (
  summary = "This shell: calls capabilities, runs programs.",
  grants = [
    (name = "session", interface = "TerminalSession", why = "To read lines and to answer."),
    (name = "bootPackage", interface = "BootPackage", why = "Programs and the schema registry are there."),
    (name = "virtualMemory", interface = "VirtualMemory", why = "To map the boot package."),
    (name = "capabilityManager", interface = "CapabilityManager", why = "To describe and attenuate what it holds."),
    (name = "processSpawner", interface = "ProcessSpawner", why = "To run programs.", optional = true),
    (name = "systemInfo", interface = "SystemInfo", why = "For the banner and mem.", optional = true),
    (name = "log", interface = "LogReader", why = "To show the kernel's log.", optional = true),
    (name = "supervisor", interface = "Supervisor", why = "For crashes, and restarts in ps.", optional = true),
    (name = "attenuator", interface = "Attenuator", why = "For where: capabilities behind rules.", optional = true),
    (name = "inspector", interface = "SystemInspector", why = "For ps, top, graph and trace of everybody.", optional = true),
    (name = "schedulingPolicy", interface = "SchedulingPolicy", why = "To set CPU time aside for what is run.", optional = true),
    (name = "profiler", interface = "Profiler", why = "To give to profile.", optional = true),
    (name = "power", interface = "Power", why = "For poweroff and reboot.", optional = true),
    (name = "console", interface = "Console", why = "To give to programs.", optional = true),
    (name = "stdio", interface = "StdIO", why = "To give to programs.", optional = true),
    (name = "timer", interface = "Timer", why = "To give to programs, and to call.", optional = true),
    (name = "wallClock", interface = "WallClock", why = "For you: what time it is.", optional = true),
    (name = "wallClockSetting", interface = "WallClockSetting", why = "For you: to set it.", optional = true),
    (name = "entropy", interface = "EntropySource", why = "To place programs unpredictably.", optional = true),
    (name = "schemas", interface = "SchemaRegistry", why = "To search what is known of interfaces.", optional = true),
    (name = "threadSpawner", interface = "ThreadSpawner", why = "To give to programs.", optional = true),
    (name = "home", interface = "Directory", why = "Files, to use and to give to programs.", optional = true),
    (name = "store", interface = "Store", why = "Blobs, likewise.", optional = true),
    (name = "names", interface = "Namespace", why = "Names, likewise.", optional = true),
  ],
  others = true,
  stackBytes = 262144,
  arenaBytes = 65536,
);
