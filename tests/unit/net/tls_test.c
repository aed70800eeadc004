/* SPDX-License-Identifier: Apache-2.0
 * Sessions of a client and a server joined in memory: cut anywhere, in any sizes, with room for any number
 * of bytes, what one writes the other reads, and nothing else. Certificates are made here.
 */
#include "../../property/core/random.h"
#include "../test.h"
#include "net/tls.h"
#include "net/tls_tickets.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TEXT_MAX 70000

static char folder[] = "/tmp/remit-tls-XXXXXX";
static char cert_file[64], key_file[64], other_cert[64], other_key[64];

/* ---- Certificates ---- */

static void add_extension(X509 *cert, int nid, const char *text)
{
	X509V3_CTX context;
	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, text);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static void make_certificate(const char *cert_path, const char *key_path, const char *names)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	FILE *file;

	assert_true(key && cert);
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
		(const unsigned char *)names, -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	X509_set_pubkey(cert, key);
	add_extension(cert, NID_subject_alt_name, names);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	file = fopen(cert_path, "w");
	assert_true(file && PEM_write_X509(file, cert) == 1);
	fclose(file);
	file = fopen(key_path, "w");
	assert_true(file && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
	fclose(file);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static int make_files(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return 1;
	snprintf(cert_file, sizeof(cert_file), "%s/cert", folder);
	snprintf(key_file, sizeof(key_file), "%s/key", folder);
	snprintf(other_cert, sizeof(other_cert), "%s/other-cert", folder);
	snprintf(other_key, sizeof(other_key), "%s/other-key", folder);
	make_certificate(cert_file, key_file, "DNS:good.example,DNS:*.wild.example,IP:127.0.0.1,IP:::1");
	make_certificate(other_cert, other_key, "DNS:good.example");
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	return unlink(cert_file) || unlink(key_file) || unlink(other_cert) || unlink(other_key) || rmdir(folder);
}

static struct tls_context *server_context(bool http2)
{
	const struct tls_server_options options = { cert_file, key_file, http2 };
	char why[TLS_ERROR_ROOM];
	struct tls_context *context = tls_context_new_server(&options, why);
	assert_non_null(context);
	return context;
}

static struct tls_context *client_context(const char *ca)
{
	const struct tls_client_options options = { .ca = ca };
	char why[TLS_ERROR_ROOM];
	struct tls_context *context = tls_context_new_client(&options, why);
	assert_non_null(context);
	return context;
}

/* ---- Two ends ---- */

struct end {
	struct tls_session *session;
	struct buf out;  /* ciphertext on its way to the other */
	size_t sent;     /* of it */
	struct buf got;  /* plaintext */
	enum tls_result last;
};

static void end_init(struct end *end, struct tls_session *session)
{
	assert_non_null(session);
	*end = (struct end){ .session = session, .last = TLS_MORE };
	buf_init(&end->out, SIZE_MAX / 4);
	buf_init(&end->got, SIZE_MAX / 4);
}

static void end_done(struct end *end)
{
	tls_session_free(end->session);
	buf_done(&end->out);
	buf_done(&end->got);
}

/* Takes at most `most` bytes of what the other end sent, into room of `room` bytes at a time. */
static bool take(struct end *end, struct end *from, size_t most, size_t room)
{
	struct str came = { from->out.p + from->sent, from->out.n - from->sent };
	char *into = malloc(room + 1); /* its end is watched by the sanitizer */

	if (came.n > most)
		came.n = most;
	if (came.n == 0 && !tls_session_has_plaintext(end->session)) {
		free(into);
		return false;
	}
	size_t before = came.n, n;
	end->last = tls_session_read(end->session, &came, into, room, &end->out, &n);
	assert_true(n <= room && came.n <= before);
	if (end->last == TLS_MORE)
		assert_int_equal(came.n, 0);
	if (end->last == TLS_FULL)
		assert_int_equal(n, room);
	from->sent += before - came.n;
	buf_add(&end->got, into, n);
	free(into);
	return true;
}

static void pump(struct end *a, struct end *b, size_t most, size_t room)
{
	bool more = true;
	while (more) {
		more = a->last <= TLS_FULL && take(a, b, most, room);
		more = (b->last <= TLS_FULL && take(b, a, most, room)) || more;
	}
}

static void shake_hands(struct end *client, struct end *server, size_t most)
{
	struct str nothing = { NULL, 0 };
	size_t n;
	assert_int_equal(tls_session_read(client->session, &nothing, NULL, 0, &client->out, &n), TLS_MORE);
	pump(client, server, most, 1000);
}

static struct tls_session *new_server(struct tls_context *context)
{
	struct tls_session *session = tls_session_new(context);
	tls_context_unref(context);
	return session;
}

static struct tls_session *new_client(const char *ca, const char *name)
{
	struct tls_context *context = client_context(ca);
	struct tls_session *session = tls_session_new_client(context, name);
	tls_context_unref(context);
	return session;
}

static void open_both(struct end *client, struct end *server, const char *ca, const char *name)
{
	end_init(server, new_server(server_context(true)));
	end_init(client, new_client(ca, name));
}

/* ---- Whom a client believes ---- */

static void test_only_a_certificate_for_the_name_and_of_the_authority(void **state)
{
	static const struct {
		const char *ca, *name, *why;
	} cases[] = {
		{ cert_file, "good.example", NULL },
		{ cert_file, "GOOD.example", NULL },
		{ cert_file, "a.wild.example", NULL },
		{ cert_file, "127.0.0.1", NULL },
		{ cert_file, "::1", NULL },
		{ cert_file, "bad.example", "hostname mismatch" },
		{ cert_file, "sub.good.example", "hostname mismatch" },
		{ cert_file, "a.b.wild.example", "hostname mismatch" },
		{ cert_file, "wild.example", "hostname mismatch" },
		{ cert_file, "127.0.0.2", "IP address mismatch" },
		{ cert_file, "::2", "IP address mismatch" },
		{ other_cert, "good.example", "self-signed certificate" },
	};
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct end client, server;
		char why[TLS_ERROR_ROOM];
		open_both(&client, &server, cases[i].ca, cases[i].name);
		shake_hands(&client, &server, SIZE_MAX);
		if (!cases[i].why) {
			if (!tls_session_is_open(client.session) || !tls_session_is_open(server.session))
				fail_msg("%s is refused", cases[i].name);
		} else {
			assert_int_equal(client.last, TLS_FAILED);
			assert_int_equal(server.last, TLS_FAILED);
			assert_false(tls_session_is_open(client.session) || tls_session_is_open(server.session));
			tls_session_why(client.session, why);
			if (!strstr(why, cases[i].why))
				fail_msg("%s: %s", cases[i].name, why);
		}
		end_done(&client);
		end_done(&server);
	}
}

