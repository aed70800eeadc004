/* SPDX-License-Identifier: Apache-2.0
 * A session belongs to the principal that opened it: API, owner, project, and which token or OAuth client it is. What the
 * client sees is the upstream's id and a MAC over it and the principal; no node keeps a table.
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/mcp.h"

#include "base/text.h"
#include "store/secrets.h"

#define PURPOSE "mcp session"
#define MAC_BYTES 16
#define MAC_CHARS 22
#define ID_MAX 512

/* Lengths are fixed but for the last two or three, which hold no NUL. */
static bool write_principal(const struct visit *v, struct str id, struct buf *out)
{
	static const struct id_bytes none;
	const struct replica *replica = v->edition->replica;
	const struct id_bytes *project = v->keyed ? replica_project_id(replica, v->record.project) : NULL;
	if (!v->keyed) { /* whoever runs the program: no person, and no token, has such ids */
		for (size_t i = 0; i < 3; i++)
			buf_add(out, &none, sizeof(none));
		buf_add_text(out, v->gate->local->principal);
		buf_add_char(out, '\0');
	} else {
		const struct roster_token *token = replica_token(replica, v->record.token);
		/* A client goes on with its refreshed and stepped-up tokens. */
		bool personal = memcmp(&token->client, &none, sizeof(none)) == 0;
		buf_add(out, replica_person_id(replica, v->record.owner), sizeof(struct id_bytes));
		buf_add(out, project ? project : &none, sizeof(struct id_bytes));
		buf_add(out, personal ? &token->id : &token->client, sizeof(struct id_bytes));
	}
	buf_add_text(out, v->api->config->name);
	buf_add_char(out, '\0');
	return buf_add_str(out, id);
}

/* Visible ASCII, and short. */
static bool is_id(struct str id)
{
	for (size_t i = 0; i < id.n; i++)
		if ((unsigned char)id.p[i] <= ' ' || (unsigned char)id.p[i] >= 0x7f)
			return false;
	return id.n > 0 && id.n <= ID_MAX;
}

static bool is_proven(const struct visit *v, struct str id, const uint8_t mac[MAC_BYTES])
{
	struct buf text;
	buf_init(&text, 2 * ID_MAX);
	bool good = write_principal(v, id, &text)
		&& secrets_mac_ok(v->gate->secrets, PURPOSE, buf_str(&text), mac);
	buf_done(&text);
	return good;
}

bool mcp_session_read(struct visit *v)
{
	size_t count, n;
	uint8_t mac[MAC_BYTES];
	struct str shown = http_request_header(v->request, STR(MCP_SESSION_FIELD), &count);
	if (count == 0 || v->mcp->modern)
		return true; /* to a modern request it means nothing, and does not go on */
	if (count > 1) {
		reply_error(v, 400, "bad_request", MCP_SESSION_FIELD " stands twice");
		return false;
	}
	if (shown.n > MAC_CHARS + 1 && shown.p[shown.n - MAC_CHARS - 1] == '.') {
		struct str id = { shown.p, shown.n - MAC_CHARS - 1 };
		struct str text = { id.p + id.n + 1, MAC_CHARS };
		if (is_id(id) && base64url_decode(text, mac, sizeof(mac), &n) && n == sizeof(mac)
			&& is_proven(v, id, mac)) {
			v->mcp->session = id;
			v->mcp->shown = shown;
			return true;
		}
	}
	visit_refuse(v, GATE_BAD_REQUEST);
	reply_error(v, 404, "not_found", "There is no such session: start a new one");
	return false;
}

struct str mcp_session_show(const struct visit *v, struct str id)
{
	static const struct str none = { NULL, 0 };
	uint8_t mac[MAC_BYTES];
	struct buf text;
	if (v->mcp->session.p && str_eq(id, v->mcp->session))
		return v->mcp->shown;
	char *shown = is_id(id) ? arena_alloc(exchange_arena(v->x), id.n + 1 + MAC_CHARS + 1) : NULL;
	if (!shown)
		return none;
	buf_init(&text, 2 * ID_MAX);
	bool good = write_principal(v, id, &text);
	if (good)
		secrets_mac(v->gate->secrets, PURPOSE, buf_str(&text), mac);
	buf_done(&text);
	if (!good)
		return none;
	memcpy(shown, id.p, id.n);
	shown[id.n] = '.';
	size_t n = base64url_encode(mac, sizeof(mac), shown + id.n + 1);
	return (struct str){ shown, id.n + 1 + n };
}
