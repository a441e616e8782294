/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * package_file.h - the file that a package is: a head, sections, and perhaps a signature
 * behind them. emf-package(5) says the same to people.
 */
#ifndef EMF_CORE_PACKAGE_FILE_H
#define EMF_CORE_PACKAGE_FILE_H

#include <emf/object.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sha256.h"

#define EMF_PACKAGE_WHY_MAX 240	  /* it goes over the bus in an error of the service modules */
#define EMF_PACKAGE_MAX (16u << 20)	 /* bytes of a file */
#define EMF_PACKAGE_OBJECT_MAX (32u << 20) /* of a kernel part, unpacked */
#define EMF_PACKAGE_MODULES_MAX 64
#define EMF_PACKAGE_SECTIONS_MAX (3 + 8 * EMF_PACKAGE_MODULES_MAX)
#define EMF_PACKAGE_BTFS_MAX 256
#define EMF_PACKAGE_MACHINES_MAX 16
#define EMF_PACKAGE_BTF_MAX (4u << 20) /* of one, unpacked */

#define EMF_PACKAGE_MAGIC "EMFPKG\r\n" /* a transfer as text would change it */
#define EMF_PACKAGE_VERSION 1

/* Those of 0x80000000 and above may be skipped by who does not know them. */
enum emf_package_kind {
	EMF_PACKAGE_MANIFEST = 1, /* JSON, for people and programs */
	EMF_PACKAGE_TEXTS,	  /* each ended by a NUL */
	EMF_PACKAGE_TABLES,	  /* package_write.c */
	EMF_PACKAGE_OBJECT,	  /* a kernel part as gzip(1) has compressed it */
	EMF_PACKAGE_WHOLE,	  /* a package for one machine, without a signature: of several machines, nothing else is there */
	EMF_PACKAGE_KINDS,
	EMF_PACKAGE_OPTIONAL = 0x80000000,
	EMF_PACKAGE_BTF, /* of one kernel, what the kernel parts need of it */
};

/* All numbers are little-endian. */
struct emf_package_head {
	char magic[8];
	uint32_t version;
	uint32_t n_sections;
	uint64_t size; /* of all but the signature */
	unsigned char hash[EMF_SHA256_BYTES]; /* of this head with 0 in its place, and of the table behind it */
	uint64_t reserved;
};

/* The table of them is behind the head, and they stand in its order, each begun at a multiple of 8. */
struct emf_package_section {
	uint32_t kind;
	uint16_t machine; /* of ELF, that it is compiled for; 0 for any */
	uint16_t number;  /* of a kernel part: in the tables */
	uint64_t offset, size;
	unsigned char hash[EMF_SHA256_BYTES];
	uint64_t reserved;
};

/* Of EMF_PACKAGE_BTF, whose machine is that of the kernel; behind it the BTF as gzip(1) has compressed it. */
struct emf_package_btf {
	char release[72]; /* uname -r, ended by zeros: __NEW_UTS_LEN of the kernel has 64 */
};

#define EMF_PACKAGE_SIGNATURE_MAGIC "EMFSIGN\n"

/* Behind all that it is about. */
struct emf_package_signature {
	char magic[8];
	unsigned char key[32]; /* public, of Ed25519 */
	unsigned char signature[64];
};

/* One of several machines. */
struct emf_package_whole {
	uint16_t machine;
	const unsigned char *bytes;
	size_t size;
};

/* What is in one; points into its bytes. */
struct emf_package {
	const unsigned char *bytes;
	size_t size; /* without the signature */
	const struct emf_package_signature *signature; /* or NULL */
	const char *manifest; /* not ended */
	size_t manifest_size;
	const char *texts; /* ended by a NUL */
	size_t texts_size;
	const unsigned char *tables;
	size_t tables_size;
	struct emf_pack objects[EMF_PACKAGE_MODULES_MAX];
	size_t n_objects;
	struct emf_pack btfs[EMF_PACKAGE_BTFS_MAX]; /* behind their struct emf_package_btf */
	size_t n_btfs;
	uint16_t machine; /* of its first kernel part, whether it is ours or not */
	struct emf_package_whole wholes[EMF_PACKAGE_MACHINES_MAX];
	size_t n_wholes;
};

/**
 * emf_package_open() - find what is in a file
 * @bytes: of it, aligned to 8
 * @size: of these
 * @package: receives it
 * @why: receives a sentence about what is wrong
 *
 * Nothing of the tables is read yet.
 *
 * Return: 0; -ENOEXEC for what is no package, or damaged, or for another machine.
 */
int emf_package_open(const void *bytes, size_t size, struct emf_package *package, char why[EMF_PACKAGE_WHY_MAX]);

/**
 * emf_package_look() - the same, for whatever machine it is
 * @bytes: of it, aligned to 8
 * @size: of these
 * @package: receives it: manifest, machine, or those of each machine; of kernel parts and BTF only what is for this one
 * @why: receives a sentence about what is wrong
 *
 * Return: 0; -ENOEXEC for what is no package, or damaged.
 */
int emf_package_look(const void *bytes, size_t size, struct emf_package *package, char why[EMF_PACKAGE_WHY_MAX]);

/**
 * emf_package_size() - how much of it a signature is about
 * @bytes: of a file
 * @size: of these
 *
 * Reads the head alone, so that it can be called before anything is trusted.
 *
 * Return: bytes before the signature, and those are there; or 0 for what is no package.
 */
size_t emf_package_size(const void *bytes, size_t size);

/* The machine that this product was compiled for, as ELF numbers them; its name, or that of another one. */
uint16_t emf_package_machine(void);
const char *emf_package_machine_name(uint16_t machine);

#endif
