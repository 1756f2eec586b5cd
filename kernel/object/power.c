// SPDX-License-Identifier: MIT OR Apache-2.0
/* Power: the end of the machine. */
#include "object_types.h"

#include <arch/memory.h>
#include <arch/platform.h>
#include <core/log.h>
#include <schema/kernel/power.capnp.h>

static enum status power_off(void *self, struct rpc_request *request)
{
	(void)self, (void)request;
	log_line(LOG_INFO, "power off");
	arch_poweroff();
}

static enum status reboot(void *self, struct rpc_request *request)
{
	(void)self, (void)request;
	log_line(LOG_INFO, "reboot");
	arch_reboot();
}

static enum status test_exit(void *self, struct rpc_request *request,
			     struct power_test_exit_params_reader params)
{
	(void)self;
	arch_debug_exit(power_test_exit_params_reader_code(params));
	return rpc_raise(request, EXCEPTION_TYPE_FAILED,
			 "no debug-exit device, or not asked for on the command line", NULL);
}

static const struct power_server_ops power_ops = {
	.power_off = power_off, .reboot = reboot, .test_exit = test_exit};

OBJECT_TYPE(power, POWER, object_destroy_never);

struct object power_object = {.type = &power_type, .refs = 1};
