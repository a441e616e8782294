// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * fetch.c - files from elsewhere, by libcurl. The core calls it when a package is named by its
 * address, so that a product which names none carries no TLS.
 */
#include "fetch_emf.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REDIRECTS_MAX 5L
#define CONNECT_MS 10000L

/* What comes, and how much of it is allowed. */
struct taking {
	int file;
	uint64_t left;
	bool is_too_much;
	int err;
};

static size_t take(char *data, size_t size, size_t n, void *context)
{
	struct taking *t = context;
	size_t all = size * n;

	t->is_too_much = all > t->left;
	for (size_t at = 0; !t->is_too_much && at < all;) {
		ssize_t written = write(t->file, data + at, all - at);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0) {
			t->err = errno;
			return 0;
		}
		at += (size_t)written;
	}
	t->left -= t->is_too_much ? 0 : all;
	return t->is_too_much ? 0 : all; /* less than came ends it */
}

/* Nothing but https, also where a server sends us elsewhere. */
static CURLcode allow_https_only(CURL *curl)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	CURLcode code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");

	return code ? code : curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https");
#else
	CURLcode code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)CURLPROTO_HTTPS);

	return code ? code : curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS, (long)CURLPROTO_HTTPS);
#endif
}

/* Each of these has to be done: one that libcurl does not know would leave a check out. */
static CURLcode prepare(CURL *curl, const struct fetch_get_args *args, struct taking *t, char error[CURL_ERROR_SIZE])
{
	CURLcode code = allow_https_only(curl);

#define SET(option, value) code = code ? code : curl_easy_setopt(curl, option, value)
	SET(CURLOPT_URL, args->url);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2); /* and what is newer */
	SET(CURLOPT_FOLLOWLOCATION, 1L);
	SET(CURLOPT_MAXREDIRS, REDIRECTS_MAX);
	SET(CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	SET(CURLOPT_TIMEOUT_MS, (long)args->timeout_ms);
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)args->bytes_max);
	SET(CURLOPT_FAILONERROR, 1L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_USERAGENT, "emf");
	SET(CURLOPT_ERRORBUFFER, error);
	SET(CURLOPT_WRITEFUNCTION, take);
	SET(CURLOPT_WRITEDATA, t);
	if (args->ca_file[0]) {
		SET(CURLOPT_CAINFO, args->ca_file);
		SET(CURLOPT_CAPATH, NULL); /* or those of the system would count as well */
	}
#undef SET
	return code;
}

static void tell(CURLcode code, const struct fetch_get_args *args, const struct taking *t, const char *error, char *why, size_t size)
{
	if (t->is_too_much || code == CURLE_FILESIZE_EXCEEDED)
		snprintf(why, size, "it has more than the %llu bytes that are allowed", (unsigned long long)args->bytes_max);
	else if (t->err)
		snprintf(why, size, "it cannot be kept: %s", strerror(t->err));
	else if (code == CURLE_UNSUPPORTED_PROTOCOL)
		snprintf(why, size, "it leads to what is not https://, and only that is taken");
	else if (code == CURLE_OPERATION_TIMEDOUT)
		snprintf(why, size, "it did not come within %u seconds", args->timeout_ms / 1000);
	else if (code == CURLE_TOO_MANY_REDIRECTS)
		snprintf(why, size, "it leads elsewhere more than %ld times", REDIRECTS_MAX);
	else
		snprintf(why, size, "%.190s", error[0] ? error : curl_easy_strerror(code));
}

int fetch_serve_get(struct ebus_call *call, const struct fetch_get_args *args, struct fetch_get_reply *reply)
{
	struct taking t = { .file = args->file, .left = args->bytes_max };
	char error[CURL_ERROR_SIZE] = "";
	CURL *curl = curl_global_init(CURL_GLOBAL_DEFAULT) ? NULL : curl_easy_init();
	CURLcode code = curl ? prepare(curl, args, &t, error) : CURLE_FAILED_INIT;

	(void)call;
	unsetenv("SSLKEYLOGFILE"); /* libcurl would write there what a connection is encrypted with */
	if (!code)
		code = curl_easy_perform(curl);
	if (code)
		tell(code, args, &t, error, reply->why, sizeof(reply->why));
	curl_easy_cleanup(curl);
	return 0;
}
