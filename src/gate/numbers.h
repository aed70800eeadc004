/* SPDX-License-Identifier: Apache-2.0
 * Numbers that outlive a configuration: of APIs, in records and counters; of operations, in the audit
 * log. A name that comes again gets the same; none is ever taken back while the process lives. Any thread.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#ifndef REMIT_GATE_NUMBERS_H
#define REMIT_GATE_NUMBERS_H

#include "base/limits.h"
#include "base/str.h"

#include <stdint.h>

#define NUMBERS_APIS 255 /* numbers are below this */

struct numbers;

bool numbers_new(struct numbers **ret);
void numbers_free(struct numbers *numbers);

/* False where there are too many, or no memory. */
bool numbers_api(struct numbers *numbers, const char *name, uint8_t *ret);
/* `operation` is "" for what no rule maps. The number is below LIMIT_AUDIT_NAMES. */
bool numbers_operation(struct numbers *numbers, struct str api, struct str operation, uint32_t *ret);

/* What was numbered; texts live as long as `numbers`. */
size_t numbers_api_count(struct numbers *numbers);
const char *numbers_api_text(struct numbers *numbers, size_t number);
void numbers_operation_text(struct numbers *numbers, uint32_t number, struct str *ret_api, struct str *ret_operation);

#endif
