/* SPDX-License-Identifier: Apache-2.0
 * A folder of tokens in the Statamic package's layout: what is read as it is, what counts for nothing, what a change
 * leaves alone, and that what others do to the folder counts at once.
 */
#include "../test.h"

#include "place.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "store/owner.h"
#include "store/yaml/shelf.h"

#include <fcntl.h>
#include <sys/file.h>

#define ID "5b0f3a52-2f5a-4a0e-8d7c-9a3f6f0c1d11"
#define ID2 "6b0f3a52-2f5a-4a0e-8d7c-9a3f6f0c1d22"
#define OWNER "0b9d3a58-6a3d-4b53-9d9e-2a6f9d1c0001"
#define HASH "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define NOW_MS INT64_C(1790000000000)

/* As the package writes it. */
#define FILE_OF(id, hash, scopes, rest) \
	"id: " id "\nuser_id: " OWNER "\nname: 'Claude Desktop'\ntoken_hash: " hash "\nscopes:" scopes \
	"\noauth_client_id: ~\noauth_client_name: ~\nlast_used_at: ~\nexpires_at: ~\n" \
	"created_at: '2026-03-01T10:00:00+00:00'\nupdated_at: ~\n" rest
#define TWO "\n    - 'content:read'\n    - 'entries:read'"

struct test {
	struct place place;
	char folder[128];
	struct shelf *shelf;
	struct arena arena;
};

static const struct store_actor actor = { "cli:root", NOW_MS };

static void path_of(const struct test *t, const char *name, char ret[300])
{
	snprintf(ret, 300, "%s/%s", t->folder, name);
}

