// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * package_join.c - the file of a package, made of what is in it.
 */
#include "package_join.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A section, until it is written. */
struct section {
	struct emf_package_section head;
	const void *data;
};

struct packing {
	struct section sections[EMF_PACKAGE_SECTIONS_MAX];
	uint32_t n;
};

static void add(struct packing *p, uint32_t kind, uint16_t machine, uint16_t number, const void *data, size_t size)
{
	struct section *s = &p->sections[p->n++];

	s->data = data;
	s->head.kind = htole32(kind);
	s->head.machine = htole16(machine);
	s->head.number = htole16(number);
	s->head.size = htole64(size);
	emf_sha256(data, size, s->head.hash);
}

static void put(struct emf_bytes *out, const void *data, size_t size)
{
	static const char zeros[8];

	emf_bytes_add(out, data, size);
	emf_bytes_add(out, zeros, (8 - out->size % 8) % 8);
}

/* The head, where sections are, and these; nothing is behind the last one. */
static void join(struct packing *p, struct emf_bytes *out)
{
	struct emf_package_head head = { .magic = EMF_PACKAGE_MAGIC, .version = htole32(EMF_PACKAGE_VERSION), .n_sections = htole32(p->n) };
	uint64_t at = sizeof(head) + p->n * sizeof(struct emf_package_section);
	struct emf_bytes table = { 0 };

	for (uint32_t i = 0; i < p->n; i++) {
		at = (at + 7) / 8 * 8;
		p->sections[i].head.offset = htole64(at);
		at += le64toh(p->sections[i].head.size);
	}
	head.size = htole64(at);
	emf_bytes_add(&table, &head, sizeof(head));
	for (uint32_t i = 0; i < p->n; i++)
		emf_bytes_add(&table, &p->sections[i].head, sizeof(p->sections[i].head));
	if (!table.failed)
		emf_sha256(table.data, table.size, ((struct emf_package_head *)(void *)table.data)->hash);
	out->failed |= table.failed;
	put(out, table.data, table.size);
	for (uint32_t i = 0; i < p->n; i++)
		put(out, p->sections[i].data, le64toh(p->sections[i].head.size));
	out->size = out->failed ? 0 : at;
	emf_bytes_free(&table);
}

int emf_package_join_wholes(const struct emf_package_whole *wholes, size_t n, struct emf_bytes *out)
{
	struct packing *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		add(p, EMF_PACKAGE_WHOLE, wholes[i].machine, 0, wholes[i].bytes, wholes[i].size);
	join(p, out);
	free(p);
	return out->failed ? -ENOMEM : 0;
}

int emf_package_join(const char *manifest, const struct emf_package_parts *parts, struct emf_bytes *out)
{
	struct packing *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	add(p, EMF_PACKAGE_MANIFEST, 0, 0, manifest, strlen(manifest));
	add(p, EMF_PACKAGE_TEXTS, 0, 0, parts->texts.data, parts->texts.size);
	add(p, EMF_PACKAGE_TABLES, 0, 0, parts->tables.data, parts->tables.size);
	for (size_t i = 0; i < parts->n_objects; i++)
		add(p, EMF_PACKAGE_OBJECT, emf_package_machine(), (uint16_t)i, parts->objects[i]->start,
		    (size_t)(parts->objects[i]->end - parts->objects[i]->start));
	for (size_t i = 0; i < parts->n_btfs; i++)
		add(p, EMF_PACKAGE_BTF, emf_package_machine(), (uint16_t)i, parts->btfs[i].data, parts->btfs[i].size);
	join(p, out);
	free(p);
	return out->failed ? -ENOMEM : 0;
}
