/* SPDX-License-Identifier: Apache-2.0
 * Numbers for property tests. The seed is printed; REMIT_SEED=N runs the same again.
 */
#ifndef REMIT_TESTS_PROPERTY_CORE_RANDOM_H
#define REMIT_TESTS_PROPERTY_CORE_RANDOM_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_u64(struct random *random) /* splitmix64 */
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* 0 to n - 1. */
static inline size_t random_below(struct random *random, size_t n)
{
	return (size_t)(random_u64(random) % n);
}

static inline struct random random_start(void)
{
	struct random random = { 0 };
	const char *text = getenv("REMIT_SEED");
	if (text)
		random.state = strtoull(text, NULL, 10);
	else if (getrandom(&random.state, sizeof(random.state), 0) != sizeof(random.state))
		abort();
	printf("# REMIT_SEED=%" PRIu64 "\n", random.state);
	fflush(stdout);
	return random;
}

#endif
