/* SPDX-License-Identifier: Apache-2.0
 * Encodings of bytes as text that more than one room needs: base62, hex, base64url, CRC-32,
 * percent-decoding, UTF-8. No allocation; every function takes the room it may write.
 * base: may include nothing but the C library.
 */
#ifndef REMIT_BASE_TEXT_H
#define REMIT_BASE_TEXT_H

#include "base/str.h"

/* CRC-32 as ISO-HDLC (zlib, PNG): polynomial 0x04C11DB7 reflected, initial and final 0xFFFFFFFF. */
uint32_t crc32_iso_hdlc(const void *p, size_t n);

/* The digits 0-9A-Za-z. The `n` bytes as one big-endian number, in exactly `digits` characters,
 * padded on the left with '0'. False where it does not fit. `n` at most 32. */
bool base62_encode(const uint8_t *bytes, size_t n, char *ret_text, size_t digits);
bool base62_encode_u64(uint64_t v, char *ret_text, size_t digits);
bool base62_is(char c);

void hex_encode(const uint8_t *bytes, size_t n, char *ret_text); /* 2n characters, lower case */
bool hex_decode(struct str text, uint8_t *ret_bytes, size_t n);  /* exactly 2n characters, either case */

/* RFC 4648 section 5, no padding. Encoding needs 4 * ((n + 2) / 3) characters of room; the
 * number written is returned. Decoding refuses padding, other characters, and stray low bits. */
size_t base64url_encode(const uint8_t *bytes, size_t n, char *ret_text);
bool base64url_decode(struct str text, uint8_t *ret_bytes, size_t room, size_t *ret_n);

/* RFC 4648 section 4, with its padding, and no other spelling of the same bytes. Room as above. */
size_t base64_encode(const uint8_t *bytes, size_t n, char *ret_text);
bool base64_decode(struct str text, uint8_t *ret_bytes, size_t room, size_t *ret_n);

/* The value of a hex digit, or -1. */
int hex_value(char c);

/* The length of the valid UTF-8 character that `s` starts with; 0 where it starts with none. */
size_t utf8_next(struct str s);
/* Whether all of it is valid UTF-8 (RFC 3629): no overlong form, surrogate, or code point past
 * U+10FFFF. */
bool utf8_valid(struct str s);
/* The number of code points in valid UTF-8. */
size_t utf8_length(struct str s);

/* "localhost" and the names below it are this machine's own: nobody is asked for them (RFC 6761 section 6.3). */
bool host_is_localhost(struct str host);

#endif
