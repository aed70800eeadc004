/* SPDX-License-Identifier: Apache-2.0
 * Media: what an upload is by its content, what it is called, and how it is served.
 */
#include "world.h"

#include "services/publishing/internal.h"
#include "services/publishing/media.h"

#include "../test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct who olga = { OLGA, -1, false }, olga_aurora = { OLGA, AURORA, false };
static const struct who mark = { MARK, -1, false }, simon = { SIMON, -1, true };

#define PNG "\x89PNG\r\n\x1a\n\0\0\0\rIHDR and the rest of it"

static void test_S04_types_are_judged_by_content(void **state)
{
	(void)state;
	const struct { struct str bytes; const char *type; } cases[] = {
		{ STR(PNG), "image/png" }, { STR("\xff\xd8\xff\xe0 jfif"), "image/jpeg" }, { STR("GIF87a 12345678"), "image/gif" },
		{ STR("RIFF\1\2\3\4WEBPVP8X...."), "image/webp" }, { STR("\0\0\0\x18" "ftypisom\0\0\2\0"), "video/mp4" },
		{ STR("<html><script>alert(1)</script></html>"), NULL }, { STR("<!DOCTYPE html><p>xxxxxxxxxxxx"), NULL },
		{ STR("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"), NULL },
		{ STR("<?xml version='1.0'?><svg/>              "), NULL }, { STR("%PDF-1.7 xxxxxxxxxxxxxxx"), NULL },
		{ STR("\0\0\0\x18" "ftypqt  \0\0\2\0"), NULL }, { STR("\0\0\0\x18" "ftypheic\0\0\2\0"), NULL },
		{ STR("RIFF\1\2\3\4WAVEfmt ...."), NULL }, { STR("MZ the rest of a program"), NULL }, { STR(""), NULL },
		{ STR("<svgftypisom onload=1/>"), NULL }, { STR("\x89PNG"), NULL }, { STR("  GIF89a xxxxxxxxxxxx"), NULL }, { STR("\xff\xd8"), NULL },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		const struct media_type *type = media_sniff(cases[i].bytes);
		if (cases[i].type)
			assert_string_equal(type->type, cases[i].type);
		else
			assert_null(type);
	}
}

static void test_S02_names_are_cleaned(void **state)
{
	(void)state;
	char large[10241];
	memset(large, 'a', sizeof(large));
	const struct { struct str sent; const char *shown; } cases[] = {
		{ STR("cat.png"), "cat.png" }, { STR("../../etc/passwd"), "passwd.png" }, { STR("..\\..\\boot.ini"), "boot.png" },
		{ STR("a\0b.png"), "upload.png" }, { STR(".htaccess"), "htaccess.png" }, { STR("..."), "upload.png" },
		{ STR(""), "upload.png" }, { { NULL, 0 }, "upload.png" }, { STR("/"), "upload.png" },
		{ STR("evil.html"), "evil.png" }, { STR("\xff\xfe.png"), "upload.png" }, { STR("a\r\nX: y.png"), "aX y.png" },
		{ STR("\xe2\x80\xaegnp.exe"), "gnp.png" }, { STR("caf\xc3\xa9.jpeg"), "caf\xc3\xa9.png" },
		{ STR("say \"hi\".png"), "say hi.png" }, { STR("a. ."), "a.png" },
	};
	char name[MEDIA_NAME_ROOM];
	const struct media_type *png = media_sniff(STR(PNG));
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		media_clean_name(cases[i].sent, png, name);
		assert_string_equal(name, cases[i].shown);
	}
	media_clean_name((struct str){ large, sizeof(large) }, png, name);
	assert_int_equal(strlen(name), 104);
}

