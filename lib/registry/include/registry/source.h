// SPDX-License-Identifier: MIT OR Apache-2.0
/* A registry from one of the sources of a SchemaRegistry (schema/service/schema_registry.capnp). */
#pragma once

#include <abi/cap.h>
#include <registry/registry.h>

/* Its data, mapped into `space` (a VirtualMemory) for good. False: it is gone, there is no room, or it is no registry. */
bool registry_open_source(struct registry *registry, cap_id schemas, cap_id space, uint32_t number);
