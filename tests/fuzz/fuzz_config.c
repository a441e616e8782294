// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * fuzz_config.c - a configuration file: all of the input is one. It is applied to a product with parameters
 * of many types, and once more as it is while that runs.
 */
#include "fuzz.h"

#include "config.h"
#include "input.h"
#include "log.h"

static struct {
	uint8_t on, byte, mac[6];
	uint16_t port;
	uint32_t live, fixed, addr4, uid, pid, netdev, kind, flags;
	int32_t error, signal;
	uint64_t wait, number;
	uint32_t addr6[4];
	char name[16];
} values;

static const struct emf_name kinds[] = { { "plain", 0 }, { "loud", 1 }, { "odd", 5 }, { NULL, 0 } };
static const struct emf_name flags[] = { { "a", 1 }, { "b", 2 }, { "c", 0x100 }, { NULL, 0 } };

static const struct emf_param params[] = {
	{ .name = "on", .type = EMF_BOOL, .value = &values.on, .flags = EMF_PARAM_LIVE },
	{ .name = "byte", .type = EMF_U8, .value = &values.byte },
	{ .name = "mac", .type = EMF_MAC, .value = values.mac },
	{ .name = "port", .type = EMF_BE16, .value = &values.port },
	{ .name = "live", .type = EMF_U32, .value = &values.live, .max = 100, .flags = EMF_PARAM_LIVE },
	{ .name = "fixed", .type = EMF_U32, .value = &values.fixed },
	{ .name = "addr4", .type = EMF_IP4, .value = &values.addr4 },
	{ .name = "uid", .type = EMF_UID, .value = &values.uid },
	{ .name = "pid", .type = EMF_PID, .value = &values.pid },
	{ .name = "netdev", .type = EMF_NETDEV, .value = &values.netdev },
	{ .name = "kind", .type = EMF_ENUM, .value = &values.kind, .size = 4, .names = kinds },
	{ .name = "flags", .type = EMF_FLAGS, .value = &values.flags, .size = 4, .names = flags, .flags = EMF_PARAM_LIVE },
	{ .name = "error", .type = EMF_ERRNO, .value = &values.error },
	{ .name = "signal", .type = EMF_SIGNO, .value = &values.signal },
	{ .name = "wait", .type = EMF_DURATION, .value = &values.wait, .flags = EMF_PARAM_LIVE },
	{ .name = "number", .type = EMF_U64, .value = &values.number },
	{ .name = "addr6", .type = EMF_IP6, .value = values.addr6 },
	{ .name = "the-name", .type = EMF_STRING, .value = values.name, .size = sizeof(values.name), .flags = EMF_PARAM_LIVE },
	{ 0 },
};

static struct module flow = { .name = "flow", .params = params };
static struct module *const modules[] = { &flow };
static const struct emf_product product = { .name = "fuzz", .version = "0", .doc = "" };

/* A file without a mistake has values that can be applied, and live ones that are within their bounds. */
static void apply(const struct emf_config *config, struct emf *emf)
{
	emf_config_apply(config, emf);
	fuzz_assert(values.live <= 100 && values.on <= 1);
	flow.unit->state = EMF_UNIT_RUNNING;
	emf_config_reload(config, emf);
	fuzz_assert(values.live <= 100 && values.on <= 1);
	for (size_t i = 0; i < config->n; i++)
		fuzz_assert(emf_config_get(config, config->entries[i].section, config->entries[i].key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct emf emf = { .product = &product };
	struct emf_config config;
	FILE *ours = stderr;

	flow.unit = NULL;
	fuzz_assert(!emf_registry_init(&emf.registry, &emf, modules, modules + 1));
	stderr = input_nowhere();
	if (!emf_config_read(&config, &emf, input_file(data, size)))
		apply(&config, &emf);
	stderr = ours;
	emf_log_set_level(EMF_LOG_DEFAULT);
	emf_config_fini(&config);
	emf_registry_fini(&emf.registry);
	return 0;
}
