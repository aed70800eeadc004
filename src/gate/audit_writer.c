/* SPDX-License-Identifier: Apache-2.0
 * Rings become blocks, blocks become segments. Nothing that was written is ever written again; what
 * a crash cut off is taken away at the next start and told of.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/audit_writer.h"

#include "base/clock.h"
#include "base/log.h"
#include "gate/audit_segment.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DRAIN_NS 5000000L
#define SYNC_MS 1000
#define TIDY_MS 60000
#define RETRY_MS 100
#define RECENT_S 150 /* before a crash: as long as the store may not have heard of a token's newest record */
#define GAP_MS 1000 /* between two gap records of a ring: what they tell of must not fill the log either */

struct audit_writer {
	struct audit_options options;
	struct segment segment; /* the one being written */
	int folder, lock;
	uint8_t *names_seen;    /* of this segment, a bit for each */
	_Atomic(struct audit_ring *) rings[AUDIT_RINGS_MAX];
	_Atomic unsigned ring_count;
	uint64_t ring_lost[AUDIT_RINGS_MAX]; /* what gap records have told of */
	int64_t gap_ms[AUDIT_RINGS_MAX];     /* when the last of them was written */
	struct block block;     /* being filled, or waiting for the disk */
	int64_t synced_ms, tidied_ms, failed_ms;
	bool unsynced;
	pthread_t thread;
	bool started;
	_Atomic bool stop, writable;
	_Atomic int64_t keep_ms;
	_Atomic uint64_t max_bytes;
	_Atomic uint64_t written;
};

/* ---- Filling a block ---- */

static struct audit_record *next_record(struct audit_writer *w)
{
	assert(w->block.count < AUDIT_BLOCK_RECORDS);
	struct audit_record *record = &w->block.records[w->block.count++];
	memset(record, 0, sizeof(*record));
	return record;
}

static size_t name_parts(const struct audit_writer *w, uint32_t name, char text[static AUDIT_NAME_TEXT],
	size_t *ret_n)
{
	struct str api, operation;
	w->options.name(w->options.ctx, name, &api, &operation);
	size_t n = api.n < AUDIT_NAME_TEXT - 1 ? api.n : AUDIT_NAME_TEXT - 1;
	memcpy(text, api.p, n);
	text[n++] = '\0';
	size_t more = operation.n < AUDIT_NAME_TEXT - n ? operation.n : AUDIT_NAME_TEXT - n;
	if (more > 0)
		memcpy(text + n, operation.p, more);
	*ret_n = n + more;
	return (*ret_n + AUDIT_NAME_BYTES - 1) / AUDIT_NAME_BYTES;
}

static bool is_name_seen(const struct audit_writer *w, uint32_t name)
{
	return w->names_seen[name / 8] >> (name % 8) & 1;
}

/* What a number stands for, before its first use in a segment. */
static void put_name(struct audit_writer *w, uint32_t name)
{
	char text[AUDIT_NAME_TEXT];
	size_t n, parts = name_parts(w, name, text, &n);
	for (size_t i = 0; i < parts; i++) {
		size_t at = i * AUDIT_NAME_BYTES, length = n - at < AUDIT_NAME_BYTES ? n - at : AUDIT_NAME_BYTES;
		struct audit_name record = { .kind = AUDIT_KIND_NAME, .part = (uint8_t)i, .last = i + 1 == parts,
			.length = (uint8_t)length, .name = name };
		memcpy(record.text, text + at, length);
		memcpy(next_record(w), &record, sizeof(record));
	}
	w->names_seen[name / 8] |= (uint8_t)(1u << (name % 8));
}

static void need_name(struct audit_writer *w, uint32_t name)
{
	if (name < w->options.names && !is_name_seen(w, name))
		put_name(w, name);
}

static void put_gap(struct audit_writer *w, uint64_t lost)
{
	struct audit_record *record = next_record(w);
	record->kind = AUDIT_KIND_GAP;
	record->at_ms = clock_wall_ms();
	record->previous = lost;
}

static void put_pending(struct audit_writer *w, const struct audit_pending *pending)
{
	struct audit_record *record = next_record(w);
	*record = pending->record;
	if (pending->token)
		record->previous = w->options.placed(w->options.ctx, pending, w->segment.place + w->block.count - 1);
}

/* Whether it might not take one more record with the names that it needs. */
static bool block_is_full(const struct audit_writer *w)
{
	return w->block.count + 1 + 2 * AUDIT_NAME_PARTS > AUDIT_BLOCK_RECORDS;
}

