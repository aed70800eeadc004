/* SPDX-License-Identifier: Apache-2.0
 * The writer thread: takes every change that waits, runs each in a savepoint, and makes all of them
 * durable by one commit. Many callers thus share one fsync.
 * store: may include base, core and wire.
 */
#include "store/sqlite/database.h"

#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <semaphore.h>
#include <time.h>

/* A transaction takes in what arrives meanwhile, up to these. */
#define GROUP_JOBS 1024
#define GROUP_NS (10 * 1000000)
/* After so long with the lock, other processes get so long to take it (they try every half
 * millisecond): nobody is shut out by a writer that is never idle. */
#define TURN_NS (20 * 1000000)
#define GAP_NS (2 * 1000000)

struct write_job {
	struct write_job *next;
	enum store_status (*fn)(struct sql *sql, void *arg);
	void *arg;
	enum store_status status;
	sem_t done;
};

static struct write_job *take_jobs(struct writer *writer, bool wait)
{
	pthread_mutex_lock(&writer->lock);
	while (wait && !writer->first && !writer->stopping)
		pthread_cond_wait(&writer->work, &writer->lock);
	struct write_job *jobs = writer->first;
	writer->first = NULL;
	writer->end = &writer->first;
	pthread_mutex_unlock(&writer->lock);
	return jobs;
}

/* Whether the transaction is still there: the worst failures make SQLite undo all of it. */
static bool in_transaction(const struct sql *sql)
{
	return !sqlite3_get_autocommit(sql->handle);
}

static void run_job(struct sql *sql, struct write_job *job)
{
	sql->failure = STORE_OK;
	job->status = handle_exec(sql, "SAVEPOINT job");
	if (job->status != STORE_OK)
		return;
	job->status = job->fn(sql, job->arg);
	if (job->status == STORE_OK)
		job->status = sql->failure;
	handle_rest(sql);
	if (!in_transaction(sql))
		return;
	/* A savepoint that cannot be undone or closed must not be committed with the others. */
	enum store_status ended = handle_exec(sql,
		job->status == STORE_OK ? "RELEASE job" : "ROLLBACK TO job; RELEASE job");
	if (ended != STORE_OK) {
		job->status = job->status == STORE_OK ? ended : job->status;
		handle_exec(sql, "ROLLBACK");
	}
}

/* Runs jobs from `job` on; each that is done hangs on **end. False where the transaction is gone. */
static bool run_jobs(struct sql *sql, struct write_job *job, struct write_job ***end, size_t *count)
{
	**end = job;
	for (; job; job = job->next) {
		*end = &job->next;
		++*count;
		run_job(sql, job);
		if (!in_transaction(sql))
			return false;
	}
	return true;
}

static enum store_status commit(struct sql *sql)
{
	enum store_status status = handle_exec(sql, "COMMIT");

	if (status != STORE_OK && in_transaction(sql))
		handle_exec(sql, "ROLLBACK");
	return status;
}

/* What every job of a group without a commit is told: the reason of the first that failed so badly,
 * for nothing of any was done. */
static enum store_status reason_of_loss(const struct write_job *job)
{
	for (; job; job = job->next)
		if (job->status == STORE_FULL || job->status == STORE_NO_MEMORY)
			return job->status;
	return STORE_UNAVAILABLE;
}

static enum store_status write_group(struct writer *writer, struct write_job **jobs)
{
	struct sql *sql = &writer->sql;
	struct write_job **end = jobs, *more = *jobs;
	size_t count = 0;

	enum store_status status = handle_ready(sql);
	if (status == STORE_OK)
		status = handle_exec(sql, "BEGIN IMMEDIATE");
	if (status != STORE_OK)
		return status;
	int64_t start = clock_monotonic_ns(), now = start;
	while (more) {
		if (!run_jobs(sql, more, &end, &count))
			return reason_of_loss(*jobs);
		now = clock_monotonic_ns();
		more = count < GROUP_JOBS && now - start < GROUP_NS ? take_jobs(writer, false) : NULL;
	}
	status = commit(sql);
	writer->held_ns += clock_monotonic_ns() - start;
	return status;
}

static void finish_jobs(struct write_job *job, enum store_status group)
{
	while (job) {
		struct write_job *next = job->next; /* the caller's own memory: gone after the post */
		if (group != STORE_OK)
			job->status = group;
		sem_post(&job->done);
		job = next;
	}
}

static void ring(struct bell *bell)
{
	pthread_mutex_lock(&bell->lock);
	bell->commits++;
	pthread_cond_broadcast(&bell->rung);
	pthread_mutex_unlock(&bell->lock);
}

static void leave_gap(struct writer *writer)
{
	if (writer->held_ns < TURN_NS)
		return;
	nanosleep(&(struct timespec){ .tv_nsec = GAP_NS }, NULL);
	writer->held_ns = 0;
}

static void *write_forever(void *arg)
{
	struct database *db = arg;

	for (;;) {
		struct write_job *jobs = take_jobs(&db->writer, true);
		if (!jobs)
			return NULL;
		enum store_status status = write_group(&db->writer, &jobs);
		if (status == STORE_OK)
			ring(&db->bell);
		else
			handle_close(&db->writer.sql); /* a new one may do better */
		finish_jobs(jobs, status);
		leave_gap(&db->writer);
	}
}

enum store_status database_write(struct database *db, enum store_status (*fn)(struct sql *sql, void *arg),
	void *arg)
{
	struct write_job job = { .fn = fn, .arg = arg };
	struct writer *writer = &db->writer;

	assert(!pthread_equal(pthread_self(), writer->thread));
	if (sem_init(&job.done, 0, 0) != 0)
		return STORE_NO_MEMORY;
	pthread_mutex_lock(&writer->lock);
	*writer->end = &job;
	writer->end = &job.next;
	pthread_cond_signal(&writer->work);
	pthread_mutex_unlock(&writer->lock);
	while (sem_wait(&job.done) != 0)
		assert(errno == EINTR);
	sem_destroy(&job.done);
	return job.status;
}

bool writer_start(struct database *db)
{
	db->writer.end = &db->writer.first;
	return pthread_create(&db->writer.thread, NULL, write_forever, db) == 0;
}

void writer_stop(struct database *db)
{
	pthread_mutex_lock(&db->writer.lock);
	db->writer.stopping = true;
	pthread_cond_signal(&db->writer.work);
	pthread_mutex_unlock(&db->writer.lock);
	pthread_join(db->writer.thread, NULL);
}
