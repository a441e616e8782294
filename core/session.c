// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * session.c - a product from its configuration to its end.
 */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpf_error.h"
#include "btf_cache.h"
#include "btf_folder.h"
#include "builtin.h"
#include "bus_module.h"
#include "caps.h"
#include "chain_pin.h"
#include "event_file.h"
#include "extension.h"
#include "guardian.h"
#include "isolated.h"
#include "isolated_child.h"
#include "least.h"
#include "life.h"
#include "log.h"
#include "notify.h"
#include "output.h"
#include "owned_file.h"
#include "server.h"
#include "upgrade.h"
#include "want.h"

#define OUTPUT_WAIT_MS 100 /* then look at the clock again */

struct session {
	struct emf *emf;
	const struct emf_session_options *options;
	struct emf_server server;
	struct emf_notify notify;
	struct emf_signal hangup;
	struct emf_timer end;
	bool ended;
};

static int apply_product_settings(struct emf *emf)
{
	char why[EMF_PARAM_WHY_MAX];

	for (const struct emf_setting *s = emf->product->settings; s && s->module; s++) {
		struct emf_unit *unit = emf_registry_find(&emf->registry, s->module);
		int p = unit ? emf_param_index(&unit->params, s->param) : -ENOENT;

		if (p < 0) {
			emf_err(NULL, "this product sets %s.%s, which does not exist: its declaration in bus-idl/ is wrong",
				s->module, s->param);
			return -EINVAL;
		}
		if (emf_param_assign(&unit->params, (size_t)p, s->value, EMF_PARAM_PRODUCT, why)) {
			emf_err(NULL, "this product sets %s.%s to a wrong value: %s", s->module, s->param, why);
			return -EINVAL;
		}
	}
	return 0;
}

/* Where the BTF cache is; nowhere if it is turned off. */
static void find_cache(struct emf *emf, const struct emf_session_options *options, const struct emf_config *config)
{
	const char *given = emf_config_get(config, EMF_CONFIG_PRODUCT, "cache");
	bool is_folder = given && *given == '/';

	emf->btf_cache[0] = '\0';
	if (options->no_cache || (given && !is_folder && !emf_config_is_set(config, "cache")))
		return;
	if (emf_btf_folder(is_folder ? given : NULL, emf->btf_cache))
		emf->btf_cache[0] = '\0';
}

int emf_session_configure(struct emf *emf, const struct emf_session_options *options,
			  struct emf_config *config)
{
	int err = apply_product_settings(emf);
	const char *place;

	emf->config = options->config;
	if (!err)
		err = emf_config_read(config, emf, options->config);
	emf->file_allows_unsigned = !err && emf_config_is_set(config, "unsigned-packages");
	if (!err && options->by_config)
		err = emf_isolated_add_configured(emf, config);
	if (!err && options->by_config && emf_want_load(emf, config)) {
		/* What is said of their modules could not be checked before. */
		emf_config_fini(config);
		err = emf_config_read(config, emf, options->config);
	}
	if (err)
		return err;
	emf_config_apply(config, emf);
	place = options->place ? options->place : emf_config_get(config, EMF_CONFIG_PRODUCT, "place");
	emf->hangs_first = place && !strcmp(place, "first");
	emf->replaces = options->replaces || emf_config_is_set(config, "replace");
	emf->persists = options->persists || emf_config_is_set(config, "persist");
	emf->upgradable = emf_config_is_set(config, "upgradable");
	emf->keep_caps_of_file = emf->serving && !options->keep_caps;
	emf->keep_caps = options->keep_caps ? options->keep_caps : emf_config_get(config, EMF_CONFIG_PRODUCT, "keep-capabilities");
	find_cache(emf, options, config);
	if (options->log_given)
		emf_log_set_level(options->log);
	return 0;
}

static void on_hangup(struct emf_signal *signal)
{
	struct session *s = emf_container_of(signal, struct session, hangup);
	struct emf_config config;

	emf_notify_reloading(&s->notify);
	if (s->server.emf)
		emf_server_reload(&s->server);
	if (emf_config_read(&config, s->emf, s->options->config)) {
		emf_err(NULL, "the configuration has mistakes; nothing was changed");
	} else {
		emf_config_reload(&config, s->emf);
		if (s->options->log_given)
			emf_log_set_level(s->options->log);
		emf_info(NULL, "configuration read again");
	}
	emf_config_fini(&config);
	emf_notify_ready(&s->notify, &s->emf->loop, emf_life_running(s->emf));
}

