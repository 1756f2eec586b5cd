// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Who a program is: the subject of the session that it was granted as "session", its account as name and its id as number of user and of the
 * one group. None of it grants anything, and nothing here looks at it. Without that grant a program is nobody in particular: it has a number
 * that no Unix program takes for a superuser's.
 */
#pragma once

#include "posix.h"

#define POSIX_USER 1000u
#define POSIX_USER_NAME "user"

struct posix_identity {
	uint32_t user;
	bool from_session;
	char name[32];
};

const struct posix_identity *posix_identity(void);
