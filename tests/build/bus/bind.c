/* Prints what a client that binds to a service of echo.emf sends: struct ebus_bind and its members. */
#include <stdio.h>
#include <string.h>

#include "bus_match.h"
#include "echo_emf.h"

int main(int argc, char **argv)
{
	struct ebus_service *service = argc > 1 && !strcmp(argv[1], "guest") ? &guest_service : &echo_service;
	static _Alignas(8) char bytes[EBUS_PACKET_MAX];
	size_t size = ebus_bind_size(service);

	if (size > sizeof(bytes))
		return 1;
	ebus_bind_write(service, bytes);
	return fwrite(bytes, 1, size, stdout) != size;
}
