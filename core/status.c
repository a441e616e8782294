// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * status.c - the state of a product: made as JSON in one place, printed from it.
 */
#include "status.h"

#include <string.h>
#include <unistd.h>

#include <emf/bus.h>
#include <emf/map.h>

#include "btf_cache.h"
#include "caps.h"
#include "chain.h"
#include "isolated.h"
#include "json.h"
#include "table.h"

#define CAPS_ALL 38 /* CAP_AUDIT_READ + 1, of the oldest kernels that there are */

static double ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

static json_t *rings_json(const struct emf_unit *unit)
{
	json_t *rings = json_array();

	for (size_t i = 0; i < unit->rings.n; i++) {
		const struct emf_ring *ring = unit->rings.rings[i];
		struct emf_ring_counts counts;
		json_t *one = json_pack("{s:s, s:I, s:I}", "name", ring->name, "received", (json_int_t)ring->received,
					"high_water", (json_int_t)ring->high_water);

		if (!emf_ring_read_counts(ring, &counts)) {
			json_object_set_new(one, "seen", json_integer((json_int_t)counts.seen));
			json_object_set_new(one, "sent", json_integer((json_int_t)counts.sent));
			json_object_set_new(one, "dropped", json_integer((json_int_t)counts.dropped));
			if (counts.filtered)
				json_object_set_new(one, "filtered", json_integer((json_int_t)counts.filtered));
		}
		json_array_append_new(rings, one);
	}
	return rings;
}

static json_t *params_json(const struct emf_unit *unit)
{
	json_t *params = json_object();
	char text[EMF_PARAM_TEXT_MAX];

	for (size_t i = 0; i < unit->params.n; i++) {
		const struct emf_param *p = &unit->params.params[i];

		json_object_set_new(params, p->name, emf_json_text(emf_param_format(p, p->value, text)));
	}
	return params;
}

static json_t *variants_json(const struct emf_unit *unit)
{
	json_t *variants = json_array();

	for (size_t i = 0; i < unit->variants.n; i++) {
		const struct emf_variant *v = &unit->variants.of[i];

		json_array_append_new(variants, json_pack("{s:s, s:s, s:s}", "runs", v->runs, "instead_of", v->instead_of,
							  "why", v->why));
	}
	return variants;
}

static json_t *places_json(const struct emf_unit *unit)
{
	json_t *places = json_array();

	for (size_t i = 0; unit->places && unit->m->attaches && unit->m->attaches[i].program; i++) {
		const struct emf_place *p = &unit->places[i];

		json_array_append_new(places, json_pack("{s:s, s:o, s:i, s:b, s:o}", "program", unit->m->attaches[i].program, "at",
							emf_json_text(p->at), "links", (int)p->links, "found", p->found, "why",
							emf_json_text(p->why)));
	}
	return places;
}

static json_t *demand_json(const struct emf_unit *unit)
{
	json_t *programs = json_array();

	for (size_t i = 0; i < unit->demand.n; i++) {
		const struct emf_demanded *d = &unit->demand.progs[i];

		json_array_append_new(programs, json_pack("{s:s, s:b}", "program", bpf_program__name(d->prog), "attached",
							  d->attached.n > 0));
	}
	return programs;
}

size_t emf_status_attached(const struct emf_unit *unit)
{
	size_t n = unit->object.attached.n + emf_chain_programs(unit);

	for (size_t i = 0; i < unit->demand.n; i++)
		n += unit->demand.progs[i].attached.n;
	return n;
}

static json_t *provides_json(const struct emf_unit *unit)
{
	json_t *services = json_array();

	for (const struct emf_provided *p = unit->m->provides; p && p->service; p++)
		json_array_append_new(services, json_pack("{s:s, s:s}", "service", p->service->name, "version",
							  p->service->version));
	return services;
}

static json_t *importers_json(const struct emf_unit *unit, const char *map)
{
	const struct emf_registry *registry = &unit->emf->registry;
	json_t *names = json_array();

	for (size_t i = 0; i < registry->n; i++)
		for (const struct emf_shared_map *s = registry->units[i]->m->maps; s && s->map; s++)
			if (s->from && !strcmp(s->from, unit->m->name) && !strcmp(s->map, map))
				json_array_append_new(names, json_string(registry->units[i]->m->name));
	return names;
}

static json_t *maps_json(const struct emf_unit *unit)
{
	json_t *maps = json_array();

	for (const struct emf_shared_map *s = unit->m->maps; s && s->map; s++)
		json_array_append_new(maps, s->from ? json_pack("{s:s, s:s}", "map", s->map, "from", s->from) :
						      json_pack("{s:s, s:o}", "map", s->map, "imported_by",
								importers_json(unit, s->map)));
	return maps;
}

