/* SPDX-License-Identifier: Apache-2.0
 * For the folder's own files.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_CONTENT_SITE_BENEATH_INTERNAL_H
#define REMIT_SERVICES_CONTENT_SITE_BENEATH_INTERNAL_H

#include "services/content/site/beneath.h"

#include <pthread.h>

struct beneath {
	char *folder;
	pthread_rwlock_t root_lock; /* taken to use `root`, and alone to change it */
	int root;
	dev_t dev; /* of the root */
	ino_t ino;
};

/* The root, for use until beneath_leave; it is the folder that has the name now. */
enum beneath_status beneath_enter(struct beneath *b);
void beneath_leave(struct beneath *b);
/* Within those two. A descriptor, or -1 with errno. */
int beneath_openat(struct beneath *b, const char *path, int flags);
/* The folder that a path's last step is in, and that step. */
enum beneath_status beneath_parent(struct beneath *b, const char *path, bool make, int *ret_fd, const char **ret_name);
enum beneath_status beneath_status_of(int error);

#endif
