/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bus_peer.h - another process on the bus. Both sides are alike: each may bind to
 * services of the other (a use), and serve those that the other has bound to (a
 * binding). What differs, how they came together and who may what, is in the ops.
 */
#ifndef EMF_CORE_BUS_PEER_H
#define EMF_CORE_BUS_PEER_H

#include "bus.h"
#include "bus_link.h"
#include "bus_match.h"
#include "bus_queue.h"
#include "bus_ring_publish.h"
#include "bus_ring_use.h"

#define EBUS_CALLS_MAX 1024	      /* under way between two processes, each way */
#define EBUS_QUEUED_MAX (1u << 20)    /* bytes that wait for a peer before it is given up */
#define EBUS_QUEUE_MESSAGES 1024      /* signals that wait for a subscriber */
#define EBUS_QUEUE_BYTES (256u << 10) /* the same in bytes */
#define EBUS_QUEUES_BYTES (4u << 20)  /* in all queues of a peer, who may subscribe to many */
#define EBUS_BLOCK_MAX_MS 100	      /* nobody makes a sender wait longer */
#define EBUS_RING_BURST 1000	      /* signals of a subscription in EBUS_RING_BURST_NS, and it gets a ring */
#define EBUS_RING_BURST_NS UINT64_C(100000000)

struct ebus_peer;

/**
 * struct ebus_peer_ops - what one side does, and the other does not
 * @allowed: whether it may call a method or listen to a signal; NULL: all
 * @denied: told when it may not
 * @greeted: its first frame came
 * @offered: it offers a service; 0 or a negative errno that ends it
 * @settled: a service was bound to, or could not be: @err
 * @refused: it lets us not listen to a signal
 * @wish: how signals of theirs should wait for us, unless as they like; may be NULL
 * @told: what an isolated extension tells; NULL where there is none. 0 or a negative errno that ends it
 * @wait: receive and deal with frames until @until_ns or something came; NULL
 *	where nobody may wait
 */
struct ebus_peer_ops {
	bool (*allowed)(struct ebus_peer *peer, const struct ebus_service *service, const struct ebus_member *member);
	void (*denied)(struct ebus_peer *peer, const struct ebus_service *service, const struct ebus_member *member);
	int (*greeted)(struct ebus_peer *peer);
	int (*offered)(struct ebus_peer *peer, const char *name);
	void (*settled)(struct ebus_peer *peer, struct ebus_service *service, int err, const char *version);
	void (*refused)(struct ebus_peer *peer, struct ebus_service *service, unsigned int signal, int err);
	void (*wish)(const struct ebus_service *service, unsigned int signal, struct ebus_wish *wish);
	int (*told)(struct ebus_peer *peer, struct ebus_received *r);
	int (*wait)(struct ebus_peer *peer, uint64_t until_ns);
};

/* A signal of ours that they have subscribed to. */
struct ebus_sent_signal {
	struct ebus_subscription base;
	struct ebus_binding *binding;
	uint16_t theirs;
	uint32_t serial;
	uint32_t overflow, block_ms;
	bool gave_up; /* a sender waited for block_ms in vain */
	struct ebus_queue queue;
	uint64_t seen, sent, dropped, told; /* through the socket */
	struct ebus_by_ring by_ring;
	uint64_t missed; /* of a ring */
	bool may_share, is_fast;
	uint32_t burst;
	uint64_t burst_ns;
	struct ebus_sent_signal *next;
};

/* A service of ours that they have bound to. */
struct ebus_binding {
	struct ebus_peer *peer;
	uint16_t handle;
	struct ebus_map map;
	struct ebus_client client;
	struct ebus_watcher watcher;
	struct ebus_sent_signal *signals;
	uint8_t verdicts[EBUS_MEMBERS_MAX]; /* of methods: 0 not asked yet, 1 allowed, 2 not */
};

/* A signal of theirs that we listen to, or did. */
struct ebus_used_signal {
	uint32_t serial; /* of the subscription */
	uint64_t before; /* lost by subscriptions before this one */
	uint64_t unsent; /* lost, as they say */
	uint64_t unread; /* lost in a ring: we were too slow */
};