static json_t *caps_json(uint64_t caps)
{
	json_t *names = json_array();

	for (int cap = 0; cap < 64; cap++)
		if (caps & 1ull << cap && emf_caps_name(cap))
			json_array_append_new(names, json_string(emf_caps_name(cap)));
	return names;
}

/* What is left to this process. */
static json_t *own_caps_json(void)
{
	uint64_t caps;

	return emf_caps_effective(&caps) ? json_null() : caps_json(caps);
}

/* Its process, and how the ones before it ended. */
static json_t *isolated_json(const struct emf_isolated *iso)
{
	uint64_t now = emf_now_ns();

	return json_pack("{s:s, s:i, s:I, s:o, s:I, s:f, s:o, s:o}", "process", emf_isolated_state_name(iso), "pid", (int)iso->pid, "uid",
			 (json_int_t)(iso->uid ? iso->uid : geteuid()), "capabilities", caps_json(iso->table.caps), "restarts", (json_int_t)iso->restarts, "starts_in_s",
			 iso->state == EMF_ISOLATED_WAITING && iso->again_ns > now ? (double)(iso->again_ns - now) / 1e9 : 0.0, "last_end",
			 emf_json_text(iso->last_end), "file", emf_json_text(iso->path));
}

static json_t *unit_json(const struct emf_unit *unit)
{
	const struct emf_bpf_object *o = &unit->object;
	json_t *json = json_pack("{s:s, s:o, s:s, s:i, s:i, s:f, s:f, s:f, s:I}", "name", unit->m->name,
				 "version", emf_json_text(unit->m->version), "state",
				 emf_unit_state_name(unit->state), "priority", unit->m->prio,
				 "programs", (int)emf_status_attached(unit), "open_ms", ms(o->open_ns), "load_ms",
				 ms(o->load_ns), "attach_ms", ms(o->attach_ns), "slow_polls",
				 (json_int_t)unit->slow_polls);

	json_object_set_new(json, "params", params_json(unit));
	json_object_set_new(json, "rings", rings_json(unit));
	json_object_set_new(json, "variants", variants_json(unit));
	json_object_set_new(json, "places", places_json(unit));
	json_object_set_new(json, "provides", provides_json(unit));
	json_object_set_new(json, "maps", maps_json(unit));
	json_object_set_new(json, "on_demand", demand_json(unit));
	if (unit->isolated)
		json_object_set_new(json, "isolated", isolated_json(unit->isolated));
	if (unit->why[0])
		json_object_set_new(json, "why", emf_json_text(unit->why));
	return json;
}

json_t *emf_status_json(const struct emf *emf)
{
	json_t *modules = json_array();
	json_t *json;

	for (size_t i = 0; i < emf->registry.n; i++)
		json_array_append_new(modules, unit_json(emf->registry.units[i]));
	json = json_pack("{s:s, s:o, s:i, s:f, s:s, s:o, s:o}", "product", emf->product->name, "version",
			 emf_json_text(emf->product->version), "pid", (int)getpid(), "uptime_s",
			 (double)(emf_now_ns() - emf->started_ns) / 1e9, "btf_cache", emf_btf_cache_state(), "capabilities", own_caps_json(), "modules", modules);
	return json;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text && *text ? text : "-";
}

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void print_module(struct emf_table *table, const json_t *module)
{
	const json_t *ring;
	json_int_t seen = 0, sent = 0, dropped = 0;
	bool is_counted = true;
	size_t i;

	/* A kernel part that sends by libbpf's helpers alone does not count: what came is known, and not what was lost. */
	json_array_foreach(json_object_get(module, "rings"), i, ring) {
		bool counts = json_object_get(ring, "seen");

		seen += number_of(ring, counts ? "seen" : "received");
		sent += number_of(ring, counts ? "sent" : "received");
		dropped += number_of(ring, "dropped");
		is_counted &= counts;
	}
	emf_table_cell(table, "%s", text_of(module, "name"));
	emf_table_cell(table, "%s", text_of(module, "state"));
	emf_table_cell(table, "%lld", number_of(module, "programs"));
	emf_table_cell(table, "%.1f", json_number_value(json_object_get(module, "open_ms")) +
		       json_number_value(json_object_get(module, "load_ms")));
	emf_table_cell(table, "%.1f", json_number_value(json_object_get(module, "attach_ms")));
	emf_table_cell(table, "%lld", seen);
	emf_table_cell(table, "%lld", sent);
	if (is_counted || dropped)
		emf_table_cell(table, "%lld", dropped);
	else
		emf_table_cell(table, "-");
	emf_table_cell(table, "%s", text_of(module, "why"));
}

