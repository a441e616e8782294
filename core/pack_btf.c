// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * pack_btf.c - BTF of kernels for a package.
 */
#include "pack_btf.h"

#include <bpf/btf.h>
#include <dirent.h>
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bpf_error.h"
#include "btf_reduce.h"
#include "pack.h"
#include "pack_make.h"

#define OF_KERNEL "/sys/kernel/btf/vmlinux"
#define PREFIX "vmlinux-"
#define SUFFIX ".btf"

/* --- which kernel */

static const char *base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool emf_kernel_btf_release(const char *path, struct emf_package_btf *of)
{
	const char *name = base(path);
	size_t len;

	name += strncmp(name, PREFIX, strlen(PREFIX)) ? 0 : strlen(PREFIX);
	len = strlen(name);
	if (len > strlen(SUFFIX) && !strcmp(name + len - strlen(SUFFIX), SUFFIX))
		len -= strlen(SUFFIX);
	if (*name < '0' || *name > '9' || len >= sizeof(of->release) || !memchr(name, '.', len) ||
	    strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+~-") < len)
		return false;
	memset(of, 0, sizeof(*of));
	memcpy(of->release, name, len);
	return true;
}

static bool find_release(const char *path, struct emf_package_btf *of)
{
	struct utsname name;

	if (strcmp(path, OF_KERNEL))
		return emf_kernel_btf_release(path, of);
	uname(&name);
	memset(of, 0, sizeof(*of));
	snprintf(of->release, sizeof(of->release), "%s", name.release);
	return true;
}

/* --- those that were named */

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct emf_kernel_btf *)a)->of.release, ((const struct emf_kernel_btf *)b)->of.release);
}

static int add(struct emf_kernel_btfs *btfs, const char *path, const struct emf_package_btf *of, char *why)
{
	struct emf_kernel_btf *more;

	for (size_t i = 0; i < btfs->n; i++)
		if (!strcmp(btfs->all[i].of.release, of->release)) {
			snprintf(why, EMF_PACKAGE_WHY_MAX, "%.70s and %.70s are both of kernel %.64s", btfs->all[i].path, path, of->release);
			return -EINVAL;
		}
	snprintf(why, EMF_PACKAGE_WHY_MAX, "BTF of more than %d kernels is named", EMF_PACKAGE_BTFS_MAX);
	if (btfs->n == EMF_PACKAGE_BTFS_MAX)
		return -E2BIG;
	more = realloc(btfs->all, (btfs->n + 1) * sizeof(*more));
	snprintf(why, EMF_PACKAGE_WHY_MAX, "out of memory");
	if (!more)
		return -ENOMEM;
	btfs->all = more;
	more += btfs->n;
	if (snprintf(more->path, sizeof(more->path), "%s", path) >= (int)sizeof(more->path))
		return -ENAMETOOLONG;
	more->of = *of;
	btfs->n++;
	qsort(btfs->all, btfs->n, sizeof(*btfs->all), compare);
	return 0;
}

/* What is called otherwise is something else: archives have texts, too. */
static int add_folder(struct emf_kernel_btfs *btfs, const char *path, DIR *folder, char *why)
{
	char file[PATH_MAX];
	struct dirent *entry;
	size_t before = btfs->n;
	int err = 0;

	while (!err && (entry = readdir(folder))) {
		struct emf_package_btf of;

		if (!emf_kernel_btf_release(entry->d_name, &of))
			continue;
		if (snprintf(file, sizeof(file), "%s/%s", path, entry->d_name) < (int)sizeof(file))
			err = add(btfs, file, &of, why);
	}
	if (err || btfs->n > before)
		return err;
	snprintf(why, EMF_PACKAGE_WHY_MAX, "%.150s has no file that is named as a kernel is, such as 5.15.0-91-generic.btf", path);
	return -ENOENT;
}

int emf_kernel_btfs_add(struct emf_kernel_btfs *btfs, const char *path, char why[EMF_PACKAGE_WHY_MAX])
{
	DIR *folder = opendir(path);
	struct emf_package_btf of;
	int err;

	if (folder) {
		err = add_folder(btfs, path, folder, why);
		closedir(folder);
		return err;
	}
	if (find_release(path, &of))
		return add(btfs, path, &of, why);
	snprintf(why, EMF_PACKAGE_WHY_MAX, "%.100s: its name does not say of which kernel it is: name it as 'uname -r' there does, such as 5.15.0-91-generic.btf", path);
	return -EINVAL;
}