/* A service of theirs that we use. */
struct ebus_use {
	struct ebus_remote remote;
	struct ebus_peer *peer;
	uint16_t handle;
	bool settled; /* they have answered */
	struct ebus_service *service;
	uint8_t matches[3 * EBUS_MEMBERS_MAX];
	struct ebus_used_signal used[];
};

/* A call of ours; the other process is its provider, who has deferred it. */
struct ebus_outgoing {
	struct ebus_deferred deferred;
	struct ebus_use *use;
	uint32_t serial;
	uint32_t index;
	uint16_t method;
	bool is_used;
	struct ebus_outgoing *next; /* of the unused ones */
};

struct ebus_incoming;

/**
 * struct ebus_peer - the other process
 * @link: to it
 * @ops: see there
 * @error: what ended it; it is to be closed
 * @is_greeted: its first frame came
 * @pid: as it says
 * @name: as it says
 * @version: as it says
 * @bindings: by their handle
 * @uses: by our handle
 * @incoming: calls of theirs that are under way
 * @unused_incoming: for the next ones
 * @n_incoming: how many are under way
 * @outgoing: calls of ours, by the low bits of their serial
 * @n_outgoing: room in it
 * @unused_outgoing: for the next ones
 * @serial: of the last call
 * @calls: of theirs that were served
 * @queues_bytes: what queues of its signals take
 * @must_drain: signals wait in queues, or losses are to be told
 * @denials: what they asked for and may not
 * @rings: of this process, for its readers; NULL where nobody reads such
 * @reads: rings of theirs
 * @n_reads: how many
 * @ended: rings that have ended while they were read
 * @takes_rings: whether signals of theirs may come by a ring
 * @timeout_ms: of calls that wait; 0 for EBUS_TIMEOUT_MS
 */
struct ebus_peer {
	struct ebus_link link;
	const struct ebus_peer_ops *ops;
	int error;
	bool is_greeted;
	uint32_t pid;
	char name[EBUS_NAME_MAX];
	char version[EBUS_VERSION_MAX];
	struct ebus_binding *bindings[EBUS_HANDLES_MAX];
	struct ebus_use *uses[EBUS_HANDLES_MAX];
	struct ebus_incoming *incoming, *unused_incoming;
	size_t n_incoming;
	struct ebus_outgoing **outgoing;
	size_t n_outgoing;
	struct ebus_outgoing *unused_outgoing;
	uint32_t serial;
	size_t queues_bytes;
	bool must_drain;
	uint64_t calls, denials;
	struct ebus_rings *rings;
	struct ebus_ring_use *reads[EBUS_RINGS_MAX];
	size_t n_reads;
	struct ebus_ring_use *ended;
	bool takes_rings;
	uint32_t timeout_ms;
};

void ebus_peer_init(struct ebus_peer *peer, const struct ebus_peer_ops *ops, int fd);

/* Closes the connection; calls of both sides that are under way are refused. */
void ebus_peer_fini(struct ebus_peer *peer);

/* The first frame of this side. */
int ebus_peer_greet(struct ebus_peer *peer, const char *name, const char *version);

/*
 * ebus_peer_receive() - deal with one packet
 *
 * Return: as ebus_link_receive(). What is to be answered waits to be flushed.
 */
int ebus_peer_receive(struct ebus_peer *peer, bool wait);

/*
 * ebus_peer_flush() - send what waits, signals of slow subscribers too
 *
 * Return: as ebus_link_flush().
 */
int ebus_peer_flush(struct ebus_peer *peer);

/* Binds to a service of theirs; the answer comes to settled(). 0, -EALREADY once it came, -ENOBUFS. */
int ebus_peer_use(struct ebus_peer *peer, struct ebus_service *service);

/* Tells them that they may bind to a service of ours. */
int ebus_peer_offer(struct ebus_peer *peer, const struct ebus_service *service);

/* Asks anew what it may: the rules have changed. Signals that it may not hear any more end. */
void ebus_peer_ask_anew(struct ebus_peer *peer);

