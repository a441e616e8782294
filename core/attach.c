// SPDX-License-Identifier: BSD-2-Clause
/*
 * attach.c - attaches programs where their module's description says.
 */
#include "attach.h"

#include <bpf/libbpf.h>
#include <dirent.h>
#include <emf/map.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "library.h"
#include "module.h"
#include "perf_event.h"

static struct bpf_link *attach_uprobe(const struct bpf_program *prog, const struct emf_attach *a, const char *path)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .func_name = a->text[1], .retprobe = a->kind == EMF_ATTACH_URETPROBE);

	return bpf_program__attach_uprobe_opts(prog, emf_place_task(a), path, 0, &opts);
}

/* A cgroup by its path; the link keeps it after the file descriptor is closed. */
static struct bpf_link *attach_cgroup(const struct bpf_program *prog, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;
	struct bpf_link *link;

	if (fd < 0)
		return NULL;
	link = bpf_program__attach_cgroup(prog, fd);
	err = errno;
	close(fd);
	errno = err;
	return link;
}

static struct bpf_link *attach_xdp(const struct bpf_program *prog, const struct emf_attach *a)
{
	unsigned int index = a->netdev ? *a->netdev : if_nametoindex(a->text[0]);

	return index ? bpf_program__attach_xdp(prog, (int)index) : NULL;
}

static struct bpf_link *attach_one(const struct bpf_program *prog, const struct emf_attach *a, const char *path)
{
	switch (a->kind) {
	case EMF_ATTACH_UPROBE:
	case EMF_ATTACH_URETPROBE:
		return attach_uprobe(prog, a, path);
	case EMF_ATTACH_USDT:
		return bpf_program__attach_usdt(prog, emf_place_task(a), path, a->text[1], a->text[2], NULL);
	case EMF_ATTACH_KPROBE:
	case EMF_ATTACH_KRETPROBE:
		return bpf_program__attach_kprobe(prog, a->kind == EMF_ATTACH_KRETPROBE, a->text[0]);
	case EMF_ATTACH_TRACEPOINT:
		return bpf_program__attach_tracepoint(prog, a->text[0], a->text[1]);
	case EMF_ATTACH_RAW_TP:
		return bpf_program__attach_raw_tracepoint(prog, a->text[0]);
	case EMF_ATTACH_XDP:
		return attach_xdp(prog, a);
	case EMF_ATTACH_CGROUP:
		return attach_cgroup(prog, a->text[0]);
	case EMF_ATTACH_PERF_EVENT:
		break;
	}
	errno = EINVAL;
	return NULL;
}

static int attach_link(const struct bpf_program *prog, const struct emf_attach *a, const char *path, struct emf_bpf_links *links)
{
	struct bpf_link *link;

	errno = 0;
	link = attach_one(prog, a, path);
	if (link)
		return emf_bpf_links_add(links, link);
	return errno ? -errno : -EINVAL;
}

/* --- events: a link for each processor, or for each thread of a process */

static int attach_event(const struct bpf_program *prog, const struct emf_attach *a, int task, int cpu, struct emf_bpf_links *links)
{
	uint64_t frequency = a->frequency ? *a->frequency : strtoul(a->text[1], NULL, 10);
	int fd = emf_perf_event_open(a->text[0], strlen(a->text[0]), frequency, task, cpu);
	struct bpf_link *link;

	if (fd < 0)
		return fd;
	errno = 0;
	link = bpf_program__attach_perf_event(prog, fd);
	if (link)
		return emf_bpf_links_add(links, link); /* which the event belongs to now */
	close(fd);
	return errno ? -errno : -EINVAL;
}

/* One that is off has no events. */
static int attach_processors(const struct bpf_program *prog, const struct emf_attach *a, struct emf_bpf_links *links)
{
	size_t before = links->n;
	int err = 0;

	for (int cpu = 0; cpu < emf_cpus() && !err; cpu++) {
		err = attach_event(prog, a, EMF_PERF_ALL, cpu, links);
		if (err == -ENODEV)
			err = 0;
	}
	return err || links->n > before ? err : -ENODEV;
}

/* Threads that they start are counted with them. One that has ended meanwhile is not there. */
static int attach_threads(const struct bpf_program *prog, const struct emf_attach *a, struct emf_bpf_links *links)
{
	const struct dirent *thread;
	size_t before = links->n;
	char path[32];
	int err = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%u/task", *a->pid);
	dir = opendir(path);
	while (dir && !err && (thread = readdir(dir))) {
		int number = atoi(thread->d_name);

		err = number ? attach_event(prog, a, number, EMF_PERF_ALL, links) : 0;
		if (err == -ESRCH)
			err = 0;
	}
	if (dir)
		closedir(dir);
	return err || links->n > before ? err : -ESRCH;
}

static int attach(const struct bpf_program *prog, const struct emf_attach *a, const char *path, struct emf_bpf_links *links)
{
	if (a->kind != EMF_ATTACH_PERF_EVENT)
		return attach_link(prog, a, path, links);
	return emf_place_task(a) < 0 ? attach_processors(prog, a, links) : attach_threads(prog, a, links);
}

/* --- */

/* The option that was not given, or NULL. */
static const char *missing(const struct emf_attach *a)
{
	if (a->netdev && !*a->netdev)
		return a->option[0];
	for (size_t i = 0; i < EMF_ATTACH_TEXTS; i++)
		if (a->text[i] && !*a->text[i])
			return a->option[i];
	return NULL;
}

/* The file of a library that is named; other names are libbpf's, which knows where programs are. */
static int find_path(struct emf_unit *unit, const struct emf_attach *a, char path[PATH_MAX])
{
	char why[128];
	int err;

	if (!emf_place_has_path(a) || !emf_library_is_name(a->text[0])) {
		snprintf(path, PATH_MAX, "%s", a->text[0] ? a->text[0] : "");
		return 0;
	}
	err = emf_library_find(a->text[0], a->pid ? *a->pid : 0, path, why, sizeof(why));
	emf_place_of(unit, a)->found = !err;
	if (err)
		snprintf(unit->why, sizeof(unit->why), "program '%s' cannot be attached: %s%s%s", a->program, why,
			 a->option[0] ? ": name the file that has its functions with --" : "", a->option[0] ? a->option[0] : "");
	return err;
}

int emf_attach(struct emf_unit *unit, struct bpf_program *prog, const struct emf_attach *a, struct emf_bpf_links *links)
{
	struct emf_place *place = emf_place_of(unit, a);
	const char *option = missing(a);
	size_t before = links->n;
	char path[PATH_MAX];
	int err;

	if (option) {
		snprintf(unit->why, sizeof(unit->why), "program '%s' cannot be attached: it is not said where (give --%s)",
			 a->program, option);
		return -EINVAL;
	}
	err = find_path(unit, a, path);
	if (err)
		return err;
	emf_place_note(place, a, path);
	err = attach(prog, a, path, links);
	place->links = links->n - before;
	return err;
}
