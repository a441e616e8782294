// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * btf_reduce_main.c - a program of the build: of a kernel's BTF what some objects need. emfgen btfhub runs it for each kernel.
 *
 * btf-reduce KERNEL OUTPUT [OBJECT...]
 *
 * KERNEL is raw BTF or an ELF file with it, an OBJECT is as it will be in the product. For each, a line says what it has of
 * a part: enum emf_btf_use, and a sentence if that is not enough.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "btf_reduce.h"
#include "pack.h"

#define OBJECT_MAX (64L << 20) /* bytes, compressed: more than any has */

/* To be freed. NULL and errno. */
static void *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "re");
	long n = file && !fseek(file, 0, SEEK_END) ? ftell(file) : -1;
	void *bytes = n >= 0 && n <= OBJECT_MAX ? malloc((size_t)n + 1) : NULL;

	*size = (size_t)n;
	if (bytes && (fseek(file, 0, SEEK_SET) || fread(bytes, 1, *size, file) != *size)) {
		free(bytes);
		bytes = NULL;
		errno = EIO;
	}
	if (file)
		fclose(file);
	return bytes;
}

static int add(struct emf_btf_reduce *reduce, const char *path)
{
	enum emf_btf_use use = EMF_BTF_PART;
	size_t size;
	unsigned char *bytes = read_file(path, &size);
	struct emf_pack pack = { bytes, bytes + size };
	int err = bytes ? emf_btf_reduce_add_pack(reduce, &pack, &use) : -errno;

	free(bytes);
	if (err) {
		fprintf(stderr, "%s: cannot be read: %s\n", path, strerror(-err));
		return err;
	}
	/* Where a kernel has no BTF, its modules have none either: a part has all that there is. */
	if (use == EMF_BTF_MODULES)
		use = EMF_BTF_PART;
	printf("%d %s\n", use, use == EMF_BTF_PART ? "" : emf_btf_use_why(use));
	return 0;
}

static int store(const struct btf *part, const char *path)
{
	uint32_t size;
	const void *bytes = btf__raw_data(part, &size);
	FILE *file = bytes ? fopen(path, "we") : NULL;
	int err = file && fwrite(bytes, 1, size, file) == size ? 0 : -EIO;

	if (file && fclose(file))
		err = -EIO;
	if (err)
		fprintf(stderr, "%s: cannot be written\n", path);
	return err;
}

static int reduce_to(const struct btf *kernel, const char *output, char **objects, int n)
{
	struct emf_btf_reduce *reduce = emf_btf_reduce_new(kernel);
	struct btf *part = NULL;
	int err = reduce ? 0 : -ENOMEM;

	for (int i = 0; i < n && !err; i++)
		err = add(reduce, objects[i]);
	if (!err) {
		part = emf_btf_reduce_make(reduce);
		err = part ? store(part, output) : -errno;
	}
	btf__free(part);
	emf_btf_reduce_free(reduce);
	return err;
}

int main(int argc, char **argv)
{
	struct btf *kernel;
	int err;

	if (argc < 3) {
		fprintf(stderr, "usage: btf-reduce KERNEL OUTPUT [OBJECT...]\n");
		return 2;
	}
	libbpf_set_print(NULL);
	kernel = btf__parse(argv[1], NULL);
	if (!kernel) {
		fprintf(stderr, "it cannot be read as the BTF of a kernel\n");
		return 1;
	}
	err = reduce_to(kernel, argv[2], argv + 3, argc - 3);
	btf__free(kernel);
	return !!err;
}
