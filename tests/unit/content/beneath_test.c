/* SPDX-License-Identifier: Apache-2.0
 * A site's folder: nothing leads out of it, and a file is whole.
 */
#include "services/content/site/beneath.h"

#include "test.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct world {
	char base[64], site[80];
	struct beneath *b;
};

static void put(const char *folder, const char *name, const char *text)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int set_up(void **state)
{
	char text[256];
	struct world *w = calloc(1, sizeof(*w));
	strcpy(w->base, "/tmp/remit-beneath-XXXXXX");
	if (!mkdtemp(w->base))
		return -1;
	snprintf(w->site, sizeof(w->site), "%s/site", w->base);
	if (mkdir(w->site, 0755) != 0 || !beneath_open(w->site, &w->b, text))
		return -1;
	put(w->base, "secret", "secret");
	put(w->site, "a.txt", "a");
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	char command[128];
	beneath_close(w->b);
	snprintf(command, sizeof(command), "rm -rf %s", w->base);
	int failed = system(command);
	free(w);
	return failed;
}

static enum beneath_status read_it(struct beneath *b, const char *path)
{
	struct buf text;
	buf_init(&text, 1024);
	enum beneath_status status = beneath_read(b, path, 1000, &text, NULL);
	buf_done(&text);
	return status;
}

static void test_S02_nothing_leads_out(void **state)
{
	struct world *w = *state;
	char link[256], target[256];
	static const char *const paths[] = { "../secret", "x/../../secret", "link", "folder/secret", "absolute", "pipe", "" };
	snprintf(link, sizeof(link), "%s/link", w->site);
	assert_int_equal(symlink("../secret", link), 0);
	snprintf(link, sizeof(link), "%s/folder", w->site);
	assert_int_equal(symlink("..", link), 0);
	snprintf(link, sizeof(link), "%s/absolute", w->site);
	snprintf(target, sizeof(target), "%s/secret", w->base);
	assert_int_equal(symlink(target, link), 0);
	snprintf(link, sizeof(link), "%s/pipe", w->site);
	assert_int_equal(mkfifo(link, 0600), 0);
	for (size_t i = 0; i < TEST_COUNT(paths); i++) {
		struct stat st;
		assert_int_not_equal(read_it(w->b, paths[i]), BENEATH_OK);
		if (i < 4)
			assert_int_not_equal(beneath_stat(w->b, paths[i], &st), BENEATH_OK);
		assert_int_not_equal(beneath_write(w->b, paths[i], STR("x"), BENEATH_REPLACE, NULL), BENEATH_OK);
	}
	assert_int_not_equal(beneath_write(w->b, "folder/new", STR("x"), BENEATH_CREATE, NULL), BENEATH_OK);
	assert_int_not_equal(beneath_write(w->b, "folder/new/x", STR("x"), BENEATH_CREATE, NULL), BENEATH_OK);
	assert_int_not_equal(beneath_remove(w->b, "folder/secret"), BENEATH_OK);
	assert_int_not_equal(beneath_move(w->b, "a.txt", "../a.txt"), BENEATH_OK);
	assert_int_not_equal(beneath_move(w->b, "a.txt", "folder/a.txt"), BENEATH_OK);
	snprintf(target, sizeof(target), "%s/new", w->base);
	assert_int_not_equal(access(target, F_OK), 0);
	snprintf(target, sizeof(target), "%s/secret", w->base);
	assert_int_equal(access(target, F_OK), 0);
}

static void test_S02_names_that_are_no_names(void **state)
{
	(void)state;
	char longest[300];
	memset(longest, 'a', sizeof(longest));
	static const struct { const char *p; size_t n; } bad[] = {
		{ "", 0 }, { ".", 1 }, { "..", 2 }, { ".env", 4 }, { "a/b", 3 }, { "a\\b", 3 }, { "a\0b", 3 }, { "a\nb", 3 },
		{ "\xff", 1 }, { "\x7f", 1 }, { "\xc0\xae", 2 },
	};
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		assert_false(beneath_is_name((struct str){ bad[i].p, bad[i].n }));
	assert_false(beneath_is_name((struct str){ longest, 256 }));
	assert_true(beneath_is_name((struct str){ longest, 255 }));
	assert_true(beneath_is_name(STR("2024-01-01.über uns.md")));
}

