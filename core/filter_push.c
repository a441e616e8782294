// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * filter_push.c - comparisons for the kernel part.
 *
 * Each comparison of a number is one interval modulo 2^64, "v - low <= span", also one that
 * goes around the end: the kernel part needs no operators, no signs and no loop.
 */
#include "filter_push.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <emf/event.h>

#include "bus.h"
#include "core.h"
#include "filter_node.h"
#include "log.h"
#include "view_shown.h"

#define WHY_MAX 256
#define NAMES_MAX 256
#define INTERVALS 2 /* of each member: gen/templates/event_bpf.h.j2 */

struct push {
	const struct emf_event_source *event;
	uint64_t *words; /* of the kernel part; NULL to find out whether it works */
	size_t used[EMF_EVENT_FILTER_MAX];
	char names[NAMES_MAX];
	char why[WHY_MAX]; /* the first thing that is left to user space */
};

static void __attribute__((format(printf, 2, 3))) leave(struct push *p, const char *fmt, ...)
{
	va_list args;

	if (p->why[0])
		return;
	va_start(args, fmt);
	vsnprintf(p->why, sizeof(p->why), fmt, args);
	va_end(args);
}

static enum emf_filter_op complement(enum emf_filter_op op)
{
	switch (op) {
	case EMF_FILTER_EQUAL:
		return EMF_FILTER_UNEQUAL;
	case EMF_FILTER_UNEQUAL:
	case EMF_FILTER_IS_SET: /* for which the number is 0 */
		return EMF_FILTER_EQUAL;
	case EMF_FILTER_LESS:
		return EMF_FILTER_AT_LEAST;
	case EMF_FILTER_AT_MOST:
		return EMF_FILTER_MORE;
	case EMF_FILTER_MORE:
		return EMF_FILTER_AT_MOST;
	default:
		return EMF_FILTER_LESS;
	}
}

/* From @low, @span values more. False for one that nothing is in. */
static bool interval(enum emf_filter_op op, uint64_t number, bool is_signed, uint64_t *low, uint64_t *span)
{
	const uint64_t min = is_signed ? UINT64_C(1) << 63 : 0, max = min - 1;

	switch (op) {
	case EMF_FILTER_EQUAL:
		*low = number;
		*span = 0;
		return true;
	case EMF_FILTER_LESS:
		*low = min;
		*span = number - 1 - min;
		return number != min;
	case EMF_FILTER_AT_MOST:
		*low = min;
		*span = number - min;
		return true;
	case EMF_FILTER_MORE:
		*low = number + 1;
		*span = max - *low;
		return number != max;
	case EMF_FILTER_AT_LEAST:
		*low = number;
		*span = max - number;
		return true;
	default: /* all but one, around the end */
		*low = number + 1;
		*span = UINT64_MAX - 1;
		return true;
	}
}

static size_t find_member(const struct push *p, const struct emf_filter_node *node)
{
	const char *const *members = p->event->filter ? p->event->filter->members : NULL;
	size_t i = 0;

	while (members && members[i] && (node->field.base || strcmp(members[i], node->field.member->name) != 0))
		i++;
	return members && members[i] ? i : EMF_EVENT_FILTER_MAX;
}

static void push_comparison(struct push *p, const struct emf_filter_node *node, bool negated)
{
	const char *name = node->field.member->name;
	bool is_set = node->op == EMF_FILTER_IS_SET;
	size_t i = find_member(p, node);
	uint64_t low, span, *at;

	if (i == EMF_EVENT_FILTER_MAX) {
		leave(p, "'%s' is not among what its description names in filter(...)", name);
	} else if (!is_set && node->as != EMF_FILTER_AS_NUMBER) {
		leave(p, "'%s' is compared with a pattern, and the kernel part compares numbers only", name);
	} else if (p->used[i] == INTERVALS) {
		leave(p, "'%s' is compared more than %d times", name, INTERVALS);
	} else if (!interval(negated ? complement(node->op) : node->op, is_set ? 0 : node->number, emf_value_is_signed(node->type.type), &low, &span)) {
		leave(p, "no '%s' can be beyond the last value of its type", name);
	} else {
		at = p->words ? &p->words[1 + 2 * (INTERVALS * i + p->used[i])] : NULL;
		if (at) {
			p->words[0] = 1;
			at[0] = low;
			at[1] = span;
		}
		p->used[i]++;
		if (p->used[i] == 1)
			snprintf(p->names + strlen(p->names), sizeof(p->names) - strlen(p->names), "%s%s", p->names[0] ? ", " : "", name);
	}
}

