// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * isolated_life.c - the processes of isolated extensions are started, ended, and started
 * again. Whatever a process does, the product waits for nothing but its own timers, except
 * where it starts or ends itself and nobody else waits.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "isolated.h"
#include "isolated_process.h"
#include "life_step.h"
#include "log.h"

#define NS_PER_MS UINT64_C(1000000)
#define SLICE_MS 50
#define LAST_PACKETS 4096 /* that a process left in its socket when it ended; the kernel's buffer has fewer */

static void on_timer(struct emf_timer *timer);
static void on_child(struct emf_signal *signal);

static struct emf_signal child_ended = { .signo = SIGCHLD, .received = on_child };
static struct emf *product; /* whose children they are */

static void set_timer(struct emf_isolated *iso, uint64_t ms)
{
	emf_timer_stop(&iso->timer);
	iso->timer.expired = on_timer;
	emf_loop_start_timer(&iso->emf->loop, NULL, &iso->timer, ms * NS_PER_MS, 0);
}

static void settle(struct emf_isolated *iso, int err)
{
	void (*of_unit)(struct emf_unit *unit) = iso->unit->settled;
	void (*settled)(struct emf_isolated *iso, int err) = iso->settled;

	iso->unit->settled = NULL;
	if (of_unit)
		of_unit(iso->unit);
	if (iso->is_going) /* that is told once it is not known any more */
		return;
	iso->settled = NULL;
	if (settled)
		settled(iso, err);
	iso->is_going = err && iso->is_loading;
	iso->is_loading = false;
}

/* --- it starts */

static int begin(struct emf_isolated *iso)
{
	int err = 0;

	product = iso->emf;
	/* Whoever started this process may have had it ignored: then the kernel waits for children by itself. */
	signal(SIGCHLD, SIG_DFL);
	if (child_ended.source.kind == EMF_SOURCE_NONE)
		err = emf_loop_add_signal(&iso->emf->loop, NULL, &child_ended);
	if (err)
		snprintf(iso->why, sizeof(iso->why), "the end of its process could not be noticed: %s", strerror(-err));
	else
		err = emf_isolated_connect(iso);
	if (err)
		return err;
	iso->state = EMF_ISOLATED_STARTING;
	set_timer(iso, EMF_ISOLATED_START_MS);
	return 0;
}

static void set_failed(struct emf_isolated *iso, enum emf_isolated_state state, int err)
{
	iso->state = state;
	emf_timer_stop(&iso->timer);
	snprintf(iso->unit->why, sizeof(iso->unit->why), "%s", iso->why);
	emf_unit_set_failed(iso->unit, "start", err);
	settle(iso, err);
}

static int start(struct emf_unit *unit)
{
	struct emf_isolated *iso = unit->isolated;
	int err;

	iso->is_again = false;
	iso->tries = 0;
	iso->last_end[0] = unit->why[0] = '\0';
	unit->unsupported = unit->stop_asked = false;
	unit->error = 0;
	unit->state = EMF_UNIT_CREATED;
	err = begin(iso);
	if (err) {
		unit->unsupported = err == -EPERM;
		set_failed(iso, EMF_ISOLATED_STOPPED, err);
	}
	return err;
}

void emf_isolated_start(struct emf_unit *unit)
{
	start(unit);
}

void emf_isolated_is_up(struct emf_isolated *iso)
{
	iso->state = EMF_ISOLATED_RUNNING;
	iso->running_since_ns = emf_now_ns();
	iso->unit->state = EMF_UNIT_RUNNING;
	iso->unit->why[0] = '\0';
	set_timer(iso, EMF_ISOLATED_WELL_MS);
	if (iso->is_again)
		emf_info(&iso->module, "isolated: it runs again, in process %d", (int)iso->pid);
	settle(iso, 0);
}

/* --- it ends */

static const char *why_broken(int err)
{
	switch (err) {
	case -ECONNRESET:
	case -EPIPE:
	case -ESHUTDOWN:
	case -ECANCELED:
		return NULL; /* it ended, or we did: its status says how */
	case -EBADMSG:
	case -EPROTONOSUPPORT:
		return "what it sent makes no sense";
	case -ENOBUFS:
		return "it does not read what it asked for";
	default:
		return strerror(-err);
	}
}

