// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * kernel_enum.c - enums that the kernel numbers anew from release to release.
 *
 * What a kernel part sends of one is a number of the kernel that runs, and the names are those of the kernel where it
 * was compiled: so these get that kernel's numbers, as CO-RE does for bpf_core_enum_value(). It is done before a module
 * has parameters: whatever sets or prints one later knows one number for a name.
 *
 * libbpf would index all types for it, which takes several times as long as to walk past them once.
 */
#include "kernel_enum.h"

#include <bpf/btf.h>
#include <emf/module.h>
#include <emf/type.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "btf_kernel.h"
#include "log.h"

/* One that is looked for, and the best that was found so far. */
struct wanted {
	const struct emf_kernel_enum *one;
	const struct btf_type *found;
	size_t n_found;
};

struct types {
	const char *at, *end;
	const char *strings;
	size_t strings_size;
};

static bool open_types(struct types *types, const void *bytes, size_t size)
{
	const size_t least = offsetof(struct btf_header, str_len) + sizeof(uint32_t); /* of the first version; later ones append */
	const struct btf_header *head = bytes;

	if (size < sizeof(*head) || head->magic != BTF_MAGIC || head->version != BTF_VERSION || head->hdr_len < least || head->hdr_len > size)
		return false;
	size -= head->hdr_len;
	if (head->type_off > size || head->type_len > size - head->type_off || head->str_off > size || head->str_len > size - head->str_off ||
	    head->type_off % 4 || head->hdr_len % 4)
		return false;
	types->at = (const char *)bytes + head->hdr_len + head->type_off;
	types->end = types->at + head->type_len;
	types->strings = (const char *)bytes + head->hdr_len + head->str_off;
	types->strings_size = head->str_len;
	return types->strings_size && !types->strings[types->strings_size - 1];
}

static const char *text(const struct types *types, uint32_t offset)
{
	return offset < types->strings_size ? types->strings + offset : "";
}

/* Bytes of one, Documentation/bpf/btf.rst; 0 for a kind that is not known. */
static size_t type_size(const struct btf_type *t)
{
	static const struct { /* by BTF_KIND_ */
		uint8_t is_known, fixed, each;
	} sizes[] = {
		[BTF_KIND_INT] = { 1, 4, 0 }, [BTF_KIND_PTR] = { 1, 0, 0 }, [BTF_KIND_ARRAY] = { 1, sizeof(struct btf_array), 0 },
		[BTF_KIND_STRUCT] = { 1, 0, sizeof(struct btf_member) }, [BTF_KIND_UNION] = { 1, 0, sizeof(struct btf_member) },
		[BTF_KIND_ENUM] = { 1, 0, sizeof(struct btf_enum) }, [BTF_KIND_FWD] = { 1, 0, 0 }, [BTF_KIND_TYPEDEF] = { 1, 0, 0 },
		[BTF_KIND_VOLATILE] = { 1, 0, 0 }, [BTF_KIND_CONST] = { 1, 0, 0 }, [BTF_KIND_RESTRICT] = { 1, 0, 0 }, [BTF_KIND_FUNC] = { 1, 0, 0 },
		[BTF_KIND_FUNC_PROTO] = { 1, 0, sizeof(struct btf_param) }, [BTF_KIND_VAR] = { 1, sizeof(struct btf_var), 0 },
		[BTF_KIND_DATASEC] = { 1, 0, sizeof(struct btf_var_secinfo) }, [BTF_KIND_FLOAT] = { 1, 0, 0 },
		[BTF_KIND_DECL_TAG] = { 1, sizeof(struct btf_decl_tag), 0 }, [BTF_KIND_TYPE_TAG] = { 1, 0, 0 },
		[BTF_KIND_ENUM64] = { 1, 0, sizeof(struct btf_enum64) },
	};
	unsigned int kind = btf_kind(t);

	if (kind >= sizeof(sizes) / sizeof(*sizes) || !sizes[kind].is_known)
		return 0;
	return sizeof(*t) + sizes[kind].fixed + (size_t)sizes[kind].each * btf_vlen(t);
}

static uint32_t name_at(const struct btf_type *t, unsigned int i)
{
	return btf_is_enum64(t) ? btf_enum64(t)[i].name_off : btf_enum(t)[i].name_off;
}

/* Kernels before 6.0 do not say which enum has negative numbers: then it has some if it had where it was compiled. */
static uint64_t number_at(const struct btf_type *t, unsigned int i, bool was_negative)
{
	if (btf_is_enum64(t))
		return btf_enum64_value(&btf_enum64(t)[i]);
	return btf_kflag(t) || was_negative ? (uint64_t)(int64_t)btf_enum(t)[i].val : (__u32)btf_enum(t)[i].val;
}

