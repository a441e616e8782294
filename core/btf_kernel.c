// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * btf_kernel.c - which kernel runs, and whether its types are there.
 */
#include "btf_kernel.h"

#include <bpf/btf.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "btf_image.h"

#define NOTES_MAX (64 * 1024)
/* Where libbpf finds it; elsewhere it looks for those of distributions before kernels had it there. */
#define OF_KERNEL "/sys/kernel/btf/vmlinux"
#define SHORTEST 8 /* bytes of a build id that tell one build from another */

static size_t padded(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

const void *emf_kernel_build_id(const void *notes, size_t notes_size, size_t *size)
{
	const char *at = notes;

	while (notes_size >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr note;
		size_t n;

		memcpy(&note, at, sizeof(note));
		at += sizeof(note);
		notes_size -= sizeof(note);
		n = padded(note.n_namesz) + padded(note.n_descsz);
		if (n > notes_size || note.n_namesz > notes_size || note.n_descsz > notes_size)
			return NULL;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof("GNU") && !memcmp(at, "GNU", sizeof("GNU")) &&
		    note.n_descsz >= SHORTEST) {
			*size = note.n_descsz;
			return at + padded(note.n_namesz);
		}
		at += n;
		notes_size -= n;
	}
	return NULL;
}

uint64_t emf_btf_kernel(void)
{
	int fd = open("/sys/kernel/notes", O_RDONLY | O_CLOEXEC);
	static char notes[NOTES_MAX];
	ssize_t n = fd < 0 ? -1 : read(fd, notes, sizeof(notes));
	struct utsname name = { 0 };
	struct stat st = { 0 };
	const void *id;
	uint64_t hash;
	size_t size;

	if (fd >= 0)
		close(fd);
	id = n > 0 ? emf_kernel_build_id(notes, (size_t)n, &size) : NULL;
	if (id)
		return emf_btf_hash(0, id, size);
	uname(&name);
	stat(OF_KERNEL, &st);
	hash = emf_btf_hash(0, name.release, strlen(name.release));
	hash = emf_btf_hash(hash, name.version, strlen(name.version));
	return emf_btf_hash(hash, &st.st_size, sizeof(st.st_size));
}

/* A file of sysfs is as large as it says. */
static int read_all(int fd, void **bytes, size_t *size)
{
	struct stat st;
	size_t got = 0;
	char *made;
	ssize_t n;

	if (fstat(fd, &st))
		return -errno;
	made = malloc((size_t)st.st_size + 1);
	if (!made)
		return -ENOMEM;
	while ((n = read(fd, made + got, (size_t)st.st_size + 1 - got)) > 0)
		got += (size_t)n;
	if (n < 0) {
		n = -errno;
		free(made);
		return (int)n;
	}
	*bytes = made;
	*size = got;
	return 0;
}

int emf_btf_kernel_read(void **bytes, size_t *size)
{
	int fd = open(OF_KERNEL, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = read_all(fd, bytes, size);
	close(fd);
	return err;
}

bool emf_kernel_has_btf(void)
{
	static bool elsewhere;
	struct btf *btf;

	if (elsewhere || !access(OF_KERNEL, R_OK))
		return true;
	btf = btf__load_vmlinux_btf();
	btf__free(btf);
	elsewhere = btf;
	return elsewhere;
}
