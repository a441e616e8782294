/* Prints what a client that binds to a service sends: struct ebus_bind and its members. */
#include <stdio.h>
#include <string.h>

#include "bus_match.h"
#include "echo_emf.h"
#include "emf_emf.h"

int main(int argc, char **argv)
{
	struct ebus_service *const services[] = { &echo_service, &guest_service, &bus_service };
	struct ebus_service *service = services[0];
	static _Alignas(8) char bytes[EBUS_PACKET_MAX];
	size_t size;

	for (size_t i = 0; argc > 1 && i < sizeof(services) / sizeof(*services); i++)
		if (!strcmp(argv[1], services[i]->name))
			service = services[i];
	size = ebus_bind_size(service);
	if (size > sizeof(bytes))
		return 1;
	ebus_bind_write(service, bytes);
	return fwrite(bytes, 1, size, stdout) != size;
}