static void write_file(const struct test *t, const char *name, const char *text)
{
	char path[300];
	path_of(t, name, path);
	int fd = open(path, O_WRONLY | O_CREAT, 0600); /* in place, as the package does */
	assert_true(fd >= 0 && flock(fd, LOCK_EX) == 0 && ftruncate(fd, 0) == 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static const char *read_file(const struct test *t, const char *name)
{
	static char text[65536];
	char path[300];
	path_of(t, name, path);
	int fd = open(path, O_RDONLY);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;
	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

static int setup(void **state)
{
	struct test *t = calloc(1, sizeof(*t));
	char error[256];
	log_set_level(LOG_LEVEL_ERROR);
	place_make(&t->place);
	snprintf(t->folder, sizeof(t->folder), "%s/tokens", t->place.folder);
	assert_int_equal(mkdir(t->folder, 0700), 0);
	arena_init(&t->arena, 0);
	write_file(t, ID ".yaml", FILE_OF(ID, HASH, TWO, ""));
	assert_int_equal(shelf_open("content", t->folder, &t->shelf, error), STORE_OK);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;
	shelf_close(t->shelf);
	arena_done(&t->arena);
	place_remove(&t->place);
	free(t);
	return 0;
}

static struct id_bytes bytes_of(const char *text)
{
	struct id_bytes bytes = { { 0 } };
	struct id id;
	assert_true(id_parse(str_of(text), &id) && id_to_bytes(&id, &bytes));
	return bytes;
}

static enum store_status get(struct test *t, const char *id, struct shelf_token *ret)
{
	struct id_bytes bytes = bytes_of(id);
	return shelf_get(t->shelf, &bytes, &t->arena, ret);
}

static bool is_known(struct test *t, const char *id)
{
	struct shelf_token token;
	return get(t, id, &token) == STORE_OK;
}

static struct token_row row_of(const char *id, const char *name)
{
	struct token_row row = { .name = name, .owner_text = OWNER, .api = "content", .scopes = "entries:read",
		.created_ms = NOW_MS };
	assert_true(id_parse(str_of(id), &row.id) && id_parse(str_of(OWNER), &row.owner));
	return row;
}

static void test_the_package_s_file_is_read_as_it_is(void **state)
{
	struct test *t = *state;
	struct shelf_token token;
	uint8_t digest[REMIT_DIGEST_SIZE];
	assert_true(hex_decode(str_of(HASH), digest, sizeof(digest)));
	assert_int_equal(shelf_find(t->shelf, digest, &t->arena, &token), STORE_OK);
	assert_string_equal(token.row.id.text, ID);
	assert_string_equal(token.row.name, "Claude Desktop");
	assert_string_equal(token.row.scopes, "content:read entries:read");
	assert_string_equal(token.row.owner.text, OWNER);
	assert_string_equal(token.row.api, "content");
	assert_true(token.row.expires_ms == 0 && token.row.revoked_ms == 0 && token.row.kind == REMIT_TOKEN_PERSONAL);
	assert_int_equal(token.row.created_ms, INT64_C(1772359200000));
	write_file(t, ID2 ".yaml", "id: " ID2 "\nuser_id: 7\nname: x\ntoken_hash: '" HASH "'\nscopes: {  }\noauth_client_id: c\n"
		"expires_at: '2026-03-01T11:00:00+01:00'\nkind: other\n");
	/* Its text is the other one's: that is known by one id only. */
	assert_int_equal(get(t, ID2, &token), STORE_OK);
	assert_string_equal(token.row.scopes, "");
	assert_string_equal(token.row.owner_email, "7");
	assert_int_equal(token.row.kind, REMIT_TOKEN_ACCESS);
	assert_int_equal(token.row.expires_ms, INT64_C(1772359200000));
	assert_int_equal(shelf_find(t->shelf, digest, &t->arena, &token), STORE_OK);
	assert_string_equal(token.row.id.text, ID);
}

static void refused(struct test *t, const char *text)
{
	write_file(t, ID2 ".yaml", text);
	if (is_known(t, ID2))
		fail_msg("taken: %s", text);
	assert_true(is_known(t, ID)); /* never takes others down */
}

#define HASH2 "0000d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

static void test_T04_what_is_not_understood_counts_for_nothing(void **state)
{
	struct test *t = *state;
	refused(t, "");
	refused(t, "id: [\n");
	refused(t, "id: " ID2 "\nuser_id: a\nname: x\ntoken_hash: " HASH2 "\n");
	refused(t, FILE_OF(ID2, HASH2, " ~", ""));
	refused(t, FILE_OF(ID2, HASH2, " '*'", ""));
	refused(t, FILE_OF(ID2, HASH2, " {a: b}", ""));
	refused(t, FILE_OF(ID2, HASH2, " ['entries:read *']", ""));
	refused(t, FILE_OF(ID2, HASH2, " ['']", ""));
	refused(t, FILE_OF(ID2, HASH2, " [[a]]", ""));
	refused(t, FILE_OF(ID2, "abc", TWO, ""));
	refused(t, FILE_OF(ID2, HASH2, TWO, "revoked_at: soon\n"));
	refused(t, FILE_OF(ID2, HASH2, TWO, "id: x\n"));
	refused(t, FILE_OF(ID2, HASH2, " &a [x]", ""));
	refused(t, FILE_OF(ID2, HASH2, " !!set [x]", ""));
	write_file(t, ID2 ".yaml", FILE_OF(ID2, HASH2, TWO, "more: 1\n"));
	assert_true(is_known(t, ID2));
}

static void test_T05_a_name_that_leads_elsewhere(void **state)
{
	struct test *t = *state;
	char path[300];
	refused(t, FILE_OF(ID, HASH2, TWO, ""));
	refused(t, FILE_OF("../../" ID2, HASH2, TWO, ""));
	path_of(t, ID2 ".yaml", path);
	assert_int_equal(unlink(path), 0);
	write_file(t, "elsewhere", FILE_OF(ID2, HASH2, TWO, ""));
	assert_int_equal(symlink("elsewhere", path), 0);
	assert_false(is_known(t, ID2));
	write_file(t, "6B0F3A52-2f5a-4a0e-8d7c-9a3f6f0c1d22.yaml", FILE_OF(ID2, HASH2, TWO, ""));
	assert_false(is_known(t, ID2));
}

static bool count_digest(void *ctx, const uint8_t digest[REMIT_DIGEST_SIZE])
{
	(void)digest;
	++*(int *)ctx;
	return true;
}

static int changes(struct test *t)
{
	int count = 0;
	assert_int_equal(shelf_changes(t->shelf, count_digest, &count), STORE_OK);
	return count;
}

static void test_what_others_do_counts_at_once(void **state)
{
	struct test *t = *state;
	struct shelf_token token;
	char path[300];
	assert_int_equal(changes(t), 0);
	write_file(t, ID2 ".yaml", FILE_OF(ID2, HASH2, TWO, ""));
	assert_int_equal(changes(t), 1);
	/* When it was used is no change that a copy goes by. */
	write_file(t, ID2 ".yaml", FILE_OF(ID2, HASH2, TWO, "# \n"));
	assert_int_equal(changes(t), 0);
	write_file(t, ID2 ".yaml", FILE_OF(ID2, HASH2, "\n  - x", ""));
	assert_true(changes(t) > 0);
	assert_int_equal(get(t, ID2, &token), STORE_OK);
	assert_string_equal(token.row.scopes, "x");
	path_of(t, ID ".yaml", path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(changes(t), 1);
	assert_false(is_known(t, ID));
	/* All of the folder. */
	char other[140];
	snprintf(other, sizeof(other), "%s.away", t->folder);
	assert_int_equal(rename(t->folder, other), 0);
	assert_int_equal(changes(t), 1);
	assert_false(is_known(t, ID2));
	assert_int_equal(rename(other, t->folder), 0);
	assert_true(is_known(t, ID2));
}

static void test_D14_a_revoked_file_moves_and_stays_so(void **state)
{
	struct test *t = *state;
	struct id_bytes id = bytes_of(ID), other = bytes_of(ID2);
	struct shelf_token token;
	bool done;
	assert_int_equal(shelf_revoke(t->shelf, &other, "", &actor, &done), STORE_NOT_FOUND);
	assert_int_equal(shelf_revoke(t->shelf, &id, "it's \"lost\"\n", &actor, &done), STORE_OK);
	assert_true(done);
	assert_int_equal(get(t, ID, &token), STORE_OK);
	assert_int_equal(token.row.revoked_ms, NOW_MS);
	assert_string_equal(token.row.revoked_by, "cli:root");
	assert_string_equal(token.row.revoked_why, "it's \"lost\"\n");
	assert_string_equal(read_file(t, ID ".yaml"), "");
	assert_non_null(strstr(read_file(t, "../revoked/" ID ".yaml"), FILE_OF(ID, HASH, TWO, "")));
	assert_string_equal(read_file(t, ".index"), "{}");
	assert_int_equal(shelf_revoke(t->shelf, &id, "again", &actor, &done), STORE_OK);
	assert_false(done);
	/* The package writes when it was used into what it read before: that revives nothing, not for it either. */
	write_file(t, ID ".yaml", FILE_OF(ID, HASH, TWO, ""));
	assert_int_equal(get(t, ID, &token), STORE_OK);
	assert_int_equal(token.row.revoked_ms, NOW_MS);
	assert_string_equal(read_file(t, ID ".yaml"), "");
}

static void test_new_tokens_are_the_package_s_files(void **state)
{
	struct test *t = *state;
	struct token_row row = row_of(ID2, "it's"), bad;
	struct stat st;
	uint8_t digest[REMIT_DIGEST_SIZE] = { 1 };
	char path[300];
	bad = row, assert_true(id_parse(STR(ID), &bad.project));
	assert_int_equal(shelf_add(t->shelf, &bad, digest, NOW_MS), STORE_INVALID);
	bad = row, bad.rate = 7;
	assert_int_equal(shelf_add(t->shelf, &bad, digest, NOW_MS), STORE_INVALID);
	bad = row, bad.name = "Claude Desktop"; /* D13 */
	assert_int_equal(shelf_add(t->shelf, &bad, digest, NOW_MS), STORE_EXISTS);
	bad = row, bad.owner_text = "7"; /* not this number's */
	assert_int_equal(shelf_add(t->shelf, &bad, digest, NOW_MS), STORE_INVALID);
	assert_int_equal(shelf_add(t->shelf, &row, digest, NOW_MS), STORE_OK);
	assert_int_equal(shelf_add(t->shelf, &row, digest, NOW_MS), STORE_EXISTS);
	assert_string_equal(read_file(t, ID2 ".yaml"),
		"id: " ID2 "\nuser_id: '" OWNER "'\nname: 'it''s'\n"
		"token_hash: '0100000000000000000000000000000000000000000000000000000000000000'\n"
		"scopes:\n    - 'entries:read'\noauth_client_id: ~\noauth_client_name: ~\nlast_used_at: ~\nexpires_at: ~\n"
		"created_at: '2026-09-21T14:13:20+00:00'\nupdated_at: ~\n");
	path_of(t, ID2 ".yaml", path);
	assert_true(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
	assert_non_null(strstr(read_file(t, ".index"), "\"" HASH "\": \"" ID "\""));
	assert_non_null(strstr(read_file(t, ".index"), "\": \"" ID2 "\""));
}

static void test_a_change_leaves_the_rest_alone(void **state)
{
	struct test *t = *state;
	static const char before[] = "# ours\nid: " ID2 "\nname: \"x\" # a name\nscopes: [ a, 'b' ]\nuser_id: '" OWNER "'\n"
		"token_hash: " HASH2 "\nexpires_at:\nextra:\n  - { deep: [1, 2] }\ncreated_at: 2026-01-01T00:00:00Z";
	struct shelf_token token;
	write_file(t, ID2 ".yaml", before);
	assert_int_equal(get(t, ID2, &token), STORE_OK);
	struct token_row row = token.row;
	row.scopes = "b";
	row.expires_ms = NOW_MS + 5000;
	assert_int_equal(shelf_update(t->shelf, &row, "a", 0, NOW_MS), STORE_CONFLICT);
	assert_int_equal(shelf_update(t->shelf, &row, "a b", 5, NOW_MS), STORE_CONFLICT);
	assert_int_equal(shelf_update(t->shelf, &row, "b a", 0, NOW_MS), STORE_OK);
	assert_string_equal(read_file(t, ID2 ".yaml"),
		"# ours\nid: " ID2 "\nname: 'x' # a name\nscopes: ['b']\nuser_id: '" OWNER "'\n"
		"token_hash: " HASH2 "\nexpires_at: '2026-09-21T14:13:25+00:00'\nextra:\n  - { deep: [1, 2] }\n"
		"created_at: 2026-01-01T00:00:00Z\nupdated_at: '2026-09-21T14:13:20+00:00'\n");
	struct token_use use = { .token = bytes_of(ID2), .last_used_ms = NOW_MS };
	assert_int_equal(shelf_used(t->shelf, &use, 1), STORE_OK);
	assert_non_null(strstr(read_file(t, ID2 ".yaml"), "\nlast_used_at: '2026-09-21T14:13:20+00:00'\n"));
	/* A list by lines stays one. */
	assert_int_equal(get(t, ID, &token), STORE_OK);
	row = token.row;
	row.scopes = "entries:read";
	assert_int_equal(shelf_update(t->shelf, &row, token.row.scopes, 0, NOW_MS), STORE_OK);
	assert_non_null(strstr(read_file(t, ID ".yaml"), "\nscopes:\n    - 'entries:read'\noauth_client_id: ~\n"));
}

/* Two processes: each sees what the other did before it takes the lock. */
static void test_S05_two_writers(void **state)
{
	struct test *t = *state;
	struct shelf *other;
	struct token_row row = row_of(ID2, "one");
	struct id_bytes id = bytes_of(ID);
	uint8_t digest[REMIT_DIGEST_SIZE] = { 1 };
	char error[256];
	bool done;
	assert_int_equal(shelf_open("content", t->folder, &other, error), STORE_OK);
	assert_int_equal(shelf_add(t->shelf, &row, digest, NOW_MS), STORE_OK);
	digest[0] = 2;
	assert_true(id_parse(STR("7b0f3a52-2f5a-4a0e-8d7c-9a3f6f0c1d33"), &row.id));
	assert_int_equal(shelf_add(other, &row, digest, NOW_MS), STORE_EXISTS); /* the name */
	assert_int_equal(shelf_revoke(other, &id, "", &actor, &done), STORE_OK);
	assert_int_equal(shelf_revoke(t->shelf, &id, "", &actor, &done), STORE_OK);
	assert_false(done);
	shelf_close(other);
}

static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	TEST(test_the_package_s_file_is_read_as_it_is),
	TEST(test_T04_what_is_not_understood_counts_for_nothing),
	TEST(test_T05_a_name_that_leads_elsewhere),
	TEST(test_what_others_do_counts_at_once),
	TEST(test_D14_a_revoked_file_moves_and_stays_so),
	TEST(test_new_tokens_are_the_package_s_files),
	TEST(test_a_change_leaves_the_rest_alone),
	TEST(test_S05_two_writers),
};

TEST_MAIN(tests)
