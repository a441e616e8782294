// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * package_file.c - the file that a package is, read without trust.
 */
#include "package_file.h"

#include <endian.h>
#include <errno.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAMAGED "it is damaged: "
#define GZIP_SHORTEST 18 /* RFC 1952: header and trailer */

_Static_assert(sizeof(struct emf_package_head) == 64 && sizeof(struct emf_package_section) == 64, "as emf-package(5) has them");
_Static_assert(sizeof(struct emf_package_signature) == 104, "without padding");

/* This program's own header, which says what machine it is for. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

uint16_t emf_package_machine(void)
{
	return __ehdr_start.e_machine;
}

const char *emf_package_machine_name(uint16_t machine)
{
	return machine == EM_X86_64 ? "x86_64" : machine == EM_AARCH64 ? "aarch64" : machine == EM_RISCV ? "riscv64" : "another machine";
}

static int __attribute__((format(printf, 2, 3))) refuse(char *why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, EMF_PACKAGE_WHY_MAX, fmt, args);
	va_end(args);
	return -ENOEXEC;
}

size_t emf_package_size(const void *bytes, size_t size)
{
	const struct emf_package_head *head = bytes;

	if (size < sizeof(*head) || memcmp(head->magic, EMF_PACKAGE_MAGIC, sizeof(head->magic)))
		return 0;
	return le64toh(head->size) <= size ? le64toh(head->size) : 0;
}

/* Behind the package there is a signature or nothing. */
static int find_signature(struct emf_package *package, size_t size, char *why)
{
	const struct emf_package_signature *signature = (const void *)(package->bytes + package->size);

	if (size == package->size)
		return 0;
	if (size - package->size != sizeof(*signature) || memcmp(signature->magic, EMF_PACKAGE_SIGNATURE_MAGIC, sizeof(signature->magic)))
		return refuse(why, DAMAGED "what is behind it is no signature");
	package->signature = signature;
	return 0;
}

static int check_hash(const struct emf_package_head *head, size_t size, char *why)
{
	struct emf_package_head *copy = malloc(size);
	unsigned char hash[EMF_SHA256_BYTES];

	if (!copy) {
		refuse(why, "out of memory");
		return -ENOMEM;
	}
	memcpy(copy, head, size);
	memset(copy->hash, 0, sizeof(copy->hash));
	emf_sha256(copy, size, hash);
	free(copy);
	return memcmp(hash, head->hash, sizeof(hash)) ? refuse(why, DAMAGED "its head has another hash") : 0;
}

static int check_head(struct emf_package *package, size_t size, char *why)
{
	const struct emf_package_head *head = (const void *)package->bytes;
	uint32_t n;

	if (size < sizeof(*head) || memcmp(head->magic, EMF_PACKAGE_MAGIC, sizeof(head->magic)))
		return refuse(why, size ? "it is no package of EMF" : "it is empty");
	if (le32toh(head->version) != EMF_PACKAGE_VERSION)
		return refuse(why, "it is of version %u, and this product knows %u: use a newer product", le32toh(head->version), EMF_PACKAGE_VERSION);
	if (le64toh(head->size) > size)
		return refuse(why, DAMAGED "it has %zu bytes of %llu", size, (unsigned long long)le64toh(head->size));
	n = le32toh(head->n_sections);
	if (n > EMF_PACKAGE_SECTIONS_MAX || le64toh(head->size) < sizeof(*head) + n * sizeof(struct emf_package_section) || head->reserved)
		return refuse(why, DAMAGED "it cannot have %u sections", n);
	package->size = le64toh(head->size);
	return check_hash(head, sizeof(*head) + n * sizeof(struct emf_package_section), why);
}

static int check_unpacked(const unsigned char *end, uint32_t most, const char *what, char *why)
{
	uint32_t unpacked;

	memcpy(&unpacked, end - sizeof(unpacked), sizeof(unpacked));
	if (le32toh(unpacked) <= most)
		return 0;
	return refuse(why, "%s has %u bytes unpacked, and %u are allowed", what, le32toh(unpacked), most);
}

