/* SPDX-License-Identifier: Apache-2.0
 * Filters and search over values.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/site/document_edit.h"
#include "services/content/tools/entry.h"

#include <ctype.h>

bool value_fits(const struct value *value, const json_t *filter)
{
	size_t i;
	json_t *one;
	if (!value)
		return json_is_null(filter);
	if (json_is_array(filter)) {
		json_array_foreach((json_t *)(uintptr_t)filter, i, one)
			if (value_fits(value, one))
				return true;
		return false;
	}
	if (value->kind == VALUE_LIST) {
		for (const struct value *v = value->first; v; v = v->next)
			if (value_equals(v, filter))
				return true;
		return false;
	}
	return value_equals(value, filter);
}

bool text_contains(struct str text, struct str part)
{
	if (part.n == 0)
		return true;
	const char first = (char)tolower((unsigned char)part.p[0]);
	for (size_t i = 0; i + part.n <= text.n; i++)
		if (tolower((unsigned char)text.p[i]) == first
			&& str_eq_ignore_case((struct str){ text.p + i, part.n }, part))
			return true;
	return false;
}

bool value_contains(const struct value *value, struct str text)
{
	if (value->kind == VALUE_TEXT)
		return text_contains(value->text, text);
	if (value->kind != VALUE_LIST && value->kind != VALUE_MAP)
		return false;
	for (const struct value *v = value->first; v; v = v->next)
		if (value_contains(v, text))
			return true;
	return false;
}
