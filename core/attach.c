// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * attach.c - attaches programs where their module's description says.
 */
#include "attach.h"

#include <bpf/libbpf.h>
#include <dirent.h>
#include <emf/map.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attach_net.h"
#include "library.h"
#include "module.h"
#include "perf_event.h"

#define PLACE_MAX (3 * PATH_MAX)

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

static unsigned int xdp_index(const struct emf_attach *a)
{
	return a->netdev ? *a->netdev : if_nametoindex(a->text[0]);
}

static struct bpf_link *attach_xdp(const struct bpf_program *prog, const struct emf_attach *a)
{
	unsigned int index = xdp_index(a);

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
	case EMF_ATTACH_TC:
		break;
	}
	errno = EINVAL;
	return NULL;
}

/* One that stays is known by it in the next run; a number of a process means another one by then, maybe. */
static void name_place(const struct emf_attach *a, const char *path, int number, char *name, size_t size)
{
	const char *text[EMF_ATTACH_TEXTS];
	struct stat st = { 0 };

	for (size_t i = 0; i < EMF_ATTACH_TEXTS; i++)
		text[i] = a->text[i] ? a->text[i] : "";
	if (emf_place_has_path(a) && stat(path, &st))
		st.st_ino = 0;
	if (a->kind == EMF_ATTACH_XDP && stat("/proc/self/ns/net", &st))
		st.st_ino = 0;
	snprintf(name, size, "%s%d|%s|%s|%s|%d|%" PRIu64 "|%" PRIu64 "|%" PRIu64, emf_place_task(a) < 0 ? "" : "!", (int)a->kind, text[0], text[1],
		 text[2], number, (uint64_t)st.st_dev, (uint64_t)st.st_ino, (uint64_t)(a->frequency ? *a->frequency : 0));
}

/* As it was in an earlier run, or anew. */
static int attach_link(struct emf_unit *unit, struct bpf_program *prog, const struct emf_attach *a, const char *path, struct emf_bpf_links *links)
{
	char place[PLACE_MAX];
	struct bpf_link *link;
	int err;

	err = emf_bpf_links_room(unit, links);
	if (err)
		return err;
	name_place(a, path, a->kind == EMF_ATTACH_XDP ? (int)xdp_index(a) : 0, place, sizeof(place));
	errno = 0;
	link = emf_unit_pins_take(unit, prog, place);
	if (!link)
		link = attach_one(a->kind == EMF_ATTACH_USDT ? prog : emf_root_for(unit, prog), a, path);
	if (!link)
		return errno ? -errno : -EINVAL;
	emf_bpf_links_add(links, link);
	emf_unit_pins_add(unit, prog, place, link);
	return 0;
}

/* --- events: a link for each processor, or for each thread of a process */

static struct bpf_link *open_event(const struct bpf_program *prog, const struct emf_attach *a, int task, int cpu)
{
	uint64_t frequency = a->frequency ? *a->frequency : strtoul(a->text[1], NULL, 10);
	int fd = emf_perf_event_open(a->text[0], strlen(a->text[0]), frequency, task, cpu), err;
	struct bpf_link *link;

	errno = fd < 0 ? -fd : 0;
	link = fd < 0 ? NULL : bpf_program__attach_perf_event(prog, fd);
	if (link || fd < 0)
		return link; /* which the event belongs to now */
	err = errno;
	close(fd);
	errno = err;
	return NULL;
}

static int attach_event(struct emf_unit *unit, struct bpf_program *prog, const struct emf_attach *a, int task, int cpu, struct emf_bpf_links *links)
{
	char place[PLACE_MAX];
	struct bpf_link *link;
	int err;

	err = emf_bpf_links_room(unit, links);
	if (err)
		return err;
	name_place(a, "", task < 0 ? cpu : task, place, sizeof(place));
	link = emf_unit_pins_take(unit, prog, place);
	if (!link)
		link = open_event(emf_root_for(unit, prog), a, task, cpu);
	if (!link)
		return errno ? -errno : -EINVAL;
	emf_bpf_links_add(links, link);
	emf_unit_pins_add(unit, prog, place, link);
	return 0;
}

/* One that is off has no events. */
static int attach_processors(struct emf_unit *unit, struct bpf_program *prog, const struct emf_attach *a, struct emf_bpf_links *links)
{
	size_t before = links->n;
	int err = 0;

	for (int cpu = 0; cpu < emf_cpus() && !err; cpu++) {
		err = attach_event(unit, prog, a, EMF_PERF_ALL, cpu, links);
		if (err == -ENODEV)
			err = 0;
	}
	return err || links->n > before ? err : -ENODEV;
}

/* Threads that they start are counted with them. One that has ended meanwhile is not there. */
static int attach_threads(struct emf_unit *unit, struct bpf_program *prog, const struct emf_attach *a, struct emf_bpf_links *links)
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

		err = number ? attach_event(unit, prog, a, number, EMF_PERF_ALL, links) : 0;
		if (err == -ESRCH)
			err = 0;
	}
	if (dir)
		closedir(dir);
	return err || links->n > before ? err : -ESRCH;
}

static int attach(struct emf_unit *unit, struct bpf_program *prog, const struct emf_attach *a, const char *path, struct emf_bpf_links *links)
{
	if (a->kind == EMF_ATTACH_TC)
		return emf_attach_tc(unit, prog, a);
	if (a->xdp_mode)
		return emf_attach_xdp_mode(unit, prog, a);
	if (a->kind != EMF_ATTACH_PERF_EVENT)
		return attach_link(unit, prog, a, path, links);
	return emf_place_task(a) < 0 ? attach_processors(unit, prog, a, links) : attach_threads(unit, prog, a, links);
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
		return -EDESTADDRREQ;
	}
	err = find_path(unit, a, path);
	if (err)
		return err;
	emf_place_note(place, a, path);
	err = attach(unit, prog, a, path, links);
	place->links = links->n - before + (place->filter || place->link);
	return err;
}
