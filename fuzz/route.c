/* SPDX-License-Identifier: Apache-2.0
 * Routes: rules and paths from the same bytes. The first line is a path as sent; each later line is
 * "METHOD /template". What is found matches what was asked, segment by segment.
 */
#include "base/str.h"
#include <remit/remit.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
	if (!good)
		abort();
}

static void add_rule(struct remit_builder *builder, struct str line)
{
	static const char *const scope = "a";
	const struct remit_alternative all = { &scope, 1 };
	struct str method;
	char *text = malloc(line.n + 2);

	must(text);
	(void)str_cut(&line, ' ', &method);
	memcpy(text, method.p, method.n);
	text[method.n] = '\0';
	char *path = text + method.n + 1;
	if (line.n > 0)
		memcpy(path, line.p, line.n);
	path[line.n] = '\0';
	struct remit_rule rule = { .method = text, .path = path, .need = { REMIT_NEED_SCOPES, &all, 1 } };
	(void)!remit_builder_rule(builder, &rule, NULL);
	free(text);
}

/* The template of what was found, against the path. */
static void check_match(struct str template, struct str path, const struct remit_match *match)
{
	size_t param = 0;
	bool more = true;

	while (more) {
		struct str step, segment;
		if (str_is(template, "**"))
			return;
		more = str_cut(&template, '/', &step);
		must(str_cut(&path, '/', &segment) == more);
		if (step.n > 2 && step.p[0] == '{') {
			must(param < match->count && segment.n > 0);
			must(match->params[param].p == segment.p && match->params[param].n == segment.n);
			param++;
		} else {
			must(str_eq(step, segment));
		}
	}
	must(param == match->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct remit_builder *builder = remit_builder_new();
	struct remit_policy *policy;
	struct remit_match match;
	struct str rest = { (const char *)data, size }, raw, line;
	size_t n;

	must(builder && remit_builder_scope(builder, "a") == REMIT_OK);
	for (bool more = str_cut(&rest, '\n', &raw); more;) {
		more = str_cut(&rest, '\n', &line);
		add_rule(builder, line);
	}
	must(remit_policy_build(builder, &policy) == REMIT_OK);
	char *path = malloc(raw.n + 1);
	must(path);
	if (remit_path_decode(raw.p, raw.n, path, &n) == REMIT_OK) {
		if (remit_policy_route(policy, "HEAD", 4, path, n, &match) == REMIT_OK) {
			struct str text = str_of(remit_policy_operation(policy, match.operation)->text),
				   method;
			(void)str_cut(&text, ' ', &method);
			must(str_is(method, "GET"));
			check_match((struct str){ text.p + 1, text.n - 1 }, (struct str){ path + 1, n - 1 },
				    &match);
		} else {
			must(match.operation == REMIT_NO_OPERATION);
		}
	}
	uint32_t operation;
	(void)!remit_policy_resource(policy, raw.p, raw.n, &operation);
	free(path);
	remit_policy_free(policy);
	return 0;
}
