// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * eunomia_write.c - a module as a package of eunomia-bpf: its kernel part, its options.
 */
#include "eunomia_write.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <emf/object.h>
#include <emf/param.h>
#include <emf/view.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "bpf_error.h"
#include "pack.h"
#include "package_write.h"
#include "param.h"
#include "value.h"

/* RFC 1952: of gzip, without a name of a file; RFC 1950: of zlib. */
#define GZIP_HEADER 10
#define GZIP_TRAILER 8
static const unsigned char zlib_header[] = { 0x78, 0x9c };

bool emf_eunomia_cannot(struct eunomia_writer *w, const char *fmt, ...)
{
	va_list args;
	int n;

	if (w->failed)
		return false;
	n = snprintf(w->why, EMF_PACKAGE_WHY_MAX, "module %s cannot be a package of eunomia-bpf: ", w->m->name);
	va_start(args, fmt);
	vsnprintf(w->why + n, EMF_PACKAGE_WHY_MAX - (size_t)n, fmt, args);
	va_end(args);
	w->failed = true;
	return false;
}

/* --- the kernel part */

/* RFC 4648. */
static json_t *encode(const unsigned char *bytes, size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = malloc((size + 2) / 3 * 4 + 1), *to = text;
	json_t *made;

	for (size_t i = 0; text && i < size; i += 3) {
		uint32_t bits = (uint32_t)bytes[i] << 16 | (i + 1 < size ? (uint32_t)bytes[i + 1] << 8 : 0) | (i + 2 < size ? bytes[i + 2] : 0);

		*to++ = digits[bits >> 18];
		*to++ = digits[bits >> 12 & 63];
		*to++ = i + 1 < size ? digits[bits >> 6 & 63] : '=';
		*to++ = i + 2 < size ? digits[bits & 63] : '=';
	}
	made = text ? json_stringn(text, (size_t)(to - text)) : NULL;
	free(text);
	return made;
}

/* The same compressed bytes, with what zlib has around them. */
static json_t *write_object(struct eunomia_writer *w, const void *bytes, size_t size)
{
	const struct emf_pack *pack = w->m->object->pack;
	size_t packed = (size_t)(pack->end - pack->start), body;
	uint32_t sum = (uint32_t)adler32(adler32(0, NULL, 0), bytes, (uInt)size);
	unsigned char *to;
	json_t *made;

	if (packed < GZIP_HEADER + GZIP_TRAILER || pack->start[3]) {
		emf_eunomia_cannot(w, "its kernel part was not compressed by EMF");
		return NULL;
	}
	body = packed - GZIP_HEADER - GZIP_TRAILER;
	to = malloc(sizeof(zlib_header) + body + sizeof(sum));
	if (!to)
		return NULL;
	memcpy(to, zlib_header, sizeof(zlib_header));
	memcpy(to + sizeof(zlib_header), pack->start + GZIP_HEADER, body);
	for (size_t i = 0; i < sizeof(sum); i++)
		to[sizeof(zlib_header) + body + i] = (unsigned char)(sum >> (24 - 8 * i));
	made = encode(to, sizeof(zlib_header) + body + sizeof(sum));
	free(to);
	return made;
}

static bool open_object(struct eunomia_writer *w, const void *bytes, size_t size)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	struct emf_bpf_error error;
	char name[80];

	snprintf(name, sizeof(name), "%s_bpf", w->m->name);
	opts.object_name = name;
	emf_bpf_error_init();
	emf_bpf_error_begin(&error, NULL);
	w->object = bpf_object__open_mem(bytes, size, &opts);
	emf_bpf_error_end(&error, "open", NULL, 0);
	w->btf = w->object ? bpf_object__btf(w->object) : NULL;
	return w->btf ? true : emf_eunomia_cannot(w, "its kernel part has no BTF");
}

/* --- options */

/* The types that eunomia-bpf reads from a command line. */
static const char *type_of(const struct emf_param *p, char text[32])
{
	struct emf_value_type type = { .type = p->type, .size = p->size };
	bool is_signed = emf_value_is_signed(p->type);

	if (p->type == EMF_BOOL)
		return "bool";
	if (p->type == EMF_STRING) {
		snprintf(text, 32, "char[%zu]", p->size);
		return text;
	}
	if (p->type == EMF_IP4 || p->type == EMF_IP6 || p->type == EMF_IP || p->type == EMF_MAC || (p->type >= EMF_BE16 && p->type <= EMF_BE64))
		return NULL;
	switch (emf_value_size(&type)) {
	case 2:
		return is_signed ? "short" : "unsigned short";
	case 4:
		return is_signed ? "int" : "unsigned int";
	case 8:
		return is_signed ? "long long" : "unsigned long long";
	default:
		return NULL;
	}
}

/* A number that JSON libraries have no type for is a text, which those of an option may be. */
static json_t *value_of(const struct emf_param *p)
{
	struct emf_value_type type = { .type = p->type, .size = p->size };
	uint64_t n;
	char text[24];

	if (p->type == EMF_STRING)
		return *(const char *)p->value ? json_string(p->value) : NULL;
	n = emf_value_load(&type, p->value);
	if (n <= INT64_MAX || emf_value_is_signed(p->type))
		return json_integer((json_int_t)n);
	snprintf(text, sizeof(text), "%" PRIu64, n);
	return json_string(text);
}

