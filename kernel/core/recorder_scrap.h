// SPDX-License-Identifier: MIT OR Apache-2.0
/* Where the events of a CPU go that has no recorder ring yet: one slot each, so that writers need no check. */
#pragma once

#include <core/recorder.h>

extern struct recorder_event recorder_scrap[MAX_CPUS];
