/* SPDX-License-Identifier: Apache-2.0
 * A person who approves all that they are asked: for tests of clients, without a browser.
 *
 *   oauth_approver CONFIG EMAIL ask QUERY      prints where the authorization request's client is redirected to
 *   oauth_approver CONFIG EMAIL device CODE    approves what waits under a user code; prints nothing
 */
#include "authority/oauth/oauth.h"
#include "base/clock.h"
#include "profile/config.h"

#include <stdio.h>
#include <stdlib.h>

#define APIS_MAX 8
#define SCOPES_MAX 256

static struct arena arena;

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n", what);
	exit(1);
}

/* The server sees to it that the store has the document. */
static bool is_known(void *ctx, const struct oauth *oauth, const char *url, struct arena *into, char reterr_text[256])
{
	(void)ctx, (void)oauth, (void)url, (void)into, (void)reterr_text;
	return true;
}

static void approve(const struct oauth *oauth, const char *email, const char *kind, const char *text)
{
	static const char *ticked[SCOPES_MAX];
	struct authority_error error = { .text = "" };
	struct oauth_choices choices;
	struct user_row person;
	struct oauth_ask ask;
	const char *url = "";
	bool device = strcmp(kind, "device") == 0;
	must(store_user_find(oauth->authority->store, email, &arena, &person) == STORE_OK, "there is no such person");
	if (device)
		must(oauth_device_find(oauth, text, &arena, &ask, &error) == AUTHORITY_OK, error.text);
	else
		must(oauth_ask_read(oauth, str_of(text), &arena, &ask) == OAUTH_ASK_OK, ask.error);
	must(oauth_ask_person(oauth, &ask, &person.id, &arena, &choices, &error) == AUTHORITY_OK, error.text);
	must(choices.count <= SCOPES_MAX, "too many scopes");
	for (size_t i = 0; i < choices.count; i++)
		ticked[i] = choices.scopes[i].name;
	const struct oauth_approval approval = {
		.user = person.id, .scopes = ticked, .scope_count = choices.count, .offline = ask.offline,
	};
	enum authority_status status = device ? oauth_device_approve(oauth, text, &approval, &error) :
						oauth_ask_approve(oauth, &ask, &approval, &arena, &url, &error);
	must(status == AUTHORITY_OK, error.text);
	printf("%s\n", url);
}

int main(int argc, char **argv)
{
	static struct mistakes mistakes;
	static struct authority_api apis[APIS_MAX];
	char why[256] = "";
	must(argc == 5, "oauth_approver CONFIG EMAIL ask|device TEXT");
	must(authority_init(), "randomness");
	arena_init(&arena, 0);
	mistakes_init(&mistakes);
	struct config *config = config_load(argv[1], &mistakes);
	must(config && config->api_count <= APIS_MAX, mistakes.count ? mistakes.list[0].what : "config");
	mistakes_done(&mistakes);
	for (size_t i = 0; i < config->api_count; i++)
		apis[i] = (struct authority_api){ config->apis[i].name, config->apis[i].profile };
	struct authority authority = { .apis = apis, .api_count = config->api_count };
	struct oauth oauth = { .authority = &authority, .issuer = config->public_url, .now_ms = clock_wall_ms(),
		.fetch_client = is_known };
	struct secrets *secrets = NULL;
	must(secrets_open(config->secrets_key, &secrets, why), why);
	oauth.secrets = secrets;
	must(store_open(config->store, STORE_OPEN, &authority.store, why) == STORE_OK, why);
	must(proofs_new(1, &oauth.proofs), "memory"); /* else it would not read dpop_jkt */
	approve(&oauth, argv[2], argv[3], argv[4]);
	proofs_free(oauth.proofs);
	store_close(authority.store);
	secrets_close(secrets);
	config_free(config);
	arena_done(&arena);
	return 0;
}
