/* SPDX-License-Identifier: Apache-2.0
 * What a proxy tells of a request, and the cookies that go on: the target must be read whole or not at
 * all, and no cookie of ours may be left.
 */
#include "gate/identity.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_target(struct str method, struct str target)
{
	static struct http_request request;
	struct http1_error error;
	if (!http1_set_target(&request, method, target, &error)) {
		if (error.status != 400 && error.status != 414)
			abort();
		return;
	}
	size_t query = request.query.p ? request.query.n + 1 : 0;
	if (request.path.p != target.p || request.path.n + query != target.n || request.path.p[0] != '/')
		abort();
}

static void check_cookies(struct str value)
{
	struct buf out;
	buf_init(&out, value.n * 2 + 16);
	if (identity_write_cookies(value, &out)) {
		struct str rest = buf_str(&out), pair, name;
		while (rest.n > 0) {
			str_cut(&rest, ';', &pair);
			str_cut(&pair, '=', &name);
			if (identity_is_our_cookie(str_trim(name)))
				abort();
		}
	}
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size }, method, target;
	str_cut(&rest, '\n', &method);
	str_cut(&rest, '\n', &target);
	check_target(method, target);
	check_cookies(rest);
	return 0;
}
