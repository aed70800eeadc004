/* SPDX-License-Identifier: Apache-2.0
 * Preloaded into a server to give it a wall clock that somebody sets: it is off by as many milliseconds as the file
 * $REMIT_TEST_CLOCK holds (eight bytes); the monotonic clock stays as it is (L08). Eight bytes more are for how long
 * the machine slept: the wall clock and the one that counts sleep are ahead by that.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *shift_ms;

__attribute__((constructor)) static void map_file(void)
{
	const char *name = getenv("REMIT_TEST_CLOCK");
	const int fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
	void *p = fd >= 0 ? mmap(NULL, 2 * sizeof(*shift_ms), PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

	if (p != MAP_FAILED)
		shift_ms = p;
	if (fd >= 0)
		close(fd);
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	const int result = (int)syscall(SYS_clock_gettime, clock, ret);
	int64_t shift = 0;

	if (shift_ms && clock == CLOCK_REALTIME)
		shift = shift_ms[0] + shift_ms[1];
	else if (shift_ms && clock == CLOCK_BOOTTIME)
		shift = shift_ms[1];

	if (result != 0 || shift == 0)
		return result;
	ret->tv_sec += shift / 1000;
	ret->tv_nsec += shift % 1000 * 1000000;
	if (ret->tv_nsec >= 1000000000) {
		ret->tv_sec++;
		ret->tv_nsec -= 1000000000;
	} else if (ret->tv_nsec < 0) {
		ret->tv_sec--;
		ret->tv_nsec += 1000000000;
	}
	return 0;
}
