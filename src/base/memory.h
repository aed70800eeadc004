/* SPDX-License-Identifier: Apache-2.0
 * What the kernel can be told about large memory.
 * base: may include nothing but the C library.
 */
#ifndef REMIT_BASE_MEMORY_H
#define REMIT_BASE_MEMORY_H

#include <stddef.h>

/* Asks for huge pages under untouched memory that is read at random places: a look-up then misses
 * in memory once, and not in the page tables too. Only a hint; nothing for less than some megabytes. */
void memory_prefer_huge_pages(void *p, size_t n);

#endif
