/* SPDX-License-Identifier: Apache-2.0
 * Where a configuration listens: `listen` and `operations`.
 * profile: may include base and core.
 */
#include "profile/config_draft.h"

#include "profile/address.h"
#include <sys/un.h>

#define UNIX_PREFIX "unix:"

static const char *read_unix(struct config_draft *d, const struct node *node, const char *path)
{
	const char *address = config_join(d, node, UNIX_PREFIX, path);
	if (address && strlen(address) - strlen(UNIX_PREFIX) >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
		reader_mistake(&d->r, node, NULL, "the path of a socket is at most %zu bytes",
			sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
		return NULL;
	}
	return address;
}

static const char *read_address(struct config_draft *d, const struct node *node)
{
	const char *text;

	if (!reader_text(&d->r, node, "an address such as 127.0.0.1:8787", &text))
		return NULL;
	const char *path = config_after(text, UNIX_PREFIX);
	if (path)
		return read_unix(d, node, path);
	if (address_is_socket(node->text))
		return text;
	reader_mistake(&d->r, node, "write 127.0.0.1:8787, [::1]:8787 or unix:/run/remit.sock",
		"%s is no address to listen on", reader_show(&d->r, node->text));
	return NULL;
}

/* ---- Listeners ---- */

struct listener {
	struct config_draft *d;
	const char *address;
	struct config_tls tls;
};

static void read_listener_address(struct reader *r, const struct node *node, void *into)
{
	struct listener *l = into;
	(void)r;
	l->address = read_address(l->d, node);
}

static void read_cert(struct reader *r, const struct node *node, void *into)
{
	struct listener *l = into;
	(void)r;
	l->tls.cert = config_read_path(l->d, node, "the file of a certificate");
}

static void read_key(struct reader *r, const struct node *node, void *into)
{
	struct listener *l = into;
	(void)r;
	l->tls.key = config_read_path(l->d, node, "the file of a private key");
}

static const struct reader_key tls_keys[] = {
	{ "cert", read_cert, true },
	{ "key", read_key, true },
};

static void read_tls(struct reader *r, const struct node *node, void *into)
{
	struct listener *l = into;
	l->tls.line = node->key->line;
	l->tls.column = node->key->column;
	READER_MAP(r, node, "\"tls\"", tls_keys, into);
}

static const struct reader_key listener_keys[] = {
	{ "addr", read_listener_address, true },
	{ "tls", read_tls, false },
};

/* An address, or {addr: …, tls: …}. */
static void read_listener(const struct node *node, struct listener *l)
{
	if (node->kind == NODE_MAP)
		READER_MAP(&l->d->r, node, "a listener", listener_keys, l);
	else
		l->address = read_address(l->d, node);
}

void config_read_listen(struct reader *r, const struct node *node, void *draft)
{
	struct config_draft *d = draft;
	bool list = node->kind == NODE_LIST;
	const struct node *item = list ? node->first : node;
	size_t count = list ? node->count : 1, n = 0;

	if (count == 0) {
		reader_mistake(r, node, NULL, "expected an address or a list of them, got an empty list");
		return;
	}
	const char **addresses = reader_alloc(r, node, count, sizeof(*addresses));
	struct config_tls *tls = reader_alloc(r, node, count, sizeof(*tls));
	if (!addresses || !tls)
		return;
	for (size_t i = 0; i < count; i++, item = item->next) {
		struct listener l = { .d = d };
		read_listener(item, &l);
		if (l.address) {
			addresses[n] = l.address;
			tls[n++] = l.tls;
		}
	}
	d->config->listen = addresses;
	d->config->listen_tls = tls;
	d->config->listen_count = n;
}

const struct config_tls *config_listen_tls(const struct config *config, size_t i)
{
	return config->listen_tls && config->listen_tls[i].line > 0 ? &config->listen_tls[i] : NULL;
}

void config_read_operations(struct reader *r, const struct node *node, void *draft)
{
	struct config_draft *d = draft;
	(void)r;
	d->config->operations = read_address(d, node);
}
