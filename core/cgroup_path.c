// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cgroup_path.c - the kernel is asked for the path of a group that a handle of a file
 * names: its number is that of its folder.
 */
#include "cgroup_path.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <emf/loop.h>

#include "sysfile.h"

#define SETS 256
#define WAYS 4		    /* of a set the one that was not asked for the longest time goes */
#define FILEID_KERNFS 0xfe  /* include/linux/exportfs.h */
#define RETRY_NS UINT64_C(1000000000)

static struct kept {
	uint64_t id;
	uint64_t used; /* a number that grows; 0: free */
	uint64_t tried_ns;
	char *path; /* NULL: not found */
} kept[SETS][WAYS];

static struct {
	int fd;
	bool is_open;
	uint64_t tried_ns;
	char path[EMF_MOUNT_MAX];
} mount = { .fd = -1 };

static bool open_mount(uint64_t now_ns)
{
	if (mount.is_open || (mount.tried_ns && now_ns - mount.tried_ns < RETRY_NS))
		return mount.is_open;
	mount.tried_ns = now_ns;
	if (emf_mount_find("cgroup2", CGROUP2_SUPER_MAGIC, mount.path))
		return false;
	mount.fd = open(mount.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mount.is_open = mount.fd >= 0;
	return mount.is_open;
}

static int open_group(uint64_t id)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(id)];
	} of = { .handle = { .handle_bytes = sizeof(id), .handle_type = FILEID_KERNFS } };

	memcpy(of.handle.f_handle, &id, sizeof(id));
	return open_by_handle_at(mount.fd, &of.handle, O_PATH | O_CLOEXEC);
}

/* NULL if it is not there, or this process may not know. */
static char *find(uint64_t id, uint64_t now_ns)
{
	char link[32], path[4096]; /* PATH_MAX */
	size_t len;
	ssize_t n;
	int fd;

	if (!open_mount(now_ns))
		return NULL;
	fd = open_group(id);
	if (fd < 0)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	close(fd);
	len = strlen(mount.path);
	if (n < (ssize_t)len || memcmp(path, mount.path, len))
		return NULL;
	path[n] = '\0';
	if (path[len] && path[len] != '/')
		return NULL;
	return strdup(path[len] ? path + len : "/");
}

const char *emf_cgroup_path(uint64_t id)
{
	struct kept *set = kept[id % SETS], *k = set;
	static uint64_t uses;
	uint64_t now_ns;

	if (!id)
		return NULL;
	for (size_t i = 0; i < WAYS && k->id != id; i++)
		k = set[i].id == id || set[i].used < k->used ? &set[i] : k;
	if (k->used && k->id == id && k->path) {
		k->used = ++uses;
		return k->path;
	}
	now_ns = emf_now_ns();
	if (!k->used || k->id != id || now_ns - k->tried_ns >= RETRY_NS) {
		free(k->path);
		k->id = id;
		k->tried_ns = now_ns;
		k->path = find(id, now_ns);
	}
	k->used = ++uses;
	return k->path;
}

/* --- containers */

#define ID_DIGITS 64

/* "docker-<id>.scope", "cri-containerd-<id>.scope", "kubepods...:cri-containerd:<id>", "<id>". */
static const char *id_in(const char *name, size_t len, size_t *id_len)
{
	static const char scope[] = ".scope", monitor[] = "conmon-";
	size_t tail = sizeof(scope) - 1, before;

	if (len > tail && !memcmp(name + len - tail, scope, tail))
		len -= tail;
	if (len < ID_DIGITS)
		return NULL;
	before = len - ID_DIGITS;
	if (strspn(name + before, "0123456789abcdef") < ID_DIGITS || (before && !strchr("-:", name[before - 1])))
		return NULL;
	/* What watches a container is not in it. */
	if (before >= sizeof(monitor) - 1 && !memcmp(name + before - (sizeof(monitor) - 1), monitor, sizeof(monitor) - 1))
		return NULL;
	*id_len = ID_DIGITS;
	return name + before;
}

/* "lxc.payload.NAME"; "lxc.payload/NAME" and "lxc/NAME" of older ones. */
static const char *lxc_in(const char *name, size_t len, bool is_below_lxc, size_t *id_len)
{
	static const char payload[] = "lxc.payload.";
	size_t head = sizeof(payload) - 1;

	if (is_below_lxc) {
		*id_len = len;
		return name;
	}
	if (len <= head || memcmp(name, payload, head))
		return NULL;
	*id_len = len - head;
	return name + head;
}

static bool is_word(const char *name, size_t len, const char *word)
{
	return len == strlen(word) && !memcmp(name, word, len);
}

const char *emf_container_in(const char *path, size_t *len)
{
	const char *found = NULL;
	bool is_below_lxc = false;

	while (*path) {
		size_t n = strcspn(path, "/");
		const char *id = n ? id_in(path, n, len) : NULL;

		if (n && !id)
			id = lxc_in(path, n, is_below_lxc, len);
		if (n)
			is_below_lxc = is_word(path, n, "lxc") || is_word(path, n, "lxc.payload");
		if (id)
			found = id;
		path += n + (path[n] == '/');
	}
	return found;
}

const char *emf_container_id(uint64_t cgroup, size_t *len)
{
	const char *path = emf_cgroup_path(cgroup);

	return path ? emf_container_in(path, len) : NULL;
}
