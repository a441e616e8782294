// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * eunomia_option.c - variables of eunomia-bpf's meta as options.
 *
 * Where a variable is and how many bytes it has is said by BTF. A bool without a default is
 * false unless its option is given; --enable-x and --disable-x change one that has a default.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "eunomia_reader.h"
#include "param.h"

#define DUMMY "__eunomia_dummy" /* variables that keep a type in BTF, and are nothing else */

/* One variable: what the JSON says of it, and where it is. */
struct variable {
	struct eunomia_at at, argument; /* of cmdarg; without an object where there is none */
	const char *name, *section;
	uint32_t offset, size;
	const char *initial; /* as it was compiled */
	const json_t *value; /* its default; or NULL */
	enum emf_type type;
	bool is_option; /* a text can be read as its type */
};

struct emf_param *emf_eunomia_param(struct eunomia *e, const char *name, enum emf_type type, size_t size, const char *doc)
{
	struct emf_param *p = &e->params[e->n_params];
	char *own = emf_eunomia_format(e, "%.63s", name);

	for (char *c = own; c && *c; c++)
		*c = (char)tolower((unsigned char)*c); /* as all options */
	for (size_t i = 0; own && i < e->n_params; i++)
		if (!strcmp(e->params[i].name, own))
			emf_eunomia_fail(e, "two options are named --%s", own);
	if (own && own[strspn(own, "abcdefghijklmnopqrstuvwxyz0123456789-_")])
		emf_eunomia_fail(e, "no option can be named --%s", own);
	*p = (struct emf_param){ .name = own, .type = type, .size = size, .doc = doc };
	p->value = e->err ? NULL : emf_eunomia_memory(e, emf_param_size(p), 1);
	if (!p->value)
		return NULL;
	e->n_params++;
	return p;
}

/* --- where it is */

static bool find_variable(struct eunomia *e, struct variable *v)
{
	int32_t id = btf__find_by_name_kind(e->btf, v->section, BTF_KIND_DATASEC);
	const struct btf_type *section = id > 0 ? btf__type_by_id(e->btf, (uint32_t)id) : NULL;
	struct bpf_map *map = bpf_object__find_map_by_name(e->object, v->section);
	size_t size = 0;
	const char *data = map ? bpf_map__initial_value(map, &size) : NULL;

	for (uint16_t i = 0; section && data && i < btf_vlen(section); i++) {
		const struct btf_var_secinfo *at = &btf_var_secinfos(section)[i];
		const struct btf_type *t = btf__type_by_id(e->btf, at->type);
		const char *name = t ? btf__name_by_offset(e->btf, t->name_off) : NULL;
		const size_t n_enums = e->n_enums;
		struct emf_member as;

		if (!name || strcmp(name, v->name) != 0)
			continue;
		if (at->offset > size || at->size > size - at->offset)
			break;
		v->offset = at->offset;
		v->size = at->size;
		v->initial = data + at->offset;
		if (!emf_eunomia_member(e, v->name, t->type, 0, &as)) {
			e->err = 0; /* of no type that an option can have */
			return true;
		}
		v->type = as.type == EMF_COMM ? EMF_STRING : as.type == EMF_CHAR ? EMF_S8 : as.type;
		v->is_option = as.count == 1 && as.size == v->size && (v->type == EMF_STRING ? v->size <= EMF_PARAM_VALUE_MAX : v->type == EMF_BOOL ||
				(v->type >= EMF_U8 && v->type <= EMF_S64) || v->type == EMF_ENUM);
		if (v->type == EMF_ENUM) { /* a number, as eunomia-bpf has it: nobody reads its names */
			e->n_enums = n_enums;
			e->enums[n_enums] = (struct emf_kernel_enum){ NULL, NULL, NULL };
			v->type = v->size == 1 ? EMF_S8 : v->size == 2 ? EMF_S16 : v->size == 4 ? EMF_S32 : EMF_S64;
		}
		return true;
	}
	return emf_eunomia_fail(e, "%s: the kernel part has no variable %.64s in %s", v->at.path, v->name, v->section);
}

/* --- its default */

static bool bad_default(const struct variable *v)
{
	return emf_eunomia_fail(v->at.e, "%s: the default of %.64s is none that a variable of %u bytes and this type can have", v->at.path, v->name, v->size);
}

static bool set_number(const struct variable *v, const struct emf_param *p)
{
	char why[EMF_PARAM_WHY_MAX], text[32];

	if (json_is_string(v->value))
		return emf_param_parse(p, json_string_value(v->value), p->value, why) ? bad_default(v) : true;
	if (!json_is_integer(v->value))
		return bad_default(v);
	snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(v->value));
	return emf_param_parse(p, text, p->value, why) ? bad_default(v) : true;
}

static bool set_text(const struct variable *v, const struct emf_param *p)
{
	const char *text = json_string_value(v->value);

	if (!text || strlen(text) >= p->size)
		return bad_default(v);
	strcpy(p->value, text);
	return true;
}

static bool set_default(const struct variable *v, const struct emf_param *p)
{
	if (v->value)
		return p->type == EMF_STRING ? set_text(v, p) : set_number(v, p);
	if (emf_param_size(p) != v->size)
		return bad_default(v);
	if (p->type != EMF_STRING || memchr(v->initial, '\0', v->size))
		memcpy(p->value, v->initial, v->size);
	return true;
}

/* --- the option */

static const char *doc_of(const struct variable *v)
{
	const char *doc = emf_eunomia_text(&v->at, "description", NULL), *type = emf_eunomia_text(&v->at, "type", "");

	if (v->argument.object)
		doc = emf_eunomia_text(&v->argument, "help", doc);
	return doc ? doc : emf_eunomia_format(v->at.e, "the variable %.64s, %.64s", v->name, type);
}