static void on_end(struct emf_timer *timer)
{
	emf_container_of(timer, struct session, end)->ended = true;
}

static size_t count_wanted(const struct emf *emf)
{
	size_t n = 0;

	for (size_t i = 0; i < emf->registry.n; i++)
		n += emf->registry.units[i]->wanted;
	return n;
}

/* 77 only if nothing but privileges and kernel features was missing, 2 if nothing but an option that says where. */
static int failed_status(const struct emf *emf)
{
	bool failed = false, other = false, unsupported = false, misused = false;

	for (size_t i = 0; i < emf->registry.n; i++) {
		const struct emf_unit *unit = emf->registry.units[i];

		/* One that was started over the bus failed for whom asked, who was told. */
		if (unit->state != EMF_UNIT_FAILED || !unit->wanted)
			continue;
		failed = true;
		unsupported |= unit->unsupported;
		misused |= unit->error == -EDESTADDRREQ;
		other |= !unit->unsupported && unit->error != -EDESTADDRREQ;
	}
	if (!failed)
		return EMF_EXIT_OK;
	return other || (unsupported && misused) ? EMF_EXIT_FAILED : misused ? EMF_EXIT_USAGE : EMF_EXIT_UNSUPPORTED;
}

/* While nobody reads, all waits but a signal and the end of the duration. */
static int flush(struct session *s)
{
	struct emf *emf = s->emf;
	int err = emf_output_flush();

	while (err == -EAGAIN) {
		if (!emf_output_wait(emf->quit.wake.fd, OUTPUT_WAIT_MS)) {
			uint64_t ran = emf_now_ns() - emf->started_ns;

			s->ended |= s->options->duration_ns && ran >= s->options->duration_ns;
			if (s->ended || emf_quit_is_asked(&emf->quit))
				return 0;
		}
		err = emf_output_flush();
	}
	return err == -EINTR ? 0 : err;
}

static int turn(struct session *s, size_t wanted)
{
	struct emf *emf = s->emf;
	int err;

	err = emf_life_turn(emf);
	if (err)
		return EMF_EXIT_FAILED;
	emf_upgrade_turn(emf);
	emf_extension_turn(emf);
	emf_isolated_turn(emf);
	if (emf->isolation && !emf_isolated_child_turn(emf->isolation))
		return failed_status(emf);
	err = flush(s);
	if (err)
		return err == -EPIPE ? EMF_EXIT_OK : EMF_EXIT_FAILED;
	/* A service waits for its operator; a tool without modules has ended. */
	if (wanted && !emf->serving && !emf_life_running(emf))
		return failed_status(emf);
	if (s->ended || emf_quit_is_asked(&emf->quit))
		return failed_status(emf);
	if (s->server.emf)
		emf_server_turn(&s->server);
	err = emf_loop_turn(&emf->loop, emf_extension_is_due(emf) || emf_upgrade_is_due(emf) ? 0 : emf_life_timeout_ms(emf));
	if (err) {
		emf_err(NULL, "the event loop failed: %s", strerror(-err));
		return EMF_EXIT_FAILED;
	}
	return -1;
}

static int start_loop(struct session *s)
{
	struct emf *emf = s->emf;
	int err = emf_loop_init(&emf->loop);

	if (err)
		return err;
	err = emf_quit_init(&emf->quit, &emf->loop);
	if (err)
		goto no_quit;
	err = emf_worker_init(&emf->worker, &emf->loop);
	if (err)
		goto no_worker;
	emf_bus_init(&emf->loop);
	return 0;
no_worker:
	emf_quit_fini(&emf->quit);
no_quit:
	emf_loop_fini(&emf->loop);
	return err;
}

static void end_loop(struct session *s)
{
	emf_signal_del(&s->hangup);
	emf_signal_del(&s->emf->show.terminal.changed);
	emf_timer_stop(&s->end);
	emf_notify_fini(&s->notify);
	emf_worker_fini(&s->emf->worker);
	emf_quit_fini(&s->emf->quit);
	emf_loop_fini(&s->emf->loop);
}

/* All is attached, and nobody was told: who asks from here on meets a service with what it needs, and no more. */
static int keep_least(struct emf *emf)
{
	uint64_t caps;
	char word[1];

	int err;

	if (!emf->serving || emf->isolation || !emf->keep_caps || !strcmp(emf->keep_caps, "all"))
		return 0;
	err = emf_caps_read(emf->keep_caps, &caps, word, sizeof(word)); /* which was tried where it was given */
	return err ? err : emf_least_keep(emf, caps);
}

