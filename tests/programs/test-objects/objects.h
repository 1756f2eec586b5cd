// SPDX-License-Identifier: MIT OR Apache-2.0
/* What the parts of test-objects share: the capabilities that it was given. */
#pragma once

#include <runtime/ring.h>
#include <runtime/runtime.h>
#include <testing/child.h>
#include <testing/tap.h>

struct world {
	struct rpc_transport *t;
	struct ring_client *ring;
	cap_id console, timer, entropy, info, manager, space, spawner, threads, log, package, power, ports;
};

extern struct world w;

void test_console(void);
void test_timer(void);
void test_entropy(void);
void test_system_info(void);
void test_mitigations(void);
void test_log(void);
void test_package(void);
void test_manager(void);
void test_notification(void);
void test_endpoint(void);
void test_io_port(void);
void test_memory_object(void);
void test_threads(void);
void test_power(void);
