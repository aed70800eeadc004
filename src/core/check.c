/* SPDX-License-Identifier: Apache-2.0
 * Whether a text is of the form that its place in a policy demands. What could never match a
 * request is refused here, so that no rule is written in vain.
 * core: may include base and <remit/remit.h>.
 */
#include "core/policy.h"

#include "base/text.h"

#define METHOD_MAX 32

static bool is_between(char c, char low, char high)
{
	return c >= low && c <= high;
}

/* RFC 6749 section 3.3: printable ASCII but for space, '"' and '\'. */
bool check_scope_name(struct str name)
{
	if (name.n == 0 || name.n > LIMIT_SCOPE_NAME)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!is_between(name.p[i], 0x21, 0x7e) || name.p[i] == '"' || name.p[i] == '\\')
			return false;
	return true;
}

/* Upper case, as every registered method is: "get" would never match what its writer meant. */
bool check_method(struct str method)
{
	if (method.n == 0 || method.n > METHOD_MAX)
		return false;
	for (size_t i = 0; i < method.n; i++)
		if (!is_between(method.p[i], 'A', 'Z') && method.p[i] != '-')
			return false;
	return !str_is(method, "HEAD") && !str_is(method, "CONNECT") && !str_is(method, "TRACE");
}

bool check_text(const char *text)
{
	struct str s = str_of(text);
	if (s.n == 0 || s.n > POLICY_TEXT_MAX || !utf8_valid(s))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

/* RFC 9110 section 5.6.2. */
static bool is_field_name(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!base62_is(*c) && !strchr("!#$%&'*+-.^_`|~", *c))
			return false;
	return true;
}

/* RFC 6901 section 3; the pointer to the whole document is of no use here. */
static bool is_pointer(const char *pointer)
{
	if (pointer[0] != '/')
		return false;
	for (const char *c = pointer; *c; c++)
		if (*c == '~' && c[1] != '0' && c[1] != '1')
			return false;
	return true;
}

static bool is_param(const char *name, const char *const *params, size_t param_count)
{
	for (size_t i = 0; i < param_count; i++)
		if (strcmp(name, params[i]) == 0)
			return true;
	return false;
}

bool check_source(enum operation_kind kind, enum remit_source source, const char *name,
		  const char *const *params, size_t param_count)
{
	if (!check_text(name))
		return false;
	switch (source) {
	case REMIT_SOURCE_PATH:
		return is_param(name, params, param_count);
	case REMIT_SOURCE_QUERY:
		return kind == OPERATION_RULE;
	case REMIT_SOURCE_HEADER:
		return is_field_name(name);
	case REMIT_SOURCE_BODY:
		return kind == OPERATION_RULE && is_pointer(name);
	case REMIT_SOURCE_ARGUMENT:
		return kind == OPERATION_TOOL && is_pointer(name);
	}
	return false;
}
