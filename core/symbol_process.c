// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * symbol_process.c - looks at what code a process has mapped.
 */
#include "symbol_process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <emf/loop.h>

#include "symbol_file.h"

#define PERF_MAP_MAX (64 << 20) /* bytes: a larger one is no map of symbols */

static void set_name(struct emf_mapping *mapping, const char *path)
{
	const char *slash = strrchr(path, '/');

	snprintf(mapping->name, sizeof(mapping->name), "%.63s", slash && slash[1] ? slash + 1 : path);
}

ssize_t emf_symbol_read_maps(FILE *from, struct emf_mapping **mappings)
{
	char *line = NULL;
	size_t room = 0, n = 0, size = 0;

	*mappings = NULL;
	while (n < EMF_MAPPINGS_MAX && getline(&line, &size, from) > 0) {
		struct emf_mapping mapping = { 0 };
		char permissions[5];
		int path = 0;

		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n", &mapping.start, &mapping.end, permissions,
			   &mapping.offset, &mapping.major, &mapping.minor, &mapping.inode, &path) != 7 || !path || permissions[2] != 'x')
			continue;
		set_name(&mapping, line + path);
		if (n == room) {
			struct emf_mapping *grown = realloc(*mappings, (room ? 2 * room : 16) * sizeof(*grown));

			if (!grown) {
				free(line);
				free(*mappings);
				*mappings = NULL;
				return -ENOMEM;
			}
			*mappings = grown;
			room = room ? 2 * room : 16;
		}
		(*mappings)[n++] = mapping;
	}
	free(line);
	return (ssize_t)n;
}

/* Its number in the innermost namespace, by which it calls itself. */
static uint32_t own_pid(uint32_t pid)
{
	char path[64], line[256];
	uint32_t own = pid;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "NSpid:", 6) && strrchr(line, '\t'))
			own = (uint32_t)strtoul(strrchr(line, '\t'), NULL, 10);
	if (f)
		fclose(f);
	return own;
}

/* Who the process is: nobody else says what its code is called. */
static bool is_of(const struct stat *st, uint32_t pid)
{
	struct stat process;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u", pid);
	return S_ISREG(st->st_mode) && st->st_size <= PERF_MAP_MAX && !stat(path, &process) &&
	       (st->st_uid == process.st_uid || st->st_uid == 0);
}

static void read_perf_map(struct emf_symbol_process *process)
{
	struct stat st;
	char path[96];
	FILE *f;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/root/tmp/perf-%u.map", process->pid, own_pid(process->pid));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return;
	f = !fstat(fd, &st) && is_of(&st, process->pid) ? fdopen(fd, "r") : NULL;
	if (!f) {
		close(fd);
		return;
	}
	emf_symbol_table_fini(&process->perf_map);
	emf_symbol_read_perf_map(f, &process->perf_map); /* without memory: as far as it got */
	fclose(f);
}

int emf_symbol_process_look(struct emf_symbol_process *process, uint32_t pid)
{
	struct emf_mapping *mappings;
	char path[64];
	ssize_t n;
	FILE *f;

	process->looked_ns = emf_now_ns();
	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	f = fopen(path, "re");
	if (!f)
		return -ESRCH;
	n = emf_symbol_read_maps(f, &mappings);
	fclose(f);
	/* One that ends has none any more. */
	if (n <= 0) {
		free(mappings);
		return n ? -ENOMEM : -ESRCH;
	}
	free(process->mappings);
	process->pid = pid;
	process->mappings = mappings;
	process->n = (size_t)n;
	read_perf_map(process);
	return 0;
}

void emf_symbol_process_fini(struct emf_symbol_process *process)
{
	free(process->mappings);
	emf_symbol_table_fini(&process->perf_map);
	*process = (struct emf_symbol_process){ 0 };
}

const struct emf_mapping *emf_symbol_process_find(const struct emf_symbol_process *process, uint64_t address)
{
	size_t low = 0, high = process->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (process->mappings[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < process->n && process->mappings[low].start <= address ? &process->mappings[low] : NULL;
}

int emf_symbol_process_open(const struct emf_symbol_process *process, const struct emf_mapping *mapping)
{
	struct stat st;
	char path[96];
	int fd;

	/* Of the mapping itself, in whatever namespace its path was, and if it was removed since. */
	snprintf(path, sizeof(path), "/proc/%u/map_files/%" PRIx64 "-%" PRIx64, process->pid, mapping->start, mapping->end);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}
