// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * sampler.c - packets that were taken: a line for each, or a file of them.
 */
#include "sampler_emf.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <time.h>

#include "address.h"
#include "ethernet.h"
#include "pcapng.h"

#define FLUSH_NS 1000000000u /* a packet is in the file after this time at most */
#define MACS_BYTES 12
#define TAG_BYTES 4
#define SECOND_NS 1000000000u

static struct {
	struct module *m;
	struct emf_timer timer; /* runs while something is not in the file yet */
	bool is_waiting;
	struct pcapng out;
	uint64_t written;
} s;

static void print(const struct sampler_packet *p, const char *interface)
{
	char clock[16], source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN];

	address_text(source, p->saddr);
	address_text(destination, p->daddr);
	emf_print(s.m, "%-12s %-15s %6u %5u %-24s %5u %-24s %5u\n", emf_clock(clock, p->time), interface, p->length, p->proto,
		  p->l3_off && p->proto ? source : "-", ntohs(p->sport), p->l3_off && p->proto ? destination : "-", ntohs(p->dport));
}

/* --- the file */

static void end_file(int err)
{
	emf_err(s.m, "--write %s: %s; it has %llu packets, and will have no more", sampler_params.write,
		err == -EIO ? "the file cannot be written, is the disk full?" : strerror(-err), (unsigned long long)s.written);
	pcapng_close(&s.out);
	emf_module_stop(s.m, err);
}

static void flush(struct emf_timer *timer)
{
	(void)timer;
	s.is_waiting = false;
	if (s.out.file && fflush(s.out.file))
		end_file(-EIO);
}

/* Of the time since the start, as the kernel part has it, to that since 1970; a clock that is set shows. */
static uint64_t to_wall(uint64_t monotonic_ns)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec - (emf_now_ns() - monotonic_ns);
}

/* A tag that the kernel has taken out is put back, since that is what was on the wire. */
static int put(const struct sampler_packet *p, const char *name)
{
	__be16 tag[TAG_BYTES / 2] = { p->vlan_proto, htons(p->vlan_tci) };
	uint32_t before = p->bytes_len < MACS_BYTES ? p->bytes_len : MACS_BYTES, tag_bytes = p->vlan_proto ? sizeof(tag) : 0;
	const struct iovec parts[] = {
		{ (void *)(uintptr_t)p->bytes, before },
		{ tag, before == MACS_BYTES ? tag_bytes : 0 },
		{ (void *)(uintptr_t)(p->bytes + before), p->bytes_len - before },
	};
	int interface = pcapng_interface(&s.out, p->interface, name);

	return interface < 0 ? interface :
			       pcapng_packet(&s.out, (uint32_t)interface, to_wall(p->time), p->length + tag_bytes, parts, 3);
}

void sampler_handle_sample(struct module *m, const struct sampler_packet *p)
{
	char name[IF_NAMESIZE];
	int err;

	if (!if_indextoname(p->interface, name))
		snprintf(name, sizeof(name), "%u", p->interface); /* it has gone */
	if (!sampler_params.write[0]) {
		print(p, name);
		return;
	}
	if (!s.out.file)
		return;
	err = put(p, name);
	if (err) {
		end_file(err);
		return;
	}
	s.written++;
	if (!s.is_waiting)
		s.is_waiting = !emf_timer_start(m, &s.timer, FLUSH_NS, 0);
}

/* --- */

int sampler_create(struct module *m)
{
	int err = ethernet_check(m);

	if (err)
		return err;
	s.m = m;
	s.timer.expired = flush;
	s.is_waiting = false;
	s.written = 0;
	if (!sampler_params.write[0]) {
		emf_print(m, "%-12s %-15s %6s %5s %-24s %5s %-24s %5s\n", "TIME", "INTERFACE", "BYTES", "PROTO", "SOURCE", "PORT",
			  "DESTINATION", "PORT");
		return 0;
	}
	err = pcapng_open(&s.out, sampler_params.write, SAMPLER_SNAP_MAX + TAG_BYTES);
	if (err)
		emf_err(m, "--write %s: %s", sampler_params.write,
			err == -EINVAL ? "is no file of this user alone: name another one" :
			err == -ELOOP ? "is a link, which is not followed: name the file" : strerror(-err));
	return err;
}

int sampler_destroy(struct module *m)
{
	int err;

	if (!s.out.file)
		return 0;
	err = pcapng_close(&s.out);
	if (err)
		emf_err(m, "--write %s: the end of it could not be written; is the disk full?", sampler_params.write);
	else
		emf_print(m, "%llu packets are in %s\n", (unsigned long long)s.written, sampler_params.write);
	return err;
}
