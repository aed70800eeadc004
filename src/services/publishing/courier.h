/* SPDX-License-Identifier: Apache-2.0
 * The courier: one thread that takes what is due (stories at their time, posts in the outbox, events for webhook
 * endpoints), has it sent, and writes down what came of it. One process has it at a time.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_COURIER_H
#define REMIT_SERVICES_PUBLISHING_COURIER_H

#include "services/publishing/composing.h"

#include <pthread.h>
#include <stdatomic.h>

#define COURIER_POSTS_PER_LANE 16     /* at once to one connection */
#define COURIER_DELIVERIES_PER_LANE 32 /* at once to one endpoint; to one that fails, one */
#define COURIER_JOBS_MAX 512          /* at once in all */
#define COURIER_ANSWER_KEPT 1024      /* bytes of an endpoint's answer that are shown */
#define COURIER_POST_ANSWER_MAX (256 * 1024) /* of a network's; a status with its account is some 10 kB */
#define COURIER_ID_ROOM 65            /* of ids that networks give */
#define COURIER_URL_ROOM 512
#define COURIER_REASON_ROOM 256

#define COURIER_DAY_MS (INT64_C(24) * 3600 * 1000)
/* A Mastodon server knows a key for an hour; what is begun later than this is not sent again. */
#define COURIER_KEY_MS (INT64_C(55) * 60 * 1000)
#define COURIER_LATE_MS 10000 /* past its time so much, a story is marked late */

enum job_kind { JOB_POST, JOB_DELIVERY };

enum outcome {
	OUTCOME_NONE,   /* not done */
	OUTCOME_SENT,
	OUTCOME_FAILED, /* and will fail again */
	OUTCOME_RETRY,
	OUTCOME_GONE,   /* 410: it wants no more */
};

struct courier;

/* One thing on its way. */
struct job {
	struct job *next;   /* among the running, or the done */
	struct courier *courier;
	enum job_kind kind;
	struct id_bytes id, lane, story; /* lane: the connection or endpoint */
	struct arena arena; /* all that it points to */
	struct outbound_call call;
	struct http_header headers[8];
	struct outbound_part parts[3];
	/* Sets up the next call and returns true, or sets the outcome. Called first with no call made. */
	bool (*step)(struct job *job);
	int64_t wait_until_ns; /* monotonic: the next call is not before; 0: at once */
	bool cancelled;

	/* What the row said. */
	int64_t attempts, first_ms, key_ms, began_ms; /* attempts: with this one */
	bool failing;       /* of an endpoint: it failed the last time */
	struct str secret;  /* the token of an account, or the key of signatures */
	struct str url, old_secret, message, body, event;

	/* A post's own (send_mastodon.c). */
	struct composed *composed;
	struct str *media_files;
	const struct publishing *p;
	struct str done[COMPOSE_POSTS_MAX]; /* ids of the posts that are there */
	size_t done_count, done_before;
	struct str media_ids[COMPOSE_MEDIA_MAX];
	size_t media_count;
	enum { PHASE_START, PHASE_UPLOAD, PHASE_PROCESSING, PHASE_STATUS } phase;
	unsigned polls;
	bool paused;
	struct str authorization; /* wiped at the end, like the secrets */
	int file;

	/* What came of it. */
	enum outcome outcome;
	bool maybe;         /* the receiver may have acted on it */
	bool unauthorized;  /* the credentials are not good any more */
	int64_t retry_after_ms;
	char reason[COURIER_REASON_ROOM];
	char remote_url[COURIER_URL_ROOM];
};

struct courier {
	struct publishing *p;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t some;   /* a call is done, something was queued, or `stopping` */
	struct job *called;    /* whose call is done, or which wait: to be stepped */
	bool poked, stopping;

	/* The thread's own. */
	int leadership;        /* a descriptor whose lock only one process has */
	bool leads;
	struct job *running;   /* whose calls run, or that wait */
	size_t running_count;
	struct job *finished;  /* to be written down */
	int64_t next_due_ms;   /* wall clock; INT64_MAX: nothing is queued */
	int64_t wall_ms, elapsed_ns; /* when last looked */
	bool store_failed;     /* and it was logged */
	bool more;             /* there is more due than was taken */
};

/* courier_pick.c. Events for endpoints that are due: makes jobs, and starts them. */
enum store_status courier_pick_deliveries(struct courier *c, int64_t now_ms);
/* courier_claim.c. Stories whose time has come are queued; posts that are due are claimed and started. */
enum store_status courier_claim_posts(struct courier *c, int64_t now_ms);
/* courier_record.c: writes down what came of all in `finished` and frees them. */
enum store_status courier_record(struct courier *c, int64_t now_ms);
/* Moves what is counted in time-outs along with a wall clock that was set (L08). */
enum store_status courier_shift_times(struct courier *c, int64_t by_ms);

/* courier.c. A zeroed job, or NULL. */
struct job *job_new(struct courier *c, enum job_kind kind);
void job_free(struct job *job);
void courier_start_job(struct courier *c, struct job *job);
bool courier_has_job(const struct courier *c, const struct id_bytes *id);
size_t courier_lane_count(const struct courier *c, const struct id_bytes *lane);

/* Sets an outcome and its reason; returns false, for a step to return. */
bool job_end(struct job *job, enum outcome outcome, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Whether a text that came from outside holds the secret that it was sent: then it is kept and shown nowhere. */
bool job_is_secret(const struct job *job, struct str text);
/* Judges a call that brought no answer, or a status that is no success, by what they mean to any
 * receiver. */
bool job_end_by_call(struct job *job);

/* send_mastodon.c, send_webhook.c: steps of jobs. */
bool mastodon_step(struct job *job);
bool webhook_step(struct job *job);

#endif
