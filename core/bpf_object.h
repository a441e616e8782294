/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
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

/* Links of programs that attached. */
struct emf_bpf_links {
	struct bpf_link **links;
	size_t n;
};

struct emf_bpf_object {
	struct emf_skeleton_head *head; /* NULL when not open */
	bool loaded;
	struct emf_bpf_links attached;
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

/* Hands the values of parameters on to the kernel part; those that are constant only before the load. */
void emf_bpf_object_set_params(struct emf_unit *unit);

/* Where a variable of the open kernel part is; NULL if it has no such place. */
void *emf_bpf_object_variable(const struct emf_unit *unit, const struct emf_variable *variable);

/* Attaches one program to all its places; @links receives them. */
int emf_bpf_object_attach_one(struct emf_unit *unit, struct bpf_program *prog, struct emf_bpf_links *links);

/*
 * Room for one more link of a unit. It is made first: a link that was taken over from another version of
 * the module is attached still when this fails, and could not be left to that version afterwards.
 * Return: 0 or -ENOMEM.
 */
int emf_bpf_links_room(struct emf_unit *unit, struct emf_bpf_links *links);

/* Appends one, which there is room for. */
void emf_bpf_links_add(struct emf_bpf_links *links, struct bpf_link *link);

/* Appends links to others. Those for which there is no memory are closed at once. */
void emf_bpf_links_move(struct emf_bpf_links *to, struct emf_bpf_links *from);

/* Takes the links out of the object, to be closed elsewhere; those that stay attached then, unit_pin.h, are disconnected. */
struct emf_bpf_links emf_bpf_object_take_links(struct emf_unit *unit);

/* Closes links; blocks for a grace period, so it is the worker's to call. */
void emf_bpf_links_close(struct emf_bpf_links *links);

/* Frees all; fine when not open. */
void emf_bpf_object_close(struct emf_unit *unit);

#endif
