/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * pcapng.h - writes packets to a file that tcpdump and Wireshark read.
 *
 * The format is that of draft-ietf-opsawg-pcapng: blocks of 32-bit words in the order
 * of this machine, each with its length at both ends.
 */
#ifndef PCAPNG_H
#define PCAPNG_H

#include <emf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define PCAPNG_INTERFACES_MAX 64
#define PCAPNG_ETHERNET 1 /* LINKTYPE_ETHERNET */

/* Types of blocks, options of an interface; section 4 of the draft. */
#define PCAPNG_SECTION 0x0a0d0d0a
#define PCAPNG_BYTE_ORDER 0x1a2b3c4d
#define PCAPNG_INTERFACE 1
#define PCAPNG_PACKET 6
#define PCAPNG_IF_NAME 2
#define PCAPNG_IF_TSRESOL 9
#define PCAPNG_NANOSECONDS 9 /* 10^-9, as that option has it */
#define PCAPNG_UNKNOWN 0xffffffff

struct pcapng {
	FILE *file;
	uint32_t snap_bytes;
	uint32_t interfaces[PCAPNG_INTERFACES_MAX]; /* their index in the kernel, by that in the file */
	uint32_t n_interfaces;
};

static inline int pcapng_put(struct pcapng *out, const void *data, size_t n)
{
	return fwrite(data, 1, n, out->file) == n ? 0 : -EIO;
}

/* The first block: whose order of bytes it is, and that its length is not known. */
static inline int pcapng_begin(struct pcapng *out)
{
	const uint32_t words[] = { PCAPNG_SECTION, 28, PCAPNG_BYTE_ORDER, 0, PCAPNG_UNKNOWN, PCAPNG_UNKNOWN, 28 };
	const uint16_t version[] = { 1, 0 };
	uint32_t block[7];

	memcpy(block, words, sizeof(block));
	memcpy(&block[3], version, sizeof(version));
	return pcapng_put(out, block, sizeof(block));
}

static inline int pcapng_close(struct pcapng *out)
{
	int err = out->file && fclose(out->file) ? -EIO : 0;

	out->file = NULL;
	return err;
}

/*
 * A new file, or one of this user to write over, as tcpdump does. A link is not
 * followed: who can write to the folder could have it lead anywhere. Return: 0, or a
 * negative errno; -EINVAL for what is no file of this user alone.
 */
static inline int pcapng_open(struct pcapng *out, const char *path, uint32_t snap_bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	struct stat st;
	int err;

	if (fd < 0)
		return -errno;
	err = fstat(fd, &st) ? -errno : !S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1 ? -EINVAL : 0;
	if (!err && ftruncate(fd, 0))
		err = -errno;
	*out = (struct pcapng){ .file = err ? NULL : fdopen(fd, "w"), .snap_bytes = snap_bytes };
	if (!out->file) {
		close(fd);
		return err ? err : -ENOMEM;
	}
	err = pcapng_begin(out);
	if (err)
		pcapng_close(out);
	return err;
}

/* The number of an interface in the file, which is told of it when it is new; or a negative errno. */
static inline int pcapng_interface(struct pcapng *out, uint32_t index, const char *name)
{
	/* Its name, then that times are in nanoseconds, then the end of the options. */
	const uint16_t link[] = { PCAPNG_ETHERNET, 0 }, named[] = { PCAPNG_IF_NAME, (uint16_t)strnlen(name, 15) };
	const uint16_t resolution[] = { PCAPNG_IF_TSRESOL, 1 };
	uint32_t block[12] = { PCAPNG_INTERFACE, sizeof(block), 0, out->snap_bytes };
	uint32_t i = 0;
	int err;

	while (i < out->n_interfaces && out->interfaces[i] != index)
		i++;
	if (i < out->n_interfaces)
		return (int)i;
	if (i == PCAPNG_INTERFACES_MAX)
		return -ENOSPC;
	memcpy(&block[2], link, sizeof(link));
	memcpy(&block[4], named, sizeof(named));
	memcpy(&block[5], name, named[1]);
	/* A name is filled up to whole words, and there is room for the longest. */
	i = 5 + (named[1] + 3u) / 4;
	memcpy(&block[i], resolution, sizeof(resolution));
	memset(&block[i + 1], PCAPNG_NANOSECONDS, 1);
	block[1] = (i + 4) * 4;
	block[i + 3] = block[1];
	err = pcapng_put(out, block, block[1]);
	if (err)
		return err;
	out->interfaces[out->n_interfaces] = index;
	return (int)out->n_interfaces++;
}

/* One packet: @parts of it stand one behind the other; @wall_ns since 1970. */
static inline int pcapng_packet(struct pcapng *out, uint32_t interface, uint64_t wall_ns, uint32_t length, const struct iovec *parts,
				size_t n)
{
	static const char zeros[4];
	uint32_t kept = 0, total, block[7];
	int err;

	for (size_t i = 0; i < n; i++)
		kept += (uint32_t)parts[i].iov_len;
	total = 32 + (kept + 3) / 4 * 4;
	memcpy(block, (const uint32_t[]){ PCAPNG_PACKET, total, interface, (uint32_t)(wall_ns >> 32), (uint32_t)wall_ns, kept, length }, sizeof(block));
	err = pcapng_put(out, block, sizeof(block));
	for (size_t i = 0; i < n && !err; i++)
		err = pcapng_put(out, parts[i].iov_base, parts[i].iov_len);
	if (!err)
		err = pcapng_put(out, zeros, total - 32 - kept);
	return err ? err : pcapng_put(out, &total, sizeof(total));
}

#endif
