// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * doctor_module.c - what the state of the machine means for one module.
 */
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "json.h"
#include "need.h"

/* Bounds what is listed; no module comes near. */
#define PROGRAMS_MAX 256
#define MAPS_MAX 256

/* What was found about one module; the verdict is made of it at the end. */
struct patient {
	struct emf_unit *unit;
	struct emf_probe *probe;
	uint64_t caps;		/* that its programs need */
	struct emf_verdict bad; /* the first thing that keeps it from running */
	bool unsupported;	/* that is a privilege or a kernel feature */
};

/* The first reason is the one to tell: the rest often follows from it. */
static void note(struct patient *p, const struct emf_verdict *verdict, const char *what, const char *name)
{
	if (p->bad.why[0] || verdict->answer == EMF_ANSWER_YES || verdict->answer == EMF_ANSWER_UNKNOWN)
		return;
	p->bad.answer = verdict->answer;
	p->bad.remedy = verdict->remedy;
	p->unsupported = true;
	snprintf(p->bad.why, sizeof(p->bad.why), "%s %.40s: %.150s", what, name, verdict->why);
}

static bool has_raw_tracepoint(const struct emf_probe *probe, const char *name)
{
	char type[128];

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	return btf__find_by_name_kind(probe->btf, type, BTF_KIND_TYPEDEF) > 0;
}

static bool has_tracepoint(const struct emf_probe *probe, const char *name)
{
	char path[EMF_MOUNT_MAX + 256];

	snprintf(path, sizeof(path), "%s/events/%.200s", probe->tracefs, name);
	return !faccessat(AT_FDCWD, path, F_OK, AT_EACCESS) || errno != ENOENT;
}

/* What attaches by a name loads without it; so the name is looked up here. */
static bool has_target(const struct emf_probe *probe, const struct bpf_program *prog)
{
	const char *name = strchr(bpf_program__section_name(prog), '/');

	if (!name)
		return true;
	switch (bpf_program__type(prog)) {
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
		return !probe->btf || has_raw_tracepoint(probe, name + 1);
	case BPF_PROG_TYPE_TRACEPOINT:
		return !probe->tracefs[0] || has_tracepoint(probe, name + 1);
	default:
		return true;
	}
}

static struct emf_verdict judge_program(struct patient *p, const struct bpf_program *prog,
					const struct emf_kind *kind)
{
	struct emf_verdict verdict = { .why = "EMF does not know this kind of program" };
	const struct emf_verdict *probed = kind ? emf_probe_kind(p->probe, kind) : NULL;

	if (probed)
		verdict = *probed;
	if (verdict.answer == EMF_ANSWER_YES && !has_target(p->probe, prog)) {
		verdict.answer = EMF_ANSWER_NO;
		snprintf(verdict.why, sizeof(verdict.why), "this kernel has no %.120s", bpf_program__section_name(prog));
	}
	return verdict;
}

static json_t *program_json(struct patient *p, const struct bpf_program *prog)
{
	const struct emf_kind *kind = emf_kind_of(prog);
	struct emf_verdict verdict = judge_program(p, prog, kind);
	bool used = bpf_program__autoload(prog);
	json_t *json = json_pack("{s:s, s:o, s:s, s:s, s:b}", "name", bpf_program__name(prog), "section",
				 emf_json_text(bpf_program__section_name(prog)), "kind", kind ? kind->name : "unknown",
				 "supported", emf_answer_name(verdict.answer), "used", used);

	if (verdict.why[0])
		json_object_set_new(json, "why", emf_json_text(verdict.why));
	if (!used)
		return json;
	if (kind)
		p->caps |= emf_kind_caps(kind);
	note(p, &verdict, "program", bpf_program__name(prog));
	return json;
}

static json_t *programs_json(struct patient *p)
{
	const struct bpf_object *obj = p->unit->object.head->obj;
	json_t *all = json_array();
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj)
		if (json_array_size(all) < PROGRAMS_MAX)
			json_array_append_new(all, program_json(p, prog));
	return all;
}

/* "bpf_loop", or its number. */
static json_t *helper_name(int id)
{
	const char *name = emf_probe_helper_name(id);

	return name ? json_sprintf("bpf_%s", name) : json_sprintf("helper %d", id);
}

/*
 * Helpers that programs call and the kernel lacks. No verdict by itself: the
 * call may stand behind a test of the kernel. What subprograms call is not seen
 * before the load, which has the final word.
 */
static json_t *lacking_helpers(struct patient *p)
{
	const struct bpf_object *obj = p->unit->object.head->obj;
	bool told[EMF_HELPERS_MAX] = { false };
	json_t *lacking = json_array();
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj) {
		const struct bpf_insn *insn = bpf_program__insns(prog);

		for (size_t i = 0; bpf_program__autoload(prog) && i < bpf_program__insn_cnt(prog); i++) {
			int id = insn[i].imm;

			if (insn[i].code != (BPF_JMP | BPF_CALL) || insn[i].src_reg || id <= 0 || id >= EMF_HELPERS_MAX || told[id])
				continue;
			told[id] = true;
			if (emf_probe_helper(p->probe, id, emf_kind_of(prog)) == EMF_ANSWER_NO)
				json_array_append_new(lacking, helper_name(id));
		}
	}
	return lacking;
}

