/* SPDX-License-Identifier: Apache-2.0
 * A document that is fresh costs one look into the store. One that cannot be read just now is used on for a while
 * where its server is at fault and not the document; no address that failed is tried again at once.
 * authority: may include base, core, wire, store, profile and outbound.
 */
#include "authority/cimd/fetch.h"

#include "authority/cimd/document.h"
#include "authority/internal.h"
#include "base/clock.h"
#include "base/limits.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define FAILED 1024 /* places for addresses that failed; two may share one */
#define SECOND_NS INT64_C(1000000000)

struct failed {
	uint64_t url; /* a keyed hash of it */
	int64_t until_ns;
};

struct documents {
	struct outbound *outbound;
	uint8_t key[crypto_shorthash_KEYBYTES];
	pthread_mutex_t lock; /* over what follows */
	unsigned running;
	struct failed failed[FAILED];
};

_Static_assert(DOCUMENT_ERROR_ROOM == 256, "as fetch_client has it");

bool documents_new(struct outbound *outbound, struct documents **ret)
{
	struct documents *d = calloc(1, sizeof(*d));
	if (!d)
		return false;
	d->outbound = outbound;
	randombytes_buf(d->key, sizeof(d->key));
	pthread_mutex_init(&d->lock, NULL);
	*ret = d;
	return true;
}

void documents_free(struct documents *d)
{
	if (!d)
		return;
	pthread_mutex_destroy(&d->lock);
	free(d);
}

/* ---- What may be called ---- */

static uint64_t hash_of(const struct documents *d, const char *url)
{
	uint64_t hash;
	_Static_assert(sizeof(hash) == crypto_shorthash_BYTES, "it is one number");
	crypto_shorthash((uint8_t *)&hash, (const uint8_t *)url, strlen(url), d->key);
	return hash;
}

/* NULL, and the call is counted; or why not now. */
static const char *begin(struct documents *d, uint64_t hash)
{
	const char *why = NULL;
	pthread_mutex_lock(&d->lock);
	const struct failed *failed = &d->failed[hash % FAILED];
	if (failed->url == hash && failed->until_ns > clock_monotonic_ns())
		why = "The client's document could not be read a moment ago; try again in some seconds";
	else if (d->running >= LIMIT_CIMD_FETCHES)
		why = "Too many clients' documents are being read already; try again";
	else
		d->running++;
	pthread_mutex_unlock(&d->lock);
	return why;
}

static void end(struct documents *d, uint64_t hash, bool good)
{
	pthread_mutex_lock(&d->lock);
	d->running--;
	struct failed *failed = &d->failed[hash % FAILED];
	if (!good)
		*failed = (struct failed){ hash, clock_monotonic_ns() + LIMIT_CIMD_AGAIN_S * SECOND_NS };
	else if (failed->url == hash)
		*failed = (struct failed){ 0, 0 };
	pthread_mutex_unlock(&d->lock);
}

/* ---- One reading ---- */

enum reading { READ, UNREACHED /* its server is at fault */, REFUSED };

/* application/json, or something+json, with parameters or without. */
static bool is_json(struct str type)
{
	struct str name;
	str_cut(&type, ';', &name);
	name = str_trim(name);
	return str_eq_ignore_case(name, STR("application/json")) || (name.n > 17 &&
		str_eq_ignore_case((struct str){ name.p, 12 }, STR("application/")) &&
		str_eq_ignore_case((struct str){ name.p + name.n - 5, 5 }, STR("+json")));
}

static enum reading judge(const struct outbound_call *call, const char *url, struct arena *arena,
	struct document *ret, char reterr_text[256])
{
	if (call->result != OUTBOUND_ANSWERED) {
		snprintf(reterr_text, 256, "The client's document cannot be read: %s", call->reason);
		return call->result == OUTBOUND_FORBIDDEN || call->result == OUTBOUND_BAD_URL ||
			call->result == OUTBOUND_TOO_LARGE ? REFUSED : UNREACHED;
	}
	if (call->status != 200) { /* no redirect is followed: it would be another id */
		snprintf(reterr_text, 256, "The client's document cannot be read: its server answered %d", call->status);
		return call->status >= 500 || call->status == 429 ? UNREACHED : REFUSED;
	}
	if (!is_json(outbound_header(call, "Content-Type"))) {
		snprintf(reterr_text, 256, "The client's document is not served as JSON");
		return REFUSED;
	}
	return document_read(buf_str(&call->body), url, arena, ret, reterr_text) ? READ : REFUSED;
}

static enum store_status keep(const struct oauth *oauth, const char *url, const struct document *document,
	int64_t fresh_s)
{
	struct id kept;
	const struct store_actor actor = { "oauth", oauth->now_ms };
	const struct client_row row = {
		.id = id_new(oauth->now_ms), .kind = CLIENT_DOCUMENT, .url = url, .name = document->name,
		.redirects = document->redirects, .grants = document->grants, .created_ms = oauth->now_ms,
		.fresh_until_ms = oauth->now_ms + fresh_s * 1000,
	};
	return store_client_add(oauth->authority->store, &row, LIMIT_OAUTH_CLIENTS, &actor, &kept);
}

static enum reading fetch(struct documents *d, const struct oauth *oauth, const char *url, struct arena *arena,
	char reterr_text[256])
{
	static const struct http_header accept = { { "Accept", 6 }, { "application/json", 16 } };
	struct outbound_call call = {
		.method = "GET", .url = str_of(url), .headers = &accept, .header_count = 1,
		.connect_ms = LIMIT_CIMD_FETCH_MS, .total_ms = LIMIT_CIMD_FETCH_MS, .answer_max = LIMIT_CIMD_BYTES,
	};
	struct document document;
	outbound_run(d->outbound, &call);
	enum reading reading = judge(&call, url, arena, &document, reterr_text);
	if (reading == READ) {
		enum store_status status = keep(oauth, url, &document,
			document_fresh_s(outbound_header(&call, "Cache-Control"), outbound_header(&call, "Age")));
		if (status != STORE_OK && status != STORE_EXISTS) {
			snprintf(reterr_text, 256, "%s", status == STORE_FULL ? "There is no room for one more client" :
				"The client cannot be kept just now");
			reading = UNREACHED;
		}
	}
	outbound_call_done(&call);
	return reading;
}

bool documents_fetch(void *ctx, const struct oauth *oauth, const char *url, struct arena *arena,
	char reterr_text[256])
{
	struct documents *d = ctx;
	struct client_row row;
	if (!document_url_is_good(str_of(url), reterr_text))
		return false;
	bool known = store_client_find_url(oauth->authority->store, url, arena, &row) == STORE_OK;
	if (known && (row.revoked_ms || row.fresh_until_ms > oauth->now_ms))
		return true;
	bool usable = known && row.fresh_until_ms + LIMIT_CIMD_STALE_S * INT64_C(1000) > oauth->now_ms;
	uint64_t hash = hash_of(d, url);
	const char *why = begin(d, hash);
	if (why) {
		snprintf(reterr_text, 256, "%s", why);
		return usable;
	}
	enum reading reading = fetch(d, oauth, url, arena, reterr_text);
	end(d, hash, reading == READ);
	return reading == READ || (reading == UNREACHED && usable);
}