static int run_loop(struct session *s)
{
	struct emf *emf = s->emf;
	size_t wanted = count_wanted(emf);
	int status, err;

	if (s->options->duration_ns) {
		emf_loop_start_timer(&emf->loop, NULL, &s->end, s->options->duration_ns, 0);
		emf_quit_interrupt_after(s->options->duration_ns);
	}
	if (!wanted)
		emf_warn(NULL, "no modules to run; waiting for a signal");
	if (emf_life_start(emf))
		return failed_status(emf);
	if (emf_life_running(emf) && emf_event_file_begin(&emf->loop)) {
		emf_life_stop(emf);
		return EMF_EXIT_FAILED;
	}
	emf_pins_tell(emf->product->name);
	if (keep_least(emf)) {
		emf_life_stop(emf);
		return EMF_EXIT_FAILED;
	}
	if (emf->isolation && emf_isolated_child_started(emf->isolation)) {
		emf_life_stop(emf);
		return EMF_EXIT_FAILED;
	}
	if (s->options->started)
		s->options->started(emf, s->options->started_arg);
	status = s->options->started ? failed_status(emf) : -1;
	emf_notify_ready(&s->notify, &emf->loop, emf_life_running(emf));
	while (status < 0)
		status = turn(s, wanted);
	emf_notify_fini(&s->notify);
	emf_life_stop(emf);
	if (status == EMF_EXIT_OK)
		status = emf->exit_status; /* of what could not be written at the end */
	err = emf_output_finish();
	return err && err != -EPIPE ? EMF_EXIT_FAILED : status;
}

/* What is in another namespace is no matter of ours: "purge" tells it. */
static void tell_cleaned(int err, const char *sentence)
{
	if (err == -EXDEV)
		emf_debug(NULL, "%s", sentence);
	else if (err)
		emf_warn(NULL, "%s", sentence);
	else
		emf_info(NULL, "%s", sentence);
}

int emf_session_run(struct emf *emf, const struct emf_session_options *options)
{
	struct session s = { .emf = emf, .options = options, .hangup = { .signo = SIGHUP, .received = on_hangup },
			     .notify = { .fd = -1 }, .end = { .expired = on_end } };
	bool socket = (emf->serving && !emf->isolation) || options->bus;
	int status = EMF_EXIT_FAILED;
	int err = start_loop(&s);

	if (err) {
		emf_err(NULL, "the event loop could not be made: %s", strerror(-err));
		return EMF_EXIT_FAILED;
	}
	emf_bpf_error_init();
	err = emf_cpus_read();
	if (err) {
		emf_err(NULL, "the number of processors cannot be read: %s%s", strerror(-err), err == -ENOENT ? "; is /sys mounted?" : "");
		end_loop(&s);
		return err == -ENOENT ? EMF_EXIT_UNSUPPORTED : EMF_EXIT_FAILED;
	}
	emf_btf_cache_begin(emf);
	emf->started_ns = emf_now_ns();
	emf_terminal_init(&emf->show.terminal);
	if (!emf->serving)
		err = emf_terminal_watch(&emf->show.terminal, &emf->loop);
	if (emf->serving && !emf->isolation) {
		emf_notify_init(&s.notify);
		err = emf_loop_add_signal(&emf->loop, NULL, &s.hangup);
	}
	if (err)
		emf_err(NULL, emf->serving ? "SIGHUP cannot be received, and would end the service: %s" : "SIGWINCH cannot be received: %s", strerror(-err));
	else if (socket)
		err = emf_server_open(&s.server, emf);
	if (!err && socket)
		emf_builtin_provide(emf, &s.server);
	if (!err && emf->isolation)
		err = emf_isolated_child_open(emf->isolation);
	if (!err) {
		if (!emf->isolation)
			emf_owned_files_clean(emf->product->name, tell_cleaned);
		status = run_loop(&s);
		emf_guardian_end(emf->guardian);
		emf->guardian = NULL;
	}
	if (emf->isolation)
		emf_isolated_child_close(emf->isolation);
	if (!err && socket) {
		emf_builtin_withdraw();
		emf_server_close(&s.server);
	}
	emf_btf_cache_end();
	end_loop(&s);
	return status;
}
