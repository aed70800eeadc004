/* SPDX-License-Identifier: Apache-2.0
 * A request's head from lines of text, for tests.
 */
#ifndef REMIT_TESTS_GATE_REQUEST_H
#define REMIT_TESTS_GATE_REQUEST_H

#include "wire/http1.h"

#include <stdio.h>

/* "POST /x" and "Name: value\r\n..."; the text must live as long. */
static inline struct http_request request_of(const char *line, const char *fields)
{
	static char text[8192];
	struct http_request request;
	struct http1_error error = { 0, "" };
	size_t size;
	snprintf(text, sizeof(text), "%s HTTP/1.1\r\nHost: h\r\n%s\r\n", line, fields);
	enum http1_result result = http1_parse_request(text, strlen(text), 0, &request, &size, &error);
	if (result != HTTP1_DONE)
		fail_msg("%s: %s", text, error.what);
	return request;
}

#endif
