/* SPDX-License-Identifier: Apache-2.0
 * What the head says of a body, before it is read.
 */
#include "../test.h"

#include "gate/body.h"
#include "request.h"

#define JSON "Content-Type: application/json\r\n"
#define FORM "Content-Type: multipart/form-data; boundary=x\r\n"

static const struct {
	enum service_body wanted;
	const char *fields;
	int status;
	bool read;
} cases[] = {
	{ SERVICE_BODY_NONE, "", 0, false },
	{ SERVICE_BODY_NONE, "Content-Length: 0\r\n", 0, false },
	{ SERVICE_BODY_NONE, JSON "Content-Length: 1\r\n", 400, true },
	{ SERVICE_BODY_NONE, "Transfer-Encoding: chunked\r\n", 400, true },
	{ SERVICE_BODY_JSON, "", 400, false },
	{ SERVICE_BODY_JSON, JSON "Content-Length: 0\r\n", 400, false },
	{ SERVICE_BODY_JSON, JSON "Content-Length: 1000\r\n", 0, true },
	{ SERVICE_BODY_JSON, JSON "Content-Length: 1001\r\n", 413, true },
	{ SERVICE_BODY_JSON, JSON "Transfer-Encoding: chunked\r\n", 0, true },
	{ SERVICE_BODY_JSON, "Content-Length: 5\r\n", 415, true },
	{ SERVICE_BODY_JSON, "Content-Type: text/json\r\nContent-Length: 5\r\n", 415, true },
	{ SERVICE_BODY_JSON, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5\r\n", 415,
		true },
	{ SERVICE_BODY_JSON, "Content-Type: application/jsonx\r\nContent-Length: 5\r\n", 415, true },
	{ SERVICE_BODY_JSON, "Content-Type: APPLICATION/json;charset=\"utf-8\"\r\nContent-Length: 5\r\n", 0,
		true },
	{ SERVICE_BODY_JSON, "Content-Type: application/json; charset=utf-7\r\nContent-Length: 5\r\n", 415,
		true },
	{ SERVICE_BODY_JSON, "Content-Type: application/json; charset=utf-8; charset=x\r\nContent-Length: 5\r\n",
		415, true },
	{ SERVICE_BODY_JSON, JSON "Content-Encoding: gzip\r\nContent-Length: 5\r\n", 415, true },
	{ SERVICE_BODY_JSON, JSON "Content-Encoding: identity\r\nContent-Length: 5\r\n", 0, true },
	{ SERVICE_BODY_JSON, JSON "Content-Encoding: identity, gzip\r\nContent-Length: 5\r\n", 415, true },
	{ SERVICE_BODY_JSON,
		JSON "Content-Encoding: identity\r\nContent-Encoding: identity\r\nContent-Length: 5\r\n", 415, true },
	/* What another reader takes for the type or the coding, or would not get (H01, H03). */
	{ SERVICE_BODY_JSON, JSON "Content_Type: application/json\r\nContent-Length: 5\r\n", 415, true },
	{ SERVICE_BODY_JSON, "Content.Type: application/json\r\nContent-Length: 5\r\n", 415, true },
	{ SERVICE_BODY_JSON, JSON "Content_Encoding: gzip\r\nContent-Length: 5\r\n", 415, true },
	{ SERVICE_BODY_JSON, JSON "content_encoding: identity\r\nContent-Length: 5\r\n", 415, true },
	{ SERVICE_BODY_JSON, JSON "Content-Encoding: identity\r\nConnection: close, Content_Encoding\r\nContent-Length: 5\r\n", 415, true },
	{ SERVICE_BODY_JSON, JSON "Content-Typed: x\r\nX-Content-Type: y\r\nContent-Length: 5\r\n", 0, true },
	{ SERVICE_BODY_OPTIONAL, "", 0, false },
	{ SERVICE_BODY_OPTIONAL, JSON "Content-Length: 5\r\n", 0, true },
	{ SERVICE_BODY_OPTIONAL, "Content-Length: 5\r\n", 415, true },
	{ SERVICE_BODY_MULTIPART, "", 400, false },
	{ SERVICE_BODY_MULTIPART, FORM "Content-Length: 25000000\r\n", 0, true },
	{ SERVICE_BODY_MULTIPART, FORM "Content-Length: 25065537\r\n", 413, true },
	{ SERVICE_BODY_MULTIPART, JSON "Content-Length: 5\r\n", 415, true },
};

static void test_L03_M13_sizes_and_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct http_request request = request_of("POST /", cases[i].fields);
		struct body_verdict verdict;
		body_judge(&request, cases[i].wanted, 1000, &verdict);
		if (verdict.status != cases[i].status || verdict.read != cases[i].read)
			fail_msg("case %zu: %d %s", i, verdict.status, cases[i].fields);
	}
}

static const struct CMUnitTest tests[] = { cmocka_unit_test(test_L03_M13_sizes_and_types) };

TEST_MAIN(tests)
