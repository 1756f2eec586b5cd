// SPDX-License-Identifier: MIT OR Apache-2.0
/* The registry of a system: every boot package carries one, for programs of the build host that decode what it did. */
#pragma once

#include <registry/registry.h>

/* The package's bytes must stay. False: they are no boot package, or there is no registry in it. */
bool registry_open_package(struct registry *registry, const void *package, size_t len);
