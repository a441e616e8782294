// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * library.c - shared libraries by their names: of a process, or of the system.
 */
#include "library.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MUSL "ld-musl-" /* its dynamic linker is its C library */
#define SUFFIX ".so"

/* Where distributions have them; those of Debian in a folder below, by the processor. */
static const char *const folders[] = { "/usr/local/lib64", "/usr/local/lib", "/usr/lib64", "/usr/lib", "/lib64", "/lib" };

/* The newest one so far. */
struct best {
	const char *name;
	char *path;
	char file[NAME_MAX + 1];
};

bool emf_library_is_name(const char *name)
{
	return !strncmp(name, "lib", 3) && !strchr(name, '/');
}

/* libc: libc.so.6, and libc-2.31.so, but not libcap.so.2 or libc-client.so. */
static bool is_called(const char *file, const char *name)
{
	size_t n = strlen(name);

	if (strstr(name, SUFFIX))
		return !strcmp(file, name);
	if (!strcmp(name, "libc") && !strncmp(file, MUSL, strlen(MUSL)))
		return true;
	if (strncmp(file, name, n))
		return false;
	return !strncmp(file + n, SUFFIX, strlen(SUFFIX)) || (file[n] == '-' && file[n + 1] >= '0' && file[n + 1] <= '9' && strstr(file + n, SUFFIX));
}

/* --- of a process */

static int find_mapped(const char *name, unsigned int pid, FILE *maps, char path[PATH_MAX])
{
	char line[PATH_MAX + 128], file[PATH_MAX];

	while (fgets(line, sizeof(line), maps)) {
		const char *slash = sscanf(line, "%*s %*s %*s %*s %*s %4095[^\n]", file) == 1 ? strrchr(file, '/') : NULL;

		if (slash && is_called(slash + 1, name))
			return snprintf(path, PATH_MAX, "/proc/%u/root%s", pid, file) < PATH_MAX ? 0 : -ENAMETOOLONG;
	}
	return -ENOENT;
}

static int find_of_process(const char *name, unsigned int pid, char path[PATH_MAX], char *why, size_t size)
{
	char maps_path[32];
	FILE *maps;
	int err;

	snprintf(maps_path, sizeof(maps_path), "/proc/%u/maps", pid);
	maps = fopen(maps_path, "re");
	if (!maps) {
		err = errno == ENOENT ? -ESRCH : -errno;
		snprintf(why, size, "process %u %s", pid, err == -ESRCH ? "is not there" : "cannot be looked at");
		return err;
	}
	err = find_mapped(name, pid, maps, path);
	fclose(maps);
	if (err)
		snprintf(why, size, "process %u has no shared library '%s'", pid, name);
	return err;
}

/* --- of the system */

/* Class, byte order and machine: what a loader compares. */
static bool read_kind(int fd, Elf32_Half *machine, unsigned char ident[EI_NIDENT])
{
	Elf32_Ehdr header; /* of 64 bits alike, as far as this */

	if (read(fd, &header, sizeof(header)) != sizeof(header) || memcmp(header.e_ident, ELFMAG, SELFMAG))
		return false;
	memcpy(ident, header.e_ident, EI_NIDENT);
	*machine = header.e_machine;
	return true;
}

/* libc.so of a compiler is a text, and one of another processor is of no use. */
static bool is_of_this_processor(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	unsigned char ident[EI_NIDENT], own_ident[EI_NIDENT];
	Elf32_Half machine, own_machine;
	bool is = read_kind(fd, &machine, ident) && read_kind(own, &own_machine, own_ident) && machine == own_machine &&
		  ident[EI_CLASS] == own_ident[EI_CLASS] && ident[EI_DATA] == own_ident[EI_DATA];

	if (fd >= 0)
		close(fd);
	if (own >= 0)
		close(own);
	return is;
}

static void look_in(const char *folder, struct best *best, bool below)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	char path[PATH_MAX];

	while (dir && (entry = readdir(dir))) {
		bool is_folder = below && strstr(entry->d_name, "-linux-");

		if (!is_folder && (!is_called(entry->d_name, best->name) || (best->file[0] && strverscmp(entry->d_name, best->file) <= 0)))
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >= (int)sizeof(path))
			continue;
		if (is_folder) {
			look_in(path, best, false);
		} else if (is_of_this_processor(path)) {
			strcpy(best->path, path);
			strcpy(best->file, entry->d_name);
		}
	}
	if (dir)
		closedir(dir);
}

int emf_library_find(const char *name, unsigned int pid, char path[PATH_MAX], char *why, size_t size)
{
	struct best best = { .name = name, .path = path };

	if (pid)
		return find_of_process(name, pid, path, why, size);
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		look_in(folders[i], &best, true);
	if (best.file[0])
		return 0;
	snprintf(why, size, "this system has no library '%s' where libraries are", name);
	return -ENOENT;
}
