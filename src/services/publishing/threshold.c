/* SPDX-License-Identifier: Apache-2.0
 * Numbers and lines.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/threshold.h"

#include "base/text.h"
#include "wire/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

bool threshold_pointer_ok(struct str pointer)
{
	struct str rest = pointer, part;
	size_t depth = 0;

	if (pointer.n == 0 || pointer.n > THRESHOLD_POINTER_MAX || pointer.p[0] != '/' || !utf8_valid(pointer))
		return false;
	for (size_t i = 0; i < pointer.n; i++) {
		if ((uint8_t)pointer.p[i] < 0x20)
			return false;
		bool escape = i + 1 < pointer.n && (pointer.p[i + 1] == '0' || pointer.p[i + 1] == '1');
		if (pointer.p[i] == '~' && !escape)
			return false;
	}
	rest = (struct str){ pointer.p + 1, pointer.n - 1 };
	for (bool more = true; more; depth++) {
		more = str_cut(&rest, '/', &part);
		if (str_is(part, "*"))
			return false;
	}
	return depth <= THRESHOLD_POINTER_DEPTH;
}

bool threshold_number(struct str text, double *ret)
{
	char copy[LIMIT_JSON_NUMBER_CHARS + 1];
	struct json_scanner scanner;

	if (text.n == 0 || text.n > LIMIT_JSON_NUMBER_CHARS)
		return false;
	json_scanner_init(&scanner, text);
	if (json_next(&scanner) != JSON_EVENT_VALUE || scanner.kind != JSON_KIND_NUMBER ||
		json_next(&scanner) != JSON_EVENT_END)
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	double value = strtod(copy, NULL);
	if (!isfinite(value))
		return false;
	*ret = value;
	return true;
}

bool threshold_read(struct str json, struct str pointer, double *ret, const char **reterr_what)
{
	struct json_wanted wanted = { .pointer = pointer };
	size_t at = 0;
	const char *what = NULL;

	switch (json_select(json, &wanted, 1, &at, &what)) {
	case JSON_SELECT_OK:
		break;
	case JSON_SELECT_INVALID:
		*reterr_what = "it is no JSON that can be read";
		return false;
	case JSON_SELECT_DUPLICATE:
		*reterr_what = "a key on the way to the number stands twice";
		return false;
	}
	if (wanted.found == 0)
		*reterr_what = "there is nothing where the pointer leads";
	else if (wanted.kind != JSON_KIND_NUMBER || !threshold_number(wanted.raw, ret))
		*reterr_what = "what the pointer leads to is no number";
	else
		return true;
	return false;
}

bool threshold_beyond(double value, double line, double hysteresis, bool above, bool was_beyond)
{
	double past = above ? value - line : line - value;
	return was_beyond ? past > -hysteresis : past > 0;
}

void threshold_text(double value, char ret[static THRESHOLD_TEXT_ROOM])
{
	for (int digits = 6; digits <= 17; digits++) {
		snprintf(ret, THRESHOLD_TEXT_ROOM, "%.*g", digits, value);
		if (strtod(ret, NULL) == value)
			return;
	}
}
