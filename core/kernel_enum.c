// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * kernel_enum.c - enums that the kernel numbers anew from release to release.
 *
 * What a kernel part sends of one is a number of the kernel that runs, and the names are those of the kernel where it
 * was compiled: so these get that kernel's numbers, as CO-RE does for bpf_core_enum_value().
 */
#include "kernel_enum.h"

#include <bpf/btf.h>
#include <emf/module.h>
#include <stdlib.h>
#include <string.h>

#include "btf_kernel.h"
#include "module.h"
#include "param.h"
#include "value.h"

static const struct btf_type *find(const struct btf *kernel, const char *type)
{
	int id = btf__find_by_name_kind(kernel, type, BTF_KIND_ENUM);

	if (id < 0)
		id = btf__find_by_name_kind(kernel, type, BTF_KIND_ENUM64);
	return id < 0 ? NULL : btf__type_by_id(kernel, (__u32)id);
}

/* Kernels before 6.0 do not say which enum has negative numbers: then it has some if it had where it was compiled. */
static uint64_t number_at(const struct btf_type *type, unsigned int i, bool was_negative)
{
	if (btf_is_enum64(type))
		return btf_enum64_value(&btf_enum64(type)[i]);
	return btf_kflag(type) || was_negative ? (uint64_t)(int64_t)btf_enum(type)[i].val : (__u32)btf_enum(type)[i].val;
}

static bool find_number(const struct btf *kernel, const struct btf_type *type, const struct emf_name *name, uint64_t *number)
{
	for (unsigned int i = 0; i < btf_vlen(type); i++) {
		__u32 at = btf_is_enum64(type) ? btf_enum64(type)[i].name_off : btf_enum(type)[i].name_off;

		if (strcmp(btf__str_by_offset(kernel, at), name->name) != 0)
			continue;
		*number = number_at(type, i, (int64_t)name->value < 0);
		return true;
	}
	return false;
}

/* What the kernel lacks is left out; if that is all of them, it is another enum. */
static void number(struct emf_name *names, const char *type, const struct btf *kernel)
{
	const struct btf_type *its = find(kernel, type);
	struct emf_name *to = names;
	uint64_t found;

	for (struct emf_name *from = names; its && from->name; from++)
		if (find_number(kernel, its, from, &found))
			*to++ = (struct emf_name){ from->name, found };
	if (to != names)
		*to = (struct emf_name){ NULL, 0 };
}

static struct emf_name *copy_of(const struct emf_name *names)
{
	struct emf_name *copy;
	size_t n = 0;

	while (names[n].name)
		n++;
	copy = malloc((n + 1) * sizeof(*copy));
	if (copy)
		memcpy(copy, names, (n + 1) * sizeof(*copy));
	return copy;
}

static const struct emf_name *find_name(const struct emf_name *names, const char *name)
{
	while (names->name && strcmp(names->name, name) != 0)
		names++;
	return names->name ? names : NULL;
}

/* A default is meant by its name. @before: names as where it was compiled */
static void keep_default(struct emf_param_set *set, size_t i, const struct emf_name *before)
{
	const struct emf_param *param = &set->params[i];
	struct emf_value_type type = { .type = param->type, .size = param->size, .names = param->names };
	uint64_t initial = emf_value_load(&type, set->states[i].initial), its;
	const struct emf_name *now = NULL;

	for (; before->name && !now; before++) {
		emf_value_store(&type, &its, before->value);
		if (emf_value_load(&type, &its) == initial)
			now = find_name(param->names, before->name);
	}
	if (!now)
		return;
	emf_value_store(&type, set->states[i].initial, now->value);
	if (set->states[i].origin == EMF_PARAM_DEFAULT)
		emf_value_store(&type, param->value, now->value);
}

static void use(struct emf_unit *unit, const struct emf_kernel_enum *one, const struct btf *kernel)
{
	struct emf_name *before = copy_of(one->names);

	number(one->names, one->type, kernel);
	for (size_t i = 0; before && i < unit->params.n; i++)
		if (unit->params.params[i].type == EMF_ENUM && unit->params.params[i].names == one->names)
			keep_default(&unit->params, i, before);
	free(before);
}

void emf_kernel_enums_number(struct emf_unit *unit, const struct btf *kernel)
{
	for (const struct emf_kernel_enum *one = unit->m->kernel_enums; one && one->type; one++)
		use(unit, one, kernel);
}

void emf_kernel_enums_use(struct emf_unit *unit)
{
	struct btf *kernel;

	if (!unit->m->kernel_enums || unit->enums_are_of_kernel)
		return;
	unit->enums_are_of_kernel = true;
	kernel = emf_kernel_types();
	if (kernel)
		emf_kernel_enums_number(unit, kernel);
	btf__free(kernel);
}