/* What it has sent before it hung up, its last words among it: a send may have failed before they were read. */
static void receive_last(struct emf_isolated *iso)
{
	if (iso->peer.error == -EPIPE || iso->peer.error == -ECONNRESET)
		iso->peer.error = 0;
	for (int i = 0; i < LAST_PACKETS && !iso->peer.error; i++)
		if (ebus_peer_receive(&iso->peer, false) == -EAGAIN)
			ebus_peer_fail(&iso->peer, -EPIPE);
}

void emf_isolated_broke(struct emf_isolated *iso)
{
	const char *why;
	bool may_end;

	receive_last(iso);
	may_end = iso->peer.error == -ESHUTDOWN || iso->state == EMF_ISOLATED_ENDING;
	why = why_broken(iso->peer.error);
	if (!iso->why[0] && why)
		snprintf(iso->why, sizeof(iso->why), "its process was ended: %s", why);
	emf_isolated_disconnect(iso);
	if (iso->state == EMF_ISOLATED_ENDING)
		return;
	if (may_end)
		set_timer(iso, EMF_ISOLATED_END_MS);
	else
		kill(iso->pid, SIGKILL);
}

static void wait_to_start_again(struct emf_isolated *iso)
{
	uint64_t ms = (uint64_t)EMF_ISOLATED_AGAIN_MS << iso->tries;

	ms = ms < EMF_ISOLATED_AGAIN_MAX_MS ? ms : EMF_ISOLATED_AGAIN_MAX_MS;
	iso->tries++;
	iso->state = EMF_ISOLATED_WAITING;
	iso->again_ns = emf_now_ns() + ms * NS_PER_MS;
	set_timer(iso, ms);
	snprintf(iso->unit->why, sizeof(iso->unit->why), "isolated: %.700s; it starts again in %u s (%u of %d)", iso->why, (unsigned int)(ms / 1000), iso->tries,
		 EMF_ISOLATED_TRIES);
	emf_err(&iso->module, "%s", iso->unit->why);
}

static void crashed(struct emf_isolated *iso, int err)
{
	char last[sizeof(iso->why)];

	if (iso->tries < EMF_ISOLATED_TRIES) {
		wait_to_start_again(iso);
		return;
	}
	snprintf(last, sizeof(last), "%s", iso->why);
	snprintf(iso->why, sizeof(iso->why), "isolated: %.700s; it is given up after %d starts in a row: '%s start %s' tries again", last, EMF_ISOLATED_TRIES,
		 iso->emf->product->name, iso->module.name);
	set_failed(iso, EMF_ISOLATED_GIVEN_UP, err);
}

static void stopped(struct emf_isolated *iso)
{
	emf_timer_stop(&iso->timer);
	iso->state = EMF_ISOLATED_STOPPED;
	iso->unit->state = EMF_UNIT_STOPPED;
	iso->unit->why[0] = '\0';
	settle(iso, iso->is_loading ? -ECANCELED : 0); /* of a load, the product ends meanwhile */
}

void emf_isolated_ended(struct emf_isolated *iso, int status)
{
	char how[64], why[sizeof(iso->why)];

	if (iso->is_connected)
		receive_last(iso);
	emf_isolated_disconnect(iso);
	emf_isolated_say_end(status, how, sizeof(how));
	snprintf(iso->last_end, sizeof(iso->last_end), "process %d %s", (int)iso->pid, how);
	if (!iso->why[0])
		snprintf(iso->why, sizeof(iso->why), "its process %d %s", (int)iso->pid, how);
	iso->pid = 0;
	if (iso->state == EMF_ISOLATED_ENDING || (iso->state == EMF_ISOLATED_RUNNING && iso->is_done)) {
		stopped(iso);
	} else if (iso->state == EMF_ISOLATED_STARTING && !iso->is_again) {
		snprintf(why, sizeof(why), "isolated: %.1000s", iso->why);
		memcpy(iso->why, why, sizeof(why));
		set_failed(iso, EMF_ISOLATED_STOPPED, iso->end_err);
	} else {
		crashed(iso, iso->end_err);
	}
}