static json_t *lacking_maps(struct patient *p)
{
	const struct bpf_object *obj = p->unit->object.head->obj;
	json_t *lacking = json_array();
	struct bpf_map *map;

	bpf_object__for_each_map(map, obj) {
		int type = (int)bpf_map__type(map);
		const struct emf_verdict *verdict;

		if (!bpf_map__autocreate(map) || json_array_size(lacking) >= MAPS_MAX)
			continue;
		verdict = emf_probe_map(p->probe, type);
		if (!verdict || verdict->answer != EMF_ANSWER_NO)
			continue;
		json_array_append_new(lacking, json_sprintf("%s (%s)", emf_map_type_name(type), bpf_map__name(map)));
		note(p, verdict, "map type", emf_map_type_name(type));
	}
	return lacking;
}

/* Programs that would serve methods: without them the module runs, and those methods answer ENOTSUP. */
static json_t *lacking_served(struct patient *p)
{
	const struct bpf_object *obj = p->unit->object.head->obj;
	json_t *lacking = json_array();
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, obj)
		if (bpf_program__type(prog) == BPF_PROG_TYPE_SYSCALL &&
		    judge_program(p, prog, emf_kind_of(prog)).answer == EMF_ANSWER_NO)
			json_array_append_new(lacking, json_string(bpf_program__name(prog)));
	return lacking;
}

static json_t *missing_caps(struct patient *p)
{
	uint64_t missing = emf_probe_missing_caps(p->probe, p->caps);
	json_t *json = json_array();
	char name[64];

	for (int cap = 63; cap >= 0; cap--)
		if (missing & (1ull << cap))
			json_array_append_new(json, json_string(emf_probe_caps_text(1ull << cap, name, sizeof(name))));
	if (!missing)
		return json;
	/* It goes before what the probes said, which is about single programs. */
	p->bad.answer = EMF_ANSWER_DENIED;
	p->unsupported = true;
	emf_probe_refused(p->probe, &p->bad, -EPERM, p->caps, "");
	return json;
}

/* Loads and forgets. The first failure of the module is kept in unit->why. */
static json_t *trial(struct patient *p, bool denied)
{
	struct emf_unit *unit = p->unit;
	json_t *json;
	int err;

	if (denied)
		return json_pack("{s:b}", "tried", 0);
	err = emf_bpf_object_load(unit);
	json = json_pack("{s:b, s:b, s:f}", "tried", 1, "loads", !err, "ms", (double)unit->object.load_ns / 1e6);
	if (!err)
		return json;
	json_object_set_new(json, "why", emf_json_text(unit->why));
	if (!p->bad.why[0]) {
		p->bad.answer = EMF_ANSWER_NO;
		p->unsupported = unit->unsupported;
	}
	return json;
}

static void cannot_open(struct patient *p, json_t *json, const char *step, int err)
{
	p->bad.answer = EMF_ANSWER_NO;
	p->unsupported = p->unit->unsupported || err == -EPERM || err == -EOPNOTSUPP;
	if (!p->unit->why[0]) {
		snprintf(p->bad.why, sizeof(p->bad.why), "%s failed: %s", step, strerror(-err));
		return;
	}
	snprintf(p->bad.why, sizeof(p->bad.why), "%.*s", (int)sizeof(p->bad.why) - 1, p->unit->why);
	json_object_set_new(json, "detail", emf_json_text(p->unit->why));
}

/* Of programs that stand for each other one is chosen, and the other one matters no more. */
static void check_needs(struct patient *p)
{
	if (emf_need_check(p->unit) == -EOPNOTSUPP) {
		p->bad.answer = EMF_ANSWER_NO;
		p->unsupported = true;
		snprintf(p->bad.why, sizeof(p->bad.why), "%.200s", p->unit->why);
	}
	p->unit->why[0] = '\0'; /* capabilities are told by name */
}

static void examine(struct patient *p, json_t *json)
{
	struct emf_unit *unit = p->unit;
	int err = emf_bpf_object_open(unit);
	json_t *caps;

	if (err) {
		cannot_open(p, json, "open", err);
		return;
	}
	check_needs(p);
	err = emf_places_choose(unit);
	if (err) {
		emf_bpf_object_close(unit);
		cannot_open(p, json, "choose", err);
		return;
	}
	/* As life.c does: a positive value is an errno that lost its sign. */
	err = unit->m->configure ? -abs(unit->m->configure(unit->m)) : 0;
	if (err) {
		cannot_open(p, json, "configure", err);
	} else {
		json_object_set_new(json, "programs", programs_json(p));
		json_object_set_new(json, "lacking_helpers", lacking_helpers(p));
		json_object_set_new(json, "lacking_maps", lacking_maps(p));
		json_object_set_new(json, "lacking_served", lacking_served(p));
		caps = missing_caps(p);
		json_object_set_new(json, "missing_capabilities", caps);
		json_object_set_new(json, "load", trial(p, json_array_size(caps) > 0));
	}
	emf_bpf_object_close(unit);
}

json_t *emf_doctor_module(struct emf_unit *unit, struct emf_probe *probe, int *status)
{
	struct patient p = { .unit = unit, .probe = probe };
	json_t *json = json_pack("{s:s}", "name", unit->m->name);
	bool can_run;

	unit->why[0] = '\0';
	unit->unsupported = false;
	if (unit->m->object)
		examine(&p, json);
	can_run = !p.bad.why[0] && !unit->why[0];
	json_object_set_new(json, "can_run", json_boolean(can_run));
	if (!can_run) {
		json_object_set_new(json, "reason", emf_json_text(p.bad.why[0] ? p.bad.why : unit->why));
		json_object_set_new(json, "unsupported", json_boolean(p.unsupported));
	}
	if (!can_run && p.bad.remedy)
		json_object_set_new(json, "remedy", json_string(p.bad.remedy));
	*status = can_run ? EMF_EXIT_OK : p.unsupported ? EMF_EXIT_UNSUPPORTED : EMF_EXIT_FAILED;
	return json;
}