static void test_protocol_is_http_1_1_where_only_that_is_named(void **state)
{
	struct end client, server;
	(void)state;
	open_both(&client, &server, cert_file, "good.example");
	assert_int_equal(tls_session_protocol(server.session).n, 0);
	shake_hands(&client, &server, SIZE_MAX);
	assert_true(str_is(tls_session_protocol(server.session), "http/1.1"));
	assert_true(str_is(tls_session_protocol(client.session), "http/1.1"));
	end_done(&client);
	end_done(&server);
}

/* ---- What goes through ---- */

static void test_handshake_cut_at_every_size(void **state)
{
	(void)state;
	for (size_t most = 1; most < 700; most += most < 40 ? 1 : 97) {
		struct end client, server;
		open_both(&client, &server, cert_file, "good.example");
		shake_hands(&client, &server, most);
		assert_true(tls_session_is_open(client.session) && tls_session_is_open(server.session));
		assert_false(tls_session_has_begun(client.session) || tls_session_has_begun(server.session));
		assert_true(tls_session_write(client.session, STR("hello"), &client.out));
		pump(&client, &server, most, 1 + most % 7);
		assert_true(str_is(buf_str(&server.got), "hello"));
		end_done(&client);
		end_done(&server);
	}
}

static void test_any_sizes_both_ways(void **state)
{
	struct random random = random_start();
	char *text = malloc(TEXT_MAX);
	(void)state;
	for (size_t i = 0; i < TEXT_MAX; i++)
		text[i] = (char)random_below(&random, 256);
	for (int round = 0; round < 60; round++) {
		struct end client, server;
		size_t sent[2] = { 0 }, room = 1 + random_below(&random, round % 2 ? 64 : 40000);
		open_both(&client, &server, cert_file, "good.example");
		shake_hands(&client, &server, 1 + random_below(&random, 3000));
		for (int step = 0; step < 12; step++) {
			struct end *from = random_below(&random, 2) ? &client : &server;
			size_t *at = &sent[from == &server];
			size_t n = random_below(&random, step % 3 ? 300 : TEXT_MAX / 5);
			if (n > TEXT_MAX - *at)
				n = TEXT_MAX - *at;
			assert_true(tls_session_write(from->session, (struct str){ text + *at, n }, &from->out));
			*at += n;
			if (random_below(&random, 2))
				pump(&client, &server, 1 + random_below(&random, 20000), room);
		}
		tls_session_end(client.session, &client.out);
		pump(&client, &server, 1 + random_below(&random, 20000), room);
		assert_int_equal(server.last, TLS_END);
		assert_true(str_eq(buf_str(&server.got), (struct str){ text, sent[0] }));
		assert_true(str_eq(buf_str(&client.got), (struct str){ text, sent[1] }));
		end_done(&client);
		end_done(&server);
	}
	free(text);
}

