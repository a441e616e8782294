// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * package_btf.c - types of the kernel that runs, from a package.
 */
#include "package_btf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "btf_check.h"
#include "btf_kernel.h"
#include "pack.h"

static bool is_needed(void)
{
	const char *asked = secure_getenv("EMF_BTF");

	return (asked && !strcmp(asked, "package")) || !emf_kernel_has_btf();
}

static const struct emf_pack *find(const struct emf_package *package, const char *release)
{
	for (size_t i = 0; i < package->n_btfs; i++) {
		const struct emf_package_btf *head = (const struct emf_package_btf *)(const void *)package->btfs[i].start - 1;

		if (!strcmp(head->release, release))
			return &package->btfs[i];
	}
	return NULL;
}

struct btf *emf_package_btf_read(const struct emf_pack *pack)
{
	size_t size;
	void *bytes = emf_pack_open(pack, &size);
	struct btf *btf = bytes && size <= EMF_PACKAGE_BTF_MAX ? btf__new(bytes, (uint32_t)size) : NULL;
	int err = bytes ? EBADMSG : errno;

	free(bytes);
	if (btf && emf_btf_is_sound(btf))
		return btf;
	btf__free(btf);
	errno = err;
	return NULL;
}

static int write_file(struct emf_package_kernel *kernel, const struct btf *btf)
{
	uint32_t size;
	const void *bytes = btf__raw_data(btf, &size);

	return bytes ? emf_btf_memory_open(&kernel->memory, bytes, size) : -ENOMEM;
}

static int tell(int err, const char *release, char *why)
{
	snprintf(why, EMF_PACKAGE_WHY_MAX, "the package's BTF of kernel %.64s is damaged, or cannot be kept: %s", release, strerror(-err));
	return err == -EBADMSG ? -ENOEXEC : err;
}

int emf_package_kernel_open(struct emf_package_kernel *kernel, const struct emf_package *package, const char **path, char why[EMF_PACKAGE_WHY_MAX])
{
	const struct emf_pack *pack;
	struct utsname name;
	struct btf *btf;
	int err;

	*path = kernel->memory.path[0] ? kernel->memory.path : NULL;
	if (*path || !is_needed())
		return 0;
	uname(&name);
	pack = find(package, name.release);
	if (!pack) {
		snprintf(why, EMF_PACKAGE_WHY_MAX, "this machine has no BTF of its kernel %.64s (%s), and the package has none of it: make it anew with 'pack --btf' and the BTF of that kernel",
			 name.release, emf_package_machine_name(emf_package_machine()));
		return -ENOENT;
	}
	btf = emf_package_btf_read(pack);
	if (!btf)
		return tell(-errno, name.release, why);
	err = write_file(kernel, btf);
	btf__free(btf);
	if (err)
		return tell(err, name.release, why);
	*path = kernel->memory.path;
	return 0;
}

void emf_package_kernel_close(struct emf_package_kernel *kernel)
{
	emf_btf_memory_close(&kernel->memory);
}