void emf_isolated_stop(struct emf_unit *unit)
{
	struct emf_isolated *iso = unit->isolated;

	emf_isolated_disconnect(iso);
	if (!iso->pid) {
		stopped(iso);
		return;
	}
	iso->state = EMF_ISOLATED_ENDING;
	unit->state = EMF_UNIT_STOPPING;
	set_timer(iso, EMF_ISOLATED_END_MS);
}

static void give_up_start(struct emf_isolated *iso)
{
	if (!iso->why[0])
		snprintf(iso->why, sizeof(iso->why), "its modules did not run within %d s, and it was ended", EMF_ISOLATED_START_MS / 1000);
	emf_isolated_disconnect(iso);
	kill(iso->pid, SIGKILL);
}

static void on_timer(struct emf_timer *timer)
{
	struct emf_isolated *iso = emf_container_of(timer, struct emf_isolated, timer);
	int err;

	switch (iso->state) {
	case EMF_ISOLATED_STARTING:
		give_up_start(iso);
		break;
	case EMF_ISOLATED_RUNNING:
		if (iso->is_connected)
			iso->tries = 0;
		else
			kill(iso->pid, SIGKILL); /* it said that it ends, and does not */
		break;
	case EMF_ISOLATED_WAITING:
		iso->restarts++;
		iso->is_again = true;
		err = begin(iso);
		if (err)
			crashed(iso, err);
		break;
	case EMF_ISOLATED_ENDING:
		kill(iso->pid, SIGKILL);
		break;
	default:
		break;
	}
}

/* --- processes that have ended */

static bool reap(struct emf_isolated *iso)
{
	int status = 0;
	/* ECHILD: somebody else has waited for it. */
	pid_t pid = iso->pid ? waitpid(iso->pid, &status, WNOHANG) : 0;

	if (!pid || (pid < 0 && errno != ECHILD))
		return false;
	emf_isolated_end_user(iso->uid);
	emf_isolated_ended(iso, status);
	return true;
}

static void on_child(struct emf_signal *signal)
{
	(void)signal;
	for (struct emf_isolated *iso = product->isolated; iso; iso = iso->next)
		reap(iso); /* which frees nothing */
}

/* Until a signal comes, which is blocked: it is the loop's. */
static void wait_for_child(void)
{
	const struct timespec slice = { .tv_nsec = SLICE_MS * (long)NS_PER_MS };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigtimedwait(&set, NULL, &slice);
}

int emf_isolated_start_now(struct emf_unit *unit)
{
	struct emf_isolated *iso = unit->isolated;
	uint64_t until = emf_now_ns() + EMF_ISOLATED_START_MS * NS_PER_MS;
	int err = start(unit);

	if (err)
		return err;
	while (iso->state == EMF_ISOLATED_STARTING) {
		struct pollfd socket = { .fd = iso->peer.link.fd, .events = POLLIN };

		if (emf_quit_is_asked(&iso->emf->quit) && !iso->why[0])
			snprintf(iso->why, sizeof(iso->why), "the product ends before its modules run");
		if (emf_now_ns() > until || emf_quit_is_asked(&iso->emf->quit))
			give_up_start(iso);
		if (!iso->is_connected)
			wait_for_child();
		else if (poll(&socket, 1, SLICE_MS) > 0)
			emf_isolated_receive(iso);
		if (iso->is_connected)
			emf_isolated_flush(iso);
		reap(iso);
	}
	return unit->error;
}

void emf_isolated_wait(struct emf *emf)
{
	uint64_t until = emf_now_ns() + EMF_ISOLATED_END_MS * NS_PER_MS;
	bool is_any = true;

	while (is_any) {
		is_any = false;
		for (struct emf_isolated *iso = emf->isolated; iso; iso = iso->next) {
			/* One that starts is not waited for. */
			if (iso->pid && (emf_now_ns() > until || iso->state != EMF_ISOLATED_ENDING)) {
				emf_isolated_disconnect(iso);
				iso->state = EMF_ISOLATED_ENDING;
				kill(iso->pid, SIGKILL);
			}
			is_any |= iso->pid && !reap(iso);
		}
		if (is_any)
			wait_for_child();
	}
	for (struct emf_isolated *iso = emf->isolated; iso; iso = iso->next)
		emf_timer_stop(&iso->timer);
	emf_signal_del(&child_ended);
}
