/* SPDX-License-Identifier: Apache-2.0
 * Saying what is wrong: sentences for a person, free of control characters, and never a secret.
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/internal.h"

#include "base/text.h"
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define MORE " There are more mistakes."

/* Somebody else's words may stand in a sentence: none of them may forge a line of a log. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

/* Cuts no character in two. */
static void trim_broken_end(char *text)
{
	size_t n = strlen(text);
	while (n > 0 && !utf8_valid((struct str){ text, n }))
		n--;
	text[n] = '\0';
}

__attribute__((format(printf, 3, 0)))
static void sentence(char *text, size_t room, const char *format, va_list args)
{
	if (vsnprintf(text, room, format, args) < 0)
		text[0] = '\0';
	make_printable(text);
	if (strlen(text) == room - 1)
		trim_broken_end(text);
}

void faults_add(struct faults *f, const char *format, ...)
{
	char text[sizeof(f->err->text)];
	va_list args;

	assert(f->err);
	va_start(args, format);
	sentence(text, sizeof(text) - sizeof(MORE), format, args);
	va_end(args);
	size_t n = strlen(text), room = sizeof(f->err->text) - sizeof(MORE);
	if (f->count++ == 0)
		f->length = 0;
	if (f->length + 1 + n >= room) {
		if (f->length < room) /* once; nothing fits behind it */
			memcpy(f->err->text + f->length, MORE, sizeof(MORE));
		f->length = room;
		return;
	}
	if (f->length > 0)
		f->err->text[f->length++] = ' ';
	memcpy(f->err->text + f->length, text, n + 1);
	f->length += n;
}

enum authority_status authority_fail(struct authority_error *reterr, enum authority_status status,
	const char *format, ...)
{
	va_list args;
	assert(reterr && status != AUTHORITY_OK);
	va_start(args, format);
	sentence(reterr->text, sizeof(reterr->text), format, args);
	va_end(args);
	return status;
}

enum authority_status authority_stored(enum store_status status, const char *what,
	struct authority_error *reterr)
{
	switch (status) {
	case STORE_OK:
		return AUTHORITY_OK;
	case STORE_NOT_FOUND:
		return authority_fail(reterr, AUTHORITY_NOT_FOUND, "There is no %s.", what);
	case STORE_EXISTS:
		return authority_fail(reterr, AUTHORITY_EXISTS, "There is already a %s.", what);
	case STORE_CONFLICT:
		return authority_fail(reterr, AUTHORITY_CONFLICT,
			"The %s changed meanwhile, or is not in the state for that. "
			"Look at it and try again.",
			what);
	case STORE_INVALID:
		return authority_fail(reterr, AUTHORITY_INVALID, "The store cannot keep the %s.", what);
	case STORE_UNAVAILABLE:
	case STORE_FULL:
	case STORE_SCHEMA:
	case STORE_NO_MEMORY:
	case STORE_STOPPED:
		break;
	}
	return authority_fail(reterr, AUTHORITY_UNAVAILABLE, "Nothing was done: %s.",
		store_status_text(status));
}
