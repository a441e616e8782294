// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * socket_acl.c - the access control list of the socket's file, with the system call: libacl
 * would be a library for one call.
 */
#include "socket_acl.h"

#include <endian.h>
#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/xattr.h>

#define NAME "system.posix_acl_access"
#define USES (ACL_READ | ACL_WRITE)

struct list {
	struct posix_acl_xattr_entry *entries;
	size_t n;
};

static void put(struct list *list, unsigned int tag, unsigned int perm, unsigned int id)
{
	list->entries[list->n++] = (struct posix_acl_xattr_entry){ htole16((uint16_t)tag), htole16((uint16_t)perm), htole32(id) };
}

static int by_id(const void *one, const void *other)
{
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;

	return (a > b) - (a < b);
}

/* Each once and sorted, as the kernel wants them. */
static void put_all(struct list *list, const struct emf_acl *acl, bool groups, uint32_t *ids)
{
	size_t n = 0;

	for (size_t i = 0; i < acl->n; i++)
		if (!acl->rules[i].is_deny && acl->rules[i].is_group == groups)
			ids[n++] = acl->rules[i].id;
	qsort(ids, n, sizeof(*ids), by_id);
	for (size_t i = 0; i < n; i++)
		if (!i || ids[i] != ids[i - 1])
			put(list, groups ? ACL_GROUP : ACL_USER, USES, ids[i]);
}

int emf_socket_acl_set(const char *path, const struct emf_acl *acl)
{
	size_t room = acl->n + 5, size;
	struct posix_acl_xattr_header *header = malloc(sizeof(*header) + room * sizeof(struct posix_acl_xattr_entry));
	uint32_t *ids = malloc(acl->n * sizeof(*ids) + 1);
	struct list list = { .n = 0 };
	int err = 0;

	if (!header || !ids) {
		err = -ENOMEM;
		goto out;
	}
	header->a_version = htole32(POSIX_ACL_XATTR_VERSION);
	list.entries = (struct posix_acl_xattr_entry *)(header + 1);
	put(&list, ACL_USER_OBJ, USES, ACL_UNDEFINED_ID);
	put_all(&list, acl, false, ids);
	put(&list, ACL_GROUP_OBJ, USES, ACL_UNDEFINED_ID);
	put_all(&list, acl, true, ids);
	put(&list, ACL_MASK, USES, ACL_UNDEFINED_ID);
	put(&list, ACL_OTHER, 0, ACL_UNDEFINED_ID);
	size = sizeof(*header) + list.n * sizeof(*list.entries);
	if (setxattr(path, NAME, header, size, 0))
		err = -errno;
out:
	free(header);
	free(ids);
	return err;
}