/* Who has said that nothing more comes may still be written to, and read from nothing. */
static void test_the_end_is_of_one_way(void **state)
{
	struct end client, server;
	(void)state;
	open_both(&client, &server, cert_file, "good.example");
	shake_hands(&client, &server, SIZE_MAX);
	tls_session_end(client.session, &client.out);
	size_t once = client.out.n;
	tls_session_end(client.session, &client.out);
	assert_int_equal(client.out.n, once);
	buf_add(&client.out, "what is this", 12);
	pump(&client, &server, SIZE_MAX, 100);
	assert_int_equal(server.last, TLS_END);
	assert_true(tls_session_write(server.session, STR("still"), &server.out));
	pump(&client, &server, SIZE_MAX, 100);
	assert_true(str_is(buf_str(&client.got), "still"));
	end_done(&client);
	end_done(&server);
}

/* ---- What is broken ---- */

/* Each byte of the client's ciphertext spoilt in turn: never more plaintext than was written, and no end. */
static void test_every_spoilt_byte(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\n\r\n";
	(void)state;
	for (size_t at = 0; at < 200; at++) {
		struct end client, server;
		open_both(&client, &server, cert_file, "good.example");
		shake_hands(&client, &server, SIZE_MAX);
		size_t begin = client.sent;
		assert_true(tls_session_write(client.session, str_of(text), &client.out));
		tls_session_end(client.session, &client.out);
		if (begin + at < client.out.n)
			client.out.p[begin + at] ^= 0x40;
		pump(&client, &server, SIZE_MAX, 100);
		bool whole = str_is(buf_str(&server.got), text);
		if (begin + at >= client.out.n)
			assert_true(whole && server.last == TLS_END);
		else
			assert_true((whole || server.got.n == 0) && server.last != TLS_END);
		assert_true(server.last != TLS_FAILED || !tls_session_is_open(server.session));
		end_done(&client);
		end_done(&server);
	}
}

