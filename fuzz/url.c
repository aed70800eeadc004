/* SPDX-License-Identifier: Apache-2.0
 * URLs that others name (S01): what is taken has one reading, holds nothing that another parser might
 * read in another way, and reads back as itself; so does where a redirect leads.
 */
#include "outbound/url.h"

#include <curl/curl.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition) do { if (!(condition)) abort(); } while (0)

/* libcurl finds the same host, and nothing before it. */
static void compare(const struct url *url)
{
	CURLU *handle = curl_url();
	char *host = NULL, *user = NULL;

	REQUIRE(handle && curl_url_set(handle, CURLUPART_URL, url->text, 0) == CURLUE_OK);
	REQUIRE(curl_url_get(handle, CURLUPART_HOST, &host, 0) == CURLUE_OK);
	REQUIRE(curl_url_get(handle, CURLUPART_USER, &user, 0) == CURLUE_NO_USER);
	const struct str text = { host[0] == '[' ? host + 1 : host, strlen(host) - (host[0] == '[' ? 2 : 0) };
	REQUIRE(url->address.any.sa_family == AF_INET6 || str_is(text, url->host));
	curl_free(host);
	curl_url_cleanup(handle);
}

static void check(const struct url *url)
{
	struct url again;
	const char *wrong = NULL;

	REQUIRE(url_read(str_of(url->text), &again, &wrong));
	REQUIRE(memcmp(url, &again, sizeof(again)) == 0);
	REQUIRE(!strchr(url->text, '@') || strchr(url->text + 8, '/') < strchr(url->text, '@'));
	compare(url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str first, rest = { (const char *)data, size };
	struct url url, next;
	const char *wrong = NULL;

	str_cut(&rest, '\n', &first);
	if (!url_read(first, &url, &wrong)) {
		REQUIRE(wrong);
		return 0;
	}
	check(&url);
	if (url_join(&url, rest, &next, &wrong))
		check(&next);
	return 0;
}
