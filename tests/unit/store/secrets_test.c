/* SPDX-License-Identifier: Apache-2.0
 * The server's key: what is refused as one, sealing, and MACs.
 */
#include "place.h"

#include "store/secrets.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

static void expect_refused(const char *from, const char *why)
{
	struct secrets *secrets = NULL;
	char error[256] = "";

	assert_false(secrets_open(from, &secrets, error));
	assert_null(secrets);
	assert_non_null(strstr(error, why));
}

static void write_key(const char *path, size_t n, mode_t mode)
{
	static const char bytes[64] = "0123456789abcdef0123456789abcdef";

	unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0 && write(fd, bytes, n) == (ssize_t)n && fchmod(fd, mode) == 0);
	close(fd);
}

static void test_T06_what_is_no_key(void **state)
{
	struct place place;
	char from[200], text[80];

	(void)state;
	place_make(&place);
	snprintf(from, sizeof(from), "file:%s", place.path);
	expect_refused("", "file:PATH");
	expect_refused("file:", "file:PATH");
	expect_refused("env:", "file:PATH");
	expect_refused("a secret in the configuration", "file:PATH");
	unsetenv("REMIT_TEST_KEY");
	expect_refused("env:REMIT_TEST_KEY", "not set");
	memset(text, 'a', sizeof(text));
	text[63] = '\0';
	setenv("REMIT_TEST_KEY", text, 1);
	expect_refused("env:REMIT_TEST_KEY", "64 hex");
	text[63] = 'g', text[64] = '\0';
	setenv("REMIT_TEST_KEY", text, 1);
	expect_refused("env:REMIT_TEST_KEY", "64 hex");
	write_key(place.path, 32, 0640);
	expect_refused(from, "others may read it");
	write_key(place.path, 32, 0604);
	expect_refused(from, "others may read it");
	write_key(place.path, 31, 0600);
	expect_refused(from, "32 bytes");
	write_key(place.path, 0, 0600);
	expect_refused(from, "32 bytes");
	write_key(place.path, 33, 0600);
	expect_refused(from, "32 bytes");
	snprintf(from, sizeof(from), "file:%s", place.folder);
	expect_refused(from, "not a file");
	place_remove(&place);
}

static struct secrets *open_key(const char *from)
{
	struct secrets *secrets;
	char error[256];

	if (!secrets_open(from, &secrets, error))
		fail_msg("%s", error);
	return secrets;
}

static size_t files_in(const char *folder)
{
	DIR *dir = opendir(folder);
	size_t n = 0;

	for (struct dirent *entry; (entry = readdir(dir));)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void test_a_key_is_made_once_and_private(void **state)
{
	struct place place;
	struct stat info;
	char from[300], folder[200];
	uint8_t mac[16];

	(void)state;
	place_make(&place);
	snprintf(folder, sizeof(folder), "%s/deep", place.folder);
	snprintf(from, sizeof(from), "file:%s/key", folder);
	mode_t mask = umask(0);
	struct secrets *secrets = open_key(from);
	umask(mask);
	assert_int_equal(stat(from + 5, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(info.st_size, 32);
	assert_int_equal(files_in(folder), 1);
	secrets_mac(secrets, "p", STR("text"), mac);
	secrets_close(secrets);
	secrets = open_key(from);
	assert_true(secrets_mac_ok(secrets, "p", STR("text"), mac));
	secrets_close(secrets);
	place_remove(&place);
}

static struct secrets *any_key(char digit)
{
	char text[65];

	memset(text, digit, 64);
	text[64] = '\0';
	setenv("REMIT_TEST_KEY", text, 1);
	return open_key("env:REMIT_TEST_KEY");
}

static void test_sealing(void **state)
{
	struct secrets *secrets = any_key('1'), *other = any_key('2');
	const struct str text = STR("a webhook's secret");
	uint8_t sealed[64], again[64], opened[64];
	size_t n = text.n + SECRETS_SEAL_EXTRA;

	(void)state;
	assert_true(secrets_seal(secrets, "webhook", text, sealed));
	assert_true(secrets_seal(secrets, "webhook", text, again));
	assert_memory_not_equal(sealed, again, n);
	struct str view = { (const char *)sealed, n };
	assert_false(secrets_unseal(other, "webhook", view, opened));
	assert_false(secrets_unseal(secrets, "webhooks", view, opened));
	for (size_t cut = 0; cut < n; cut++)
		assert_false(secrets_unseal(secrets, "webhook", (struct str){ view.p, cut }, opened));
	for (size_t bit = 0; bit < n * 8; bit++) {
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(secrets_unseal(secrets, "webhook", view, opened));
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(secrets_unseal(secrets, "webhook", view, opened));
	assert_memory_equal(opened, text.p, text.n);
	assert_true(secrets_seal(secrets, "empty", (struct str){ NULL, 0 }, sealed));
	assert_true(secrets_unseal(secrets, "empty", (struct str){ view.p, SECRETS_SEAL_EXTRA }, opened));
	secrets_close(secrets);
	secrets_close(other);
}

static void test_macs(void **state)
{
	struct secrets *secrets = any_key('1'), *other = any_key('2');
	uint8_t mac[16];

	(void)state;
	secrets_mac(secrets, "a", STR("text"), mac);
	assert_false(secrets_mac_ok(secrets, "b", STR("text"), mac));
	assert_false(secrets_mac_ok(secrets, "a", STR("texT"), mac));
	assert_false(secrets_mac_ok(secrets, "a", STR(""), mac));
	assert_false(secrets_mac_ok(other, "a", STR("text"), mac));
	assert_true(secrets_mac_ok(secrets, "a", STR("text"), mac));
	secrets_close(secrets);
	secrets_close(other);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_T06_what_is_no_key),
	cmocka_unit_test(test_a_key_is_made_once_and_private),
	cmocka_unit_test(test_sealing),
	cmocka_unit_test(test_macs),
};

TEST_MAIN(tests)