/* The files below the folder; every one must be of our own making and closed to others. */
static int count_files(const struct world *w)
{
	char path[600];
	int n = 0;
	struct dirent *e, *f;
	snprintf(path, sizeof(path), "%s/media", w->folder);
	DIR *top = opendir(path);
	while ((e = readdir(top))) {
		if (e->d_name[0] == '.')
			continue;
		assert_int_equal(strlen(e->d_name), 2);
		snprintf(path, sizeof(path), "%s/media/%s", w->folder, e->d_name);
		DIR *sub = opendir(path);
		while ((f = readdir(sub))) {
			struct stat st;
			if (f->d_name[0] == '.')
				continue;
			assert_int_equal(strlen(f->d_name), 32);
			assert_int_equal(fstatat(dirfd(sub), f->d_name, &st, 0), 0);
			assert_int_equal(st.st_mode & 0777, 0600);
			n++;
		}
		closedir(sub);
	}
	closedir(top);
	return n;
}

static void test_S02_S04_uploads_are_kept_under_our_names(void **state)
{
	(void)state;
	struct world *w = world_new();
	assert_int_equal(upload(w, olga_aurora, STR("../../../tmp/evil.html"), STR(PNG), NULL), 201);
	assert_string_equal(at(w, "name"), "evil.png");
	assert_string_equal(at(w, "content_type"), "image/png");
	assert_string_equal(at(w, "project_id"), w->projects[AURORA].text);
	assert_null(json_object_get(w->json, "file"));
	assert_int_equal(count_files(w), 1);
	assert_int_equal(upload(w, olga_aurora, STR("cat.png"), STR("<html><script>alert(1)</script></html>"), NULL), 415);
	assert_int_equal(upload(w, olga_aurora, STR("cat.svg"), STR("<svg onload='alert(1)' width='1'/>"), NULL), 415);
	assert_int_equal(upload(w, olga_aurora, STR("cat.png"), STR(""), NULL), 422);
	assert_int_equal(upload(w, olga, STR("cat.png"), STR(PNG), NULL), 422); /* which project? */
	assert_int_equal(upload(w, simon, STR("cat.png"), STR(PNG), NULL), 422);
	assert_int_equal(count_files(w), 1);
	world_free(w);
}

static void test_forms_are_judged(void **state)
{
	(void)state;
	static const char *const json[] = { "Content-Type: application/json", NULL };
	static const char *const bare[] = { "Content-Type: multipart/form-data", NULL };
	static const char *const form[] = { "Content-Type: multipart/form-data; boundary=XX", NULL };
	struct world *w = world_new();
	char more[256];
	assert_int_equal(ask_raw(w, olga_aurora, "upload_media", NULL, NULL, json, STR("{}")), 422);
	assert_int_equal(ask_raw(w, olga_aurora, "upload_media", NULL, NULL, bare, STR("{}")), 415);
	assert_int_equal(ask_raw(w, olga_aurora, "upload_media", NULL, NULL, form, STR("{}")), 400);
	assert_int_equal(ask_raw(w, olga_aurora, "upload_media", NULL, NULL, form,
		STR("--XX\r\nContent-Disposition: form-data; name=\"alt_text\"\r\n\r\nx\r\n--XX--\r\n")), 422);
#define PART(name, value) "--XX\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
	assert_int_equal(upload(w, olga_aurora, STR("a.png"), STR(PNG), PART("alt_txt", "x")), 422);
	assert_int_equal(upload(w, olga_aurora, STR("a.png"), STR(PNG), PART("alt_text", "x") PART("alt_text", "y")), 422);
	assert_int_equal(upload(w, olga_aurora, STR("a.png"), STR(PNG), PART("file", "x")), 422);
	assert_int_equal(upload(w, olga_aurora, STR("a.png"), STR(PNG), PART("alt_text", "\xff")), 422);
	assert_int_equal(upload(w, olga_aurora, STR("a.png"), STR(PNG), PART("projectId", "%s")), 422);
	snprintf(more, sizeof(more), PART("projectId", "%s"), w->projects[NORTHWIND].text);
	assert_int_equal(upload(w, olga_aurora, STR("a.png"), STR(PNG), more), 404);
	assert_int_equal(upload(w, olga_aurora, STR("a.txt"), STR("text of some length"), more), 404);
	assert_int_equal(count_files(w), 0);
	assert_int_equal(upload(w, olga, STR("a.png"), STR(PNG), more), 201);
	assert_string_equal(at(w, "project_id"), w->projects[NORTHWIND].text);
	assert_int_equal(upload(w, olga_aurora, STR("a.png"), STR(PNG), PART("alt_text", "A cat")), 201);
	assert_string_equal(at(w, "alt_text"), "A cat");
	world_free(w);
}

