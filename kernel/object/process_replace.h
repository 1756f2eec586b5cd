// SPDX-License-Identifier: MIT OR Apache-2.0
/* The method replace of ProcessSpawner. */
#pragma once

#include <schema/kernel/process_spawner.capnp.h>

enum status process_replace(void *self, struct rpc_request *request,
			    struct process_spawner_replace_params_reader params);