static void test_files_are_written_whole(void **state)
{
	struct world *w = *state;
	struct buf text;
	struct stat st;
	buf_init(&text, 1024);
	assert_int_equal(beneath_write(w->b, "x/y/z.md", STR("one"), BENEATH_CREATE, &st), BENEATH_OK);
	assert_int_equal(st.st_size, 3);
	assert_int_equal(beneath_write(w->b, "x/y/z.md", STR("two"), BENEATH_CREATE, NULL), BENEATH_EXISTS);
	char full[256];
	snprintf(full, sizeof(full), "%s/x/y/z.md", w->site);
	assert_int_equal(chmod(full, 0640), 0);
	assert_int_equal(beneath_write(w->b, "x/y/z.md", STR("three"), BENEATH_REPLACE, &st), BENEATH_OK);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(beneath_read(w->b, "x/y/z.md", 5, &text, &st), BENEATH_OK);
	assert_true(str_is(buf_str(&text), "three"));
	buf_reset(&text);
	assert_int_equal(beneath_read(w->b, "x/y/z.md", 4, &text, NULL), BENEATH_TOO_LARGE);
	assert_int_equal(beneath_move(w->b, "x/y/z.md", "a.txt"), BENEATH_EXISTS);
	assert_int_equal(beneath_move(w->b, "x/y/z.md", "q/z.md"), BENEATH_OK);
	assert_int_equal(read_it(w->b, "x/y/z.md"), BENEATH_NOT_FOUND);
	assert_int_equal(beneath_remove(w->b, "q/z.md"), BENEATH_OK);
	assert_int_equal(beneath_remove(w->b, "q/z.md"), BENEATH_NOT_FOUND);
	buf_done(&text);
}

static bool count_names(void *ctx, const char *name, const struct stat *st)
{
	(void)st;
	assert_true(name[0] != '.');
	++*(unsigned *)ctx;
	return true;
}

static void test_a_failed_write_leaves_nothing(void **state)
{
	struct world *w = *state;
	unsigned count = 0;
	assert_int_equal(beneath_write(w->b, "a.txt/x", STR("x"), BENEATH_REPLACE, NULL), BENEATH_NOT_FOUND);
	assert_int_equal(beneath_list(w->b, "", true, count_names, &count), BENEATH_OK);
	assert_int_equal(count, 1);
}

#define ROUNDS 50

struct adder {
	struct beneath *b;
	unsigned done;
};

/* Adds one to the number in a file, as an edit does. */
static void *add(void *arg)
{
	struct adder *a = arg;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct buf text;
		char number[16];
		int lock;
		if (beneath_lock(a->b, "n", &lock) != BENEATH_OK)
			continue;
		buf_init(&text, 64);
		if (beneath_read(a->b, "n", 60, &text, NULL) == BENEATH_OK) {
			buf_add_char(&text, '\0');
			int n = snprintf(number, sizeof(number), "%d", atoi(text.p) + 1);
			if (beneath_write(a->b, "n", (struct str){ number, (size_t)n }, BENEATH_REPLACE, NULL) == BENEATH_OK)
				a->done++;
		}
		buf_done(&text);
		beneath_unlock(lock);
	}
	return NULL;
}

static void test_S05_two_writers_lose_nothing(void **state)
{
	struct world *w = *state;
	struct adder adders[4];
	pthread_t threads[4];
	struct buf text;
	unsigned done = 0;
	assert_int_equal(beneath_write(w->b, "n", STR("0"), BENEATH_CREATE, NULL), BENEATH_OK);
	for (size_t i = 0; i < 4; i++) {
		adders[i] = (struct adder){ w->b, 0 };
		assert_int_equal(pthread_create(&threads[i], NULL, add, &adders[i]), 0);
	}
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		done += adders[i].done;
	}
	assert_int_equal(done, 4 * ROUNDS);
	buf_init(&text, 64);
	assert_int_equal(beneath_read(w->b, "n", 60, &text, NULL), BENEATH_OK);
	buf_add_char(&text, '\0');
	assert_int_equal(atoi(text.p), done);
	buf_done(&text);
}

static void test_L05_the_folder_goes_and_comes_back(void **state)
{
	struct world *w = *state;
	char aside[128];
	snprintf(aside, sizeof(aside), "%s/aside", w->base);
	assert_int_equal(rename(w->site, aside), 0);
	assert_int_equal(read_it(w->b, "a.txt"), BENEATH_GONE);
	assert_int_equal(beneath_write(w->b, "b.txt", STR("x"), BENEATH_CREATE, NULL), BENEATH_GONE);
	assert_int_equal(mkdir(w->site, 0755), 0);
	assert_int_equal(read_it(w->b, "a.txt"), BENEATH_NOT_FOUND);
	assert_int_equal(rmdir(w->site), 0);
	assert_int_equal(rename(aside, w->site), 0);
	assert_int_equal(read_it(w->b, "a.txt"), BENEATH_OK);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
	CASE(test_S02_nothing_leads_out),
	CASE(test_S02_names_that_are_no_names),
	CASE(test_files_are_written_whole),
	CASE(test_a_failed_write_leaves_nothing),
	CASE(test_S05_two_writers_lose_nothing),
	CASE(test_L05_the_folder_goes_and_comes_back),
};

TEST_MAIN(tests)
