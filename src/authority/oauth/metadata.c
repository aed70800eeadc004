/* SPDX-License-Identifier: Apache-2.0
 * What the server says of itself (RFC 8414): only what runs.
 * authority: may include base, core, wire, store and profile.
 */
#include "authority/oauth/internal.h"

static const struct {
	const char *name, *path;
} endpoints[] = {
	{ "authorization_endpoint", "/oauth/authorize" },
	{ "token_endpoint", "/oauth/token" },
	{ "registration_endpoint", "/oauth/register" },
	{ "revocation_endpoint", "/oauth/revoke" },
	{ "introspection_endpoint", "/oauth/introspect" },
	{ "pushed_authorization_request_endpoint", "/oauth/par" },
	{ "device_authorization_endpoint", "/oauth/device_authorization" },
};

/* The names of all APIs' scopes, each once, and offline_access. `*` is asked for by who knows it. */
static void write_scopes(const struct oauth *oauth, struct buf *out)
{
	struct buf words;
	buf_init(&words, 1024 * 1024);
	for (size_t i = 0; i < oauth->authority->api_count; i++) {
		const struct profile *profile = oauth->authority->apis[i].profile;
		if (!oauth_grants_api(&oauth->authority->apis[i]))
			continue;
		for (size_t k = 0; k < profile->scope_count; k++) {
			const char *name = profile->scopes[k].name;
			size_t place;
			bool told = strcmp(name, "*") == 0;
			for (size_t j = 0; !told && j < i; j++)
				told = remit_policy_scope_find(oauth->authority->apis[j].profile->policy, name,
					strlen(name), &place) == REMIT_OK;
			if (!told)
				buf_printf(&words, "%s ", name);
		}
	}
	buf_add_text(&words, "offline_access");
	buf_add_char(&words, '\0');
	if (!words.failed)
		put_words(out, "scopes_supported", words.p);
	buf_done(&words);
}

void oauth_metadata(const struct oauth *oauth, struct buf *out)
{
	static const char auth[] = "none client_secret_basic client_secret_post";

	buf_add_char(out, '{');
	put_text(out, "issuer", oauth->issuer);
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
		struct buf text;
		buf_init(&text, 4096);
		buf_printf(&text, "%s%s", oauth->issuer, endpoints[i].path);
		buf_add_char(&text, '\0');
		if (!text.failed)
			put_text(out, endpoints[i].name, text.p);
		buf_done(&text);
	}
	write_scopes(oauth, out);
	put_words(out, "response_types_supported", "code");
	put_words(out, "response_modes_supported", "query");
	put_words(out, "grant_types_supported",
		"authorization_code refresh_token client_credentials " GRANT_DEVICE " " GRANT_EXCHANGE);
	put_words(out, "token_endpoint_auth_methods_supported", auth);
	put_words(out, "revocation_endpoint_auth_methods_supported", auth);
	put_words(out, "introspection_endpoint_auth_methods_supported", "client_secret_basic client_secret_post");
	put_words(out, "code_challenge_methods_supported", "S256");
	put_true(out, "authorization_response_iss_parameter_supported");
	if (oauth->proofs)
		put_words(out, "dpop_signing_alg_values_supported", PROOF_ALGORITHMS);
	if (oauth->fetch_client)
		put_true(out, "client_id_metadata_document_supported");
	buf_add_char(out, '}');
}
