// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * btf_parts.c - the part of the kernel's BTF that objects need, and what libbpf makes of them with it:
 *
 *	btf_parts reduce FILE OBJECT...		writes the part; prints for each object what it has of it, enum emf_btf_use
 *	btf_parts insns BTF|- OBJECT		prints each program as it is relocated by BTF, or by the kernel's own
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "btf_reduce.h"

static char *read_file(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	char *bytes = malloc(1 << 20);

	if (!f || !bytes) {
		perror(path);
		exit(2);
	}
	*size = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	return bytes;
}

static int write_part(const char *path, struct emf_btf_reduce *reduce)
{
	struct btf *part = emf_btf_reduce_make(reduce);
	FILE *f = fopen(path, "wb");
	const void *bytes;
	bool is_written;
	__u32 size;

	bytes = part ? btf__raw_data(part, &size) : NULL;
	is_written = bytes && f && fwrite(bytes, size, 1, f) == 1;
	if (f && fclose(f))
		is_written = false;
	btf__free(part);
	return !is_written;
}

static int add(struct emf_btf_reduce *reduce, const char *path)
{
	struct emf_btf_object object;
	struct btf *own = NULL;
	size_t size;
	char *bytes = read_file(path, &size);

	if (!emf_btf_object_read(&object, bytes, size))
		own = btf__new(object.btf, (__u32)object.btf_size);
	if (own)
		printf("%d\n", emf_btf_reduce_add(reduce, &object, own));
	free(bytes);
	btf__free(own);
	return !own;
}

static int reduce_all(const char *path, char **objects)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	struct emf_btf_reduce *reduce = kernel ? emf_btf_reduce_new(kernel) : NULL;
	int err = 0;

	if (!reduce)
		return 77;
	for (; *objects && !err; objects++)
		err = add(reduce, *objects);
	if (!err)
		err = write_part(path, reduce);
	emf_btf_reduce_free(reduce);
	btf__free(kernel);
	return err;
}

static bool is_of_a_map(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_DW | BPF_IMM) && (insn->src_reg == BPF_PSEUDO_MAP_FD || insn->src_reg == BPF_PSEUDO_MAP_VALUE);
}

static int print_insns(const char *btf, const char *path)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	struct bpf_program *program;
	struct bpf_object *object;

	if (strcmp(btf, "-"))
		opts.btf_custom_path = btf;
	object = bpf_object__open_file(path, &opts);
	if (!object)
		return 1;
	/* Relocated is all before the first program is loaded, which this kernel may refuse. */
	printf("%d\n", bpf_object__load(object));
	bpf_object__for_each_program(program, object) {
		const struct bpf_insn *insns = bpf_program__insns(program);

		printf("%s\n", bpf_program__name(program));
		for (size_t i = 0; i < bpf_program__insn_cnt(program); i++)
			printf("%02x %x %x %x %x\n", insns[i].code, insns[i].dst_reg, insns[i].src_reg, (unsigned short)insns[i].off,
			       is_of_a_map(&insns[i]) ? 0 : (unsigned int)insns[i].imm);
	}
	bpf_object__close(object);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 3 && !strcmp(argv[1], "reduce"))
		return reduce_all(argv[2], argv + 3);
	if (argc == 4 && !strcmp(argv[1], "insns"))
		return print_insns(argv[2], argv[3]);
	fprintf(stderr, "usage: btf_parts reduce FILE OBJECT... | insns BTF|- OBJECT\n");
	return 2;
}
