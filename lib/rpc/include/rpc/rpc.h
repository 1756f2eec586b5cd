// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Calls, as generated code makes and answers them. The same code runs in the kernel, in processes and on the host.
 *
 * - rpc/client.h: struct rpc_call and the transport that carries it.
 * - rpc/quick.h: the same for a call in one function.
 * - rpc/server.h: struct rpc_request, what an object sees of a call, and how it answers or raises.
 * - rpc/interface.h: what is known of an interface at run time.
 */
#pragma once

#include <rpc/client.h>
#include <rpc/interface.h>
#include <rpc/quick.h>
#include <rpc/server.h>