static void print_on_demand(const json_t *module, FILE *out)
{
	const json_t *program;
	size_t i;

	json_array_foreach(json_object_get(module, "on_demand"), i, program)
		fprintf(out, "%s: program %s is on demand, and %s\n", text_of(module, "name"), text_of(program, "program"),
			json_is_true(json_object_get(program, "attached")) ? "attached: somebody listens" :
									     "not attached: nobody listens");
}

static void print_imports(const json_t *module, FILE *out)
{
	const json_t *map;
	size_t i;

	json_array_foreach(json_object_get(module, "maps"), i, map)
		if (json_object_get(map, "from"))
			fprintf(out, "%s: map %s is that of module %s\n", text_of(module, "name"), text_of(map, "map"),
				text_of(map, "from"));
}

static void print_variants(const json_t *module, FILE *out)
{
	const json_t *variant;
	size_t i;

	json_array_foreach(json_object_get(module, "variants"), i, variant)
		fprintf(out, "%s: program %s runs, and not %s: %s\n", text_of(module, "name"), text_of(variant, "runs"),
			text_of(variant, "instead_of"), text_of(variant, "why"));
}

/* Those that nobody could know beforehand. */
static void print_places(const json_t *module, FILE *out)
{
	const json_t *place;
	size_t i;

	json_array_foreach(json_object_get(module, "places"), i, place) {
		if (strcmp(text_of(place, "why"), "-"))
			fprintf(out, "%s: program %s %s\n", text_of(module, "name"), text_of(place, "program"),
				text_of(place, "why"));
		else if (json_is_true(json_object_get(place, "found")))
			fprintf(out, "%s: program %s hangs on %s\n", text_of(module, "name"), text_of(place, "program"),
				text_of(place, "at"));
	}
}

static void print_isolated(const json_t *module, FILE *out)
{
	const json_t *isolated = json_object_get(module, "isolated");

	if (!isolated)
		return;
	fprintf(out, "%s: isolated, process %s", text_of(module, "name"), text_of(isolated, "process"));
	if (number_of(isolated, "pid"))
		fprintf(out, " (pid %lld, user %lld)", number_of(isolated, "pid"), number_of(isolated, "uid"));
	if (json_number_value(json_object_get(isolated, "starts_in_s")) > 0)
		fprintf(out, ", starts again in %.0f s", json_number_value(json_object_get(isolated, "starts_in_s")));
	fprintf(out, ", %lld restarts", number_of(isolated, "restarts"));
	if (strcmp(text_of(isolated, "last_end"), "-"))
		fprintf(out, "; before it, %s", text_of(isolated, "last_end"));
	fprintf(out, "\n");
}

/* All that there are is what nobody gave up. */
static void print_caps(const json_t *names, FILE *out)
{
	const json_t *name;
	size_t i, n = json_array_size(names);

	if (!json_is_array(names) || n >= CAPS_ALL)
		return;
	fprintf(out, "capabilities:%s", n ? "" : " none");
	json_array_foreach(names, i, name)
		fprintf(out, " %s", json_string_value(name));
	fprintf(out, "\n");
}

void emf_status_print(const json_t *status, FILE *out)
{
	struct emf_table table;
	const json_t *module;
	size_t i;

	fprintf(out, "%s %s, pid %lld, up %.0f s, BTF cache: %s\n", text_of(status, "product"),
		text_of(status, "version"), number_of(status, "pid"),
		json_number_value(json_object_get(status, "uptime_s")), text_of(status, "btf_cache"));
	print_caps(json_object_get(status, "capabilities"), out);
	emf_table_init(&table, 9);
	emf_table_row(&table, "MODULE", "STATE", "PROGS", "LOAD ms", "ATTACH ms", "SEEN", "SENT",
		      "DROPPED", "WHY", NULL);
	json_array_foreach(json_object_get(status, "modules"), i, module)
		print_module(&table, module);
	emf_table_print(&table, out);
	json_array_foreach(json_object_get(status, "modules"), i, module)
		print_variants(module, out);
	json_array_foreach(json_object_get(status, "modules"), i, module)
		print_places(module, out);
	json_array_foreach(json_object_get(status, "modules"), i, module)
		print_on_demand(module, out);
	json_array_foreach(json_object_get(status, "modules"), i, module)
		print_imports(module, out);
	json_array_foreach(json_object_get(status, "modules"), i, module)
		print_isolated(module, out);
}
