// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * no_deflate.c - zlib is here to read: /proc/config.gz, compressed sections of ELF files.
 * The functions that write in its interface, which nothing calls, would bring 36 KiB of
 * it into each product; these stand in their place when it is linked statically.
 */
#include <zlib.h>

int deflate(z_streamp stream, int flush)
{
	(void)stream;
	(void)flush;
	return Z_STREAM_ERROR;
}

int deflateInit_(z_streamp stream, int level, const char *version, int stream_size)
{
	(void)stream;
	(void)level;
	(void)version;
	(void)stream_size;
	return Z_STREAM_ERROR;
}

int deflateInit2_(z_streamp stream, int level, int method, int window_bits, int mem_level, int strategy, const char *version,
		  int stream_size)
{
	(void)stream;
	(void)level;
	(void)method;
	(void)window_bits;
	(void)mem_level;
	(void)strategy;
	(void)version;
	(void)stream_size;
	return Z_STREAM_ERROR;
}

int deflateEnd(z_streamp stream)
{
	(void)stream;
	return Z_STREAM_ERROR;
}

int deflateReset(z_streamp stream)
{
	(void)stream;
	return Z_STREAM_ERROR;
}

int deflateParams(z_streamp stream, int level, int strategy)
{
	(void)stream;
	(void)level;
	(void)strategy;
	return Z_STREAM_ERROR;
}

/* gzclose() calls it for a file that is written to. */
int gzclose_w(gzFile file)
{
	(void)file;
	return Z_STREAM_ERROR;
}
