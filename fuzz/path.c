/* SPDX-License-Identifier: Apache-2.0
 * Paths: what is let through has one reading. Its canonical form decodes to the same path and is its
 * own canonical form, and holds nothing that another parser could take for something else.
 */
#include "base/text.h"
#include <remit/remit.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

static void check_segments(const char *path, size_t n)
{
	for (size_t start = 1, end; start <= n; start = end + 1) {
		for (end = start; end < n && path[end] != '/';)
			end++;
		struct str segment = { path + start, end - start };
		must(!str_is(segment, ".") && !str_is(segment, ".."));
		must(segment.n > 0 || end == n);
	}
	must(utf8_valid((struct str){ path, n }));
	for (size_t i = 0; i < n; i++)
		must((unsigned char)path[i] >= 0x20 && !strchr("\x7f\\;", path[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *path = malloc(size + 1), *raw = malloc(3 * size + 1), *again = malloc(3 * size + 1),
	     *once = malloc(9 * size + 1);
	size_t n, m, k, l;

	must(path && raw && again && once);
	if (remit_path_decode((const char *)data, size, path, &n) == REMIT_OK) {
		must(n <= size && path[0] == '/');
		check_segments(path, n);
		must(remit_path_encode(path, n, raw, 3 * n, &m) == REMIT_OK);
		if (m <= 8 * 1024) { /* else it is too long to be a target */
			must(remit_path_decode(raw, m, again, &k) == REMIT_OK);
			must(k == n && memcmp(again, path, n) == 0);
			must(remit_path_encode(again, k, once, 3 * k, &l) == REMIT_OK);
			must(l == m && memcmp(once, raw, m) == 0);
		}
	}
	free(path);
	free(raw);
	free(again);
	free(once);
	return 0;
}