/* Marks a connection that is to be closed; the first reason stays. */
void ebus_peer_fail(struct ebus_peer *peer, int err);

/* Sends a frame; a peer that takes nothing any more is given up. */
int ebus_peer_send(struct ebus_peer *peer, const struct ebus_frame *frame, const void *payload, size_t size);

/* Sends a record, cut, with its descriptors. 0 or a negative errno. */
int ebus_peer_send_record(struct ebus_peer *peer, const struct ebus_frame *frame, const struct emf_record *record,
			  const void *data);

/* The method of a call of theirs that is under way; NULL if there is none of this serial. */
const struct ebus_member *ebus_peer_incoming(const struct ebus_peer *peer, uint32_t serial,
					     const struct ebus_service **service);

/* Likewise a call of ours: NULL for one that is not under way, since it was cancelled, and that crossed. */
struct ebus_outgoing *ebus_outgoing_of(const struct ebus_peer *peer, uint32_t serial);

/* Who made a call that is being served; NULL for one that was made in this process. */
struct ebus_peer *ebus_call_peer(const struct ebus_call *call);

/* Whether a name or version that came is terminated, and of printable characters: it gets into logs. */
bool ebus_is_text(const char *text, size_t size);

/* A record with its descriptors, checked; @data is of record->size bytes. */
int ebus_peer_load_record(struct ebus_received *r, const struct emf_record *record, bool partial, void *data);

/* Closes the descriptors of a record that was loaded. */
void ebus_peer_close_fds(const struct emf_record *record, const void *data);

/* Frames that they send as users of ours, and as those that we use: bus_serve.c, bus_use.c. */
int ebus_peer_on_bind(struct ebus_peer *peer, struct ebus_received *r);
int ebus_peer_on_call(struct ebus_peer *peer, struct ebus_received *r);
int ebus_peer_on_cancel(struct ebus_peer *peer, struct ebus_received *r);
int ebus_peer_on_subscribe(struct ebus_peer *peer, struct ebus_received *r);
int ebus_peer_on_unsubscribe(struct ebus_peer *peer, struct ebus_received *r);
int ebus_peer_on_bound(struct ebus_peer *peer, struct ebus_received *r);
int ebus_peer_on_changed(struct ebus_peer *peer, struct ebus_received *r);
int ebus_peer_on_answer(struct ebus_peer *peer, struct ebus_received *r);
int ebus_peer_on_signal(struct ebus_peer *peer, struct ebus_received *r);
int ebus_peer_on_lost(struct ebus_peer *peer, struct ebus_received *r);
int ebus_peer_on_missed(struct ebus_peer *peer, struct ebus_received *r);

/* How many signals there were since it was subscribed to. */
uint64_t ebus_sent_seen(const struct ebus_sent_signal *s);

/* NULL for a handle that nothing is bound to. */
struct ebus_use *ebus_use_of(const struct ebus_peer *peer, const struct ebus_received *r);
struct ebus_binding *ebus_binding_of(const struct ebus_peer *peer, const struct ebus_received *r);

/* What the ops say; and the end of who may not: counted, and told. */
bool ebus_peer_may(struct ebus_peer *peer, const struct ebus_service *service, const struct ebus_member *member);
void ebus_peer_deny(struct ebus_peer *peer, const struct ebus_service *service, const struct ebus_member *member);

/* A FAIL without a typed error: of the call or the subscription that @frame names. */
void ebus_peer_refuse(struct ebus_peer *peer, struct ebus_frame frame, int err);

/* Ends subscriptions: all, or those that rules forbid by now. */
void ebus_binding_end_signals(struct ebus_binding *b, bool only_forbidden);
void ebus_peer_end_serving(struct ebus_peer *peer);
void ebus_peer_end_using(struct ebus_peer *peer);
void ebus_peer_drain(struct ebus_peer *peer);

/* Room for a record while it is dealt with: most fit on the stack. */
struct ebus_room {
	void *at;
	void *allocated;
	_Alignas(8) char small[2048];
};

int ebus_room_init(struct ebus_room *room, size_t size);
void ebus_room_fini(struct ebus_room *room);

#endif
