// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * quit.c - what SIGINT and SIGTERM do.
 */
#include "quit.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* All that a signal handler may touch. */
static volatile sig_atomic_t interrupted, signalled;
static struct timespec first_interrupt;
static volatile sig_atomic_t wake_fd = -1;

/*
 * timeout(1) and some shells send one interrupt to the process and to its group; no
 * person presses a key twice within this time.
 */
#define SAME_INTERRUPT_MS 100

static bool is_second_interrupt(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!interrupted) {
		first_interrupt = now;
		interrupted = 1;
		return false;
	}
	return (now.tv_sec - first_interrupt.tv_sec) * 1000 +
	       (now.tv_nsec - first_interrupt.tv_nsec) / 1000000 > SAME_INTERRUPT_MS;
}

/* Ends the system call that it interrupts, and the next one that blocks, and so on. */
static void on_alarm(int signo)
{
	(void)signo;
	alarm(1);
}

static void on_signal(int signo)
{
	static const char goodbye[] = "interrupted twice: ending at once\n";
	int saved = errno;
	uint64_t one = 1;

	if (signo == SIGINT && is_second_interrupt()) {
		if (write(STDERR_FILENO, goodbye, sizeof(goodbye) - 1) < 0)
			_exit(128 + signo);
		_exit(128 + signo); /* the shell's convention; the kernel detaches all */
	}
	signalled = 1;
	alarm(1); /* a wait that begins a moment later has to end too */
	if (wake_fd >= 0 && write(wake_fd, &one, sizeof(one)) < 0)
		errno = 0; /* the alarm wakes the loop, then */
	errno = saved;
}

static void woken(struct emf_fd *fd, uint32_t events)
{
	uint64_t count;

	(void)events;
	if (read(fd->fd, &count, sizeof(count)) < 0)
		errno = 0; /* that it was woken is all: emf_quit_is_asked() */
}

int emf_quit_init(struct emf_quit *quit, struct emf_loop *loop)
{
	/* Without SA_RESTART: a write to a pipe that nobody reads has to end. */
	struct sigaction action = { .sa_handler = on_signal };
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
	interrupted = signalled = 0;
	wake_fd = quit->wake.fd;
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	action.sa_handler = on_alarm;
	sigaction(SIGALRM, &action, NULL);
	/* A closed pipe is seen when writing, see output.c. */
	sigaction(SIGPIPE, &ignore, NULL);
	return 0;
}

bool emf_quit_is_asked(const struct emf_quit *quit)
{
	return quit->asked || signalled;
}

void emf_quit_interrupt_after(uint64_t ns)
{
	struct itimerval timer = {
		.it_value = { .tv_sec = (time_t)(ns / 1000000000), .tv_usec = (suseconds_t)(ns / 1000 % 1000000) },
	};

	setitimer(ITIMER_REAL, &timer, NULL);
}

void emf_quit_fini(struct emf_quit *quit)
{
	struct itimerval none = { 0 };

	setitimer(ITIMER_REAL, &none, NULL);
	signal(SIGALRM, SIG_IGN);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	wake_fd = -1;
	emf_fd_del(&quit->wake);
	close(quit->wake.fd);
}
