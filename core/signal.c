// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * signal.c - signals of the loop, through one signalfd. SIGINT and SIGTERM are
 * not among them: they have to work while a handler hangs, see quit.c.
 */
#include <errno.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

static void dispatch(struct emf_loop *loop, int signo)
{
	loop->next_signal = loop->signals.next;
	while (loop->next_signal != &loop->signals) {
		struct emf_signal *signal =
			emf_container_of(loop->next_signal, struct emf_signal, source);
		struct module *owner = signal->source.owner;
		uint64_t began = emf_loop_begin(owner);

		/* emf_signal_del() moves this on when it removes that very source. */
		loop->next_signal = loop->next_signal->next;
		if (signal->signo == signo)
			signal->received(signal);
		emf_loop_end(owner, began);
	}
	loop->next_signal = NULL;
}

static void readable(struct emf_fd *fd, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)events;
	if (read(fd->fd, &info, sizeof(info)) == sizeof(info))
		dispatch(fd->source.loop, (int)info.ssi_signo);
}

/* Makes the kernel's view match the list of sources. */
static int apply_mask(struct emf_loop *loop, const sigset_t *mask)
{
	int fd = signalfd(loop->signal_fd.fd, mask, SFD_CLOEXEC | SFD_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (loop->signal_fd.fd < 0) {
		int err;

		loop->signal_fd.fd = fd;
		err = emf_loop_add_fd(loop, NULL, &loop->signal_fd);
		if (err) {
			close(fd);
			loop->signal_fd.fd = -1;
			return err;
		}
	}
	loop->signal_mask = *mask;
	return 0;
}

void emf_loop_init_signals(struct emf_loop *loop)
{
	loop->signal_fd = (struct emf_fd){ .fd = -1, .events = EPOLLIN, .ready = readable };
	sigemptyset(&loop->signal_mask);
}

/* Back to what the signal does by default, but not to one that was sent before. */
static void unblock(const sigset_t *mask)
{
	static const struct timespec at_once;

	while (sigtimedwait(mask, NULL, &at_once) > 0)
		;
	pthread_sigmask(SIG_UNBLOCK, mask, NULL);
}

void emf_loop_fini_signals(struct emf_loop *loop)
{
	if (loop->signal_fd.fd < 0)
		return;
	emf_fd_del(&loop->signal_fd);
	close(loop->signal_fd.fd);
	unblock(&loop->signal_mask);
}

int emf_loop_add_signal(struct emf_loop *loop, struct module *owner, struct emf_signal *signal)
{
	sigset_t mask = loop->signal_mask, one;
	int err;

	if (!signal->received || signal->source.kind != EMF_SOURCE_NONE ||
	    signal->signo == SIGINT || signal->signo == SIGTERM || signal->signo == SIGKILL ||
	    signal->signo == SIGSTOP || sigaddset(&mask, signal->signo))
		return -EINVAL;
	err = apply_mask(loop, &mask);
	if (err)
		return err;
	sigemptyset(&one);
	sigaddset(&one, signal->signo);
	pthread_sigmask(SIG_BLOCK, &one, NULL);
	signal->source = (struct emf_source){ .loop = loop, .owner = owner, .kind = EMF_SOURCE_SIGNAL };
	/* While a signal is handed out, in front: this one is not for the new source. */
	emf_source_insert(loop->next_signal ? loop->signals.next : &loop->signals, &signal->source);
	return 0;
}

void emf_signal_del(struct emf_signal *signal)
{
	struct emf_loop *loop = signal->source.loop;
	sigset_t mask, one;

	if (signal->source.kind != EMF_SOURCE_SIGNAL)
		return;
	if (loop->next_signal == &signal->source)
		loop->next_signal = signal->source.next;
	emf_source_remove(&signal->source);
	for (struct emf_source *s = loop->signals.next; s != &loop->signals; s = s->next)
		if (emf_container_of(s, struct emf_signal, source)->signo == signal->signo)
			return;
	mask = loop->signal_mask;
	sigdelset(&mask, signal->signo);
	apply_mask(loop, &mask);
	sigemptyset(&one);
	sigaddset(&one, signal->signo);
	unblock(&one);
}
