/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bpf_object.h - the kernel part of a module: open, load, attach, close.
 */
#ifndef EMF_CORE_BPF_OBJECT_H
#define EMF_CORE_BPF_OBJECT_H

#include <bpf/libbpf.h>

#include <emf/object.h>

struct emf_unit;

/* Every skeleton that bpftool makes begins like this. */
struct emf_skeleton_head {
	struct bpf_object_skeleton *skeleton;
	struct bpf_object *obj;
};

struct emf_bpf_object {
	struct emf_skeleton_head *head; /* NULL when not open */
	struct bpf_link **links;        /* of programs that attached; closed by the worker */
	size_t n_links;
	uint64_t open_ns, load_ns, attach_ns; /* how long each took */
};

/*
 * Each returns 0 or a negative errno. An error has been told in unit->why, with
 * unit->unsupported set where a privilege or the kernel is what is missing; the
 * caller reports it.
 */
int emf_bpf_object_open(struct emf_unit *unit);
int emf_bpf_object_load(struct emf_unit *unit);
int emf_bpf_object_attach(struct emf_unit *unit);

/* Closes the links; blocks for a grace period, so it is the worker's to call. */
void emf_bpf_object_detach(struct emf_bpf_object *object);

/* Frees all; fine when not open. */
void emf_bpf_object_close(struct emf_unit *unit);

#endif
