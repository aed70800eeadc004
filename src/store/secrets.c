/* SPDX-License-Identifier: Apache-2.0
 * The server's key: read or made once, kept in locked memory; every use has a key of its own,
 * derived from it, its kind and its purpose.
 * store: may include base, core and wire.
 */
#include "store/secrets.h"

#include "base/text.h"
#include "store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_BYTES 32
#define MAC_BYTES 16
#define CURSOR_BYTES_MAX (SECRETS_CURSOR_MAX + MAC_BYTES)

_Static_assert(SECRETS_SEAL_EXTRA ==
	crypto_aead_xchacha20poly1305_ietf_NPUBBYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES, "seal");

struct secrets {
	uint8_t key[KEY_BYTES];
};

static bool write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t wrote = write(fd, p, n);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return false;
		p += wrote;
		n -= (size_t)wrote;
	}
	return true;
}

/* Appears under its name whole or not at all, and never in the place of another one. */
static bool make_key_file(const char *path, uint8_t key[KEY_BYTES])
{
	char other[PATH_MAX];

	if (snprintf(other, sizeof(other), "%s.XXXXXX", path) >= (int)sizeof(other)) {
		errno = ENAMETOOLONG;
		return false;
	}
	if (!file_make_folders(path))
		return false;
	int fd = mkostemp(other, O_CLOEXEC); /* mode 0600 */
	if (fd < 0)
		return false;
	randombytes_buf(key, KEY_BYTES);
	bool good = write_all(fd, key, KEY_BYTES) && fsync(fd) == 0;
	good = close(fd) == 0 && good;
	/* Where another process was first, its key is the one. */
	good = good && (link(other, path) == 0 || errno == EEXIST);
	int reason = errno;
	unlink(other);
	errno = reason;
	return good && file_sync_folder(path);
}

static const char *fault_of_key_file(const struct stat *info)
{
	if (!S_ISREG(info->st_mode))
		return "it is not a file";
	if (info->st_mode & 077)
		return "others may read it; run chmod 600";
	if (info->st_uid != geteuid() && info->st_uid != 0 && geteuid() != 0)
		return "it belongs to somebody else";
	if (info->st_size != KEY_BYTES)
		return "it does not hold exactly 32 bytes";
	return NULL;
}

static bool read_key(int fd, const char *path, uint8_t key[KEY_BYTES], char reterr_text[256])
{
	struct stat info;
	const char *fault = fstat(fd, &info) != 0 ? strerror(errno) : fault_of_key_file(&info);

	if (!fault && read(fd, key, KEY_BYTES) != KEY_BYTES)
		fault = "it cannot be read";
	if (fault)
		snprintf(reterr_text, 256, "secrets_key: cannot use %.120s: %s", path, fault);
	return !fault;
}

static bool key_from_file(const char *path, uint8_t key[KEY_BYTES], char reterr_text[256])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && make_key_file(path, key))
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		snprintf(reterr_text, 256, "secrets_key: cannot use %.120s: %s", path, strerror(errno));
		return false;
	}
	bool good = read_key(fd, path, key, reterr_text);
	close(fd);
	return good;
}

static bool key_from_environment(const char *name, uint8_t key[KEY_BYTES], char reterr_text[256])
{
	const char *value = getenv(name);

	if (value && hex_decode(str_of(value), key, KEY_BYTES))
		return true;
	snprintf(reterr_text, 256, "secrets_key: the variable %.100s %s", name,
		value ? "does not hold exactly 64 hex digits" : "is not set");
	return false;
}

static bool find_key(const char *from, uint8_t key[KEY_BYTES], char reterr_text[256])
{
	if (strncmp(from, "file:", 5) == 0 && from[5])
		return key_from_file(from + 5, key, reterr_text);
	if (strncmp(from, "env:", 4) == 0 && from[4])
		return key_from_environment(from + 4, key, reterr_text);
	snprintf(reterr_text, 256, "secrets_key: write file:PATH or env:NAME");
	return false;
}

bool secrets_open(const char *from, struct secrets **ret, char reterr_text[256])
{
	struct secrets *secrets = sodium_init() >= 0 ? sodium_malloc(sizeof(*secrets)) : NULL;

	if (!secrets) {
		snprintf(reterr_text, 256, "secrets_key: no locked memory for it");
		return false;
	}
	if (!find_key(from, secrets->key, reterr_text)) {
		sodium_free(secrets);
		return false;
	}
	sodium_mprotect_readonly(secrets);
	*ret = secrets;
	return true;
}

void secrets_close(struct secrets *secrets)
{
	sodium_free(secrets);
}

