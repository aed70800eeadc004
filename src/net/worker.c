/* SPDX-License-Identifier: Apache-2.0
 * The pool: one queue, one lock, a fixed number of threads.
 * net: may include base, core and wire.
 */
#include "net/worker.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>

#define POOL_MAGIC 0x706f6f6cu

struct worker_pool {
	unsigned magic;
	pthread_mutex_t lock;
	pthread_cond_t some; /* there is a job, or `ending` */
	struct job *first, *last;
	size_t waiting, queue_max;
	bool ending;
	unsigned thread_count;
	pthread_t threads[];
};

static void append_job(struct job **first, struct job **last, struct job *job)
{
	job->next = NULL;
	if (*first)
		(*last)->next = job;
	else
		*first = job;
	*last = job;
}

/* NULL where the pool ends. */
static struct job *wait_for_job(struct worker_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	while (!pool->first && !pool->ending)
		pthread_cond_wait(&pool->some, &pool->lock);
	struct job *job = pool->first;
	if (job) {
		pool->first = job->next;
		pool->waiting--;
	}
	pthread_mutex_unlock(&pool->lock);
	return job;
}

static void give_back(struct job *job)
{
	struct job_results *results = job->results;

	pthread_mutex_lock(&results->lock);
	append_job(&results->first, &results->last, job);
	/* Within the lock: once a loop has taken its last job it may close `wake`. */
	uv_async_send(results->wake);
	pthread_mutex_unlock(&results->lock);
}

static void *run_worker(void *arg)
{
	struct worker_pool *pool = arg;
	struct job *job;

	while ((job = wait_for_job(pool)) != NULL) {
		job->work(job->arg);
		give_back(job);
	}
	return NULL;
}

static void end_threads(struct worker_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	pthread_cond_broadcast(&pool->some);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->thread_count; i++)
		pthread_join(pool->threads[i], NULL);
}

/* Signals are for the loops' threads: a job is not interrupted. */
static bool start_threads(struct worker_pool *pool, unsigned threads)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (pool->thread_count < threads &&
	       pthread_create(&pool->threads[pool->thread_count], NULL, run_worker, pool) == 0)
		pool->thread_count++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pool->thread_count == threads;
}

struct worker_pool *worker_pool_new(unsigned threads, size_t queue_max)
{
	struct worker_pool *pool = calloc(1, sizeof(*pool) + threads * sizeof(pool->threads[0]));
	if (!pool)
		return NULL;
	pool->magic = POOL_MAGIC;
	pool->queue_max = queue_max;
	if (pthread_mutex_init(&pool->lock, NULL) != 0) {
		free(pool);
		return NULL;
	}
	if (pthread_cond_init(&pool->some, NULL) != 0) {
		pthread_mutex_destroy(&pool->lock);
		free(pool);
		return NULL;
	}
	if (!start_threads(pool, threads)) {
		worker_pool_free(pool);
		return NULL;
	}
	return pool;
}

void worker_pool_free(struct worker_pool *pool)
{
	if (!pool)
		return;
	assert(pool->magic == POOL_MAGIC && !pool->first);
	end_threads(pool);
	pthread_cond_destroy(&pool->some);
	pthread_mutex_destroy(&pool->lock);
	pool->magic = 0;
	free(pool);
}

bool worker_pool_add(struct worker_pool *pool, struct job *job, bool always)
{
	assert(pool->magic == POOL_MAGIC && job->work && job->results);
	pthread_mutex_lock(&pool->lock);
	bool taken = always || pool->waiting < pool->queue_max;
	if (taken) {
		append_job(&pool->first, &pool->last, job);
		pool->waiting++;
		pthread_cond_signal(&pool->some);
	}
	pthread_mutex_unlock(&pool->lock);
	return taken;
}

size_t worker_pool_waiting(struct worker_pool *pool)
{
	assert(pool->magic == POOL_MAGIC);
	pthread_mutex_lock(&pool->lock);
	size_t waiting = pool->waiting;
	pthread_mutex_unlock(&pool->lock);
	return waiting;
}

bool job_results_init(struct job_results *results, uv_async_t *wake)
{
	*results = (struct job_results){ .wake = wake };
	return pthread_mutex_init(&results->lock, NULL) == 0;
}

void job_results_done(struct job_results *results)
{
	assert(!results->first);
	pthread_mutex_destroy(&results->lock);
}

struct job *job_results_take(struct job_results *results)
{
	pthread_mutex_lock(&results->lock);
	struct job *first = results->first;
	results->first = results->last = NULL;
	pthread_mutex_unlock(&results->lock);
	return first;
}
