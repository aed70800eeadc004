/* SPDX-License-Identifier: Apache-2.0
 * Writes answers: status line, fields, chunks. A call writes all of its piece or nothing.
 * wire: may include base, and nothing else of ours.
 */
#include "wire/http1.h"
#include "wire/http_class.h"

#include <assert.h>

#define STATUS_END 600

static const char *const texts[STATUS_END] = {
	[100] = "Continue",
	[200] = "OK",
	[201] = "Created",
	[202] = "Accepted",
	[204] = "No Content",
	[206] = "Partial Content",
	[207] = "Multi-Status",
	[301] = "Moved Permanently",
	[302] = "Found",
	[303] = "See Other",
	[304] = "Not Modified",
	[307] = "Temporary Redirect",
	[308] = "Permanent Redirect",
	[400] = "Bad Request",
	[401] = "Unauthorized",
	[403] = "Forbidden",
	[404] = "Not Found",
	[405] = "Method Not Allowed",
	[406] = "Not Acceptable",
	[408] = "Request Timeout",
	[409] = "Conflict",
	[410] = "Gone",
	[411] = "Length Required",
	[412] = "Precondition Failed",
	[413] = "Content Too Large",
	[414] = "URI Too Long",
	[415] = "Unsupported Media Type",
	[416] = "Range Not Satisfiable",
	[417] = "Expectation Failed",
	[421] = "Misdirected Request",
	[422] = "Unprocessable Content",
	[426] = "Upgrade Required",
	[428] = "Precondition Required",
	[429] = "Too Many Requests",
	[431] = "Request Header Fields Too Large",
	[500] = "Internal Server Error",
	[501] = "Not Implemented",
	[502] = "Bad Gateway",
	[503] = "Service Unavailable",
	[504] = "Gateway Timeout",
	[505] = "HTTP Version Not Supported",
	[507] = "Insufficient Storage",
};

const char *http_status_text(int status)
{
	return status >= 0 && status < STATUS_END && texts[status] ? texts[status] : "";
}

/* Where there is room already. */
static char *put(char *at, struct str s)
{
	if (s.n > 0)
		memcpy(at, s.p, s.n);
	return at + s.n;
}

bool http1_write_status(struct buf *out, int status)
{
	assert(status >= 100 && status <= 599);
	struct str text = str_of(http_status_text(status));
	const char digits[] = { (char)('0' + status / 100), (char)('0' + status / 10 % 10),
		(char)('0' + status % 10), ' ' };
	if (!buf_reserve(out, strlen("HTTP/1.1 200 \r\n") + text.n))
		return false;
	char *at = put(out->p + out->n, STR("HTTP/1.1 "));
	at = put(at, (struct str){ digits, sizeof(digits) });
	at = put(at, text);
	at = put(at, STR("\r\n"));
	out->n = (size_t)(at - out->p);
	return true;
}

bool http1_write_header(struct buf *out, struct str name, struct str value)
{
	if (!http_is_token(name) || !http_is_text(value))
		return false;
	if (!buf_reserve(out, name.n + value.n + 4))
		return false;
	char *at = put(out->p + out->n, name);
	at = put(at, STR(": "));
	at = put(at, value);
	at = put(at, STR("\r\n"));
	out->n = (size_t)(at - out->p);
	return true;
}

bool http1_write_chunk(struct buf *out, struct str data)
{
	if (data.n == 0) /* an empty chunk would be the last one */
		return true;
	char line[sizeof(data.n) * 2 + 2];
	char *p = line + sizeof(line);
	*--p = '\n';
	*--p = '\r';
	for (size_t n = data.n; n > 0; n >>= 4)
		*--p = "0123456789abcdef"[n & 15];
	size_t line_n = (size_t)(line + sizeof(line) - p);
	if (!buf_reserve(out, line_n + data.n + 2))
		return false;
	buf_add(out, p, line_n);
	buf_add_str(out, data);
	return buf_add(out, "\r\n", 2);
}

bool http1_write_last_chunk(struct buf *out)
{
	return buf_add(out, "0\r\n\r\n", 5);
}
