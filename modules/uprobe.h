/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uprobe.h - programs that hang on functions of a library or a program that options name.
 */
#ifndef UPROBE_H
#define UPROBE_H

#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define UPROBES_MAX 8

struct uprobes {
	struct bpf_link *links[UPROBES_MAX];
	size_t n;
};

/*
 * @path may be the name of a library alone, which is looked for where libraries are; @pid 0 is all processes.
 * One that fails is told, but for a function that is not there if that is @optional.
 */
static inline int uprobe_attach(const struct module *m, struct uprobes *u, const struct bpf_program *prog, bool returns, bool optional,
				unsigned int pid, const char *path, const char *function)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .func_name = function, .retprobe = returns);
	int err = 0;

	if (u->n == UPROBES_MAX)
		return -ENOSPC;
	u->links[u->n] = bpf_program__attach_uprobe_opts(prog, pid ? (int)pid : -1, path, 0, &opts);
	if (u->links[u->n]) {
		u->n++;
		return 0;
	}
	err = -errno;
	if (err == -ENOENT && optional)
		return 0;
	emf_err(m, "function '%s' of %s cannot be watched: %s%s", function, path, strerror(-err),
		err == -ENOENT ? "; the file is not there, or it has no such symbol (nm -D, nm)" : err == -ESRCH ? "; there is no such process" : "");
	return err;
}

static inline void uprobe_detach(struct uprobes *u)
{
	while (u->n)
		bpf_link__destroy(u->links[--u->n]);
}

/* The C library of a process, in the file system that it sees; of all processes that of the system. */
static inline int uprobe_libc(const struct module *m, unsigned int pid, char out[PATH_MAX])
{
	char line[PATH_MAX + 128], path[PATH_MAX];
	FILE *maps;
	int err = pid ? -ENOENT : 0;

	strcpy(out, "libc.so.6");
	if (!pid)
		return 0;
	snprintf(line, sizeof(line), "/proc/%u/maps", pid);
	maps = fopen(line, "re");
	while (err && maps && fgets(line, sizeof(line), maps)) {
		const char *name = sscanf(line, "%*s %*s %*s %*s %*s %4095[^\n]", path) == 1 ? strrchr(path, '/') : NULL;

		if (!name || (strncmp(name, "/libc.so", 8) && strncmp(name, "/libc-2", 7) && strncmp(name, "/ld-musl-", 9)))
			continue;
		err = snprintf(out, PATH_MAX, "/proc/%u/root%s", pid, path) < PATH_MAX ? 0 : -ENAMETOOLONG;
	}
	if (maps)
		fclose(maps);
	else
		err = -ESRCH;
	if (err)
		emf_err(m, "process %u %s", pid, maps ? "has no C library that is shared: name the program with --library" : "is not there, or cannot be seen");
	return err;
}

#endif
