// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * server.c - the socket of a serving product.
 */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "notify.h"

#define BACKLOG 16
#define TELL_AGAIN_NS (60 * 1000000000ull) /* whoever is turned away tries again, and a log is finite */

static struct sockaddr_un address(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	/* emf_rundir_socket() has checked that it fits. */
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%.107s", path);
	return addr;
}

/*
 * Out of file descriptors, a connection stays in the queue and the listener stays
 * ready: the loop would turn without end. The spare one makes room to hang up.
 */
static void turn_away(struct emf_server *server, int err)
{
	uint64_t now = emf_now_ns();
	int fd;

	server->connections++;
	server->turned_away++;
	if (server->spare_fd >= 0)
		close(server->spare_fd);
	fd = accept4(server->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		close(fd);
	server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (server->told_ns && now - server->told_ns < TELL_AGAIN_NS)
		return;
	server->told_ns = now;
	emf_warn(NULL, "%s: a connection was turned away: %s; raise the limit of open files (LimitNOFILE= of the service)",
		 server->path, strerror(err));
}

static void on_connect(struct emf_fd *listener, uint32_t events)
{
	struct emf_server *server = emf_container_of(listener, struct emf_server, listener);
	int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd >= 0)
		emf_server_peer_new(server, fd);
	else if (errno == EMFILE || errno == ENFILE)
		turn_away(server, errno);
}

/* One process at a time, also when two start at once. The lock file stays. */
static int take_lock(struct emf_server *server)
{
	char path[RUNDIR_PATH_MAX + 8];
	int err;

	snprintf(path, sizeof(path), "%s.lock", server->path);
	server->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (server->lock_fd < 0) {
		err = -errno;
		emf_err(NULL, "%s: %s", path, strerror(-err));
		return err;
	}
	if (flock(server->lock_fd, LOCK_EX | LOCK_NB)) {
		emf_err(NULL, "%s is already served by another process; stop that one first ('%s status' names it)",
			server->path, server->emf->product->name);
		return -EADDRINUSE;
	}
	return 0;
}

/* Whether somebody listens there, as a service manager does for a service that has not begun. */
static bool is_listened_to(const char *path)
{
	struct sockaddr_un addr = address(path);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool is_there = fd >= 0 && (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)) || errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return is_there;
}

/* A socket may be one that a killed service left behind; anything else is somebody's. */
static int check_place(const char *path)
{
	struct stat st;

	if (lstat(path, &st) || S_ISSOCK(st.st_mode))
		return 0;
	emf_err(NULL, "%s is no socket, and is not removed to make room for one: move it away, or name another path in EMF_BUS",
		path);
	return -EEXIST;
}

static int make_listener(const char *path)
{
	struct sockaddr_un addr = address(path);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t before;
	int err;

	if (fd < 0)
		return -errno;
	if (is_listened_to(path)) {
		close(fd);
		emf_err(NULL, "%s: somebody listens there and is no service: does a service manager keep the socket? Start the service by it, or stop it "
			"('systemctl stop ...socket')", path);
		return -EALREADY;
	}
	unlink(path); /* a stale socket: the lock is ours */
	before = umask(0117);
	err = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ? -errno : 0;
	umask(before);
	if (!err && listen(fd, BACKLOG)) {
		err = -errno;
		unlink(path);
	}
	if (err)
		close(fd);
	return err ? err : fd;
}

static int listen_at(struct emf_server *server)
{
	int fd = emf_notify_listener(server->path), err;

	server->is_handed = fd >= 0;
	if (fd < 0)
		fd = make_listener(server->path);
	if (fd < 0)
		return fd;
	server->listener = (struct emf_fd){ .fd = fd, .events = EPOLLIN, .ready = on_connect };
	err = emf_loop_add_fd(&server->emf->loop, NULL, &server->listener);
	if (err)
		close(fd);
	return err;
}

int emf_server_open(struct emf_server *server, struct emf *emf)
{
	char folder[RUNDIR_PATH_MAX];
	int err;

	*server = (struct emf_server){ .emf = emf, .lock_fd = -1, .spare_fd = -1 };
	/* What would be denied must not be allowed because of a line that cannot be read. */
	err = emf_acl_read(&server->acl, NULL);
	if (err) {
		emf_err(NULL, "the access rules have mistakes: nothing starts");
		emf_acl_fini(&server->acl);
		return err;
	}
	err = emf_rundir_socket(emf->product->name, server->path);
	if (!err && !emf_rundir_given())
		err = emf_rundir(folder);
	if (err == -ENOENT) {
		emf_err(NULL, "there is no place for the socket: set XDG_RUNTIME_DIR or EMF_BUS, or run as root");
	} else if (err) {
		emf_err(NULL, "no socket can be made at %s: %s", server->path, strerror(-err));
	} else {
		err = check_place(server->path); /* before the lock makes a file beside it */
	}
	if (!err)
		err = take_lock(server);
	if (!err) {
		err = listen_at(server);
		if (err && err != -EALREADY) /* which was told */
			emf_err(NULL, "%s: %s", server->path, strerror(-err));
	}
	if (err) {
		if (server->lock_fd >= 0)
			close(server->lock_fd);
		emf_acl_fini(&server->acl);
		return err;
	}
	server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ebus_rings_init(&server->rings, &emf->loop);
	emf_server_apply_rules(server);
	return 0;
}

void emf_server_close(struct emf_server *server)
{
	emf_fd_del(&server->listener);
	emf_server_peers_close(server);
	ebus_rings_fini(&server->rings);
	if (!server->is_handed) /* else it is the service manager's, who starts us again when somebody connects */
		unlink(server->path);
	close(server->listener.fd);
	if (server->spare_fd >= 0)
		close(server->spare_fd);
	close(server->lock_fd);
	emf_acl_fini(&server->acl);
}
