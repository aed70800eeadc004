/* SPDX-License-Identifier: Apache-2.0
 * Calls to others' servers: webhooks, networks, feeds, media from a URL. Every address is checked before
 * it is connected to (guard.h), and it is the one connected to; answers are bounded in bytes and time; no
 * proxy, cookie or credential of the environment is ever used. The only code that knows libcurl.
 * outbound: may include base and wire.
 */
#ifndef REMIT_OUTBOUND_OUTBOUND_H
#define REMIT_OUTBOUND_OUTBOUND_H

#include "base/buf.h"
#include "wire/http1.h"

#include <stdatomic.h>

struct outbound; /* one thread that carries all calls; any thread may give it some */

struct outbound_options {
	const char *const *allow; /* special addresses that may be called (guard.h) */
	size_t allow_count;
	const char *ca;           /* a file of certificates to trust instead of the system's, or NULL */
};

/* A sentence in reterr_text on failure. */
bool outbound_new(const struct outbound_options *options, struct outbound **ret, char reterr_text[256]);
/* Ends every call with OUTBOUND_CANCELLED, at once; and those that are given from now on. From any thread. */
void outbound_stop(struct outbound *outbound);
/* Stops, and frees. No call may be given any more. NULL is nothing. */
void outbound_free(struct outbound *outbound);

enum outbound_result {
	OUTBOUND_ANSWERED,   /* `status` says what */
	OUTBOUND_BAD_URL,    /* no address that is taken: `reason` */
	OUTBOUND_FORBIDDEN,  /* it is, or is also, a special address that is not allowed */
	OUTBOUND_NO_NAME,    /* the name has no address */
	OUTBOUND_NO_CONNECT, /* nobody takes the connection */
	OUTBOUND_NO_TRUST,   /* TLS failed: a certificate that is not good for the host, most often */
	OUTBOUND_TIMED_OUT,
	OUTBOUND_TOO_LARGE,  /* the answer passed `answer_max` (never where `cut` is set) */
	OUTBOUND_REDIRECTED, /* more often than was allowed, where any were */
	OUTBOUND_BROKEN,     /* the answer ended early, or is no HTTP */
	OUTBOUND_BUSY,       /* too many calls wait already, or no memory */
	OUTBOUND_CANCELLED,
};

/* A piece of a body: a text, or bytes of an open file. */
struct outbound_part {
	struct str text;          /* {NULL, 0}: the file */
	int fd;
	uint64_t offset, length;
};

#define OUTBOUND_REASON_ROOM 160

/* One call. All that it points to lives until it is done. */
struct outbound_call {
	/* in */
	const char *method; /* "GET", "POST", "PUT", ... */
	struct str url;     /* read strictly (url.h) */
	const struct http_header *headers; /* without CR, LF, NUL; Host and lengths are ours */
	size_t header_count;
	const struct outbound_part *parts; /* the body */
	size_t part_count;
	uint32_t connect_ms, total_ms; /* from the start; `total_ms` with redirects and looking up the name */
	size_t answer_max;  /* bytes of the answer's body */
	bool cut;           /* what is past them is left unread, and that is no failure */
	unsigned redirects; /* how many are followed, each checked like the first; `headers` go to their own
	                     * origin only. Only GET. 0: a 3xx is an answer like others. */
	void (*done)(struct outbound_call *call); /* on the thread that carries calls: must not wait */
	void *arg;

	/* out */
	enum outbound_result result;
	char reason[OUTBOUND_REASON_ROOM]; /* a clause for people: "the name hooks.example has no address" */
	int status;         /* of the last answer, 0 where none began */
	bool sent;          /* the request, or a part of it, may have reached the other side */
	bool was_cut;
	struct buf head;    /* the answer's header lines; outbound_header reads them */
	struct buf body;
	uint32_t took_ms;

	/* the carrier's own */
	struct outbound_call *next;
	struct transfer *transfer;
	_Atomic bool cancel;
};

/* Carries a call; `done` is called exactly once, and may be before this returns (where the call is refused).
 * Where a kept connection turns out to be closed before a byte of an answer came, the request is made once
 * more on a new one: what may not take effect twice has a key. head and body are the caller's to free, by
 * outbound_call_done. */
void outbound_send(struct outbound *outbound, struct outbound_call *call);
/* The same, and waits: for threads that may. `done` and `arg` are set by it. */
void outbound_run(struct outbound *outbound, struct outbound_call *call);
/* Ends one call with OUTBOUND_CANCELLED, soon; one that is done already is left alone. From any thread that
 * knows that the call is not freed meanwhile. */
void outbound_cancel(struct outbound *outbound, struct outbound_call *call);
void outbound_call_done(struct outbound_call *call);

/* The value of the first header of this name in the answer; {NULL, 0} where there is none. */
struct str outbound_header(const struct outbound_call *call, const char *name);

/* Judges a URL by its form alone, and where its host is an address, by that: for an early answer to whoever
 * names one. A clause in reterr_reason. */
bool outbound_may_call(
	const struct outbound *outbound, struct str url, char reterr_reason[OUTBOUND_REASON_ROOM]);

#endif
