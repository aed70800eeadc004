/* SPDX-License-Identifier: Apache-2.0
 * What the kernel can be told about large memory.
 * base: may include nothing but the C library.
 */
#include "base/memory.h"

#include <stdint.h>
#include <sys/mman.h>

#define HUGE_PAGE ((uintptr_t)2 * 1024 * 1024)

void memory_prefer_huge_pages(void *p, size_t n)
{
	uintptr_t start = ((uintptr_t)p + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	uintptr_t end = ((uintptr_t)p + n) & ~(HUGE_PAGE - 1);

	if (end > start && end - start >= 2 * HUGE_PAGE)
		(void)madvise((void *)start, end - start, MADV_HUGEPAGE);
}
