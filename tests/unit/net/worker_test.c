/* SPDX-License-Identifier: Apache-2.0 */
#include "../test.h"
#include "net/worker.h"

#include <stdatomic.h>

enum { THREADS = 4, QUEUE = 8, JOBS = 5000 };

struct counted {
	struct job job; /* first, so that a job is one of these */
	atomic_uint done;
	bool returned;
};

struct returned {
	uv_loop_t loop;
	uv_async_t wake;
	struct job_results results;
	unsigned count, wanted;
};

static void count(void *arg)
{
	struct counted *one = arg;
	atomic_fetch_add(&one->done, 1);
}

static void on_wake(uv_async_t *wake)
{
	struct returned *r = wake->data;
	for (struct job *job = job_results_take(&r->results); job; job = job->next) {
		struct counted *one = (struct counted *)job;
		assert_int_equal(atomic_load(&one->done), 1);
		assert_false(one->returned);
		one->returned = true;
		r->count++;
	}
	if (r->count == r->wanted)
		uv_close((uv_handle_t *)wake, NULL);
}

static void test_each_job_is_done_once_and_comes_back(void **state)
{
	static struct counted jobs[JOBS];
	struct returned r = { .wanted = JOBS };
	struct worker_pool *pool = worker_pool_new(THREADS, QUEUE);
	(void)state;

	assert_non_null(pool);
	uv_loop_init(&r.loop);
	uv_async_init(&r.loop, &r.wake, on_wake);
	r.wake.data = &r;
	assert_true(job_results_init(&r.results, &r.wake));
	for (int i = 0; i < JOBS; i++) {
		jobs[i].job = (struct job){ .work = count, .arg = &jobs[i], .results = &r.results };
		assert_true(worker_pool_add(pool, &jobs[i].job, true));
	}
	uv_run(&r.loop, UV_RUN_DEFAULT);
	assert_int_equal(r.count, JOBS);
	assert_int_equal(worker_pool_waiting(pool), 0);
	worker_pool_free(pool);
	job_results_done(&r.results);
	assert_int_equal(uv_loop_close(&r.loop), 0);
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void wait_at_gate(void *arg)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	count(arg);
}

static void test_full_queue_refuses(void **state)
{
	static struct counted jobs[QUEUE + 3];
	struct returned r = { .wanted = QUEUE + 2 };
	struct worker_pool *pool = worker_pool_new(1, QUEUE);
	(void)state;

	assert_non_null(pool);
	uv_loop_init(&r.loop);
	uv_async_init(&r.loop, &r.wake, on_wake);
	r.wake.data = &r;
	assert_true(job_results_init(&r.results, &r.wake));
	for (int i = 0; i < QUEUE + 3; i++)
		jobs[i].job = (struct job){ .work = wait_at_gate, .arg = &jobs[i], .results = &r.results };
	pthread_mutex_lock(&gate);
	assert_true(worker_pool_add(pool, &jobs[0].job, false));
	while (worker_pool_waiting(pool) > 0)
		sched_yield();
	for (int i = 1; i <= QUEUE; i++)
		assert_true(worker_pool_add(pool, &jobs[i].job, false));
	assert_false(worker_pool_add(pool, &jobs[QUEUE + 1].job, false));
	assert_true(worker_pool_add(pool, &jobs[QUEUE + 2].job, true));
	pthread_mutex_unlock(&gate);
	uv_run(&r.loop, UV_RUN_DEFAULT);
	assert_int_equal(atomic_load(&jobs[QUEUE + 1].done), 0);
	worker_pool_free(pool);
	job_results_done(&r.results);
	assert_int_equal(uv_loop_close(&r.loop), 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_each_job_is_done_once_and_comes_back),
	cmocka_unit_test(test_full_queue_refuses),
};

TEST_MAIN(tests)