void emf_kernel_btfs_fini(struct emf_kernel_btfs *btfs)
{
	free(btfs->all);
	*btfs = (struct emf_kernel_btfs){ 0 };
}

/* --- what is needed of them */

static int add_object(struct emf_btf_reduce *reduce, const struct module *m, char *why)
{
	enum emf_btf_use use;
	int err = emf_btf_reduce_add_pack(reduce, m->object->pack, &use);

	snprintf(why, EMF_PACKAGE_WHY_MAX, "out of memory");
	if (err)
		return err;
	if (use == EMF_BTF_PART || use == EMF_BTF_MODULES)
		return 0;
	snprintf(why, EMF_PACKAGE_WHY_MAX, "module %.63s needs all of the kernel's BTF: %s: pack it without --btf", m->name, emf_btf_use_why(use));
	return -ENOTSUP;
}

static struct btf *make(const struct btf *kernel, const struct module *const *modules, size_t n, int *err, char *why)
{
	struct emf_btf_reduce *reduce = emf_btf_reduce_new(kernel);
	struct btf *part = NULL;

	*err = reduce ? 0 : -ENOMEM;
	snprintf(why, EMF_PACKAGE_WHY_MAX, "out of memory");
	for (size_t i = 0; i < n && !*err; i++)
		*err = add_object(reduce, modules[i], why);
	if (!*err) {
		part = emf_btf_reduce_make(reduce);
		*err = part ? 0 : -errno;
	}
	emf_btf_reduce_free(reduce);
	return part;
}

/* 0 for a file that is no ELF, and says nothing of it. */
static uint16_t machine_of(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO would wait for a writer */
	Elf64_Ehdr head = { 0 };
	ssize_t n = fd < 0 ? -1 : read(fd, &head, sizeof(head));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)sizeof(head) && !memcmp(head.e_ident, ELFMAG, SELFMAG) ? le16toh(head.e_machine) : 0;
}

static int put(const struct emf_kernel_btf *one, struct btf *part, struct emf_package_parts *parts, char *why)
{
	struct emf_bytes *section = &parts->btfs[parts->n_btfs++];
	uint32_t size;
	const void *bytes = btf__raw_data(part, &size);

	if (bytes && size > EMF_PACKAGE_BTF_MAX) {
		snprintf(why, EMF_PACKAGE_WHY_MAX, "%.100s: %u bytes of it are needed, and %u are allowed", one->path, size, EMF_PACKAGE_BTF_MAX);
		return -E2BIG;
	}
	emf_bytes_add(section, &one->of, sizeof(one->of));
	if (bytes)
		emf_pack_make(bytes, size, section);
	return bytes && !section->failed ? 0 : -ENOMEM;
}

static int pack_one(const struct emf_kernel_btf *one, const struct module *const *modules, size_t n, struct emf_package_parts *parts, char *why)
{
	uint16_t machine = machine_of(one->path);
	struct btf *kernel, *part;
	struct stat st;
	int err;

	if (machine && machine != EM_BPF && machine != emf_package_machine()) {
		snprintf(why, EMF_PACKAGE_WHY_MAX, "%.100s is of %s, and the kernel parts are for %s", one->path, emf_package_machine_name(machine),
			 emf_package_machine_name(emf_package_machine()));
		return -EINVAL;
	}
	kernel = stat(one->path, &st) || !S_ISREG(st.st_mode) ? NULL : btf__parse(one->path, NULL);
	if (!kernel) {
		snprintf(why, EMF_PACKAGE_WHY_MAX, "%.150s cannot be read as the BTF of a kernel", one->path);
		return -EINVAL;
	}
	part = make(kernel, modules, n, &err, why);
	if (part)
		err = put(one, part, parts, why);
	btf__free(part);
	btf__free(kernel);
	return err;
}

int emf_kernel_btfs_pack(const struct emf_kernel_btfs *btfs, const struct module *const *modules, size_t n, struct emf_package_parts *parts,
			 char why[EMF_PACKAGE_WHY_MAX])
{
	int err = 0;

	emf_bpf_error_init(); /* libbpf would print */
	snprintf(why, EMF_PACKAGE_WHY_MAX, "out of memory");
	parts->btfs = calloc(btfs->n + 1, sizeof(*parts->btfs));
	if (!parts->btfs)
		return -ENOMEM;
	for (size_t i = 0; i < btfs->n && !err; i++)
		err = pack_one(&btfs->all[i], modules, n, parts, why);
	return err;
}
