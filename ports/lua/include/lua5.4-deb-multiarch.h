// SPDX-License-Identifier: MIT OR Apache-2.0
/* Debian's luaconf.h asks this header for the directory of modules of this architecture. */
#pragma once

#define DEB_HOST_MULTIARCH "capos"
