/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bus_wire.h - what travels between processes.
 *
 * A packet of the socket is a row of frames, each at a multiple of 8 bytes. Both sides
 * speak alike: either may bind to services of the other, call, and subscribe. Numbers
 * are of the machine, since the socket is one of the machine. The payload of a call,
 * an answer or a signal is the C struct, its last bounded array cut to what is used.
 */
#ifndef EMF_CORE_BUS_WIRE_H
#define EMF_CORE_BUS_WIRE_H

#include <linux/types.h>

#define EBUS_MAGIC 0x73756265u /* "ebus" */
#define EBUS_PROTOCOL 2
#define EBUS_PACKET_MAX 32768 /* bytes; well below the default buffer of a socket, unix(7) */
#define EBUS_PAYLOAD_MAX (1u << 24) /* bytes; the largest struct that the generator lets be */
#define EBUS_FRAME_FDS_MAX 16
#define EBUS_PACKET_FDS_MAX 64 /* below SCM_MAX_FD, include/net/scm.h */
#define EBUS_QUEUED_FDS_MAX 128 /* that wait for a peer: they are of the process, whose limit is for all */
#define EBUS_LARGE_MAX (64u << 20) /* bytes beyond packets that a peer has not read; its memfds are memory of ours */
#define EBUS_NAME_MAX 64 /* with its NUL; the generator allows 63 characters */
#define EBUS_VERSION_MAX 16
#define EBUS_HANDLES_MAX 64 /* services that one side binds to */
#define EBUS_RINGS_MAX 8 /* of one side */
#define EBUS_MEMBERS_MAX 256 /* methods, signals and errors of a service, each */

enum ebus_kind {
	EBUS_HELLO = 1,	  /* struct ebus_hello; the first of both sides */
	EBUS_BIND,	  /* struct ebus_bind; service is the handle from now on */
	EBUS_BOUND,	  /* struct ebus_bound: the answer */
	EBUS_CHANGED,	  /* member: 1 if the service is provided, else 0 */
	EBUS_CALL,	  /* service, member, serial; arguments */
	EBUS_REPLY,	  /* serial; results */
	EBUS_FAIL,	  /* serial; struct ebus_failure; of a subscription: 0, service, member */
	EBUS_CANCEL,	  /* serial; no answer is wanted any more */
	EBUS_SUBSCRIBE,	  /* serial, service, member; struct ebus_wish; a FAIL with serial 0 refuses it */
	EBUS_UNSUBSCRIBE, /* service, member */
	EBUS_SIGNAL,	  /* service, member; what it carries */
	EBUS_LOST,	  /* service, member; struct ebus_lost */
	EBUS_OFFER,	  /* struct ebus_offer: the other side may bind to this service of mine */
	EBUS_RING,	  /* serial of SUBSCRIBE, service, member; struct ebus_ring_begin: it comes by a ring from now on */
	EBUS_RANG,	  /* service: number of a ring that has something new; no other until READ */
	EBUS_READ,	  /* service: number of the ring; struct ebus_ring_at: read up to there */
	EBUS_RING_END,	  /* service: number of the ring; struct ebus_ring_at: nothing in it is for you from there on */
	EBUS_MISSED,	  /* service, member; struct ebus_lost: that the reader of a ring was too slow for */
	EBUS_FDS,	  /* alone in its packet: the next one brings file descriptors, which are lost without this */
	EBUS_TOLD,	  /* member: enum ebus_told; what an isolated extension tells the product that started it */
};

/* Nobody else is listened to. */
enum ebus_told {
	EBUS_TOLD_SERVICE = 1, /* struct ebus_told_service, and a description: core/isolated_service.h */
	EBUS_TOLD_RUNS,	       /* its modules do; what it offers was offered before */
	EBUS_TOLD_ENDS,	       /* struct ebus_told_end: why they do not, or do not any more */
};

