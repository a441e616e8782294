// SPDX-License-Identifier: BSD-2-Clause
/*
 * quit.c - what SIGINT and SIGTERM do.
 */
#include "quit.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* All that a signal handler may touch. */
static volatile sig_atomic_t interrupts;
static volatile sig_atomic_t wake_fd = -1;

static void on_signal(int signo)
{
	static const char goodbye[] = "interrupted twice: ending at once\n";
	int saved = errno;
	uint64_t one = 1;

	if (signo == SIGINT && ++interrupts > 1) {
		if (write(STDERR_FILENO, goodbye, sizeof(goodbye) - 1) < 0)
			_exit(128 + signo);
		_exit(128 + signo); /* the shell's convention; the kernel detaches all */
	}
	if (wake_fd >= 0 && write(wake_fd, &one, sizeof(one)) < 0)
		errno = 0; /* the counter is full: the loop is woken anyway */
	errno = saved;
}

static void woken(struct emf_fd *fd, uint32_t events)
{
	struct emf_quit *quit = emf_container_of(fd, struct emf_quit, wake);
	uint64_t count;

	(void)events;
	if (read(fd->fd, &count, sizeof(count)) > 0)
		quit->asked = true;
}

int emf_quit_init(struct emf_quit *quit, struct emf_loop *loop)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	int err;

	quit->wake = (struct emf_fd){ .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
				      .events = EPOLLIN, .ready = woken };
	if (quit->wake.fd < 0)
		return -errno;
	err = emf_loop_add_fd(loop, NULL, &quit->wake);
	if (err) {
		close(quit->wake.fd);
		return err;
	}
	quit->asked = false;
	interrupts = 0;
	wake_fd = quit->wake.fd;
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* A closed pipe is seen when writing, see output.c. */
	sigaction(SIGPIPE, &ignore, NULL);
	return 0;
}

void emf_quit_fini(struct emf_quit *quit)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	wake_fd = -1;
	emf_fd_del(&quit->wake);
	close(quit->wake.fd);
}
