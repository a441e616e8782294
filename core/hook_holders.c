// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * hook_holders.c - who keeps a program alive.
 */
#include "hook_holders.h"

#include <bpf/bpf.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sysfile.h"

#define FILES_MAX 200000 /* of all processes: a second or two */
#define PINS_MAX 4096
#define DEPTH_MAX 4 /* of folders */
#define NAMED_MAX 3
#define BPFFS "/sys/fs/bpf"

/* "prog_id:" stands in the description of a program and in that of a link, kernel/bpf/syscall.c. */
static int is_of_program(const char *path, uint32_t program)
{
	char text[1024];
	const char *at = emf_sysfile_read(path, text, sizeof(text)) < 0 ? NULL : strstr(text, "prog_id:");

	return at && strtoul(at + strlen("prog_id:"), NULL, 10) == program;
}

static int has_open(const char *pid, uint32_t program, unsigned int *left)
{
	char path[300];
	const struct dirent *entry;
	int found = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.16s/fdinfo", pid);
	dir = opendir(path);
	while (dir && *left && !found && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)*entry->d_name))
			continue;
		--*left;
		snprintf(path, sizeof(path), "/proc/%.16s/fdinfo/%.16s", pid, entry->d_name);
		found = is_of_program(path, program);
	}
	if (dir)
		closedir(dir);
	return found;
}

static void add_name(const char *pid, char *text, size_t size)
{
	char path[64], name[32] = "?";
	size_t at = strlen(text);

	snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
	emf_sysfile_read(path, name, sizeof(name));
	snprintf(text + at, size - at, "%s'%s' (pid %s)", at ? ", " : "", name, pid);
}

unsigned int emf_holders_find(uint32_t program, char *text, size_t size)
{
	unsigned int n = 0, left = FILES_MAX;
	const struct dirent *entry;
	DIR *dir = opendir("/proc");

	*text = '\0';
	while (dir && left && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)*entry->d_name) || atoi(entry->d_name) == getpid() || !has_open(entry->d_name, program, &left))
			continue;
		if (n++ < NAMED_MAX)
			add_name(entry->d_name, text, size);
	}
	if (dir)
		closedir(dir);
	return n;
}

/* --- pins */

static int is_pin_of(const char *path, uint32_t program)
{
	int fd = bpf_obj_get(path), found;
	char info[64];

	if (fd < 0)
		return 0;
	snprintf(info, sizeof(info), "/proc/self/fdinfo/%d", fd);
	found = is_of_program(info, program);
	close(fd);
	return found;
}

static int look_in(const char *folder, uint32_t program, int depth, unsigned int *left, char *path, size_t size)
{
	const struct dirent *entry;
	DIR *dir = opendir(folder);
	int found = 0;

	while (dir && *left && !found && (entry = readdir(dir))) {
		char at[512];
		struct stat st;

		if (*entry->d_name == '.' || snprintf(at, sizeof(at), "%s/%s", folder, entry->d_name) >= (int)sizeof(at) || lstat(at, &st))
			continue;
		--*left;
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
			found = look_in(at, program, depth + 1, left, path, size);
		} else if (S_ISREG(st.st_mode) && is_pin_of(at, program)) {
			snprintf(path, size, "%s", at);
			found = 1;
		}
	}
	if (dir)
		closedir(dir);
	return found;
}

int emf_pin_find(uint32_t program, char *path, size_t size)
{
	unsigned int left = PINS_MAX;

	return look_in(BPFFS, program, 0, &left, path, size) ? 0 : -ENOENT;
}
