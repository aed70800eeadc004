/* SPDX-License-Identifier: Apache-2.0
 * What a writer that is to be killed tells about each change on its pipe: before it begins, and
 * after the store has said that it is done.
 */
#ifndef REMIT_TESTS_PROPERTY_STORE_KILL_WRITER_H
#define REMIT_TESTS_PROPERTY_STORE_KILL_WRITER_H

#include "store/store.h"

enum kill_change { KILL_ADD = 1, KILL_REVOKE, KILL_ROTATE };

/* Far below PIPE_BUF, so that each is written whole. */
struct kill_report {
	uint8_t change; /* enum kill_change */
	uint8_t done;   /* 0: begins, 1: acknowledged */
	uint8_t digest[REMIT_DIGEST_SIZE]; /* ADD, ROTATE: the new text's */
	struct id token;
};

#define KILL_NOW_MS INT64_C(1790000000000)

/* Changes the store at `url` by several threads, for one owner, until killed. */
/* Where $REMIT_KILL_FOLDER is set: its tokens are kept in a folder beside it. */
bool kill_attach(struct store *store, const char *url);
int kill_writer_run(const char *url, const char *owner);

#endif