static void test_L03_a_file_one_byte_too_large(void **state)
{
	(void)state;
	struct world *w = world_new();
	char *bytes = calloc(1, LIMIT_UPLOAD_BYTES + 1);
	memcpy(bytes, PNG, sizeof(PNG));
	assert_int_equal(upload(w, olga_aurora, STR("a.png"), (struct str){ bytes, LIMIT_UPLOAD_BYTES + 1 }, NULL), 413);
	assert_string_equal(at(w, "error.code"), "payload_too_large");
	assert_int_equal(upload(w, olga_aurora, STR("a.png"), (struct str){ bytes, LIMIT_UPLOAD_BYTES }, NULL), 201);
	assert_string_equal(at(w, "bytes"), "25000000");
	free(bytes);
	world_free(w);
}

static int fetch(struct world *w, const char *id, const char *header, const char *more)
{
	const char *const headers[] = { header, more, NULL };
	return ask_raw(w, mark, "get_media_file", id, NULL, headers, (struct str){ NULL, 0 });
}

static void test_files_are_served_safely(void **state)
{
	(void)state;
	struct world *w = world_new();
	char id[ID_LENGTH + 1], tag[128], line[256];
	assert_int_equal(upload(w, olga_aurora, STR("caf\xc3\xa9.html"), STR("GIF89a0123456789"), NULL), 201);
	snprintf(id, sizeof(id), "%s", at(w, "id"));

	assert_int_equal(fetch(w, id, NULL, NULL), 200);
	assert_string_equal(w->answer.content_type, "image/gif");
	assert_int_equal(w->answer.length, 16);
	char bytes[16];
	assert_int_equal(pread(w->answer.fd, bytes, 16, 0), 16);
	assert_memory_equal(bytes, "GIF89a0123456789", 16);
	assert_string_equal(answer_header(w, "X-Content-Type-Options"), "nosniff");
	assert_string_equal(answer_header(w, "Cache-Control"), "private, no-cache");
	assert_string_equal(answer_header(w, "Content-Disposition"), "inline; filename=\"caf.gif\"; filename*=UTF-8''caf%C3%A9.gif");
	snprintf(tag, sizeof(tag), "%s", answer_header(w, "ETag"));

	snprintf(line, sizeof(line), "If-None-Match: \"x\", W/%s", tag);
	assert_int_equal(fetch(w, id, line, NULL), 304);
	assert_int_equal(w->answer.fd, -1);
	assert_int_equal(fetch(w, id, "If-None-Match: \"x\"", NULL), 200);
	static const struct { const char *range; int status; const char *content_range; } cases[] = {
		{ "Range: bytes=0-3", 206, "bytes 0-3/16" }, { "Range: bytes=10-", 206, "bytes 10-15/16" },
		{ "Range: bytes=-4", 206, "bytes 12-15/16" }, { "Range: bytes=-99", 206, "bytes 0-15/16" },
		{ "Range: bytes=15-99999999999", 206, "bytes 15-15/16" }, { "Range: bytes=16-", 416, "bytes */16" },
		{ "Range: bytes=-0", 416, "bytes */16" }, { "Range: bytes=18446744073709551615-", 416, "bytes */16" },
		{ "Range: bytes=3-2", 200, NULL }, { "Range: bytes=0-1,3-4", 200, NULL }, { "Range: lines=0-1", 200, NULL },
		{ "Range: bytes=0-18446744073709551615", 206, "bytes 0-15/16" }, { "Range: bytes=", 200, NULL },
		{ "Range: bytes=0-18446744073709551616", 200, NULL }, { "Range: bytes=a-b", 200, NULL },
	};
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		assert_int_equal(fetch(w, id, cases[i].range, NULL), cases[i].status);
		if (cases[i].content_range)
			assert_string_equal(answer_header(w, "Content-Range"), cases[i].content_range);
		else
			assert_null(answer_header(w, "Content-Range"));
	}
	assert_int_equal(fetch(w, id, "Range: bytes=0-3", "If-Range: \"other\""), 200);
	snprintf(line, sizeof(line), "If-Range: %s", tag);
	assert_int_equal(fetch(w, id, "Range: bytes=0-3", line), 206);
	assert_int_equal(ask(w, simon, "get_media_file", id, NULL, NULL), 404);
	world_free(w);
}