/* Tells what one ring has lost by now; the last of it when the log is closed. */
static void put_ring_gap(struct audit_writer *w, unsigned index, uint64_t lost)
{
	int64_t now_ms = clock_monotonic_ns() / 1000000;
	bool due = w->gap_ms[index] == 0 || now_ms - w->gap_ms[index] >= GAP_MS
		|| atomic_load_explicit(&w->stop, memory_order_acquire);
	if (lost == w->ring_lost[index] || !due || block_is_full(w))
		return;
	put_gap(w, lost - w->ring_lost[index]);
	w->ring_lost[index] = lost;
	w->gap_ms[index] = now_ms;
}

/* Takes what one ring holds, as far as the block has room. */
static void drain_ring(struct audit_writer *w, unsigned index)
{
	struct audit_ring *ring = atomic_load_explicit(&w->rings[index], memory_order_acquire);
	const struct audit_pending *pending;
	while (!block_is_full(w) && (pending = audit_ring_oldest(ring))) {
		need_name(w, pending->record.name);
		if (pending->record.principal)
			need_name(w, pending->record.principal);
		put_pending(w, pending);
		audit_ring_drop(ring);
	}
	put_ring_gap(w, index, atomic_load_explicit(&ring->lost, memory_order_acquire));
}

/* ---- Writing it ---- */

static void failed(struct audit_writer *w, const char *what)
{
	if (atomic_exchange(&w->writable, false))
		log_error("the audit log cannot be written: %s: %s", what, strerror(errno));
	w->failed_ms = clock_monotonic_ns() / 1000000;
}

static bool rotate(struct audit_writer *w)
{
	struct segment next;
	char why[256];
	if (w->unsynced && fdatasync(w->segment.fd) != 0)
		return false;
	w->unsynced = false;
	if (!segment_create(w->folder, w->segment.sequence + 1, w->segment.place, w->segment.hash, &next, why))
		return false;
	close(w->segment.fd);
	w->segment = next;
	memset(w->names_seen, 0, w->options.names / 8 + 1);
	return true;
}

/* Writes the block that is filled. It stays, and is tried again, where the disk does not take it. */
static bool flush(struct audit_writer *w)
{
	if (w->block.count == 0)
		return true;
	if (!atomic_load(&w->writable) && clock_monotonic_ns() / 1000000 - w->failed_ms < RETRY_MS)
		return false;
	uint32_t count = w->block.count;
	if (!segment_append(&w->segment, &w->block)) {
		failed(w, "write");
		return false;
	}
	w->unsynced = true;
	w->block.count = 0;
	atomic_fetch_add_explicit(&w->written, count, memory_order_relaxed);
	if (!atomic_exchange(&w->writable, true))
		log_info("the audit log is written again");
	return true;
}

static void sync_and_tidy(struct audit_writer *w)
{
	int64_t now = clock_monotonic_ns() / 1000000;
	if (w->unsynced && now - w->synced_ms >= SYNC_MS) {
		if (fdatasync(w->segment.fd) != 0)
			failed(w, "fdatasync");
		w->unsynced = false;
		w->synced_ms = now;
	}
	if (now - w->tidied_ms >= TIDY_MS) {
		segments_tidy(w->folder, w->segment.sequence, atomic_load(&w->keep_ms), atomic_load(&w->max_bytes),
			clock_wall_ms());
		w->tidied_ms = now;
	}
}

/* It is large enough, or was begun by a version that did not know all that records say now. */
static bool segment_is_over(const struct audit_writer *w)
{
	return w->segment.size >= LIMIT_AUDIT_SEGMENT_BYTES || w->segment.version < AUDIT_SEGMENT_VERSION;
}

/* Empties the rings. False where the disk does not take it. */
static bool drain(struct audit_writer *w)
{
	for (;;) {
		/* Names must stand in the segment that uses them, so that a full one is left before a block is begun. */
		if (w->block.count == 0 && segment_is_over(w) && !rotate(w)) {
			failed(w, "a new segment");
			return false;
		}
		unsigned rings = atomic_load_explicit(&w->ring_count, memory_order_acquire);
		bool carried = w->block.count > 0; /* from a write that failed: first that one */
		if (!carried)
			for (unsigned i = 0; i < rings && !block_is_full(w); i++)
				drain_ring(w, i);
		bool full = block_is_full(w);
		if (!flush(w))
			return false;
		if (!full && !carried)
			return true;
	}
}

static void *run(void *arg)
{
	struct audit_writer *w = arg;
	while (!atomic_load_explicit(&w->stop, memory_order_acquire)) {
		drain(w);
		sync_and_tidy(w);
		nanosleep(&(struct timespec){ .tv_nsec = DRAIN_NS }, NULL);
	}
	return NULL;
}

/* ---- Opening and closing ---- */

