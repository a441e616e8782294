// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * value_find.c - text to values that are looked up on this machine.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "sysfile.h"
#include "user_name.h"
#include "value.h"

#define DEV_TEXT_MAX 12 /* "4095:1048575" */

static int parse_netdev(const char *text, uint64_t *value)
{
	unsigned int index = 0;

	if (strlen(text) < IF_NAMESIZE)
		index = if_nametoindex(text);
	if (index) { /* a name may begin with a digit, or be a number */
		*value = index;
		return 0;
	}
	if (isdigit((unsigned char)*text))
		return emf_value_parse_unsigned(text, value);
	return *text && strlen(text) < IF_NAMESIZE ? -ENODEV : -EINVAL;
}

/* Of what the path leads to, which may be out of the file system through ".." or a link. */
static int cgroup_id(const char *path, uint64_t *value)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;
	struct stat st;
	bool found;

	if (fd < 0)
		return -ENOENT;
	found = !fstatfs(fd, &fs) && fs.f_type == CGROUP2_SUPER_MAGIC && !fstat(fd, &st);
	close(fd);
	if (!found)
		return -ENOENT;
	*value = st.st_ino;
	return 0;
}

/*
 * Its id is the number of its folder's inode, cgroup_id() of the kernel: of version 2,
 * which is not mounted at /sys/fs/cgroup where version 1 is.
 */
static int parse_cgroup(const char *text, uint64_t *value)
{
	char root[EMF_MOUNT_MAX], path[EMF_VALUE_MAX];
	const char *below;
	size_t len;

	if (*text != '/')
		return emf_value_parse_unsigned(text, value);
	if (emf_mount_find("cgroup2", CGROUP2_SUPER_MAGIC, root))
		return -ENOENT;
	len = strlen(root);
	below = !strncmp(text, root, len) && (!text[len] || text[len] == '/') ? text + len : text;
	if (snprintf(path, sizeof(path), "%s%s", root, below) >= (int)sizeof(path))
		return -ERANGE;
	if (!cgroup_id(path, value))
		return 0;
	return cgroup_id(text, value); /* they can be mounted elsewhere as well */
}

/* "8:1", or what is there under this path. */
static int parse_dev(const char *text, uint64_t *value)
{
	unsigned int major, minor;
	struct stat st;
	int end = 0;

	if (*text == '/') {
		if (stat(text, &st) || !S_ISBLK(st.st_mode))
			return -ENOENT;
		*value = (uint64_t)major(st.st_rdev) << EMF_DEV_MINOR_BITS | minor(st.st_rdev);
		return 0;
	}
	if (!strchr(text, ':'))
		return emf_value_parse_unsigned(text, value);
	if (!isdigit((unsigned char)*text) || strspn(text, "0123456789:") != strlen(text) || strlen(text) > DEV_TEXT_MAX ||
	    sscanf(text, "%u:%u%n", &major, &minor, &end) != 2 || text[end])
		return -EINVAL;
	if (major >> (32 - EMF_DEV_MINOR_BITS) || minor >> EMF_DEV_MINOR_BITS)
		return -ERANGE;
	*value = (uint64_t)major << EMF_DEV_MINOR_BITS | minor;
	return 0;
}

static int parse_uid(const char *text, uint64_t *value)
{
	uint32_t uid = 0;

	if (isdigit((unsigned char)*text) || *text == '-')
		return emf_value_parse_unsigned(text, value);
	if (strcmp(text, "root") && emf_user_find(text, &uid))
		return -EINVAL;
	*value = uid;
	return 0;
}

static int parse_ksym(const char *text, uint64_t *value)
{
	unsigned long long address;
	char line[512], name[256];
	int err = -ENOENT;
	FILE *f;

	if (isdigit((unsigned char)*text))
		return emf_value_parse_unsigned(text, value);
	if (!isalpha((unsigned char)*text) && *text != '_')
		return -EINVAL;
	f = fopen("/proc/kallsyms", "re");
	if (!f)
		return -errno;
	/* Addresses are 0 for those who may not see them. */
	while (err && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx %*c %255s", &address, name) != 2 || strcmp(name, text) || !address)
			continue;
		*value = address;
		err = 0;
	}
	fclose(f);
	return err;
}

int emf_value_find(enum emf_type type, const char *text, uint64_t *number)
{
	switch (type) {
	case EMF_NETDEV:
		return parse_netdev(text, number);
	case EMF_KSYM:
		return parse_ksym(text, number);
	case EMF_UID:
		return parse_uid(text, number);
	case EMF_DEV:
		return parse_dev(text, number);
	default:
		return parse_cgroup(text, number);
	}
}