/* One that is false has the option --x, as here; of one that is true the option is --disable-x. */
static json_t *write_argument(const struct emf_param *p, bool negated)
{
	static const char disable[] = "disable-";
	const char *name = negated && !strncmp(p->name, disable, strlen(disable)) ? p->name + strlen(disable) : p->name;
	char letter[2] = { p->short_name };
	json_t *made = json_pack("{s:s, s:s}", "long", name, "help", p->doc ? p->doc : p->name);
	bool is_on = p->type == EMF_BOOL && *(const char *)p->value != negated;

	if (letter[0])
		json_object_set_new(made, "short", json_string(letter));
	if (p->type != EMF_BOOL || is_on)
		json_object_set_new(made, "default", p->type == EMF_BOOL ? json_true() : value_of(p));
	return made;
}

static const struct emf_param *param_of(const struct module *m, const void *value)
{
	const struct emf_param *p = m->params;

	while (p && p->name && p->value != value)
		p++;
	return p && p->name ? p : NULL;
}

static const char *name_at(const struct eunomia_writer *w, const struct emf_variable *variable)
{
	int32_t id = btf__find_by_name_kind(w->btf, variable->section, BTF_KIND_DATASEC);
	const struct btf_type *t = id > 0 ? btf__type_by_id(w->btf, (uint32_t)id) : NULL;

	for (uint16_t i = 0; t && i < btf_vlen(t); i++)
		if (btf_var_secinfos(t)[i].offset == variable->offset)
			return btf__name_by_offset(w->btf, btf__type_by_id(w->btf, btf_var_secinfos(t)[i].type)->name_off);
	return NULL;
}

static bool write_variable(struct eunomia_writer *w, const struct emf_store *store, json_t *variables)
{
	const struct emf_param *p = param_of(w->m, store->value);
	const char *name = store->map ? NULL : name_at(w, &store->variable), *type;
	char text[32];

	if (!p || store->map)
		return emf_eunomia_cannot(w, "--%s says how large a map is, and only variables can be set", p ? p->name : "?");
	type = type_of(p, text);
	if (!name || !type)
		return emf_eunomia_cannot(w, "--%s is of a type that it has no option for", p->name);
	return !json_array_append_new(variables, json_pack("{s:s, s:s, s:o}", "name", name, "type", type, "cmdarg", write_argument(p, store->negated)));
}

/* Of a kernel part that counts pages, which the core would tell how large they are. */
static void write_page_bytes(const struct eunomia_writer *w, json_t *variables)
{
	if (btf__find_by_name_kind(w->btf, "emf_page_bytes", BTF_KIND_VAR) > 0)
		json_array_append_new(variables, json_pack("{s:s, s:s, s:I}", "name", "emf_page_bytes", "type", "unsigned int", "value", (json_int_t)sysconf(_SC_PAGESIZE)));
}

static json_t *write_sections(struct eunomia_writer *w)
{
	static const char *const names[] = { ".rodata", ".bss" };
	json_t *made = json_array();

	for (const struct emf_store *s = w->m->object->stores; s && s->value; s++)
		if (!s->map && strcmp(s->variable.section, names[0]) != 0 && strcmp(s->variable.section, names[1]) != 0)
			emf_eunomia_cannot(w, "it has options in the section %s, and only those in .rodata and .bss can be set", s->variable.section);
	for (size_t i = 0; i < 2; i++) {
		json_t *variables = json_array();

		for (const struct emf_store *s = w->m->object->stores; s && s->value; s++)
			if (s->map || !strcmp(s->variable.section, names[i]))
				write_variable(w, s, variables);
		if (!i)
			write_page_bytes(w, variables);
		if (json_array_size(variables))
			json_array_append_new(made, json_pack("{s:s, s:O}", "name", names[i], "variables", variables));
		json_decref(variables);
	}
	return made;
}

/* --- all of it */

static json_t *write_meta(struct eunomia_writer *w)
{
	json_t *sections = write_sections(w), *maps = emf_eunomia_write_maps(w), *programs = emf_eunomia_write_programs(w), *doc = json_object();
	char name[80];

	snprintf(name, sizeof(name), "%s_bpf", w->m->name);
	if (w->m->version)
		json_object_set_new(doc, "version", json_string(w->m->version));
	if (w->m->doc)
		json_object_set_new(doc, "brief", json_string(w->m->doc));
	return json_pack("{s:{s:s, s:o, s:o, s:o, s:o}, s:b, s:[]}", "bpf_skel", "obj_name", name, "doc", doc, "data_sections", sections, "maps", maps, "progs", programs,
			 "enable_multiple_export_types", 1, "export_types");
}

/* What has C of its own is refused as for the packages of EMF. */
static bool has_code(const struct module *m, char *why)
{
	struct emf_package_parts parts;

	if (emf_package_write(&m, 1, &parts, why))
		return true;
	emf_package_parts_free(&parts);
	return false;
}

char *emf_eunomia_write(const struct module *m, char why[EMF_PACKAGE_WHY_MAX])
{
	struct eunomia_writer w = { .m = m, .why = why };
	size_t size = 0;
	void *bytes = has_code(m, why) ? NULL : emf_pack_open(m->object->pack, &size);
	json_t *meta, *json;
	char *text;

	if (!bytes)
		return NULL;
	snprintf(why, EMF_PACKAGE_WHY_MAX, "out of memory");
	meta = open_object(&w, bytes, size) ? write_meta(&w) : NULL;
	json = meta && !w.failed ? json_pack("{s:o, s:I, s:O}", "bpf_object", write_object(&w, bytes, size), "bpf_object_size", (json_int_t)size, "meta", meta) : NULL;
	text = json ? json_dumps(json, JSON_INDENT(1)) : NULL;
	json_decref(json);
	json_decref(meta);
	bpf_object__close(w.object);
	free(bytes);
	return text;
}