static void test_one_copy_for_each_content_and_project(void **state)
{
	(void)state;
	struct world *w = world_new();
	char first[256], more[256];
	assert_int_equal(upload(w, olga_aurora, STR("a.png"), STR(PNG), NULL), 201);
	snprintf(first, sizeof(first), "%s", at(w, "public_url"));
	assert_int_equal(upload(w, mark, STR("b.png"), STR(PNG), PART("alt_text", "A cat")), 201);
	assert_string_equal(at(w, "public_url"), first);
	assert_string_equal(at(w, "name"), "b.png");
	assert_string_equal(at(w, "alt_text"), "A cat");
	assert_int_equal(count_files(w), 1);
	/* Another project's copy is its own: nothing tells that somebody has the same bytes. */
	snprintf(more, sizeof(more), PART("projectId", "%s"), w->projects[NORTHWIND].text);
	assert_int_equal(upload(w, olga, STR("a.png"), STR(PNG), more), 201);
	assert_string_not_equal(at(w, "public_url"), first);
	assert_int_equal(count_files(w), 2);
	assert_int_equal(upload(w, olga_aurora, STR("a.png"), STR(PNG "!"), NULL), 201);
	assert_int_equal(count_files(w), 3);
	world_free(w);
}

static void test_S04_a_public_file_is_kept_for_good_and_tells_no_name(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "x", "..", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdeG",
		"0123456789abcdef0123456789abcdef0", "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcdef" };
	struct world *w = world_new();
	char name[64], id[ID_LENGTH + 1], disposition[256];
	assert_int_equal(upload(w, olga_aurora, STR("secret plan.html"), STR("GIF89a0123456789"), NULL), 201);
	snprintf(id, sizeof(id), "%s", at(w, "id"));
	const char *url = at(w, "public_url");
	assert_memory_equal(url, "http://127.0.0.1:8787/api/v1/files/", 35);
	assert_int_equal(strlen(url), 35 + 32);
	snprintf(name, sizeof(name), "%s", url + 35);
	assert_int_equal(ask(w, simon, "get_public_file", name, NULL, NULL), 200);
	assert_string_equal(w->answer.content_type, "image/gif");
	assert_int_equal(w->answer.length, 16);
	assert_string_equal(answer_header(w, "Cache-Control"), "public, max-age=31536000, immutable");
	assert_string_equal(answer_header(w, "X-Content-Type-Options"), "nosniff");
	assert_string_equal(answer_header(w, "Content-Security-Policy"), "default-src 'none'; sandbox");
	snprintf(disposition, sizeof(disposition), "inline; filename=\"%s\"; filename*=UTF-8''%s", name, name);
	assert_string_equal(answer_header(w, "Content-Disposition"), disposition);
	static const char *const range[] = { "Range: bytes=2-3", NULL };
	assert_int_equal(ask_raw(w, simon, "get_public_file", name, NULL, range, (struct str){ NULL, 0 }), 206);
	assert_string_equal(answer_header(w, "Content-Range"), "bytes 2-3/16");
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		assert_int_equal(ask(w, olga, "get_public_file", bad[i], NULL, NULL), 404);
	assert_int_equal(ask(w, olga, "get_public_file", id, NULL, NULL), 404);
	world_free(w);
}

