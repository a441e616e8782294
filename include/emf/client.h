/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/client.h - the bus of a product from another process: libemf-client.
 *
 * A client uses the stubs that emfgen makes of a service's description, as modules do:
 * <service>_call_<method>() waits for the answer, <service>_call_<method>_async() does
 * not, <service>_on_<signal>() listens. Where a stub wants the module, it passes NULL.
 * It may also provide services. There is one connection in a process, and all of this
 * is for one thread.
 *
 * Link with -lemf-client, and with the <file>_emf.c of each service.
 */
#ifndef EMF_CLIENT_H
#define EMF_CLIENT_H

#include <emf/bus.h>

#ifdef __cplusplus
extern "C" {
#endif

struct emf_client;

#define EMF_CLIENT_RECONNECT (1u << 0) /* when the product goes away, try again, less and less often */

/**
 * emf_client_new() - a client that is not connected yet
 * @name: that the product shows among its peers; at most 63 bytes of it
 * @flags: EMF_CLIENT_RECONNECT or 0
 *
 * Context: the thread that uses it.
 * Return: the client; NULL for ENOMEM, or if this process has one already.
 * Since: 0.1
 */
EMF_API struct emf_client *emf_client_new(const char *name, unsigned int flags);

/**
 * emf_client_free() - disconnect
 * @client: may be NULL
 *
 * Calls that are under way are answered with -ENOTCONN. Subscriptions and watches end
 * in silence; what they are embedded in may be freed after it.
 *
 * Context: not inside of a handler.
 * Since: 0.1
 */
EMF_API void emf_client_free(struct emf_client *client);

/**
 * emf_client_connect() - find the product and connect to it
 * @client: of this process
 * @where: the product's name, "emf", or the path of its socket; EMF_BUS in the
 *	environment overrides a name
 *
 * Waits for it, at most EBUS_TIMEOUT_MS.
 *
 * Context: not inside of a handler.
 * Return: 0; -ENOENT, -ECONNREFUSED if it does not serve; -EACCES if this user may not
 * connect; -ECONNRESET if it hung up for another reason; -EISCONN; -EPROTONOSUPPORT if it speaks another protocol; -ETIMEDOUT.
 * emf_client_why() has a sentence.
 * Since: 0.1
 */
EMF_API int emf_client_connect(struct emf_client *client, const char *where);

/**
 * emf_client_use() - bind to a service of the product
 * @client: connected
 * @of: &<service>_client.base
 *
 * Waits for the answer, at most EBUS_TIMEOUT_MS. The provider may come later, and go:
 * ebus_is_provided() and ebus_watch() tell.
 *
 * Context: not inside of a handler.
 * Return: 0; -ENOENT if it knows no such service; -EPROTO if its major version is
 * another; -ENOTCONN; -ETIMEDOUT. emf_client_why() has a sentence.
 * Since: 0.1
 */
EMF_API int emf_client_use(struct emf_client *client, struct ebus_client *of);

/**
 * emf_client_provide() - serve a service to the product and all on its bus
 * @client: connected
 * @service: &<service>_service, which the product has to know
 * @ops: struct <service>_ops; &(struct <service>_ops)<SERVICE>_SERVED for all of it
 *
 * ebus_withdraw(service, NULL) ends it.
 *
 * Context: not inside of a handler.
 * Return: 0; -EEXIST if it is provided here already; -ENOTCONN.
 * Since: 0.1
 */
EMF_API int emf_client_provide(struct emf_client *client, struct ebus_service *service, const void *ops);

/**
 * struct emf_client_queue_opts - what waits for a slow client at the product
 * @max_messages: at most 1024
 * @max_bytes: at most 256 KiB
 * @overflow: what happens when it is full
 * @block_ms: with EBUS_BLOCK, how long the product waits, at most 100
 *
 * 0 leaves the choice to the product.
 *
 * Since: 0.1
 */
struct emf_client_queue_opts {
	uint32_t max_messages;
	uint32_t max_bytes;
	enum ebus_overflow overflow;
	uint32_t block_ms;
};

/**
 * emf_client_queue() - choose how signals wait for this client
 * @client: of this process
 * @of: the service
 * @signal: its index: <SERVICE>_SIGNAL_<SIGNAL>
 * @queue: copied
 *
 * For subscriptions from now on, also after a reconnect. A signal whose overflow was
 * chosen does not come by a ring of shared memory, however fast it is: a ring has a
 * policy of its own, the oldest are lost.
 *
 * Context: the thread that uses the client.
 * Return: 0; -EBUSY if it is subscribed to already; -EINVAL for a signal or an overflow
 * that there is not; -ENOBUFS after 64 signals.
 * Since: 0.1
 */
EMF_API int emf_client_queue(struct emf_client *client, const struct ebus_client *of, unsigned int signal,
			     const struct emf_client_queue_opts *queue);

/**
 * emf_client_fd() - for an event loop of the caller's own
 * @client: of this process
 *
 * Call emf_client_dispatch(client, 0) when it is readable, and once before waiting,
 * since that also sends what was queued.
 *
 * Context: the thread that uses the client.
 * Return: a file descriptor that stays the client's.
 * Since: 0.1
 */
EMF_API int emf_client_fd(const struct emf_client *client);

/**
 * emf_client_dispatch() - send what waits, and deal with what came
 * @client: of this process
 * @timeout_ms: how long to wait for something; 0 not at all, -1 for ever
 *
 * Handlers of signals and answers run inside of it, and inside of calls that wait.
 *
 * Context: not inside of a handler.
 * Return: 0, also after the time; -ENOTCONN when the product is gone and the client
 * does not reconnect; -EINTR.
 * Since: 0.1
 */
EMF_API int emf_client_dispatch(struct emf_client *client, int timeout_ms);

/**
 * emf_client_flush() - send what was queued, without dealing with what came
 * @client: of this process
 *
 * Asynchronous calls and signals are queued, so that many share a system call.
 *
 * Context: the thread that uses the client.
 * Return: 0; -EAGAIN when not all could be sent now; -ENOTCONN.
 * Since: 0.1
 */
EMF_API int emf_client_flush(struct emf_client *client);

/**
 * emf_client_lost() - signals that did not reach this client
 * @client: of this process
 * @of: the service
 * @signal: its index: <SERVICE>_SIGNAL_<SIGNAL>
 *
 * Context: the thread that uses the client.
 * Return: how many the product could not send, since this client is connected.
 * Since: 0.1
 */
EMF_API uint64_t emf_client_lost(const struct emf_client *client, const struct ebus_client *of, unsigned int signal);

/**
 * emf_client_why() - what the last function of this header failed of
 * @client: of this process
 *
 * Context: the thread that uses the client.
 * Return: a sentence; "" if it did not fail. Valid until the next call.
 * Since: 0.1
 */
EMF_API const char *emf_client_why(const struct emf_client *client);

#ifdef __cplusplus
}
#endif

#endif
