// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * btf_hub.c - types of the kernel that runs, from the product.
 */
#include "btf_hub.h"

#include <emf/object.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "btf_memory.h"
#include "btf_reduce.h"
#include "pack.h"
#include "sysfile.h"

EMF_PACK(hub_pack, "obj/btf-hub.gz");

/* Once it was asked for; one for the process. */
static struct hub {
	unsigned char *bytes; /* NULL: not yet */
	const struct emf_btf_hub_object *objects;
	const struct emf_btf_hub_kernel *kernels;
	size_t n_objects, n_kernels;
	struct emf_btf_memory memory;
} hub;

static int hub_open(void)
{
	const struct emf_btf_hub_head *head;
	size_t size;

	if (hub.bytes)
		return 0;
	hub.bytes = emf_pack_open(&hub_pack, &size);
	if (!hub.bytes)
		return -errno;
	/* It was written with this binary: what is in it is right. */
	head = (const void *)hub.bytes;
	hub.n_objects = le32toh(head->n_objects);
	hub.n_kernels = le32toh(head->n_kernels);
	hub.objects = (const void *)(head + 1);
	hub.kernels = (const void *)(hub.objects + hub.n_objects);
	return 0;
}

/* --- which kernel runs */

struct os_release {
	char id[24], version_id[24];
};

/* The value of a line NAME=value or NAME="value", os-release(5); empty if there is none. */
static void read_value(const char *text, const char *name, char value[24])
{
	size_t len = strlen(name);

	*value = '\0';
	while (text && strncmp(text, name, len)) {
		text = strchr(text, '\n');
		text += !!text;
	}
	if (!text)
		return;
	text += len;
	text += strspn(text, "\"'");
	snprintf(value, 24, "%.*s", (int)strcspn(text, "\"'\n"), text);
}

static void read_os_release(struct os_release *os)
{
	char text[4096] = "";

	if (emf_sysfile_read("/etc/os-release", text, sizeof(text)) < 0)
		emf_sysfile_read("/usr/lib/os-release", text, sizeof(text));
	read_value(text, "ID=", os->id);
	read_value(text, "VERSION_ID=", os->version_id);
}

/* How well a kernel's distribution is the one that runs. */
static int score(const struct emf_btf_hub_kernel *kernel, const struct os_release *os)
{
	bool is_it = *kernel->distribution && !strcmp(kernel->distribution, os->id);

	return is_it ? 2 + (*kernel->version && !strcmp(kernel->version, os->version_id)) : 0;
}

static void name_it(const struct emf_btf_hub_kernel *kernel, char *text, size_t size)
{
	snprintf(text, size, "%s%s%s%s%s", kernel->distribution, *kernel->distribution ? " " : "", kernel->version, *kernel->version ? " " : "",
		 kernel->release);
}

/* Several distributions may call different kernels the same: then /etc/os-release has to say which one this is. */
static const struct emf_btf_hub_kernel *choose(const char *release, const struct os_release *os, char *why)
{
	const struct emf_btf_hub_kernel *best = NULL, *other = NULL;

	for (size_t i = 0; i < hub.n_kernels; i++) {
		const struct emf_btf_hub_kernel *kernel = &hub.kernels[i];

		if (strcmp(kernel->release, release))
			continue;
		if (!best || score(kernel, os) > score(best, os)) {
			best = kernel;
			other = NULL;
		} else if (score(kernel, os) == score(best, os) && kernel->offset != best->offset) {
			other = kernel;
		}
	}
	if (!best)
		snprintf(why, EMF_BTF_HUB_WHY_MAX, "the product has none of it: build the product with the BTF of that kernel in the folder of --with-btfhub");
	if (other) {
		char one[sizeof(*best)], two[sizeof(*other)];

		name_it(best, one, sizeof(one));
		name_it(other, two, sizeof(two));
		snprintf(why, EMF_BTF_HUB_WHY_MAX,
			 "the product has different ones, for '%s' and '%s', and /etc/os-release says '%s %s': build it with the one that is meant alone", one, two,
			 os->id, os->version_id);
	}
	return other ? NULL : best;
}

/* Of the kernel that runs. NULL, and @why says why not. */
static const struct emf_btf_hub_kernel *find(char *why)
{
	struct os_release os;
	struct utsname name;

	uname(&name);
	read_os_release(&os);
	return choose(name.release, &os, why);
}

static const struct emf_btf_hub_object *find_object(const struct emf_pack *pack)
{
	struct emf_btf_hub_object wanted;

	memcpy(&wanted, pack->end - 2 * sizeof(uint32_t), 2 * sizeof(uint32_t));
	for (size_t i = 0; i < hub.n_objects; i++)
		if (hub.objects[i].crc == wanted.crc && hub.objects[i].size == wanted.size)
			return &hub.objects[i];
	return NULL;
}

/* Whether the types in the product are all that it needs. */
static bool is_for(const struct emf_pack *pack, char *why)
{
	const struct emf_btf_hub_object *object = find_object(pack);
	const char *use = object ? emf_btf_use_why((enum emf_btf_use)le32toh(object->use)) : "it was not built with the product";

	if (use)
		snprintf(why, EMF_BTF_HUB_WHY_MAX, "what the product has of it does not serve this module: %s", use);
	return !use;
}

static int make_path(const struct emf_pack *pack, char *why)
{
	const struct emf_btf_hub_kernel *kernel = NULL;
	int err = hub_open();

	if (err) {
		snprintf(why, EMF_BTF_HUB_WHY_MAX, "that of the product cannot be read: %s", strerror(-err));
		return err;
	}
	if (is_for(pack, why))
		kernel = find(why);
	if (!kernel)
		return -EOPNOTSUPP;
	if (hub.memory.path[0])
		return 0;
	err = emf_btf_memory_open(&hub.memory, hub.bytes + le32toh(kernel->offset), le32toh(kernel->size));
	if (err)
		snprintf(why, EMF_BTF_HUB_WHY_MAX, "that of the product cannot be kept: %s", strerror(-err));
	return err;
}

int emf_btf_hub_path(const struct emf_pack *pack, const char **path, char why[EMF_BTF_HUB_WHY_MAX])
{
	char reason[EMF_BTF_HUB_WHY_MAX] = "";
	struct utsname name;
	int err = make_path(pack, reason);

	uname(&name);
	if (err)
		snprintf(why, EMF_BTF_HUB_WHY_MAX, "this machine has no BTF of its kernel %.64s (%.16s), and %.400s", name.release, name.machine, reason);
	else
		*path = hub.memory.path;
	return err;
}

void emf_btf_hub_about(struct emf_btf_hub_about *about)
{
	const struct emf_btf_hub_kernel *kernel = NULL;
	int err = hub_open();

	*about = (struct emf_btf_hub_about){ .n_kernels = hub.n_kernels, .n_bytes = (size_t)(hub_pack.end - hub_pack.start) };
	if (err)
		snprintf(about->text, sizeof(about->text), "that of the product cannot be read: %s", strerror(-err));
	else
		kernel = find(about->text);
	about->has_it = kernel;
	if (kernel)
		name_it(kernel, about->text, sizeof(about->text));
}
