# SPDX-License-Identifier: MIT OR Apache-2.0
@0xefa361f9ef9c383f;
# SystemInspector: who holds what, in the whole machine.

using import "process_handle.capnp".ProcessHandle;
using import "capability_manager.capnp".CapabilityManager;
using import "endpoint.capnp".Endpoint;
using import "scheduling_policy.capnp".SchedulingPolicy;

interface SystemInspector @0x84f563a2476b82e8 {
  # The capability graph as data: processes are the nodes, their capabilities the edges; two capabilities with the same object (and key)
  # lead to the same thing. It shows and changes nothing; but it shows everything, so only images that declare debug = true may grant it.
  #
  # Reading goes page by page while everything runs: each page is true of one moment, different pages of different ones. A capability's
  # id has its generation, so who reads twice sees what changed. Nobody is stopped for it.

  processes @0 (from :UInt32) -> (processes :List(Process), next :UInt32);
  # Up to 8 processes, by number, from number "from" on; next is the number to go on from, 0 at the end. Those that have ended are
  # not listed.

  capabilities @1 (pid :UInt32, from :UInt32) -> (entries :List(CapabilityManager.Entry), next :UInt32);
  # Up to 12 capabilities of a process, as CapabilityManager.list shows them to itself; with the keys of facets.
  # Errors: invalidArgument (pid) when there is no such process.

  interfaces @2 (pid :UInt32, id :UInt64) -> (sets :List(Endpoint.MethodSet));
  # What one capability may call. Errors: invalidArgument (pid, id).

  revokers @3 (pid :UInt32, id :UInt64) -> (revokers :List(Gate));
  # What one capability depends on: the revocable grants above it, innermost first, at most 16. Empty: it is not revocable.
  # Errors: invalidArgument (pid, id).

  threads @4 (pid :UInt32, from :UInt32) -> (threads :List(Thread), next :UInt32);
  # Up to 10 threads of a process by number from "from" on; next as above. Errors: invalidArgument (pid).

  events @5 (from :UInt64) -> (events :List(ProcessHandle.Event), next :UInt64, lost :UInt64);
  # As ProcessHandle.events, of all processes: per CPU oldest first, one CPU after the other; next is 2^64 - 1 at the end.

  cpus @6 (from :UInt32) -> (cpus :List(Cpu), next :UInt32);
  # Up to 8 CPUs by number from "from" on; next as above.

  struct Process {
    pid @0 :UInt32;
    creator @1 :UInt32;
    # Process number; 0 = the kernel.
    state @2 :ProcessHandle.State;
    threads @3 :UInt32;
    capabilities @4 :UInt32;
    pages @5 :UInt64;
    cpuNs @6 :UInt64;
    session @7 :UInt64;
    # A number, the same for all processes of a session.
    name @8 :Text;
    calls @9 :UInt32;
    # Calls that it has received and not returned.
  }

  struct Gate {
    object @0 :UInt64;
    # The number of its Revoker, as entries of who holds that show it.
    owner @1 :UInt32;
    # Who made it revocable.
    depth @2 :UInt8;
    alive @3 :Bool;
    entries @4 :UInt64;
    # Capabilities directly under it.
    expiresNs @5 :UInt64;
    # 0 = never.
  }

  struct Thread {
    tid @0 :UInt32;
    cpu @1 :UInt16;
    # Where it runs or ran last.
    state @2 :State;
    cpuNs @3 :UInt64;
    pending @4 :UInt32;
    # Submissions of its ring that wait to complete.
    weight @5 :UInt32;
    class @6 :SchedulingPolicy.Class;
    wakeUps @7 :UInt64;
    preemptions @8 :UInt64;
    migrations @9 :UInt64;
    # As SchedulingPolicy.Figures.
    budgetNs @10 :UInt64;
    periodNs @11 :UInt64;
    # Of the SchedulingContext that it has now, its own or lent to it; 0: none.
    lent @12 :Bool;

    enum State {
      waiting @0;
      # In cap_enter.
      ready @1;
      running @2;
    }
  }

  struct Cpu {
    number @0 :UInt16;
    package @1 :UInt32;
    core @2 :UInt32;
    # Where it sits, as SystemInfo.place.
    pid @3 :UInt32;
    tid @4 :UInt32;
    # Who runs there; 0: nobody.
    waiting @5 :UInt32;
    # Threads that are queued there, of them
    reserved @6 :UInt32;
    # with a SchedulingContext.
    contextShare @7 :UInt32;
    # Of its time, in millionths, given out to SchedulingContexts.
    leased @8 :Bool;
    tickStopped @9 :Bool;
    # No slice's end interrupts who runs there.
    idleNs @10 :UInt64;
    entries @11 :UInt64;
    interrupts @12 :UInt64;
    switches @13 :UInt64;
    ipisReceived @14 :UInt64;
    # Since boot.
  }
}