static void test_what_is_no_TLS(void **state)
{
	static const struct {
		const char *bytes;
		enum tls_result result;
	} cases[] = {
		{ "GET / HTTP/1.1\r\nHost: a\r\n\r\n", TLS_PLAIN },
		{ "POST / HTTP/1.1\r\n", TLS_PLAIN },
		{ "HEAD / HTTP/1.1\r\n", TLS_PLAIN },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", TLS_FAILED },
		{ "SSH-2.0-OpenSSH_9.2p1\r\n", TLS_FAILED },
		{ "\x80\x2e\x01\x03\x01 an old hello .............................", TLS_FAILED },
		{ "\x17\x03\x03\x00\x05hello", TLS_FAILED },
		{ "\x16\x03\x01\xff\xff and so on", TLS_FAILED },
		{ "\x15\x03\x01\x00\x02\x02\x28", TLS_FAILED },
	};
	(void)state;
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		struct end server, client = { 0 };
		end_init(&server, new_server(server_context(false)));
		buf_init(&client.out, 1000);
		buf_add_text(&client.out, cases[i].bytes);
		if (i == 6) /* a NUL is in it */
			buf_reset(&client.out), buf_add(&client.out, cases[i].bytes, 10);
		if (i == 8)
			buf_reset(&client.out), buf_add(&client.out, cases[i].bytes, 7);
		take(&server, &client, SIZE_MAX, 100);
		if (server.last != cases[i].result)
			fail_msg("case %zu gives %d", i, (int)server.last);
		assert_false(tls_session_is_open(server.session));
		assert_true(cases[i].result != TLS_PLAIN || server.out.n == 0);
		end_done(&server);
		buf_done(&client.out);
	}
}

static void test_a_failed_session_stays_so(void **state)
{
	struct end server;
	struct str came = STR("SSH-2.0-OpenSSH_9.2p1\r\n");
	char into[10];
	size_t n, sent;
	(void)state;
	end_init(&server, new_server(server_context(false)));
	assert_int_equal(tls_session_read(server.session, &came, into, 10, &server.out, &n), TLS_FAILED);
	sent = server.out.n;
	came = STR("more");
	assert_int_equal(tls_session_read(server.session, &came, into, 10, &server.out, &n), TLS_FAILED);
	tls_session_end(server.session, &server.out);
	assert_int_equal(server.out.n, sent);
	end_done(&server);
}

/* ---- Tickets ---- */

static void test_ticket_keys_seal_for_two_hours_and_open_for_four(void **state)
{
	struct tls_ticket_keys keys = { 0 };
	struct tls_ticket_key first, second, got;
	const int64_t at = 1000000, hour = TLS_TICKET_KEY_NS / 2;
	const uint8_t stranger[16] = { 0 };
	bool old;
	(void)state;
	assert_false(tls_tickets_opener(&keys, stranger, at, &got, &old));
	assert_true(tls_tickets_sealer(&keys, at, &first));
	assert_true(tls_tickets_sealer(&keys, at + 2 * hour - 1, &got));
	assert_memory_equal(&got, &first, sizeof(got));
	assert_true(tls_tickets_opener(&keys, first.name, at + hour, &got, &old) && !old);
	assert_false(tls_tickets_opener(&keys, stranger, at + hour, &got, &old));
	assert_true(tls_tickets_sealer(&keys, at + 2 * hour, &second));
	assert_memory_not_equal(first.name, second.name, sizeof(first.name));
	assert_memory_not_equal(first.cipher, second.cipher, sizeof(first.cipher));
	assert_memory_not_equal(first.mac, second.mac, sizeof(first.mac));
	assert_true(tls_tickets_opener(&keys, first.name, at + 4 * hour - 1, &got, &old) && old);
	assert_memory_equal(got.cipher, first.cipher, sizeof(got.cipher));
	assert_false(tls_tickets_opener(&keys, first.name, at + 4 * hour, &got, &old));
	assert_true(tls_tickets_opener(&keys, second.name, at + 4 * hour, &got, &old) && old);
	/* Who slept for long does not wake up with a key of yesterday. */
	assert_false(tls_tickets_opener(&keys, second.name, at + 24 * hour, &got, &old));
	tls_tickets_wipe(&keys);
	for (size_t i = 0; i < sizeof(keys); i++)
		assert_int_equal(((const uint8_t *)&keys)[i], 0);
}

