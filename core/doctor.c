// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * doctor.c - the whole document.
 */
#include "doctor.h"

#include "bpf_error.h"
#include "btf_cache.h"
#include "json.h"

#define DOCUMENT_VERSION 1 /* keys are added freely; one that changes its meaning raises this */

static json_t *verdict_json(const char *key, const char *name, const struct emf_verdict *verdict)
{
	json_t *json;

	if (!verdict)
		return NULL;
	json = json_pack("{s:s, s:s}", key, name, "supported", emf_answer_name(verdict->answer));
	if (verdict->why[0])
		json_object_set_new(json, "why", emf_json_text(verdict->why));
	if (verdict->remedy)
		json_object_set_new(json, "remedy", json_string(verdict->remedy));
	return json;
}

json_t *emf_doctor_programs(struct emf_probe *probe)
{
	json_t *all = json_array();

	for (size_t i = 0; i < emf_n_kinds; i++) {
		json_t *one = verdict_json("kind", emf_kinds[i].name, emf_probe_kind(probe, &emf_kinds[i]));

		json_object_set_new(one, "group", json_string(emf_kind_group_name(emf_kinds[i].group)));
		json_array_append_new(all, one);
	}
	return all;
}

json_t *emf_doctor_maps(struct emf_probe *probe)
{
	json_t *all = json_array();
	int type;

	for (size_t i = 0; (type = emf_map_type_known(i)) >= 0; i++)
		json_array_append_new(all, verdict_json("type", emf_map_type_name(type), emf_probe_map(probe, type)));
	return all;
}

json_t *emf_doctor_helpers(struct emf_probe *probe)
{
	json_t *all = json_array();

	for (size_t i = 0; i < emf_n_helpers; i++) {
		enum emf_answer answer = emf_probe_helper(probe, emf_helpers[i].id, NULL);

		json_array_append_new(all, json_pack("{s:s, s:i, s:s}", "name", emf_helpers[i].name, "id",
						     emf_helpers[i].id, "supported", emf_answer_name(answer)));
	}
	return all;
}

/* A plain failure is worse news than something that is missing. */
static int worse(int a, int b)
{
	if (a == EMF_EXIT_FAILED || b == EMF_EXIT_FAILED)
		return EMF_EXIT_FAILED;
	return a == EMF_EXIT_OK ? b : a;
}

static json_t *modules_json(struct emf *emf, struct emf_probe *probe, int *status)
{
	json_t *all = json_array();

	*status = EMF_EXIT_OK;
	for (size_t i = 0; i < emf->registry.n; i++) {
		int one = EMF_EXIT_FAILED;

		json_array_append_new(all, emf_doctor_module(emf->registry.units[i], probe, &one));
		*status = worse(*status, one);
	}
	return all;
}

json_t *emf_doctor_json(struct emf *emf, int *status)
{
	struct emf_probe probe;
	json_t *json;

	emf_bpf_error_init();
	emf_probe_init(&probe);
	emf_probe_read_btf(&probe);
	json = json_pack("{s:i, s:s, s:o, s:s, s:s}", "doctor", DOCUMENT_VERSION, "product", emf->product->name,
			 "version", emf_json_text(emf->product->version), "emf", EMF_VERSION, "libbpf", libbpf_version_string());
	json_object_set_new(json, "system", emf_doctor_system(&probe));
	json_object_set_new(json, "btf_cache", emf_btf_cache_json(emf));
	json_object_set_new(json, "programs", emf_doctor_programs(&probe));
	json_object_set_new(json, "maps", emf_doctor_maps(&probe));
	json_object_set_new(json, "helpers", emf_doctor_helpers(&probe));
	/* Each object would have libbpf read the whole again. */
	emf_btf_cache_begin_unkept(emf);
	json_object_set_new(json, "modules", modules_json(emf, &probe, status));
	emf_btf_cache_end();
	json_object_set_new(json, "exit_status", json_integer(*status));
	emf_probe_fini(&probe);
	return json;
}
