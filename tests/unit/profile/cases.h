/* SPDX-License-Identifier: Apache-2.0
 * Cases out of a text file: "=== NAME", a YAML text, "---", and the mistakes that it must give, one a
 * line as "LINE:COLUMN what | suggestion". No mistakes: the text must be accepted.
 * With REMIT_WRITE_EXPECTED set the file is written anew from what comes out, for a person to read.
 */
#ifndef REMIT_TESTS_UNIT_PROFILE_CASES_H
#define REMIT_TESTS_UNIT_PROFILE_CASES_H

#include "base/buf.h"
#include "profile/mistakes.h"

#define CASES_FILE "t.yaml" /* the name that the reader gets for the text */

/* Reads one text, adds its mistakes, and says whether it was accepted. */
typedef bool cases_read(struct str text, struct mistakes *mistakes);

/* Runs every case of TEST_FOLDER/NAME; fails the test at the first that differs. */
void cases_run(const char *name, cases_read *read);
/* The mistakes as the file has them, other files' with their names. */
void cases_format(const struct mistakes *mistakes, struct buf *out);
/* The whole of TEST_FOLDER/NAME. The caller frees it with buf_done. */
struct buf cases_load(const char *name);
/* The first YAML block of a page of docs/. The caller frees it. */
struct buf cases_load_example(const char *page);
/* Compares with, or with REMIT_WRITE_EXPECTED writes, TEST_FOLDER/NAME. */
void cases_golden(const char *name, struct str got);

#endif