static void test_files_that_nobody_names_are_swept(void **state)
{
	(void)state;
	const struct store_actor actor = { "test", WORLD_NOW };
	const int64_t day_ms = INT64_C(24) * 3600 * 1000, now_ms = (int64_t)time(NULL) * 1000;
	struct world *w = world_new();
	const struct publishing *p = publishing_of(w->service);
	char more[256], path[600];
	int64_t revision;
	assert_int_equal(upload(w, olga_aurora, STR("a.png"), STR(PNG), NULL), 201);
	snprintf(more, sizeof(more), PART("projectId", "%s"), w->projects[NORTHWIND].text);
	assert_int_equal(upload(w, olga, STR("a.png"), STR(PNG), more), 201);
	assert_int_equal(store_project_remove(w->store, &w->projects[NORTHWIND], &actor, &revision), STORE_OK);
	snprintf(path, sizeof(path), "%s/media/00", w->folder);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/media/00/link", w->folder);
	assert_int_equal(symlink("../../remit.db", path), 0);
	for (unsigned i = 0; i < MEDIA_FOLDERS; i++)
		assert_int_equal(media_sweep(p, i, now_ms), STORE_OK);
	assert_int_equal(unlink(path), 0); /* what is no file of ours is left alone */
	assert_int_equal(count_files(w), 2); /* too young */
	for (unsigned i = 0; i < MEDIA_FOLDERS; i++)
		assert_int_equal(media_sweep(p, i, now_ms + day_ms + 2000), STORE_OK);
	assert_int_equal(count_files(w), 1);
	ask(w, mark, "list_media", NULL, NULL, NULL);
	snprintf(more, sizeof(more), "%s", at(w, "data.0.id"));
	assert_int_equal(ask(w, mark, "get_media_file", more, NULL, NULL), 200);
	world_free(w);
}

struct old_media {
	struct id_bytes project;
	int count;
};

static enum store_status add_old_media(struct sql *sql, void *arg)
{
	static const char *const files[] = { "ab/1", "cd/2", "ef/3" };
	const struct old_media *old = arg;
	for (int i = 0; i < 3; i++) {
		struct id_bytes id = { { (uint8_t)(i + 1) } };
		struct sql_statement *st = sql_prepare(sql, "INSERT INTO publishing_media (id, project_id, name, type, bytes, alt_text,"
			" sha256, file, created_by, created_at, updated_at) VALUES (?1, ?2, 'n', 'image/png', 1, '', ?3, ?4, ?2, 1, 1)");
		sql_bind_blob(st, 1, id.b, 16);
		sql_bind_blob(st, 2, old->project.b, 16);
		sql_bind_text(st, 3, i < 2 ? STR("same") : STR("other"));
		sql_bind_text(st, 4, str_of(files[i]));
		if (sql_run(st) != STORE_OK)
			return STORE_UNAVAILABLE;
	}
	return STORE_OK;
}

static enum store_status count_old_media(struct sql *sql, void *arg)
{
	struct old_media *old = arg;
	struct sql_statement *st = sql_prepare(sql, "SELECT COUNT(*) * 10 + COUNT(DISTINCT file) FROM publishing_media");
	assert_int_equal(sql_step(st), SQL_ROW);
	old->count = (int)sql_column_int(st, 0);
	sql_reset(st);
	return STORE_OK;
}

