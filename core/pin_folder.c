// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * pin_folder.c - folders in bpffs.
 */
#include "pin_folder.h"

#include <bpf/bpf.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define ENTRIES_MAX 4096
#define PATH_SIZE 512
#define HASH_PRIME 16777619u /* of FNV-1a */

int emf_bpffs_check(void)
{
	struct statfs st;

	return statfs(EMF_BPFFS, &st) || st.f_type != BPF_FS_MAGIC ? -ENODEV : 0;
}

int emf_bpffs_mount(void)
{
	struct statfs st;

	/* What others have mounted there, they meant. */
	if (!statfs(EMF_BPFFS, &st) && st.f_type == SYSFS_MAGIC)
		mount("bpf", EMF_BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700");
	return emf_bpffs_check();
}

uint32_t emf_pin_hash(uint32_t value, const char *text)
{
	for (; *text; text++)
		value = (value ^ (unsigned char)*text) * HASH_PRIME;
	return value;
}

static bool is_ours_alone(int fd)
{
	struct statfs fs;
	struct stat st;

	return !fstatfs(fd, &fs) && fs.f_type == BPF_FS_MAGIC && !fstat(fd, &st) && st.st_uid == geteuid() && !(st.st_mode & 077);
}

int emf_pin_folder_open(int in, const char *name, bool makes)
{
	int fd;

	if (makes && mkdirat(in, name, 0700) && errno != EEXIST)
		return -errno;
	fd = openat(in, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ELOOP || errno == ENOTDIR ? -EPERM : -errno;
	if (is_ours_alone(fd))
		return fd;
	close(fd);
	return -EPERM;
}

int emf_pin_folder_product(const char *product, bool makes)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), EMF_BPFFS "/%.100s", product);
	return emf_pin_folder_open(AT_FDCWD, path, makes);
}

void emf_pin_folder_drop(const char *product)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), EMF_BPFFS "/%.100s", product);
	rmdir(path); /* unless there is more */
}

int emf_pin_folder_lock(int fd)
{
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return 0;
	return errno == EWOULDBLOCK ? -EBUSY : -errno;
}

void emf_pin_folder_at(int fd, char at[EMF_PIN_AT_MAX])
{
	snprintf(at, EMF_PIN_AT_MAX, "/proc/self/fd/%d", fd);
}

int emf_pin_folder_each(const char *path, void (*each)(void *arg, const char *name), void *arg)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	if (!dir)
		return -errno;
	for (int i = 0; i < ENTRIES_MAX && (entry = readdir(dir)); i++)
		if (*entry->d_name != '.')
			each(arg, entry->d_name);
	closedir(dir);
	return 0;
}

static int full_path(char full[PATH_SIZE], const char *path, const char *name)
{
	return snprintf(full, PATH_SIZE, "%s/%s", path, name) < PATH_SIZE ? 0 : -ENAMETOOLONG;
}

/* The beginning of what the kernel says of a map and of a program is the type and the id; of a link it is the same. */
static bool is_same(int a, int b)
{
	struct bpf_link_info of_a = { 0 }, of_b = { 0 };
	__u32 size_a = sizeof(of_a), size_b = sizeof(of_b);

	return !bpf_obj_get_info_by_fd(a, &of_a, &size_a) && !bpf_obj_get_info_by_fd(b, &of_b, &size_b) && of_a.type == of_b.type &&
	       of_a.id == of_b.id;
}

int emf_pin_get(const char *path, const char *name)
{
	char full[PATH_SIZE];
	int err = full_path(full, path, name), fd;

	if (err)
		return err;
	fd = bpf_obj_get(full);
	return fd < 0 ? -errno : fd;
}

int emf_pin(const char *path, const char *name, int fd)
{
	char full[PATH_SIZE];
	int there = emf_pin_get(path, name), err = full_path(full, path, name);
	bool is_there = there >= 0 && is_same(there, fd);

	if (!err && !is_there) {
		if (there >= 0)
			unlink(full);
		err = bpf_obj_pin(fd, full) ? -errno : 0;
		if (err && there >= 0)
			bpf_obj_pin(there, full); /* or it would end with us */
	}
	if (there >= 0)
		close(there);
	return err;
}

void emf_unpin(const char *path, const char *name)
{
	char full[PATH_SIZE];

	if (!full_path(full, path, name) && unlink(full) && errno == EISDIR)
		rmdir(full);
}

/* Dots are the kernel's own there, bpf_lookup() in kernel/bpf/inode.c. */
void emf_pin_name(const char *text, char *name, size_t size)
{
	size_t at = 0;

	for (; *text && at + 4 < size; text++) {
		bool is_plain = isalnum((unsigned char)*text) || strchr("_-:@", *text);

		at += (size_t)snprintf(name + at, size - at, is_plain ? "%c" : "%%%02X", (unsigned char)*text);
	}
	name[at < size ? at : size - 1] = '\0';
}
