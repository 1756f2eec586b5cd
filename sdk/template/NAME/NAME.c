/* @NAME@: the service. Whoever holds a capability to it can greet and ask for the count; nobody else can. */
#include "@NAME@.h"

#include <runtime/runtime.h>
#include <runtime/service.h>
#include <schema/kernel/endpoint.capnp.h>

int main(void)
{
	static const struct service_interface interfaces[] = {{&@NAME@_interface, &@NAME@_ops}};
	static struct @NAME@ self;
	struct service service;
	enum status status =
		service_init(&service, runtime_ring(), runtime_need("endpoint", ENDPOINT_INTERFACE_ID),
			     &(struct service_options){
				     .interfaces = interfaces, .interface_count = 1, .context = &self});

	return status == STATUS_OK && service_run(&service) == STATUS_OK ? 0 : 1;
}
