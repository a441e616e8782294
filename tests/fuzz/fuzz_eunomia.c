// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * fuzz_eunomia.c - JSON that says it is a package of eunomia-bpf. What is changed in the kernel part is
 * refused by a checksum of zlib: so each is read a second time with one that is right.
 */
#include "fuzz.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "eunomia.h"
#include "log.h"
#include "package_read.h"

/* Whatever it says: the package that is made of it is one, or is refused with a sentence. */
static int read_it(const void *bytes, size_t size)
{
	struct emf_package_tables *tables = NULL;
	struct emf_bytes made = { 0 };
	struct emf_package package;
	char why[EMF_PACKAGE_WHY_MAX] = "";
	int err = emf_eunomia_read(NULL, bytes, size, &made, why);

	fuzz_assert(!err || why[0]);
	why[0] = '\0';
	if (!err)
		fuzz_assert(!emf_package_open(made.data, made.size, &package, why));
	if (!err && !emf_package_read(&package, &tables, why)) {
		struct emf emf = { .serving = true };

		if (!emf_registry_init(&emf.registry, &emf, tables->modules, tables->modules + tables->n_modules))
			emf_registry_fini(&emf.registry);
	}
	free(tables);
	emf_bytes_free(&made);
	return err;
}

/* The first kernel part that could be read, in the place of one that was changed. */
static void repair(json_t *json)
{
	static json_t *object, *object_size;

	if (!object && json_object_get(json, "bpf_object")) {
		object = json_incref(json_object_get(json, "bpf_object"));
		object_size = json_incref(json_object_get(json, "bpf_object_size"));
	}
	json_object_set(json, "bpf_object", object);
	json_object_set(json, "bpf_object_size", object_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *json;
	char *text;

	emf_log_set_level(EMF_LOG_ERR);
	read_it(data, size);
	json = json_loadb((const char *)data, size, 0, NULL);
	if (!json)
		return 0;
	repair(json);
	text = json_dumps(json, JSON_COMPACT);
	if (text)
		read_it(text, strlen(text));
	free(text);
	json_decref(json);
	return 0;
}
