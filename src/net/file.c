/* SPDX-License-Identifier: Apache-2.0
 * Files as answers: a worker reads a piece, the loop writes it, and only when the client has taken
 * it the next one is read. A client that takes nothing costs one piece of memory.
 * net: may include base, core and wire.
 */
#include "net/exchange.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define PIECE_BYTES (64 * 1024)

struct file_answer {
	int fd;
	uint64_t offset, left;
	bool begun, failed;
	struct answer answer; /* copied into the exchange's arena */
	struct unsent *piece; /* read and not yet sent */
};

/* On a worker. All of a piece, or failure: a file that is shorter than promised. */
static void read_piece(void *arg)
{
	struct file_answer *f = arg;
	size_t want = f->left < PIECE_BYTES ? (size_t)f->left : PIECE_BYTES;
	struct unsent *piece = malloc(sizeof(*piece) + want);

	if (!piece) {
		f->failed = true;
		return;
	}
	for (piece->n = 0; piece->n < want;) {
		off_t at = (off_t)(f->offset + piece->n);
		ssize_t n = pread(f->fd, piece->data + piece->n, want - piece->n, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			free(piece);
			f->failed = true;
			return;
		}
		piece->n += (size_t)n;
	}
	f->piece = piece;
}

/* connection_run comes right after, and finds the piece or the failure. */
static void piece_is_read(struct exchange *x, void *arg)
{
	assert(x->file == arg);
	(void)arg;
}

void file_release(struct exchange *x)
{
	struct file_answer *f = x->file;

	if (!f)
		return;
	assert(!x->working);
	close(f->fd);
	free(f->piece);
	free(f);
	x->file = NULL;
}

/* Before the head is sent the client can still be told; after it only the end of the connection can. */
static void give_up(struct exchange *x)
{
	if (x->file->begun)
		x->carrier->break_off(x);
	else
		x->carrier->refuse(x, 500, "The file could not be read");
	file_release(x);
}

static void send_piece(struct exchange *x)
{
	struct file_answer *f = x->file;

	if (!f->begun) {
		f->begun = true;
		if (!x->carrier->head(x, &f->answer, &f->left)) {
			file_release(x);
			return;
		}
	}
	if (!f->piece)
		return;
	f->offset += f->piece->n;
	f->left -= f->piece->n;
	x->carrier->own_piece(x, f->piece);
	f->piece = NULL;
}

bool file_advance(struct exchange *x)
{
	struct file_answer *f = x->file;

	if (f->failed) {
		give_up(x);
		return true;
	}
	if (f->piece || (!f->begun && f->left == 0)) {
		send_piece(x);
		return true;
	}
	if (f->left == 0) {
		x->carrier->end(x);
		file_release(x);
		return true;
	}
	/* Never refused: an answer that has begun is not broken off because others wait. */
	if (x->carrier->is_taken(x))
		exchange_give_job(x, read_piece, piece_is_read, f, true);
	return false;
}

/* Its head is written only when a first piece could be read. */
static bool copy_answer(struct arena *arena, const struct answer *answer, struct answer *ret)
{
	struct http_header *headers = arena_alloc(arena, answer->header_count * sizeof(*headers) + 1);

	if (!headers)
		return false;
	for (size_t i = 0; i < answer->header_count; i++) {
		headers[i].name = arena_copy_str(arena, answer->headers[i].name);
		headers[i].value = arena_copy_str(arena, answer->headers[i].value);
		if (!headers[i].name.p || !headers[i].value.p)
			return false;
	}
	*ret = *answer;
	ret->headers = headers;
	return true;
}

static struct file_answer *new_file(struct exchange *x, const struct answer *answer, int fd, uint64_t offset,
				    uint64_t length)
{
	struct file_answer *f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	*f = (struct file_answer){ .fd = fd, .offset = offset, .left = length };
	if (!copy_answer(&x->arena, answer, &f->answer)) {
		free(f);
		return NULL;
	}
	return f;
}

void exchange_answer_file(struct exchange *x, const struct answer *answer, int fd, uint64_t offset,
			  uint64_t length)
{
	assert(x->magic == EXCHANGE_MAGIC && !x->answered && !x->working && answer->body.n == 0);
	x->stream.sized = true;
	answer_begin(x);
	if (!exchange_is_gone(x) && x->request->method != HTTP_HEAD) {
		x->file = new_file(x, answer, fd, offset, length);
		if (x->file)
			return;
		x->carrier->refuse(x, 503, "Out of memory");
	} else if (!exchange_is_gone(x)) {
		x->carrier->head(x, answer, &length);
	}
	close(fd);
}
