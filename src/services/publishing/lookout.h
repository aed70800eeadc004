/* SPDX-License-Identifier: Apache-2.0
 * The lookout: one thread that has detectors looked at when they are due, and writes down what came of it. Any
 * number of processes may have one: a detector is claimed before it is looked at.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#ifndef REMIT_SERVICES_PUBLISHING_LOOKOUT_H
#define REMIT_SERVICES_PUBLISHING_LOOKOUT_H

#include "services/publishing/internal.h"

struct lookout;

/* NULL without memory or a thread. */
struct lookout *lookout_start(struct publishing *p);
/* Ends calls that run, and frees. NULL is nothing. */
void lookout_stop(struct lookout *lookout);

#endif
