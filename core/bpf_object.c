// SPDX-License-Identifier: BSD-2-Clause
/*
 * bpf_object.c - the life of a module's kernel part, through libbpf.
 */
#include "bpf_object.h"

#include <errno.h>
#include <stdlib.h>

#include "bpf_error.h"
#include "core.h"

int emf_bpf_object_open(struct emf_unit *unit)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	struct emf_bpf_object *object = &unit->object;
	struct emf_bpf_error error;
	uint64_t start = emf_now_ns();

	emf_bpf_error_begin(&error, unit);
	object->head = unit->m->object->open(&opts);
	if (!object->head)
		return emf_bpf_error_end(&error, "open", NULL, errno ? -errno : -EINVAL);
	object->open_ns = emf_now_ns() - start;
	return emf_bpf_error_end(&error, "open", NULL, 0);
}

int emf_bpf_object_load(struct emf_unit *unit)
{
	struct emf_bpf_object *object = &unit->object;
	struct emf_bpf_error error;
	uint64_t start = emf_now_ns();
	int err;

	emf_bpf_error_begin(&error, unit);
	err = bpf_object__load_skeleton(object->head->skeleton);
	object->load_ns = emf_now_ns() - start;
	return emf_bpf_error_end(&error, "load", NULL, err);
}

/* Programs that libbpf knows how to attach from their SEC() alone. */
static bool attaches_itself(const struct bpf_program *prog)
{
	return bpf_program__autoload(prog) && bpf_program__autoattach(prog);
}

int emf_bpf_object_attach(struct emf_unit *unit)
{
	struct emf_bpf_object *object = &unit->object;
	uint64_t start = emf_now_ns();
	struct bpf_program *prog;
	struct emf_bpf_error error;
	size_t n = 0;
	int err = 0;

	bpf_object__for_each_program(prog, object->head->obj)
		n++;
	object->links = calloc(n ? n : 1, sizeof(*object->links));
	if (!object->links)
		return -ENOMEM;
	bpf_object__for_each_program(prog, object->head->obj) {
		struct bpf_link *link;

		if (!attaches_itself(prog))
			continue;
		emf_bpf_error_begin(&error, unit);
		link = bpf_program__attach(prog);
		/* -EOPNOTSUPP: a kind that needs a target; the user part attaches it. */
		err = link || errno == EOPNOTSUPP ? 0 : -errno;
		err = emf_bpf_error_end(&error, "attach", prog, err);
		if (err)
			break;
		if (link)
			object->links[object->n_links++] = link;
	}
	object->attach_ns = emf_now_ns() - start;
	return err;
}

void emf_bpf_object_detach(struct emf_bpf_object *object)
{
	for (size_t i = object->n_links; i > 0; i--)
		bpf_link__destroy(object->links[i - 1]);
	free(object->links);
	object->links = NULL;
	object->n_links = 0;
}

void emf_bpf_object_close(struct emf_unit *unit)
{
	struct emf_bpf_object *object = &unit->object;

	if (!object->head)
		return;
	emf_bpf_object_detach(object);
	unit->m->object->destroy(object->head);
	object->head = NULL;
}

void *emf_skeleton(const struct module *m)
{
	return m->unit ? m->unit->object.head : NULL;
}