#define EBUS_LARGE 0x01 /* flag: the payload is the last file descriptor, a sealed memfd without holes */

/**
 * struct ebus_frame - what each frame begins with
 * @size: in bytes, with this; the next one follows at a multiple of 8
 * @kind: enum ebus_kind
 * @n_fds: file descriptors of the packet that belong to it, in order
 * @flags: EBUS_LARGE or 0
 * @serial: of a call, chosen by who calls
 * @service: handle, chosen by who binds
 * @member: index of a method or signal, as who binds numbers them
 */
struct ebus_frame {
	__u32 size;
	__u16 kind;
	__u8 n_fds;
	__u8 flags;
	__u32 serial;
	__u16 service;
	__u16 member;
};

struct ebus_hello {
	__u32 magic;
	__u32 protocol;
	__u32 pid;
	__u32 flags; /* 0 */
	char name[EBUS_NAME_MAX];
	char version[EBUS_VERSION_MAX];
};

/* Followed by n_methods + n_signals + n_errors times struct ebus_bind_member and its leaves. */
struct ebus_bind {
	char name[EBUS_NAME_MAX];
	char version[EBUS_VERSION_MAX];
	__u64 hash;
	__u16 n_methods;
	__u16 n_signals;
	__u16 n_errors;
	__u16 pad;
};

/* Followed by n_in + n_out leaves, __u64 each. */
struct ebus_bind_member {
	char name[EBUS_NAME_MAX];
	__u16 n_in;
	__u16 n_out;
	__u32 pad;
};

/* What became of a member: equal, or the common part works. */
enum ebus_match {
	EBUS_EQUAL,
	EBUS_PARTIAL,
	EBUS_ABSENT,
	EBUS_BROKEN,
};

/* Followed by a byte of enum ebus_match for each member, in the order of struct ebus_bind. */
struct ebus_bound {
	__s32 err; /* 0, or -ENOENT for a service that is not known, -EPROTO for another major version */
	__u32 provided;
	char version[EBUS_VERSION_MAX];
};

/* Followed by what a typed error carries. */
struct ebus_failure {
	__s32 err;
	__s32 error; /* index of a typed error, as who called numbers them; else -1 */
};

#define EBUS_WISH_RING 0x01 /* signals of a high rate may come by a ring */

/* 0 is the default of the other side. */
struct ebus_wish {
	__u32 max_messages;
	__u32 max_bytes;
	__u32 overflow; /* enum ebus_overflow; 0: what the signal's event declares */
	__u32 block_ms;
	__u32 flags; /* EBUS_WISH_RING or 0 */
	__u32 pad;
};

struct ebus_lost {
	__u64 lost; /* since it was subscribed to */
};

/* With the file descriptor of a ring that the other side does not have yet. */
struct ebus_ring_begin {
	__u16 ring;
	__u16 slot;
	__u32 pad;
	__u64 at; /* position in the ring */
	__u64 from; /* number of the slot's first record that is meant */
};

struct ebus_ring_at {
	__u64 at;
};

struct ebus_offer {
	char name[EBUS_NAME_MAX];
	char version[EBUS_VERSION_MAX];
};

struct ebus_told_service {
	char name[EBUS_NAME_MAX];
};

#define EBUS_TOLD_WHY_MAX 1024

struct ebus_told_end {
	__s32 err; /* 0 for what has done its work */
	char why[EBUS_TOLD_WHY_MAX];
};

_Static_assert(sizeof(struct ebus_frame) == 16, "it is on the wire");
_Static_assert(sizeof(struct ebus_hello) == 96, "it is on the wire");
_Static_assert(sizeof(struct ebus_bind) == 96, "it is on the wire");
_Static_assert(sizeof(struct ebus_bind_member) == 72, "it is on the wire");
_Static_assert(sizeof(struct ebus_bound) == 24, "it is on the wire");
_Static_assert(sizeof(struct ebus_failure) == 8, "it is on the wire");

#endif
