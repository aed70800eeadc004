/* SPDX-License-Identifier: Apache-2.0
 * Linked into the echo server to give it a wall clock that jumps a day forward or back at each look;
 * the monotonic clock stays as it is (L08).
 */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	static _Atomic unsigned looks;
	int result = (int)syscall(SYS_clock_gettime, clock, ret);

	if (result == 0 && clock == CLOCK_REALTIME)
		ret->tv_sec += ++looks % 2 ? 86400 : -86400;
	return result;
}
