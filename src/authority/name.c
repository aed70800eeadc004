/* SPDX-License-Identifier: Apache-2.0
 * Names that people give: what they may hold, and which known one a misspelt one was meant to be.
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/internal.h"

#include "base/limits.h"
#include "base/text.h"

#define BEGINNING_MIN 3 /* characters that a name must share to be taken for the beginning of a longer one */

/* The code point of a valid UTF-8 character of n bytes. */
static uint32_t code_point(const char *p, size_t n)
{
	static const uint8_t lead[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = (uint8_t)p[0] & lead[n];
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((uint8_t)p[i] & 0x3f);
	return c;
}

/* Control characters; line and paragraph separators; what turns the direction of the text around
 * it or cannot be seen, and so makes one name look like another. */
static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
		(c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

static bool is_space(uint32_t c)
{
	return c == ' ' || c == 0xa0 || c == 0x3000 || (c >= 0x2000 && c <= 0x200a);
}

static bool text_is_clean(struct str s)
{
	while (s.n > 0) {
		size_t n = utf8_next(s);
		if (n == 0 || is_control(code_point(s.p, n)))
			return false;
		s.p += n;
		s.n -= n;
	}
	return true;
}

static bool has_space_at_an_end(struct str s)
{
	size_t last = s.n - 1;
	while (last > 0 && ((uint8_t)s.p[last] & 0xc0) == 0x80)
		last--;
	return is_space(code_point(s.p, utf8_next(s))) || is_space(code_point(s.p + last, s.n - last));
}

bool name_check(struct faults *f, const char *what, const char *name)
{
	struct str s = str_of(name ? name : "");
	if (s.n == 0) {
		faults_add(f, "%s is missing.", what);
		return false;
	}
	if (!text_is_clean(s)) {
		faults_add(f, "%s must be valid UTF-8 without control characters.", what);
		return false;
	}
	if (utf8_length(s) > LIMIT_NAME_CHARS) {
		faults_add(f, "%s has %zu characters; it may have %d.", what, utf8_length(s),
			LIMIT_NAME_CHARS);
		return false;
	}
	if (has_space_at_an_end(s)) {
		faults_add(f, "%s may not start or end with a space.", what);
		return false;
	}
	return true;
}

bool email_check(struct faults *f, const char *email)
{
	struct str rest = str_of(email ? email : ""), local;
	bool fits = rest.n <= LIMIT_EMAIL_BYTES && text_is_clean(rest) &&
		!strpbrk(email ? email : "", " \t<>()[],;:\\\"/");
	if (fits && str_cut(&rest, '@', &local) && local.n > 0 && rest.n > 0 && !memchr(rest.p, '@', rest.n))
		return true;
	faults_add(f, "An e-mail address looks like name@example.com, with at most %d characters.",
		LIMIT_EMAIL_BYTES);
	return false;
}

bool reason_check(struct faults *f, const char *why)
{
	struct str s = str_of(why ? why : "");
	if (s.n <= LIMIT_REASON_BYTES && text_is_clean(s))
		return true;
	faults_add(f, "The reason must be valid UTF-8 without control characters, at most %d bytes.",
		LIMIT_REASON_BYTES);
	return false;
}

const char *name_nearest(const char *name, const char *(*at)(const void *ctx, size_t index), const void *ctx)
{
	struct str wanted = str_of(name);
	unsigned best = (unsigned)(wanted.n / 3) + 1;
	const char *nearest = NULL, *known;
	for (size_t i = 0; (known = at(ctx, i)); i++) {
		if (!nearest && wanted.n >= BEGINNING_MIN && str_starts(str_of(known), wanted))
			nearest = known; /* unless another is nearly the same */
		unsigned d = str_distance(wanted, str_of(known), best);
		if (d < best) {
			best = d;
			nearest = known;
		}
	}
	return nearest;
}
