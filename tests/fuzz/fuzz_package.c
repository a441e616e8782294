// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * fuzz_package.c - files that say they are packages. What is changed in one has the wrong hash, and is
 * refused for that: so each is read a second time with hashes that are right.
 */
#include "fuzz.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "event.h"
#include "input.h"
#include "kernel_enum.h"
#include "log.h"
#include "metric.h"
#include "package_btf.h"
#include "package_read.h"

static void repair(unsigned char *bytes, size_t size)
{
	struct emf_package_head *head = (void *)bytes;
	struct emf_package_section *sections = (void *)(head + 1);
	size_t n = size > sizeof(*head) ? (size - sizeof(*head)) / sizeof(*sections) : 0, all;

	if (size < sizeof(*head))
		return;
	all = le32toh(head->n_sections) < n ? le32toh(head->n_sections) : n;
	for (size_t i = 0; i < all; i++) {
		uint64_t offset = le64toh(sections[i].offset), length = le64toh(sections[i].size);

		if (offset <= size && length <= size - offset)
			emf_sha256(bytes + offset, length, sections[i].hash);
	}
	memset(head->hash, 0, sizeof(head->hash));
	emf_sha256(bytes, sizeof(*head) + all * sizeof(*sections), head->hash);
}

/* A sanitizer sees what is behind it. */
static void deliver(const struct module *m, const struct emf_event_source *e, const struct emf_event_type *type, size_t size)
{
	unsigned char *exact = calloc(1, size ? size : 1);

	memcpy(exact, &type->id, size < 8 ? size : 8);
	emf_event_deliver(m->unit->m, e, exact, size);
	free(exact);
}

/* What came from nowhere: all that is counted, printed and sent of it stays inside. */
static void use(const struct module *m)
{
	fuzz_assert(!emf_metric_open(m->unit) || m->unit->why[0]);
	for (const struct emf_event_source *e = m->events; e && e->ring; e++)
		for (size_t i = 0; i < e->n_types; i++) {
			const struct emf_event_type *type = &e->types[i];
			uint32_t size = type->record->size, least = type->tail_max ? type->tail : type->record->fixed;

			deliver(m, e, type, size);
			deliver(m, e, type, size / 2);
			deliver(m, e, type, least);
		}
}

/* As on a kernel that has but one enum; that of this machine is not asked, which would take long, and find else elsewhere. */
static void number(struct module *const *begin, struct module *const *end)
{
	struct btf *kernel = btf__new_empty();
	const void *bytes;
	uint32_t size;

	btf__add_enum(kernel, "pid_type", 4);
	btf__add_enum_value(kernel, "PIDTYPE_PID", 0);
	btf__add_enum_value(kernel, "PIDTYPE_SID", 3);
	bytes = btf__raw_data(kernel, &size);
	emf_kernel_enums_number(begin, end, bytes, size);
	for (; begin != end; begin++) {
		emf_kernel_enums_forget(*begin);
		(*begin)->kernel_enums = NULL;
	}
	btf__free(kernel);
}

static void read_tables(const struct emf_package *package)
{
	struct emf emf = { .show = { .form = EMF_FORM_JSON } }; /* printed, to nowhere */
	struct emf_package_tables *tables = NULL;
	char why[EMF_PACKAGE_WHY_MAX] = "";
	int err = emf_package_read(package, &tables, why);

	fuzz_assert(!err == !!tables && (!err || why[0]));
	if (err)
		return;
	number(tables->modules, tables->modules + tables->n_modules);
	if (!emf_registry_init(&emf.registry, &emf, tables->modules, tables->modules + tables->n_modules)) {
		for (size_t i = 0; i < emf.registry.n; i++)
			use(emf.registry.units[i]->m);
		emf_registry_fini(&emf.registry);
	}
	free(tables);
}

/* As libbpf does that looks for what a kernel part asks for. */
static void use_types(const struct emf_pack *pack)
{
	struct btf *btf = emf_package_btf_read(pack);

	for (uint32_t id = 1; btf && id < btf__type_cnt(btf); id++) {
		fuzz_assert(btf__name_by_offset(btf, btf__type_by_id(btf, id)->name_off));
		btf__resolve_size(btf, id);
		btf__resolve_type(btf, id);
	}
	btf__free(btf);
}

static void open_package(const void *bytes, size_t size)
{
	struct emf_package package, looked;
	char why[EMF_PACKAGE_WHY_MAX] = "";
	int err = emf_package_open(bytes, size, &package, why);

	fuzz_assert(!err == !why[0]);
	fuzz_assert(emf_package_size(bytes, size) <= size);
	fuzz_assert(err || !emf_package_look(bytes, size, &looked, why));
	for (size_t i = 0; i < package.n_btfs && !err; i++)
		use_types(&package.btfs[i]);
	if (!err)
		read_tables(&package);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *bytes = malloc(size ? size : 1);
	FILE *ours = stdout;

	stdout = input_nowhere(); /* while there are events to be printed */
	emf_log_set_level(EMF_LOG_ERR);
	memcpy(bytes, data, size);
	open_package(bytes, size);
	repair(bytes, size);
	open_package(bytes, size);
	fflush(stdout);
	stdout = ours;
	free(bytes);
	return 0;
}