static int take_object(struct emf_package *package, const struct emf_package_section *section, const unsigned char *at, size_t size, char *why)
{
	uint16_t number = le16toh(section->number), machine = le16toh(section->machine);

	package->machine = package->machine ? package->machine : machine;
	if (machine && machine != emf_package_machine())
		return 0;
	if (number >= EMF_PACKAGE_MODULES_MAX || package->objects[number].start)
		return refuse(why, DAMAGED "it has a kernel part %u twice, or too many", number);
	if (size < GZIP_SHORTEST)
		return refuse(why, DAMAGED "a kernel part has %zu bytes", size);
	package->objects[number] = (struct emf_pack){ at, at + size };
	package->n_objects++;
	return check_unpacked(at + size, EMF_PACKAGE_OBJECT_MAX, "a kernel part", why);
}

static int take_btf(struct emf_package *package, const struct emf_package_section *section, const unsigned char *at, size_t size, char *why)
{
	const struct emf_package_btf *head = (const void *)at;

	if (le16toh(section->machine) != emf_package_machine())
		return 0;
	if (size < sizeof(*head) + GZIP_SHORTEST || !memchr(head->release, '\0', sizeof(head->release)))
		return refuse(why, DAMAGED "the BTF of a kernel has no release, or too few bytes");
	if (package->n_btfs == EMF_PACKAGE_BTFS_MAX)
		return refuse(why, "it has BTF of more than %d kernels", EMF_PACKAGE_BTFS_MAX);
	package->btfs[package->n_btfs++] = (struct emf_pack){ at + sizeof(*head), at + size };
	return check_unpacked(at + size, EMF_PACKAGE_BTF_MAX, "the BTF of a kernel", why);
}

static int take_whole(struct emf_package *package, const struct emf_package_section *section, const unsigned char *at, size_t size, char *why)
{
	uint16_t machine = le16toh(section->machine);

	if (!machine || package->n_wholes == EMF_PACKAGE_MACHINES_MAX)
		return refuse(why, DAMAGED "it has a part for no machine, or for more than %d", EMF_PACKAGE_MACHINES_MAX);
	for (size_t i = 0; i < package->n_wholes; i++)
		if (package->wholes[i].machine == machine)
			return refuse(why, DAMAGED "it has two parts for %s", emf_package_machine_name(machine));
	package->wholes[package->n_wholes++] = (struct emf_package_whole){ machine, at, size };
	return 0;
}

static int take(struct emf_package *package, const struct emf_package_section *section, char *why)
{
	const unsigned char *at = package->bytes + le64toh(section->offset);
	size_t size = le64toh(section->size);
	uint32_t kind = le32toh(section->kind);

	switch (kind) {
	case EMF_PACKAGE_MANIFEST:
		package->manifest = (const char *)at;
		package->manifest_size = size;
		return 0;
	case EMF_PACKAGE_TEXTS:
		package->texts = (const char *)at;
		package->texts_size = size;
		return !size || at[size - 1] ? refuse(why, DAMAGED "its texts have no end") : 0;
	case EMF_PACKAGE_TABLES:
		package->tables = at;
		package->tables_size = size;
		return 0;
	case EMF_PACKAGE_OBJECT:
		return take_object(package, section, at, size, why);
	case EMF_PACKAGE_WHOLE:
		return take_whole(package, section, at, size, why);
	case EMF_PACKAGE_BTF:
		return take_btf(package, section, at, size, why);
	default:
		return kind & EMF_PACKAGE_OPTIONAL ? 0 : refuse(why, "it has a section of kind %u, which this product does not know: use a newer product", kind);
	}
}

