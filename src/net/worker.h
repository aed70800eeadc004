/* SPDX-License-Identifier: Apache-2.0
 * A pool of threads for what blocks. A job is done on one of them, and then comes back to the loop
 * that gave it. Jobs are owned by who gives them; nothing is allocated.
 * net: may include base, core and wire.
 */
#ifndef REMIT_NET_WORKER_H
#define REMIT_NET_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct worker_pool;

/* Where a loop finds the jobs that are done; `wake` is sent when there is one. */
struct job_results {
	pthread_mutex_t lock;
	struct job *first, *last;
	uv_async_t *wake;
};

struct job {
	struct job *next;
	void (*work)(void *arg);
	void *arg;
	struct job_results *results;
};

/* At most `queue_max` jobs wait. NULL where a thread cannot be started. */
struct worker_pool *worker_pool_new(unsigned threads, size_t queue_max);
/* Waits for the jobs that run. None may wait any more. */
void worker_pool_free(struct worker_pool *pool);
/* False, and the job is not taken, where too many wait already; `always` takes it all the same. */
bool worker_pool_add(struct worker_pool *pool, struct job *job, bool always);
/* From any thread. */
size_t worker_pool_waiting(struct worker_pool *pool);

bool job_results_init(struct job_results *results, uv_async_t *wake);
void job_results_done(struct job_results *results);
/* All that are done, the oldest first, linked by `next`. */
struct job *job_results_take(struct job_results *results);

#endif
