// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * builtin_log.c - service log: its level, and its lines as a signal.
 *
 * Any thread logs, and a line may be logged while another one is sent. So lines wait in
 * a ring until the loop sends them; an eventfd wakes it up. While nobody listens there
 * is neither.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "builtin.h"
#include "bus.h"
#include "emf_emf.h"
#include "log.h"

#define WAITING_MAX 64
#define LINES_PER_S 200 /* what sending logs itself cannot become a flood */
#define NS_PER_S UINT64_C(1000000000)

static struct emf *product;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct log_line *waiting; /* WAITING_MAX of them while somebody listens */
static size_t first, n_waiting;
static uint64_t lost, second_ns, in_second;
static struct emf_fd wakeup = { .fd = -1 };

int log_serve_get_level(struct ebus_call *call, struct log_get_level_reply *reply)
{
	(void)call;
	reply->level = (__u8)emf_log_level();
	return 0;
}

int log_serve_set_level(struct ebus_call *call, const struct log_set_level_args *args)
{
	(void)call;
	emf_log_set_level((enum emf_log_level)args->level);
	return 0;
}

/* With the lock held. */
static bool is_room(void)
{
	uint64_t now = emf_now_ns();

	if (now - second_ns >= NS_PER_S) {
		second_ns = now;
		in_second = 0;
	}
	return waiting && n_waiting < WAITING_MAX && in_second++ < LINES_PER_S;
}

/* Of any thread. */
static void on_line(const struct module *m, enum emf_log_level level, const char *text)
{
	struct timespec now;

	pthread_mutex_lock(&lock);
	if (!is_room()) {
		lost++;
	} else {
		struct log_line *line = &waiting[(first + n_waiting++) % WAITING_MAX];

		clock_gettime(CLOCK_REALTIME, &now);
		memset(line, 0, sizeof(*line));
		line->at = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
		line->lost = lost;
		line->level = (__u8)level;
		snprintf(line->module, sizeof(line->module), "%s", m && m->name ? m->name : product->product->name);
		snprintf(line->text, sizeof(line->text), "%s", text);
		eventfd_write(wakeup.fd, 1);
	}
	pthread_mutex_unlock(&lock);
}

static bool take(struct log_line *line)
{
	bool found;

	pthread_mutex_lock(&lock);
	found = n_waiting;
	if (found) {
		*line = waiting[first];
		first = (first + 1) % WAITING_MAX;
		n_waiting--;
	}
	pthread_mutex_unlock(&lock);
	return found;
}

static void on_wakeup(struct emf_fd *fd, uint32_t events)
{
	struct log_line line;
	eventfd_t count;

	(void)events;
	eventfd_read(fd->fd, &count);
	/* No more than there may be now: a handler that logs is heard in the next turn. */
	for (int i = 0; i < WAITING_MAX && take(&line); i++)
		log_emit_line(&line);
}

static void end(void)
{
	emf_log_set_tap(NULL);
	pthread_mutex_lock(&lock);
	free(waiting);
	waiting = NULL;
	n_waiting = 0;
	pthread_mutex_unlock(&lock);
	if (wakeup.fd >= 0) {
		emf_fd_del(&wakeup);
		close(wakeup.fd);
		wakeup.fd = -1;
	}
}

static int begin(void)
{
	int err;

	wakeup = (struct emf_fd){ .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .events = EPOLLIN, .ready = on_wakeup };
	if (wakeup.fd < 0)
		return -errno;
	waiting = calloc(WAITING_MAX, sizeof(*waiting));
	err = waiting ? emf_loop_add_fd(&product->loop, NULL, &wakeup) : -ENOMEM;
	if (!err)
		emf_log_set_tap(on_line);
	return err;
}

static void on_demand(struct ebus_service *service, unsigned int signal, bool wanted, void *data)
{
	(void)service;
	(void)signal;
	(void)data;
	end();
	if (wanted && begin()) {
		end();
		emf_err(NULL, "the log cannot be sent to who listens: out of memory or of file descriptors");
	}
}

void emf_builtin_provide_log(struct emf *emf)
{
	static const struct log_ops ops = LOG_SERVED;

	product = emf;
	ebus_provide(&log_service, &ops, NULL);
	emf_bus_set_demand(&log_service, on_demand, NULL);
}

void emf_builtin_withdraw_log(void)
{
	emf_bus_set_demand(&log_service, NULL, NULL);
	end();
	ebus_withdraw(&log_service, NULL);
}