/* The key for one kind of use and one purpose: BLAKE2b over "kind purpose", keyed. No kind holds a
 * space, so no two pairs read alike. */
static void derive(const struct secrets *secrets, const char *kind, const char *purpose,
	uint8_t ret_key[KEY_BYTES])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, secrets->key, KEY_BYTES, KEY_BYTES);
	crypto_generichash_update(&state, (const uint8_t *)kind, strlen(kind));
	crypto_generichash_update(&state, (const uint8_t *)" ", 1);
	crypto_generichash_update(&state, (const uint8_t *)purpose, strlen(purpose));
	crypto_generichash_final(&state, ret_key, KEY_BYTES);
	sodium_memzero(&state, sizeof(state));
}

bool secrets_seal(const struct secrets *secrets, const char *purpose, struct str text, uint8_t *ret_sealed)
{
	uint8_t key[KEY_BYTES];
	uint8_t *nonce = ret_sealed;

	derive(secrets, "seal", purpose, key);
	randombytes_buf(nonce, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
	int bad = crypto_aead_xchacha20poly1305_ietf_encrypt(
		ret_sealed + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, NULL, (const uint8_t *)text.p,
		text.n, NULL, 0, NULL, nonce, key);
	sodium_memzero(key, sizeof(key));
	return bad == 0;
}

bool secrets_unseal(const struct secrets *secrets, const char *purpose, struct str sealed, uint8_t *ret_text)
{
	const uint8_t *nonce = (const uint8_t *)sealed.p;
	uint8_t key[KEY_BYTES];

	if (sealed.n < SECRETS_SEAL_EXTRA)
		return false;
	derive(secrets, "seal", purpose, key);
	int bad = crypto_aead_xchacha20poly1305_ietf_decrypt(ret_text, NULL, NULL,
		nonce + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
		sealed.n - crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, NULL, 0, nonce, key);
	sodium_memzero(key, sizeof(key));
	return bad == 0;
}

static void make_mac(const struct secrets *secrets, const char *kind, const char *purpose, struct str text,
	uint8_t ret_mac[MAC_BYTES])
{
	uint8_t key[KEY_BYTES];

	derive(secrets, kind, purpose, key);
	crypto_generichash(ret_mac, MAC_BYTES, (const uint8_t *)text.p, text.n, key, sizeof(key));
	sodium_memzero(key, sizeof(key));
}

void secrets_mac(const struct secrets *secrets, const char *purpose, struct str text, uint8_t ret_mac[16])
{
	make_mac(secrets, "mac", purpose, text, ret_mac);
}

bool secrets_mac_ok(const struct secrets *secrets, const char *purpose, struct str text,
	const uint8_t mac[16])
{
	uint8_t good[MAC_BYTES];

	make_mac(secrets, "mac", purpose, text, good);
	return sodium_memcmp(good, mac, sizeof(good)) == 0;
}

void secrets_derive(const struct secrets *secrets, const char *purpose, struct str text, uint8_t ret[32])
{
	uint8_t key[KEY_BYTES];
	crypto_auth_hmacsha256_state state;

	derive(secrets, "derive", purpose, key);
	crypto_auth_hmacsha256_init(&state, key, sizeof(key));
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)text.p, text.n);
	crypto_auth_hmacsha256_final(&state, ret);
	sodium_memzero(&state, sizeof(state));
	sodium_memzero(key, sizeof(key));
}

bool secrets_cursor_write(const struct secrets *secrets, const char *purpose, struct str text,
	struct buf *out)
{
	uint8_t raw[CURSOR_BYTES_MAX];
	char encoded[4 * ((CURSOR_BYTES_MAX + 2) / 3)];

	if (text.n > SECRETS_CURSOR_MAX)
		return false;
	if (text.n)
		memcpy(raw, text.p, text.n);
	make_mac(secrets, "cursor", purpose, text, raw + text.n);
	size_t n = base64url_encode(raw, text.n + MAC_BYTES, encoded);
	return buf_add(out, encoded, n);
}

bool secrets_cursor_read(const struct secrets *secrets, const char *purpose, struct str cursor,
	struct arena *arena, struct str *ret_text)
{
	uint8_t raw[CURSOR_BYTES_MAX], good[MAC_BYTES];
	size_t n;

	if (!base64url_decode(cursor, raw, sizeof(raw), &n) || n < MAC_BYTES)
		return false;
	struct str text = { (const char *)raw, n - MAC_BYTES };
	make_mac(secrets, "cursor", purpose, text, good);
	if (sodium_memcmp(good, raw + text.n, sizeof(good)) != 0)
		return false;
	struct str copy = arena_copy_str(arena, text);
	if (!copy.p)
		return false;
	*ret_text = copy;
	return true;
}
