/* SPDX-License-Identifier: Apache-2.0
 * Read buffers: taken when bytes come, given back when none are left, so that idle connections hold
 * none. The last one given back is the first one taken, and still in the processor's cache.
 * net: may include base, core and wire.
 */
#include "net/connection.h"

#include <stdlib.h>

#define INPUTS_KEPT 64 /* free ones; what a burst needed beyond goes back to the system */

bool input_take(struct connection *c)
{
	struct loop *loop = c->loop;
	struct input *in = loop->inputs;

	assert(!c->in);
	if (in) {
		loop->inputs = in->next;
		loop->inputs_free--;
	} else {
		in = malloc(sizeof(*in));
		if (!in)
			return false;
	}
	in->next = NULL;
	in->start = in->end = 0;
	c->in = in;
	return true;
}

void input_drop(struct connection *c)
{
	struct loop *loop = c->loop;
	struct input *in = c->in;

	if (!in)
		return;
	c->in = NULL;
	explicit_bzero(in->data, in->end); /* a token stood in it, which no memory keeps (D12) */
	if (loop->inputs_free == INPUTS_KEPT) {
		free(in);
		return;
	}
	in->next = loop->inputs;
	loop->inputs = in;
	loop->inputs_free++;
}

void input_settle(struct connection *c)
{
	struct input *in = c->in;

	assert(!c->x);
	if (!in)
		return;
	if (in->start == in->end) {
		input_drop(c);
	} else if (in->start > 0 && INPUT_BYTES - in->end < INPUT_ROOM_LEAST) {
		size_t n = in->end - in->start;
		memmove(in->data, in->data + in->start, n);
		explicit_bzero(in->data + n, in->start);
		in->start = 0;
		in->end = n;
	}
}

void input_free_all(struct loop *loop)
{
	while (loop->inputs) {
		struct input *next = loop->inputs->next;
		free(loop->inputs);
		loop->inputs = next;
	}
	loop->inputs_free = 0;
}
