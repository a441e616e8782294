// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * prometheus.c - HTTP for a Prometheus server. libmicrohttpd runs on the loop of the
 * product, without a thread of its own: it has one descriptor that says when.
 */
#include "prometheus_emf.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRIES 8			  /* until others let us read a snapshot to its end */
#define IDLE_SECONDS 5		  /* who says nothing for so long makes room for others */
#define REQUEST_NS 5000000000ull  /* so does who takes longer to say what he wants */
#define SLOW_MS 500		  /* while there are connections, that is looked at so often */
#define FRESH_NS 1000000000ull	  /* a text is told again for so long: to make one reads all maps */
#define CONNECTION_BYTES 32768	  /* of the headers of a request and an answer */
#define ACTIVATED_FD 3		  /* SD_LISTEN_FDS_START, sd_listen_fds(3) */
#define ACTIVATED_MAX 64	  /* more than any unit has */
#define FORMAT "text/plain; version=0.0.4; charset=utf-8"

static const char welcome[] = "Metrics are at /metrics.\n";
static const char not_found[] = "There is nothing but /metrics.\n";
static const char no_method[] = "It can only be read: GET or HEAD.\n";
static const char not_told[] = "The metrics could not be read; the log of the product says why.\n";

static struct {
	struct module *m;
	struct MHD_Daemon *daemon;
	int handed; /* the socket that systemd listens on, a copy of it; -1 */
	struct statistics_metrics_reply *part;
	char *text; /* of the metrics, as they were at @made_ns */
	size_t size;
	uint64_t made_ns;
	struct peer *peers; /* that have not said all of a request */
	struct emf_fd fd;
	struct emf_timer timer;
} p = { .handed = -1 };

/* A connection. */
struct peer {
	struct peer *next;
	int fd;
	uint64_t since_ns; /* it was opened, or the last request of it was answered */
};

/* One snapshot to its end; @text is to be freed in any case. */
static int read_snapshot(char **text, size_t *size)
{
	struct statistics_metrics_args args = { 0 };
	size_t at = 0;

	do {
		int err = statistics_call_metrics(&statistics_client, &args, p.part);
		char *more = err ? NULL : realloc(*text, p.part->size + 1);

		if (!more)
			return err ? err : -ENOMEM;
		*text = more;
		if (!p.part->text_len || at + p.part->text_len > p.part->size)
			return -EPROTO;
		memcpy(more + at, p.part->text, p.part->text_len);
		at += p.part->text_len;
		args.snapshot = p.part->snapshot;
		args.from = at;
	} while (at < p.part->size);
	*size = at;
	return 0;
}

static int read_metrics(char **text, size_t *size)
{
	int err = -ESTALE;

	for (int i = 0; i < TRIES && err == -ESTALE; i++)
		err = read_snapshot(text, size);
	return err;
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response, const char *type)
{
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result say(struct MHD_Connection *connection, unsigned int status, const char *text)
{
	return answer(connection, status, MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT), "text/plain");
}

static int make_text(void)
{
	uint64_t now = emf_now_ns();
	char *text = NULL;
	size_t size;
	int err;

	if (p.text && now - p.made_ns < FRESH_NS)
		return 0;
	err = read_metrics(&text, &size);
	if (err) {
		free(text);
		return err;
	}
	free(p.text);
	p.text = text;
	p.size = size;
	p.made_ns = now;
	return 0;
}

static enum MHD_Result tell_metrics(struct MHD_Connection *connection)
{
	int err = make_text();

	if (!err)
		return answer(connection, MHD_HTTP_OK, MHD_create_response_from_buffer(p.size, p.text, MHD_RESPMEM_MUST_COPY), FORMAT);
	emf_err(p.m, "a server asked for metrics, which could not be read: %s", strerror(-err));
	return say(connection, MHD_HTTP_SERVICE_UNAVAILABLE, not_told);
}

/* Called when the headers are there; if nothing is said then, with what there is of a body, and at its end. */
static enum MHD_Result on_request(void *own, struct MHD_Connection *connection, const char *path, const char *method, const char *version,
				  const char *body, size_t *body_size, void **state)
{
	static int seen;

	(void)own;
	(void)version;
	(void)body;
	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		return say(connection, MHD_HTTP_METHOD_NOT_ALLOWED, no_method);
	if (!*state) {
		*state = &seen;
		return MHD_YES;
	}
	if (*body_size)
		return MHD_NO; /* of a GET: hangs up */
	if (!strcmp(path, "/metrics"))
		return tell_metrics(connection);
	return strcmp(path, "/") ? say(connection, MHD_HTTP_NOT_FOUND, not_found) : say(connection, MHD_HTTP_OK, welcome);
}

static void on_connection(void *own, struct MHD_Connection *connection, void **state, enum MHD_ConnectionNotificationCode what)
{
	struct peer *peer = *state, **at = &p.peers;

	(void)own;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		peer = calloc(1, sizeof(*peer)); /* without one it has no end but that of silence */
		*state = peer;
		if (!peer)
			return;
		peer->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
		peer->since_ns = emf_now_ns();
		peer->next = p.peers;
		p.peers = peer;
		return;
	}
	while (*at && *at != peer)
		at = &(*at)->next;
	if (*at)
		*at = peer->next;
	free(peer);
}

static void on_completed(void *own, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode why)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct peer *peer = info ? info->socket_context : NULL;

	(void)own;
	(void)state;
	(void)why;
	if (peer)
		peer->since_ns = emf_now_ns();
}