/* Each behind the one before, without room between them for anything else. */
static int take_all(struct emf_package *package, char *why)
{
	const struct emf_package_head *head = (const void *)package->bytes;
	const struct emf_package_section *sections = (const void *)(head + 1);
	uint64_t end = sizeof(*head) + le32toh(head->n_sections) * sizeof(*sections);
	unsigned char hash[EMF_SHA256_BYTES];
	int err = 0;

	for (uint32_t i = 0; i < le32toh(head->n_sections) && !err; i++) {
		uint64_t offset = le64toh(sections[i].offset), size = le64toh(sections[i].size);

		if (offset != (end + 7) / 8 * 8 || offset > package->size || size > package->size - offset || sections[i].reserved)
			return refuse(why, DAMAGED "section %u of it is not where it can be", i + 1);
		for (; end < offset; end++)
			if (package->bytes[end])
				return refuse(why, DAMAGED "there is something before section %u of it", i + 1);
		emf_sha256(package->bytes + offset, size, hash);
		if (memcmp(hash, sections[i].hash, sizeof(hash)))
			return refuse(why, DAMAGED "section %u of it has another hash", i + 1);
		end = offset + size;
		err = take(package, &sections[i], why);
	}
	if (!err && end != package->size)
		err = refuse(why, DAMAGED "it does not end with its last section");
	return err;
}

static int look(const void *bytes, size_t size, struct emf_package *package, char *why)
{
	int err;

	*package = (struct emf_package){ .bytes = bytes };
	err = check_head(package, size, why);
	if (!err)
		err = find_signature(package, size, why);
	return err ? err : take_all(package, why);
}

static int check_parts(const struct emf_package *package, char *why)
{
	for (size_t i = 0; i < package->n_objects; i++)
		if (!package->objects[i].start)
			return refuse(why, DAMAGED "its kernel parts are not numbered from 0");
	return package->texts && package->tables && package->manifest ? 0 : refuse(why, DAMAGED "it has no tables, texts or manifest");
}

int emf_package_look(const void *bytes, size_t size, struct emf_package *package, char why[EMF_PACKAGE_WHY_MAX])
{
	int err = look(bytes, size, package, why);

	if (err)
		return err;
	if (package->n_wholes)
		return package->manifest || package->texts || package->tables || package->machine || package->n_objects || package->n_btfs ?
			       refuse(why, DAMAGED "it has packages, and parts of one") : 0;
	return check_parts(package, why);
}

/* Of another machine they are there, and not taken. */
static int tell_machine(uint16_t machine, char *why)
{
	if (!machine)
		return refuse(why, "it has no kernel part");
	return refuse(why, "its kernel parts are for %s, and this product runs on %s: pack it there", emf_package_machine_name(machine),
		      emf_package_machine_name(emf_package_machine()));
}

static int tell_machines(const struct emf_package *package, char *why)
{
	char names[120] = "";

	for (size_t i = 0; i < package->n_wholes; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i ? ", " : "", emf_package_machine_name(package->wholes[i].machine));
	return refuse(why, "it is for %s, and this product runs on %s: pack it there, and 'pack --join' both", names, emf_package_machine_name(emf_package_machine()));
}

/* The one of this machine. */
static int open_whole(struct emf_package *package, char *why)
{
	for (size_t i = 0; i < package->n_wholes; i++) {
		const struct emf_package_whole whole = package->wholes[i];

		if (whole.machine != emf_package_machine())
			continue;
		if (emf_package_look(whole.bytes, whole.size, package, why))
			return -ENOEXEC;
		return package->n_wholes || package->signature ? refuse(why, DAMAGED "a part of it is no package for one machine") : 0;
	}
	return tell_machines(package, why);
}

int emf_package_open(const void *bytes, size_t size, struct emf_package *package, char why[EMF_PACKAGE_WHY_MAX])
{
	int err = emf_package_look(bytes, size, package, why);

	if (!err && package->n_wholes)
		err = open_whole(package, why);
	if (!err && !package->n_objects)
		err = tell_machine(package->machine, why);
	return err;
}