static void test_media_of_an_older_schema_stay(void **state)
{
	(void)state;
	char folder[] = "/tmp/remit-publishing-XXXXXX", url[128], error[256] = "";
	const struct store_actor actor = { "test", WORLD_NOW };
	struct user_row user = { .id = id_make(WORLD_NOW, (const uint8_t *)"0123456789"), .email = "o@example.com", .created_ms = 1 };
	struct project_row project = { .id = id_make(WORLD_NOW, (const uint8_t *)"9876543210"), .api = "publishing", .name = "A",
		.owner = user.id, .created_ms = 1 };
	struct old_media old = { .count = 0 };
	struct store *store;
	assert_non_null(mkdtemp(folder));
	snprintf(url, sizeof(url), "sqlite:%s/remit.db", folder);
	assert_int_equal(store_open(url, STORE_MIGRATE, &store, error), STORE_OK);
	struct database *db = store_database(store);
	assert_int_equal(store_user_add(store, &user, &actor), STORE_OK);
	assert_int_equal(store_project_add(store, &project, &actor), STORE_OK);
	assert_int_equal(database_migrate(db, "publishing", publishing_schema, 1), STORE_OK);
	assert_true(id_to_bytes(&project.id, &old.project));
	assert_int_equal(database_write(db, add_old_media, &old), STORE_OK);
	assert_true(publishing_migrate(db, error));
	assert_int_equal(database_read(db, count_old_media, &old), STORE_OK);
	assert_int_equal(old.count, 32); /* three media, and two files that they name */
	store_close(store);
	snprintf(url, sizeof(url), "rm -r %s", folder);
	assert_int_equal(system(url), 0);
}

static void test_S01_urls_that_are_refused(void **state)
{
	(void)state;
	static const char *const json[] = { "Content-Type: application/json", NULL };
	static const char form[] = "url must be an http or https URL without user, password or fragment", special[] = "url cannot be fetched: ";
	static const struct { const char *url, *message; } cases[] = {
		{ "", form }, { "cat.png", form }, { "ftp://a.example/cat.png", form }, { "file:///etc/passwd", form },
		{ "http://user:pass@a.example/", form }, { "http://a.example/#x", form }, { "http://a.example\\\\@b.example/", form },
		{ "http://127.0.0.1/", special }, { "http://127.1/", special }, { "http://0x7f000001/", special }, { "http://2130706433/", special },
		{ "http://0177.0.0.1/", special }, { "http://localhost/", special }, { "http://[::1]/", special }, { "http://[::ffff:127.0.0.1]/", special },
		{ "http://169.254.169.254/latest/meta-data/", special }, { "http://10.0.0.1/", special }, { "http://192.168.1.1/", special },
		{ "http://0.0.0.0/", special }, { "http://[fe80::1]/", special }, { "http://[64:ff9b::7f00:1]/", special },
	};
	struct world *w = world_new();
	char body[512];
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		snprintf(body, sizeof(body), "{\"url\":\"%s\"}", cases[i].url);
		assert_int_equal(ask_raw(w, olga_aurora, "upload_media", NULL, NULL, json, str_of(body)), 422);
		if (strncmp(at(w, "error.message"), cases[i].message, strlen(cases[i].message)) != 0)
			fail_msg("%s: %s", cases[i].url, at(w, "error.message"));
	}
	assert_int_equal(count_files(w), 0);
	/* The project comes first, and what is wrong is told with it. */
	snprintf(body, sizeof(body), "{\"url\":\"http://127.0.0.1/\",\"projectId\":\"%s\"}", w->projects[NORTHWIND].text);
	assert_int_equal(ask_raw(w, olga_aurora, "upload_media", NULL, NULL, json, str_of(body)), 404);
	assert_int_equal(ask_raw(w, olga_aurora, "upload_media", NULL, NULL, json,
		STR("{\"url\":\"https://a.example/\",\"alt_txt\":\"x\"}")), 422);
	assert_string_equal(at(w, "error.message"), "alt_txt is not a known field; did you mean alt_text?");
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_S04_types_are_judged_by_content),
		cmocka_unit_test(test_S02_names_are_cleaned),
		cmocka_unit_test(test_S02_S04_uploads_are_kept_under_our_names),
		cmocka_unit_test(test_forms_are_judged),
		cmocka_unit_test(test_L03_a_file_one_byte_too_large),
		cmocka_unit_test(test_files_are_served_safely),
		cmocka_unit_test(test_one_copy_for_each_content_and_project),
		cmocka_unit_test(test_S04_a_public_file_is_kept_for_good_and_tells_no_name),
		cmocka_unit_test(test_files_that_nobody_names_are_swept),
		cmocka_unit_test(test_media_of_an_older_schema_stay),
		cmocka_unit_test(test_S01_urls_that_are_refused),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL) == 0 ? 0 : 1;
}
