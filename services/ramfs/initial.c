// SPDX-License-Identifier: MIT OR Apache-2.0
/* A folder of the build host, packed into the image, as the first contents of the root. */
#include "ramfs.h"

void initial_load(void)
{
}