/* ---- Buffers that are kept ---- */

/* More sessions than are kept warm, each used and ended in any order, some in the middle of a record. */
static void test_sessions_that_are_warm_and_no_more(void **state)
{
	enum { COUNT = TLS_WARM + 30 };
	static struct end clients[COUNT], servers[COUNT];
	struct random random = random_start();
	struct tls_warm warm = { 0 };
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		open_both(&clients[i], &servers[i], cert_file, "good.example");
		tls_session_warm(servers[i].session, &warm);
		shake_hands(&clients[i], &servers[i], SIZE_MAX);
		tls_session_warm(servers[i].session, &warm);
	}
	for (int round = 0; round < 3000; round++) {
		size_t i = random_below(&random, COUNT);
		assert_true(tls_session_write(clients[i].session, STR("hello"), &clients[i].out));
		take(&servers[i], &clients[i], random_below(&random, 60), 100);
		tls_session_warm(servers[i].session, &warm);
		tls_session_warm(clients[i].session, &warm);
	}
	for (size_t n = COUNT; n > 0; n--) {
		size_t i = random_below(&random, n);
		pump(&servers[i], &clients[i], SIZE_MAX, 100);
		assert_int_equal(servers[i].last, TLS_MORE);
		assert_int_equal(servers[i].got.n % 5, 0);
		end_done(&clients[i]);
		end_done(&servers[i]);
		clients[i] = clients[n - 1];
		servers[i] = servers[n - 1];
	}
	for (size_t i = 0; i < TLS_WARM; i++)
		assert_null(warm.list[i]);
}

/* ---- The place of a context ---- */

static void test_a_context_is_replaced_and_old_sessions_go_on(void **state)
{
	struct end client, server, late;
	struct tls_slot *slot = tls_slot_new(server_context(false));
	const struct tls_server_options others = { other_cert, other_key, false };
	char why[TLS_ERROR_ROOM];
	(void)state;
	end_init(&server, new_server(tls_slot_take(slot)));
	end_init(&client, new_client(cert_file, "good.example"));
	tls_slot_put(slot, tls_context_new_server(&others, why));
	shake_hands(&client, &server, 100);
	assert_true(tls_session_is_open(client.session));
	end_init(&late, new_server(tls_slot_take(slot)));
	tls_slot_free(slot);
	end_done(&client);
	end_init(&client, new_client(other_cert, "good.example"));
	shake_hands(&client, &late, 100);
	assert_true(tls_session_is_open(client.session));
	end_done(&client);
	end_done(&server);
	end_done(&late);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_a_certificate_for_the_name_and_of_the_authority),
		cmocka_unit_test(test_protocol_is_http_1_1_where_only_that_is_named),
		cmocka_unit_test(test_handshake_cut_at_every_size),
		cmocka_unit_test(test_any_sizes_both_ways),
		cmocka_unit_test(test_the_end_is_of_one_way),
		cmocka_unit_test(test_every_spoilt_byte),
		cmocka_unit_test(test_what_is_no_TLS),
		cmocka_unit_test(test_a_failed_session_stays_so),
		cmocka_unit_test(test_ticket_keys_seal_for_two_hours_and_open_for_four),
		cmocka_unit_test(test_sessions_that_are_warm_and_no_more),
		cmocka_unit_test(test_a_context_is_replaced_and_old_sessions_go_on),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_files, remove_files) == 0 ? 0 : 1;
}
