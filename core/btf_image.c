// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * btf_image.c - an entry of the BTF cache as bytes.
 */
#include "btf_image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define MAGIC 0x42464d45u /* "EMFB" */
#define FORMAT 1 /* of what follows, and of what is chosen for it: an older entry is none */

/* Behind it: one byte for each object, to a multiple of 8; targets; the BTF. */
struct head {
	uint32_t magic;
	uint32_t format;
	uint32_t sum; /* crc32 of all that follows it */
	uint32_t btf_size;
	uint32_t n_objects;
	uint32_t n_targets;
	struct emf_btf_key key;
};

#define SUMMED_FROM (offsetof(struct head, sum) + sizeof(uint32_t))

_Static_assert(sizeof(struct head) == 40, "the same on all machines of one byte order");

static uint32_t sum(const void *bytes, size_t size)
{
	return (uint32_t)crc32(0, (const unsigned char *)bytes + SUMMED_FROM, (unsigned int)(size - SUMMED_FROM));
}

static size_t uses_size(uint32_t n_objects)
{
	return (n_objects + 7ul) & ~7ul;
}

static size_t whole_size(const struct head *head)
{
	return sizeof(*head) + uses_size(head->n_objects) + head->n_targets * sizeof(struct emf_btf_target) + head->btf_size;
}

void *emf_btf_image_write(const struct emf_btf_image *image, size_t *size)
{
	struct head head = { .magic = MAGIC, .format = FORMAT, .btf_size = image->btf_size, .n_objects = image->n_objects,
			     .n_targets = image->n_targets, .key = image->key };
	size_t n = whole_size(&head);
	char *bytes = calloc(1, n), *at = bytes;

	if (!bytes)
		return NULL;
	at += sizeof(head);
	memcpy(at, image->uses, image->n_objects);
	at += uses_size(image->n_objects);
	memcpy(at, image->targets, image->n_targets * sizeof(*image->targets));
	at += image->n_targets * sizeof(*image->targets);
	memcpy(at, image->btf, image->btf_size);
	memcpy(bytes, &head, sizeof(head));
	head.sum = sum(bytes, n);
	memcpy(bytes, &head, sizeof(head));
	*size = n;
	return bytes;
}

static bool are_good(const struct emf_btf_image *image)
{
	for (uint32_t i = 0; i < image->n_objects; i++)
		if (image->uses[i] >= EMF_BTF_USES_MAX)
			return false;
	for (uint32_t i = 0; i < image->n_targets; i++)
		if (!image->targets[i].id || image->targets[i].id > 0xfffff || /* BTF_MAX_TYPE */
		    !memchr(image->targets[i].section, '\0', EMF_BTF_SECTION_MAX) || !emf_btf_target_is(image->targets[i].section))
			return false;
	return true;
}

int emf_btf_image_read(struct emf_btf_image *image, const void *bytes, size_t size)
{
	struct emf_btf_image read;
	struct head head;
	const char *at = bytes;

	if (size < sizeof(head) || size > EMF_BTF_IMAGE_MAX)
		return -EINVAL;
	memcpy(&head, bytes, sizeof(head));
	if (head.magic != MAGIC || head.format != FORMAT || head.n_objects > EMF_BTF_OBJECTS_MAX ||
	    head.n_targets > EMF_BTF_TARGETS_MAX || head.btf_size > EMF_BTF_IMAGE_MAX || whole_size(&head) != size ||
	    sum(bytes, size) != head.sum)
		return -EINVAL;
	read = (struct emf_btf_image){ .key = head.key, .btf_size = head.btf_size, .n_objects = head.n_objects,
				       .n_targets = head.n_targets };
	at += sizeof(head);
	read.uses = (const uint8_t *)at;
	at += uses_size(head.n_objects);
	read.targets = (const void *)at;
	read.btf = at + head.n_targets * sizeof(*read.targets);
	if (!are_good(&read))
		return -EINVAL;
	*image = read;
	return 0;
}

/* FNV-1a, by words and with its upper half folded in: http://www.isthe.com/chongo/tech/comp/fnv */
uint64_t emf_btf_hash(uint64_t hash, const void *bytes, size_t size)
{
	const char *at = bytes;
	uint64_t word;

	hash = (hash ^ 14695981039346656037ull ^ size) * 1099511628211ull;
	while (size) {
		size_t n = size < sizeof(word) ? size : sizeof(word);

		word = 0;
		memcpy(&word, at, n);
		hash = (hash ^ word) * 1099511628211ull;
		hash ^= hash >> 32;
		at += n;
		size -= n;
	}
	return hash;
}