static bool open_folder(struct audit_writer *w, char *reterr_text)
{
	const char *folder = w->options.folder;
	if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
		snprintf(reterr_text, 256, "the audit log's folder %s cannot be made: %s", folder, strerror(errno));
		return false;
	}
	w->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w->lock = w->folder < 0 ? -1 : openat(w->folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (w->lock < 0) {
		snprintf(reterr_text, 256, "the audit log's folder %s cannot be used: %s", folder, strerror(errno));
		return false;
	}
	if (flock(w->lock, LOCK_EX | LOCK_NB) != 0) {
		snprintf(reterr_text, 256, "another server writes the audit log in %s", folder);
		return false;
	}
	return true;
}

static bool open_segment(struct audit_writer *w, char *reterr_text)
{
	static const uint8_t none[32];
	uint64_t last, cut = 0;
	if (!segments_last(w->folder, &last))
		return segment_create(w->folder, 1, 1, none, &w->segment, reterr_text);
	if (!segment_recover(w->folder, last, w->options.found, w->options.ctx, &w->segment, &cut, reterr_text))
		return false;
	segments_tell_recent(w->folder, w->segment.sequence, RECENT_S, w->options.found, w->options.ctx);
	if (cut > 0) {
		log_warning("the audit log ended in the middle of a write; %llu bytes were taken away",
			(unsigned long long)cut);
		put_gap(w, (cut + sizeof(struct audit_record) - 1) / sizeof(struct audit_record));
	}
	return true;
}

static void free_writer(struct audit_writer *w)
{
	if (w->segment.fd >= 0)
		close(w->segment.fd);
	if (w->lock >= 0)
		close(w->lock);
	if (w->folder >= 0)
		close(w->folder);
	for (unsigned i = 0; i < AUDIT_RINGS_MAX; i++)
		free(atomic_load(&w->rings[i]));
	free(w->names_seen);
	free(w);
}

bool audit_writer_open(const struct audit_options *options, struct audit_writer **ret, char reterr_text[256])
{
	struct audit_writer *w = calloc(1, sizeof(*w));
	if (!w) {
		snprintf(reterr_text, 256, "out of memory");
		return false;
	}
	w->options = *options;
	w->folder = w->lock = w->segment.fd = -1;
	audit_writer_keep(w, options->keep_ms, options->max_bytes);
	w->names_seen = calloc(options->names / 8 + 1, 1);
	snprintf(reterr_text, 256, "out of memory");
	if (!w->names_seen || !open_folder(w, reterr_text) || !open_segment(w, reterr_text)) {
		free_writer(w);
		return false;
	}
	atomic_store(&w->writable, true);
	*ret = w;
	return true;
}

void audit_writer_keep(struct audit_writer *w, int64_t keep_ms, uint64_t max_bytes)
{
	atomic_store(&w->keep_ms, keep_ms);
	atomic_store(&w->max_bytes, max_bytes);
}

struct audit_ring *audit_writer_ring(struct audit_writer *w)
{
	static pthread_mutex_t adding = PTHREAD_MUTEX_INITIALIZER;
	struct audit_ring *ring = NULL;
	/* Loops start one after the other or at once: each takes a place of its own. */
	if (posix_memalign((void **)&ring, 64, sizeof(*ring)) != 0)
		return NULL;
	memset(ring, 0, sizeof(*ring));
	pthread_mutex_lock(&adding);
	unsigned index = atomic_load(&w->ring_count);
	if (index < AUDIT_RINGS_MAX) {
		atomic_store(&w->rings[index], ring);
		atomic_store(&w->ring_count, index + 1);
	}
	pthread_mutex_unlock(&adding);
	if (index < AUDIT_RINGS_MAX)
		return ring;
	free(ring);
	return NULL;
}

bool audit_writer_start(struct audit_writer *w)
{
	w->started = pthread_create(&w->thread, NULL, run, w) == 0;
	return w->started;
}

void audit_writer_close(struct audit_writer *w)
{
	if (!w)
		return;
	atomic_store(&w->stop, true);
	if (w->started)
		pthread_join(w->thread, NULL);
	w->failed_ms = 0;
	if (!drain(w))
		log_error("the last records of the audit log could not be written");
	if (fdatasync(w->segment.fd) != 0)
		log_error("the audit log could not be synced: %s", strerror(errno));
	free_writer(w);
}

bool audit_writer_is_writable(const struct audit_writer *w)
{
	return atomic_load_explicit(&w->writable, memory_order_relaxed);
}

uint64_t audit_writer_lost(const struct audit_writer *w)
{
	uint64_t lost = 0;
	unsigned rings = atomic_load_explicit(&w->ring_count, memory_order_acquire);
	for (unsigned i = 0; i < rings; i++)
		lost += atomic_load_explicit(&atomic_load(&w->rings[i])->lost, memory_order_relaxed);
	return lost;
}

uint64_t audit_writer_written(const struct audit_writer *w)
{
	return atomic_load_explicit(&w->written, memory_order_relaxed);
}
