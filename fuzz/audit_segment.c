/* SPDX-License-Identifier: Apache-2.0
 * A segment of the audit log that anything may have happened to: it is read to its end, or refused.
 */
#include "gate/audit.h"

#include "gate/audit_segment.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/remit-fuzz-XXXXXX";

static void remove_folder(void)
{
	char path[64];
	snprintf(path, sizeof(path), "%s/" AUDIT_NAME, folder, 1ull);
	unlink(path);
	rmdir(folder);
}

static bool each(void *ctx, const struct audit_entry *entry)
{
	*(uint64_t *)ctx += entry->api.n + entry->operation.n;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool made;
	char path[64], why[256];
	uint64_t total = 0;
	if (!made) {
		if (!mkdtemp(folder) || atexit(remove_folder) != 0)
			abort();
		made = true;
	}
	snprintf(path, sizeof(path), "%s/" AUDIT_NAME, folder, 1ull);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
	struct audit_tail tail = { .last = 10 };
	(void)!audit_read(folder, &tail, each, NULL, &total, why);
	return 0;
}