/* As deep as there are nodes. */
static void push_node(struct push *p, const struct emf_filter *filter, uint8_t i)
{
	const struct emf_filter_node *node = &filter->nodes[i];
	const struct emf_filter_node *inner = node->op == EMF_FILTER_NOT ? &filter->nodes[node->left] : node;

	if (node->op == EMF_FILTER_AND) {
		push_node(p, filter, node->left);
		push_node(p, filter, node->right);
	} else if (inner->op == EMF_FILTER_OR || inner->op == EMF_FILTER_AND || inner->op == EMF_FILTER_NOT) {
		leave(p, "it takes what is joined by && and in no brackets");
	} else {
		push_comparison(p, inner, inner != node);
	}
}

static bool uses(const struct module *m, struct ebus_service *service)
{
	for (const struct emf_used *u = m->uses; u && u->service; u++)
		if (emf_bus_same(u->service) == emf_bus_same(service))
			return true;
	return false;
}

/* By a pattern it can listen at any time, and what the kernel part tests is fixed when it is loaded. */
static bool can_listen(const struct module *m)
{
	for (const struct emf_provided *p = m->provides; p && p->service; p++)
		if (p->service->n_methods)
			return true;
	return m->create || m->attach || m->poll || m->notify || m->configure;
}

/* Leaves all to user space if others than who watches get the records, or count them: a filter is for who watches. */
static void leave_to_who_hears(struct push *p, const struct emf_unit *unit)
{
	const struct emf_registry *registry = &unit->emf->registry;

	if (unit->emf->show.is_heard)
		leave(p, "others hear and count its events, too");
	for (size_t u = 0; p->event->service && u < registry->n; u++) {
		const struct emf_unit *other = registry->units[u];

		if (other->wanted && uses(other->m, p->event->service))
			leave(p, "module %s hears its events, too", other->m->name);
		else if (other->wanted && other != unit && can_listen(other->m))
			leave(p, "module %s has code of its own, which can listen to its events", other->m->name);
	}
}

static void push_filters(struct push *p, struct emf_unit *unit, const struct emf_shown *shown)
{
	leave_to_who_hears(p, unit);
	if (unit->m->plugs)
		leave(p, "its programs are loaded by a chain");
	if (!p->why[0])
		for (size_t i = 0; i < shown->n_filters; i++)
			push_node(p, shown->filters[i], shown->filters[i]->root);
}

static int check_shown(struct emf_unit *unit, const struct emf_event_source *event, const struct emf_shown *shown)
{
	struct push push = { .event = event };

	push_filters(&push, unit, shown);
	if (!push.why[0])
		return 0;
	emf_err(unit->m, "--in-kernel: the filter of event '%s' cannot be pushed down: %s (user space applies it without --in-kernel)",
		shown->record->name, push.why);
	return -EINVAL;
}

static int check_unit(struct emf_unit *unit, size_t *filters)
{
	for (size_t i = 0; i < unit->view.n; i++) {
		const struct emf_shown *shown = &unit->view.shown[i]->shown;

		if (shown->is_off || !shown->n_filters)
			continue;
		emf_err(unit->m, "--in-kernel: the filter of '%s' cannot be pushed down: rows of a table or a histogram are filtered when they are printed "
			"(drop --in-kernel)", shown->record->name);
		return -EINVAL;
	}
	for (const struct emf_event_source *e = unit->m->events; e && e->ring; e++) {
		const struct emf_shown *shown = e->printed ? emf_show_find(unit, e->printed) : NULL;

		if (!shown || shown->is_off || !shown->n_filters)
			continue;
		*filters += shown->n_filters;
		if (check_shown(unit, e, shown))
			return -EINVAL;
	}
	return 0;
}

int emf_filter_push_check(struct emf *emf)
{
	size_t filters = 0;

	for (size_t u = 0; u < emf->registry.n; u++)
		if (emf->registry.units[u]->wanted && check_unit(emf->registry.units[u], &filters))
			return -EINVAL;
	if (filters)
		return 0;
	emf_err(NULL, "--in-kernel: there is nothing to filter by: add --filter");
	return -EINVAL;
}

int emf_filter_push(struct emf_unit *unit)
{
	for (const struct emf_event_source *e = unit->m->events; e && e->ring && !unit->emf->serving; e++) {
		const struct emf_shown *shown = e->printed && e->filter ? emf_show_find(unit, e->printed) : NULL;
		struct push push = { .event = e };

		if (!shown || shown->is_off || !shown->n_filters)
			continue;
		push.words = emf_bpf_object_variable(unit, &e->filter->pass);
		if (!push.words)
			continue;
		push_filters(&push, unit, shown);
		if (push.names[0])
			emf_log(unit->m, EMF_LOG_DEBUG, "event '%s' is filtered in the kernel by: %s", shown->record->name, push.names);
		if (push.why[0])
			emf_log(unit->m, EMF_LOG_DEBUG, "event '%s' is filtered in user space as well: %s", shown->record->name, push.why);
	}
	return 0;
}
