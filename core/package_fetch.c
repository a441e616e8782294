// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * package_fetch.c - packages that are named by their address, which the extension fetch gets.
 */
#include "package_fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "caps.h"
#include "core.h"
#include "emf_emf.h"
#include "own_service.h"
#include "package_load.h"

#define HTTPS "https://"
#define HTTP "http://"
#define TIMEOUT_MS 60000

static const struct emf_own_service own = {
	.module = "fetch",
	.service = &fetch_service,
	.client = &fetch_client.base,
	.missing = "addresses are fetched by the extension fetch, which is not installed (it needs libcurl): get the file by other means",
	.foreign = "another process serves fetch, and is not asked: end that one",
};

bool emf_package_is_url(const char *word)
{
	return !strncmp(word, HTTPS, strlen(HTTPS)) || !strncmp(word, HTTP, strlen(HTTP));
}

/*
 * Certificates of somebody's own server. Whose program has more privileges than they have, by its file or by root's hand,
 * must not say whom it trusts: the environment is what such a caller controls.
 */
static int find_ca(char *file, size_t size, char *why)
{
	const char *given = getenv("EMF_CA_FILE");

	file[0] = '\0';
	if (!given || !*given)
		return 0;
	if (secure_getenv("EMF_CA_FILE") != given || emf_caps_is_privileged()) {
		snprintf(why, EMF_PACKAGE_WHY_MAX, "EMF_CA_FILE is for who has no privileges: install the certificate for the whole system, or fetch the file as another user");
		return -EPERM;
	}
	if (snprintf(file, size, "%s", given) < (int)size)
		return 0;
	snprintf(why, EMF_PACKAGE_WHY_MAX, "EMF_CA_FILE is too long");
	return -ENAMETOOLONG;
}

static int check(const struct emf *emf, const char *url, char *why)
{
	if (strncmp(url, HTTPS, strlen(HTTPS)) != 0)
		snprintf(why, EMF_PACKAGE_WHY_MAX, "only https:// is taken: what comes by http:// may be from anybody");
	else if (emf->serving)
		snprintf(why, EMF_PACKAGE_WHY_MAX, "a service fetches nothing: 'load' fetches it, and hands it over");
	else if (strlen(url) >= sizeof(((struct fetch_get_args *)NULL)->url))
		snprintf(why, EMF_PACKAGE_WHY_MAX, "its address is too long");
	else
		return 0;
	return -EINVAL;
}

static int get(struct emf *emf, const struct fetch_get_args *args, char *why)
{
	struct fetch_get_reply reply = { 0 };
	struct module *m;
	int err = emf_own_service_open(emf, &own, &m, why, EMF_PACKAGE_WHY_MAX);

	if (err)
		return err;
	err = fetch_call_get(&fetch_client, args, &reply);
	emf_own_service_close(&own, m);
	if (err || reply.why[0])
		snprintf(why, EMF_PACKAGE_WHY_MAX, "%s", err ? strerror(-err) : reply.why);
	return err ? err : reply.why[0] ? -EIO : 0;
}

void *emf_package_fetch(struct emf *emf, const char *url, size_t *size, char why[EMF_PACKAGE_WHY_MAX])
{
	struct fetch_get_args args = { .bytes_max = EMF_PACKAGE_MAX, .timeout_ms = TIMEOUT_MS };
	char path[64];
	void *bytes;

	if (check(emf, url, why) || find_ca(args.ca_file, sizeof(args.ca_file), why))
		return NULL;
	snprintf(args.url, sizeof(args.url), "%s", url);
	args.file = memfd_create("package", MFD_CLOEXEC);
	if (args.file < 0) {
		snprintf(why, EMF_PACKAGE_WHY_MAX, "it cannot be kept: %s", strerror(errno));
		return NULL;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", args.file);
	bytes = get(emf, &args, why) ? NULL : emf_package_slurp(path, size, why);
	close(args.file);
	return bytes;
}
