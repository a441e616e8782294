/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The floor: the same exchange over a bare SEQPACKET socket, its server on epoll, one message a
 * packet. raw WINDOW N; prints exchanges a second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SIZE 64

static void serve(int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(0);
	char bytes[SIZE];

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	while (epoll_wait(epoll, &event, 1, -1) == 1) {
		ssize_t n = recv(fd, bytes, sizeof(bytes), 0);

		if (n <= 0 || send(fd, bytes, (size_t)n, 0) != n)
			break;
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	long window = argc > 1 ? atol(argv[1]) : 1, n = argc > 2 ? atol(argv[2]) : 1, sent = 0;
	struct timespec start, end;
	char bytes[SIZE] = "";
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds))
		return 1;
	pid = fork();
	if (!pid) {
		close(fds[0]);
		serve(fds[1]);
	}
	close(fds[1]);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (; sent < window; sent++)
		if (send(fds[0], bytes, SIZE, 0) != SIZE)
			return 1;
	for (long i = 0; i < n; i++) {
		if (recv(fds[0], bytes, SIZE, 0) != SIZE)
			return 1;
		if (sent < n && send(fds[0], bytes, SIZE, 0) != SIZE)
			return 1;
		sent += sent < n;
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	close(fds[0]);
	waitpid(pid, NULL, 0);
	printf("%.0f\n", (double)n / ((double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9));
	return 0;
}