/* Where a name is, or btf_vlen(). Most are in the order of those before: @from is behind the last one that was found. */
static unsigned int find(const struct types *types, const struct btf_type *t, const char *name, unsigned int from)
{
	unsigned int n = btf_vlen(t);

	for (unsigned int i = 0; i < n; i++) {
		unsigned int at = (from + i) % n;

		if (!strcmp(text(types, name_at(t, at)), name))
			return at;
	}
	return n;
}

/* How many of the names it has; with @to, which may be @built, these with their numbers. */
static size_t number(const struct types *types, const struct btf_type *t, const struct emf_name *built, struct emf_name *to)
{
	unsigned int from = 0;
	size_t n = 0;

	for (; built->name; built++) {
		unsigned int at = find(types, t, built->name, from);

		if (at == btf_vlen(t))
			continue;
		if (to)
			to[n] = (struct emf_name){ built->name, number_at(t, at, (int64_t)built->value < 0) };
		n++;
		from = at + 1;
	}
	if (to)
		to[n] = (struct emf_name){ NULL, 0 };
	return n;
}

static size_t count(const struct emf_name *names)
{
	size_t n = 0;

	while (names[n].name)
		n++;
	return n;
}

/* One that has less than half of the names, of those of whichever has fewer: each release adds some. */
static bool is_another(const struct wanted *wanted)
{
	size_t n = count(wanted->one->built), n_there = btf_vlen(wanted->found);

	return 2 * wanted->n_found < (n < n_there ? n : n_there);
}

static void consider(const struct types *types, const struct btf_type *t, struct wanted *wanted)
{
	size_t n;

	if (strcmp(text(types, t->name_off), wanted->one->type) != 0)
		return;
	n = number(types, t, wanted->one->built, NULL);
	if (n > wanted->n_found) {
		wanted->found = t;
		wanted->n_found = n;
	}
}

/* Returns 0, or -EINVAL where it ends before its end. */
static int walk(struct types *types, struct wanted *wanted, size_t n)
{
	while (types->end - types->at >= (ptrdiff_t)sizeof(struct btf_type)) {
		const struct btf_type *t = (const struct btf_type *)(const void *)types->at;
		size_t size = type_size(t);

		if (!size || size > (size_t)(types->end - types->at))
			return -EINVAL;
		for (size_t i = 0; i < n && btf_is_any_enum(t) && t->name_off; i++)
			consider(types, t, &wanted[i]);
		types->at += size;
	}
	return types->at == types->end ? 0 : -EINVAL;
}

static size_t count_enums(struct module *const *begin, struct module *const *end)
{
	size_t n = 0;

	for (; begin != end; begin++)
		for (const struct emf_kernel_enum *one = (*begin)->kernel_enums; one && one->type; one++)
			n++;
	return n;
}

int emf_kernel_enums_number(struct module *const *begin, struct module *const *end, const void *bytes, size_t size)
{
	size_t n = count_enums(begin, end), n_names = 0;
	struct wanted *wanted = calloc(n ? n : 1, sizeof(*wanted));
	struct types types;
	int err;

	if (!wanted)
		return -ENOMEM;
	n = 0;
	for (; begin != end; begin++)
		for (const struct emf_kernel_enum *one = (*begin)->kernel_enums; one && one->type; one++) {
			n_names += count(one->built);
			if (n_names <= EMF_KERNEL_NAMES_MAX)
				wanted[n++].one = one;
		}
	err = open_types(&types, bytes, size) ? walk(&types, wanted, n) : -EINVAL;
	if (!err && n_names > EMF_KERNEL_NAMES_MAX)
		err = -E2BIG;
	for (size_t i = 0; i < n; i++) {
		const struct emf_kernel_enum *one = wanted[i].one;

		if (!wanted[i].found)
			continue;
		if (is_another(&wanted[i]))
			emf_debug(NULL, "enum %s of this kernel is another one: %zu of %zu names are there", one->type, wanted[i].n_found, count(one->built));
		else
			number(&types, wanted[i].found, one->built, one->names);
	}
	free(wanted);
	return err;
}

void emf_kernel_enums_use(struct module *const *begin, struct module *const *end)
{
	size_t size;
	void *types;
	int err;

	if (!count_enums(begin, end))
		return;
	err = emf_btf_kernel_read(&types, &size);
	if (err == -ENOENT) {
		emf_debug(NULL, "this kernel does not show its types: names of its enums have the numbers of where the modules were built");
		return;
	}
	if (!err) {
		err = emf_kernel_enums_number(begin, end, types, size);
		free(types);
	}
	if (err)
		emf_warn(NULL, "the types of this kernel cannot be used (%s): names of its enums can be those of where the modules were built; build them here",
			 strerror(-err));
}

void emf_kernel_enums_forget(const struct module *m)
{
	for (const struct emf_kernel_enum *one = m->kernel_enums; one && one->type; one++)
		memmove(one->names, one->built, (count(one->built) + 1) * sizeof(*one->built));
}