static struct emf_param *add_bool(const struct variable *v, const char *name, bool *negated)
{
	bool is_on = json_is_true(v->value);
	char *full = emf_eunomia_format(v->at.e, "%s%.63s", v->value ? is_on ? "disable-" : "enable-" : "", name);

	if (v->value && !json_is_boolean(v->value)) {
		bad_default(v);
		return NULL;
	}
	*negated = is_on;
	return full ? emf_eunomia_param(v->at.e, full, EMF_BOOL, 1, doc_of(v)) : NULL;
}

/* Then --pid of the product is it, which tells the kernel part instead of choosing from what it sends. */
static bool is_pid(const struct variable *v, const char *name)
{
	return !strcmp(name, "pid") && (v->type == EMF_S32 || v->type == EMF_U32);
}

static bool add_option(const struct variable *v)
{
	struct eunomia *e = v->at.e;
	const char *name = v->argument.object ? emf_eunomia_text(&v->argument, "long", v->name) : v->name;
	const char *letter = v->argument.object ? emf_eunomia_text(&v->argument, "short", "") : "";
	struct emf_param *p;
	bool negated = false;

	if (strlen(letter) > 1 || (*letter && !isalnum((unsigned char)*letter)))
		return emf_eunomia_fail(e, "%s.short is to be one letter or digit", v->argument.path);
	p = v->type == EMF_BOOL ? add_bool(v, name, &negated) : emf_eunomia_param(e, name, is_pid(v, name) ? EMF_PID : v->type, v->size, doc_of(v));
	if (!p || (v->type != EMF_BOOL && !set_default(v, p)))
		return false;
	for (size_t i = 0; *letter && i < e->n_params; i++)
		if (e->params[i].short_name == *letter)
			return emf_eunomia_fail(e, "%s.short: two options are named -%c", v->argument.path, *letter);
	p->short_name = *letter;
	e->stores[e->n_stores++] = (struct emf_store){ .value = p->value, .variable = { v->section, v->offset, v->size },
						       .is_constant = !strcmp(v->section, ".rodata"), .negated = negated };
	return !e->err;
}

static bool read_argument(struct variable *v)
{
	static const char *const known[] = { "default", "long", "short", "help", NULL };
	const json_t *value;

	if (!emf_eunomia_object(&v->at, "cmdarg", &v->argument))
		return !v->at.e->err;
	value = emf_eunomia_get(&v->argument, "default");
	if (value)
		v->value = value;
	return emf_eunomia_has_only(&v->argument, known);
}

/* No option can be named so: BTF says main.fmt of a constant in a function, and types are kept by variables with underscores. */
static bool is_named_for_people(const char *name)
{
	return isalpha((unsigned char)*name) && !strpbrk(name, ".$");
}

static bool read_variable(struct variable *v)
{
	static const char *const known[] = { "name", "type", "value", "description", "cmdarg", "size", NULL };
	struct eunomia *e = v->at.e;
	bool is_asked;

	v->name = emf_eunomia_text(&v->at, "name", NULL);
	v->value = emf_eunomia_get(&v->at, "value");
	if (!v->name)
		return emf_eunomia_fail(e, "%s has no name", v->at.path);
	if (!strncmp(v->name, DUMMY, strlen(DUMMY)))
		return true;
	if (!emf_eunomia_has_only(&v->at, known) || !read_argument(v) || !find_variable(e, v))
		return false;
	if (!strcmp(emf_eunomia_text(&v->at, "type", ""), "bool") != (v->is_option && v->type == EMF_BOOL))
		return emf_eunomia_fail(e, "%s.type is not what the kernel part says of %.64s", v->at.path, v->name);
	is_asked = v->value || v->argument.object;
	if (v->is_option && (is_asked || is_named_for_people(v->name)))
		return add_option(v);
	return !is_asked || emf_eunomia_fail(e, "%s: %.64s is of a type that no option can have, and so is not set", v->at.path, v->name);
}

static bool read_section(const struct eunomia_at *at)
{
	static const char *const known[] = { "name", "variables", NULL };
	const char *name = emf_eunomia_text(at, "name", "");
	size_t n = emf_eunomia_count(at, "variables");

	if (strcmp(name, ".rodata") != 0 && strcmp(name, ".bss") != 0)
		return emf_eunomia_fail(at->e, "%s.name is %.32s: variables are set in .rodata and .bss", at->path, name);
	if (!emf_eunomia_has_only(at, known))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct variable v = { .section = strcmp(name, ".bss") != 0 ? ".rodata" : ".bss" };

		if (!emf_eunomia_item(at, "variables", i, &v.at) || !read_variable(&v))
			return false;
	}
	return !at->e->err;
}

bool emf_eunomia_options(const struct eunomia_at *skel)
{
	size_t n = emf_eunomia_count(skel, "data_sections"), all = 0;
	struct eunomia *e = skel->e;
	struct eunomia_at section;

	for (size_t i = 0; i < n && emf_eunomia_item(skel, "data_sections", i, &section); i++)
		all += emf_eunomia_count(&section, "variables");
	/* Beside these: how often samples are printed, and an interface for each program. */
	e->params = emf_eunomia_memory(e, all + EMF_EUNOMIA_ITEMS_MAX + 2, sizeof(*e->params));
	e->stores = emf_eunomia_memory(e, all + 1, sizeof(*e->stores));
	for (size_t i = 0; i < n && !e->err; i++)
		if (!emf_eunomia_item(skel, "data_sections", i, &section) || !read_section(&section))
			return false;
	return !e->err;
}