/* libmicrohttpd waits for who sends a byte now and then; it is told of the end of his connection. */
static void hang_up_on_the_slow(void)
{
	uint64_t now = emf_now_ns();

	for (const struct peer *peer = p.peers; peer; peer = peer->next)
		if (now - peer->since_ns > REQUEST_NS)
			shutdown(peer->fd, SHUT_RDWR);
}

static unsigned int connections(void)
{
	return MHD_get_daemon_info(p.daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections;
}

/* And says when libmicrohttpd wants to run next although nothing happens: to close who is idle. */
static void run(void)
{
	unsigned int before = connections();
	MHD_UNSIGNED_LONG_LONG ms;

	hang_up_on_the_slow();
	MHD_run(p.daemon);
	/* With all of its connections open it does not listen, and listens again in the run after one has ended. */
	if (connections() < before)
		MHD_run(p.daemon);
	emf_timer_stop(&p.timer);
	if (MHD_get_timeout(p.daemon, &ms) == MHD_YES)
		emf_timer_start(p.m, &p.timer, (!ms ? 1 : ms < SLOW_MS ? ms : SLOW_MS) * 1000000ull, 0);
}

static void on_ready(struct emf_fd *fd, uint32_t events)
{
	(void)fd;
	(void)events;
	run();
}

static void on_timer(struct emf_timer *timer)
{
	(void)timer;
	run();
}

static bool is_listening(int fd)
{
	int listens = 0, type = 0, domain = 0;
	socklen_t size = sizeof(listens);

	return !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) && listens &&
	       !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) && type == SOCK_STREAM &&
	       !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) && (domain == AF_INET || domain == AF_INET6);
}

/* Takes the socket that systemd listens on for us, once: the first one for streams, sd_listen_fds(3). A copy is kept for a later start. */
static int handed_over(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	long n = pid && fds && strtol(pid, NULL, 10) == getpid() ? strtol(fds, NULL, 10) : 0;

	for (int fd = ACTIVATED_FD; p.handed < 0 && fd < ACTIVATED_FD + (n < ACTIVATED_MAX ? n : ACTIVATED_MAX); fd++) {
		if (!is_listening(fd))
			continue;
		p.handed = fcntl(fd, F_DUPFD_CLOEXEC, ACTIVATED_FD + ACTIVATED_MAX);
		close(fd);
	}
	return p.handed < 0 ? -1 : fcntl(p.handed, F_DUPFD_CLOEXEC, ACTIVATED_FD + ACTIVATED_MAX);
}

/* The address is one of IPv6, or ::ffff:a.b.c.d of IPv4. */
static socklen_t to_sockaddr(struct sockaddr_storage *to)
{
	struct sockaddr_in *to4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *to6 = (struct sockaddr_in6 *)to;
	struct in6_addr address;

	memcpy(&address, &prometheus_params.address, sizeof(address));
	if (IN6_IS_ADDR_V4MAPPED(&address)) {
		*to4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(prometheus_params.port) };
		memcpy(&to4->sin_addr, &address.s6_addr[12], sizeof(to4->sin_addr));
		return sizeof(*to4);
	}
	*to6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(prometheus_params.port), .sin6_addr = address };
	return sizeof(*to6);
}

static int new_socket(void)
{
	struct sockaddr_storage to;
	socklen_t size = to_sockaddr(&to);
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1, err;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) || bind(fd, (struct sockaddr *)&to, size) || listen(fd, SOMAXCONN)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static int listen_fd(struct module *m)
{
	char host[NI_MAXHOST] = "?";
	struct sockaddr_storage to;
	int fd = handed_over();

	if (fd >= 0) {
		emf_info(m, "listens on the socket that was handed over");
		return fd;
	}
	getnameinfo((struct sockaddr *)&to, to_sockaddr(&to), host, sizeof(host), NULL, 0, NI_NUMERICHOST);
	fd = new_socket();
	if (fd < 0)
		emf_err(m, "cannot listen on %s, port %u: %s; the parameters address and port choose others", host, prometheus_params.port, strerror(-fd));
	else
		emf_info(m, "listens on %s, port %u", host, prometheus_params.port);
	return fd;
}

int prometheus_create(struct module *m)
{
	p.m = m;
	p.fd.ready = on_ready;
	p.timer.expired = on_timer;
	p.part = malloc(sizeof(*p.part));
	return p.part ? 0 : -ENOMEM;
}

int prometheus_attach(struct module *m)
{
	int fd = listen_fd(m), err;

	if (fd < 0)
		return fd;
	p.daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
				    prometheus_params.connections, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_SECONDS,
				    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_NOTIFY_CONNECTION, on_connection, NULL,
				    MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
	if (!p.daemon) {
		close(fd);
		emf_err(m, "libmicrohttpd cannot be started: out of memory, or of file descriptors");
		return -ENOMEM;
	}
	p.fd.fd = MHD_get_daemon_info(p.daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	p.fd.events = EPOLLIN;
	err = emf_fd_add(m, &p.fd);
	if (err)
		prometheus_detach(m);
	return err;
}

/* Also closes the socket. */
int prometheus_detach(struct module *m)
{
	(void)m;
	emf_timer_stop(&p.timer);
	emf_fd_del(&p.fd);
	if (p.daemon)
		MHD_stop_daemon(p.daemon);
	p.daemon = NULL;
	return 0;
}

int prometheus_destroy(struct module *m)
{
	(void)m;
	free(p.part);
	free(p.text);
	p.text = NULL;
	return 0;
}
