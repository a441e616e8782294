// SPDX-License-Identifier: BSD-2-Clause
/*
 * attach.c - attaches programs where their module's description says.
 */
#include "attach.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "module.h"

bool emf_attach_is_described(const struct emf_unit *unit, const struct bpf_program *prog)
{
	for (const struct emf_attach *a = unit->m->attaches; a && a->program; a++)
		if (!strcmp(a->program, bpf_program__name(prog)))
			return true;
	return false;
}

static struct bpf_link *attach_uprobe(const struct bpf_program *prog, const struct emf_attach *a)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .func_name = a->text[1], .retprobe = a->kind == EMF_ATTACH_URETPROBE);

	return bpf_program__attach_uprobe_opts(prog, -1, a->text[0], 0, &opts);
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

static struct bpf_link *attach(const struct bpf_program *prog, const struct emf_attach *a)
{
	switch (a->kind) {
	case EMF_ATTACH_UPROBE:
	case EMF_ATTACH_URETPROBE:
		return attach_uprobe(prog, a);
	case EMF_ATTACH_USDT:
		return bpf_program__attach_usdt(prog, -1, a->text[0], a->text[1], a->text[2], NULL);
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
	}
	errno = EINVAL;
	return NULL;
}

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

int emf_attach(struct emf_unit *unit, struct bpf_program *prog, const struct emf_attach *a,
	       struct bpf_link **link)
{
	const char *option = missing(a);

	if (option) {
		snprintf(unit->why, sizeof(unit->why), "program '%s' cannot be attached: it is not said where (give --%s)",
			 a->program, option);
		return -EINVAL;
	}
	errno = 0;
	*link = attach(prog, a);
	if (*link)
		return 0;
	return errno ? -errno : -EINVAL;
}

void emf_attach_explain(struct emf_unit *unit, const struct emf_attach *a, int err, const char *said)
{
	char place[256];
	size_t at = 0;

	place[0] = '\0';
	for (size_t i = 0; i < EMF_ATTACH_TEXTS && a->text[i] && at < sizeof(place); i++)
		at += (size_t)snprintf(place + at, sizeof(place) - at, "%s%s", i ? ":" : "", a->text[i]);
	if (a->netdev)
		snprintf(place, sizeof(place), "interface %u", *a->netdev);
	snprintf(unit->why, sizeof(unit->why), "program '%s' cannot be attached to %s: %s%s%.300s", a->program, place,
		 strerror(-err), said[0] ? "; libbpf: " : "", said);
}
