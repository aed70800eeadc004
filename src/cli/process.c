/* SPDX-License-Identifier: Apache-2.0
 * Secrets pass through this process: it leaves no copy of its memory anywhere.
 * cli: may include every room.
 */
#include "cli/process.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void open_standard_streams(void)
{
	int fd;
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		abort();
	close(fd);
}

void process_harden(void)
{
	const struct rlimit none = { 0, 0 };

	open_standard_streams();
	umask(077);
	setrlimit(RLIMIT_CORE, &none);
	/* the sanitizers' leak check reads this process as a debugger does */
	if (!REMIT_SANITIZED)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
