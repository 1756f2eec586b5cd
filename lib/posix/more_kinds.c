// SPDX-License-Identifier: MIT OR Apache-2.0
#include "descriptor.h"

const struct posix_kind *posix_more_kinds(uint64_t interface_id)
{
	(void)interface_id;
	return nullptr;
}
