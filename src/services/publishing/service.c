/* SPDX-License-Identifier: Apache-2.0
 * Opening and closing the publishing service.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/internal.h"
#include "services/publishing/lookout.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEEP_MS (INT64_C(90) * 24 * 3600 * 1000)
#define OPENAPI_MAX (4 * 1024 * 1024)

void random_bytes(void *buffer, size_t n)
{
	randombytes_buf(buffer, n);
}

static bool open_media_folder(struct publishing *p, const char *path, char reterr_text[256])
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		snprintf(reterr_text, 256, "The folder for media, %s, cannot be made: %s", path,
			strerror(errno));
		return false;
	}
	p->media_folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->media_folder >= 0)
		return true;
	snprintf(reterr_text, 256, "The folder for media, %s, cannot be opened: %s", path, strerror(errno));
	return false;
}

bool publishing_migrate(struct database *database, char reterr_text[256])
{
	enum store_status status =
		database_migrate(database, "publishing", publishing_schema, publishing_schema_count);
	if (status == STORE_OK)
		return true;
	snprintf(reterr_text, 256, "The publishing service's tables cannot be brought up to date: %s",
		 store_status_text(status));
	return false;
}

static bool prepare(struct publishing *p, const struct publishing_options *options)
{
	p->api = arena_copy(&p->arena, str_of(options->api));
	p->base = arena_copy(&p->arena, str_of(options->base));
	p->files_url = arena_printf(&p->arena, "%s%s/files", options->public_url, options->base);
	p->openapi = service_openapi(&p->service, options->policy, options->base, options->public_url,
				     options->version, &p->arena);
	return p->api && p->base && p->files_url && p->openapi.p;
}

void publishing_describe(struct service *ret)
{
	*ret = (struct service){
		.name = "publishing", .title = "Publishing", .operations = publishing_operations,
		.operation_count = publishing_operation_count, .components = publishing_components,
		.tools = publishing_tools, .tool_count = publishing_tool_count, .judges_projects = true,
	};
}

bool publishing_open(const struct publishing_options *options, struct service **ret, char reterr_text[256])
{
	struct publishing *p = calloc(1, sizeof(*p));
	if (!p || sodium_init() < 0) {
		snprintf(reterr_text, 256,
			"The publishing service cannot start: out of memory or of randomness");
		free(p);
		return false;
	}
	publishing_describe(&p->service);
	p->database = options->database;
	p->secrets = options->secrets;
	p->outbound = options->outbound;
	p->keep_ms = options->keep_ms > 0 ? options->keep_ms : KEEP_MS;
	p->media_folder = -1;
	p->random = random_bytes;
	arena_init(&p->arena, OPENAPI_MAX);
	if (!publishing_migrate(options->database, reterr_text) ||
	    !open_media_folder(p, options->media_folder, reterr_text))
		goto out;
	if (prepare(p, options)) {
		*ret = &p->service;
		return true;
	}
	snprintf(reterr_text, 256, "The publishing service cannot start: out of memory");
out:
	publishing_close(&p->service);
	return false;
}

bool publishing_start(struct service *service, char reterr_text[256])
{
	struct publishing *p = publishing_of(service);

	if (!courier_start(p, reterr_text))
		return false;
	p->lookout = lookout_start(p);
	if (p->lookout)
		return true;
	courier_rest(p);
	snprintf(reterr_text, 256, "The publishing service cannot look out for moments: out of memory or threads");
	return false;
}

void publishing_rest(struct service *service)
{
	struct publishing *p = publishing_of(service);

	lookout_stop(p->lookout);
	p->lookout = NULL;
	courier_rest(p);
}

void publishing_close(struct service *service)
{
	if (!service)
		return;
	struct publishing *p = publishing_of(service);
	publishing_rest(service);
	courier_free(p->courier);
	if (p->media_folder >= 0)
		close(p->media_folder);
	arena_done(&p->arena);
	free(p);
}
