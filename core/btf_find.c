// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * btf_find.c - the types that an object is relocated by.
 */
#include "btf_find.h"

#include "btf_cache.h"
#include "btf_kernel.h"
#include "btf_object.h"

static bool is_relocated(const void *bytes, size_t size)
{
	struct emf_btf_object parts;

	return !emf_btf_object_read(&parts, bytes, size) && emf_btf_object_has_relocations(&parts);
}

int emf_btf_find(const struct module *m, const struct emf_pack *pack, const void *bytes, size_t size, const char **path,
		 char why[EMF_BTF_HUB_WHY_MAX])
{
	*path = NULL;
	if (emf_btf_hub_path && !emf_kernel_has_btf() && is_relocated(bytes, size))
		return emf_btf_hub_path(pack, path, why);
	*path = emf_btf_cache_path(m, pack, bytes, size);
	return 0;
}
