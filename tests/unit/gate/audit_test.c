/* SPDX-License-Identifier: Apache-2.0
 * The audit log: written, read back, cut, altered.
 */
#include "../test.h"

#include "base/clock.h"
#include "gate/audit.h"
#include "gate/audit_segment.h"
#include "gate/audit_writer.h"

#include <dirent.h>
#include <fcntl.h>
#include <remit/remit.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/remit-audit-XXXXXX";
static uint64_t places[16]; /* of each token's newest record */

static void name_of(void *ctx, uint32_t name, struct str *ret_api, struct str *ret_operation)
{
	static char text[200];
	(void)ctx;
	memset(text, 'x', sizeof(text));
	*ret_api = STR("toy");
	*ret_operation = name == 1 ? (struct str){ text, sizeof(text) } : name == 2 ? STR("") : STR("GET /things");
}

static uint64_t place_of(void *ctx, const struct audit_pending *pending, uint64_t place)
{
	(void)ctx;
	uint64_t before = places[pending->token];
	places[pending->token] = place;
	return before;
}

static void found(void *ctx, const struct id_bytes *token, uint64_t place)
{
	(void)ctx;
	if (places[token->b[0]] < place)
		places[token->b[0]] = place;
}

static struct audit_writer *open_log(void)
{
	struct audit_options options = { .folder = folder, .name = name_of, .names = 3, .placed = place_of,
		.found = found };
	struct audit_writer *writer = NULL;
	char why[256] = "";
	if (!audit_writer_open(&options, &writer, why))
		fail_msg("%s", why);
	return writer;
}

static void put(struct audit_ring *ring, uint8_t token, uint32_t name, uint8_t reason, uint16_t status)
{
	struct audit_pending *pending = audit_ring_slot(ring);
	if (!pending)
		return;
	*pending = (struct audit_pending){ .token = token, .record = { .kind = AUDIT_KIND_DECISION, .reason = reason,
		.status = status, .name = name, .at_ms = 1000 + status, .micros = 7 } };
	pending->record.token.b[0] = token;
	audit_ring_commit(ring);
}

struct seen {
	size_t count;
	struct audit_entry last;
	char operation[600], principal[64];
	uint64_t lost;
};

static bool see(void *ctx, const struct audit_entry *entry)
{
	struct seen *seen = ctx;
	assert_true(entry->place > seen->last.place);
	seen->count++;
	seen->lost += entry->lost;
	seen->last = *entry;
	snprintf(seen->principal, sizeof(seen->principal), "%.*s", STR_FMT(entry->principal));
	snprintf(seen->operation, sizeof(seen->operation), "%.*s %.*s", STR_FMT(entry->api),
		STR_FMT(entry->operation));
	return true;
}

static struct seen read_log(struct audit_tail tail)
{
	struct seen seen = { 0 };
	char why[256] = "";
	if (!audit_read(folder, &tail, see, NULL, &seen, why))
		fail_msg("%s", why);
	return seen;
}

static int start(void **state)
{
	(void)state;
	memcpy(folder, "/tmp/remit-audit-XXXXXX", sizeof(folder));
	memset(places, 0, sizeof(places));
	return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	DIR *dir = opendir(folder);
	char path[600];
	for (const struct dirent *entry; dir && (entry = readdir(dir));) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		unlink(path);
	}
	closedir(dir);
	return rmdir(folder);
}

static void write_some(unsigned count)
{
	struct audit_writer *writer = open_log();
	struct audit_ring *ring = audit_writer_ring(writer);
	for (unsigned i = 0; i < count; i++)
		put(ring, (uint8_t)(1 + i % 3), i % 3, i % 2 ? REMIT_SCOPE_MISSING : REMIT_ALLOWED, (uint16_t)i);
	audit_writer_close(writer);
}

static void path_of(uint64_t sequence, char path[600])
{
	snprintf(path, 600, "%s/" AUDIT_NAME, folder, (unsigned long long)sequence);
}

/* Who it was where there is no token; and a segment of the version that could not say so is not written on. */
static void test_principals(void **state)
{
	(void)state;
	char path[600];
	audit_writer_close(open_log());
	path_of(1, path);
	int fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "\1", 1, 8), 1);
	close(fd);
	struct audit_writer *writer = open_log();
	struct audit_ring *ring = audit_writer_ring(writer);
	struct audit_pending *pending = audit_ring_slot(ring);
	*pending = (struct audit_pending){ .record = { .kind = AUDIT_KIND_DECISION, .status = 200, .principal = 2 } };
	audit_ring_commit(ring);
	audit_writer_close(writer);
	path_of(2, path);
	assert_int_equal(access(path, F_OK), 0);
	struct seen seen = read_log((struct audit_tail){ .last = 10 });
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.principal, "toy");
}

static void test_written_and_read_back(void **state)
{
	(void)state;
	write_some(1000);
	struct seen seen = read_log((struct audit_tail){ .last = 5000 });
	assert_int_equal(seen.count, 1000);
	assert_int_equal(seen.last.status, 999);
	assert_int_equal(seen.last.reason, REMIT_SCOPE_MISSING);
	assert_int_equal(seen.last.at_ms, 1999);
	assert_string_equal(seen.operation, "toy GET /things");
	assert_int_equal(read_log((struct audit_tail){ .last = 10 }).count, 10);
	assert_int_equal(read_log((struct audit_tail){ .last = 0 }).count, 0);
	assert_int_equal(read_log((struct audit_tail){ .last = 5000, .refused_only = true }).count, 500);
	seen = read_log((struct audit_tail){ .last = 5000, .token = { { 2 } } });
	assert_int_equal(seen.count, 333);
	assert_int_equal(strlen(seen.operation), 4 + 200);
	write_some(10);
	seen = read_log((struct audit_tail){ .last = 5000 });
	assert_int_equal(seen.count, 1010);
	assert_int_equal(seen.lost, 0);
	struct stat st;
	char path[600];
	path_of(1, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_a_tokens_records_are_a_chain(void **state)
{
	(void)state;
	write_some(500);
	memset(places, 0, sizeof(places));
	write_some(1); /* the last segment tells where each token's newest record is */
	struct segment segment;
	struct block *block = malloc(sizeof(*block));
	static struct audit_record records[2000];
	int dir = open(folder, O_RDONLY | O_DIRECTORY);
	assert_int_equal(segment_open(dir, 1, &segment), BLOCK_OK);
	for (uint64_t first = segment.place; segment_read(&segment, block) == BLOCK_OK; first = segment.place)
		memcpy(&records[first], block->records, block->count * sizeof(records[0]));
	close(segment.fd);
	close(dir);
	free(block);
	size_t steps = 0;
	for (uint64_t place = places[1]; place; place = records[place].previous, steps++)
		assert_int_equal(records[place].token.b[0], 1);
	assert_int_equal(steps, 168);
}

static void test_a_full_ring_is_told_as_a_gap(void **state)
{
	(void)state;
	struct audit_writer *writer = open_log();
	struct audit_ring *ring = audit_writer_ring(writer);
	assert_int_equal(audit_ring_room(ring), LIMIT_AUDIT_RING);
	for (unsigned i = 0; i < LIMIT_AUDIT_RING + 7; i++)
		put(ring, 1, 0, REMIT_ALLOWED, 200);
	assert_int_equal(audit_ring_room(ring), 0);
	assert_int_equal(audit_writer_lost(writer), 7);
	audit_writer_close(writer);
	struct seen seen = read_log((struct audit_tail){ .last = 100000 });
	assert_int_equal(seen.count, LIMIT_AUDIT_RING + 1);
	assert_int_equal(seen.lost, 7);
}

static void test_L06_a_tail_that_a_crash_cut(void **state)
{
	(void)state;
	static const off_t cuts[] = { 1, 50, 130, 300 };
	for (size_t i = 0; i < TEST_COUNT(cuts); i++) {
		struct stat st;
		char path[600];
		write_some(600);
		size_t before = read_log((struct audit_tail){ .last = 100000 }).count;
		path_of(1, path);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(truncate(path, st.st_size - cuts[i]), 0);
		size_t left = read_log((struct audit_tail){ .last = 100000 }).count;
		assert_true(left < before && left > 0);
		write_some(0);
		struct seen seen = read_log((struct audit_tail){ .last = 100000 });
		assert_int_equal(seen.count, left + 1);
		assert_true(seen.last.lost > 0);
	}
}

static void test_a_segment_that_was_just_being_made(void **state)
{
	(void)state;
	write_some(10);
	char path[600];
	path_of(2, path);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "REMIT", 5), 5);
	close(fd);
	assert_int_equal(read_log((struct audit_tail){ .last = 100 }).count, 10);
	write_some(10);
	assert_int_equal(read_log((struct audit_tail){ .last = 100 }).count, 20);
	assert_int_equal(access(path, F_OK), -1);
}

/* Two segments, of which the first is whole. */
static void make_two(void)
{
	write_some(1500);
	int dir = open(folder, O_RDONLY | O_DIRECTORY);
	struct segment first, second;
	struct block *block = calloc(1, sizeof(*block));
	char why[256];
	assert_int_equal(segment_open(dir, 1, &first), BLOCK_OK);
	while (segment_read(&first, block) == BLOCK_OK)
		;
	assert_true(segment_create(dir, 2, first.place, first.hash, &second, why));
	memset(block, 0, sizeof(*block));
	block->count = 2;
	block->records[0].kind = block->records[1].kind = AUDIT_KIND_DECISION;
	assert_true(segment_append(&second, block));
	close(first.fd);
	close(second.fd);
	close(dir);
	free(block);
}

/* ---- One token's records, by the chain of their places ---- */

#define RANDOM_RECORDS 3000

static struct audit_record written[RANDOM_RECORDS];
static uint64_t written_places[RANDOM_RECORDS]; /* one more than the index: there are no names in it */

/* Segments of a few blocks. Where `broken`, some records say a wrong place, as after a log that was lost. */
static void make_random(bool broken)
{
	uint64_t newest[8] = { 0 }, sequence = 1;
	int dir = open(folder, O_RDONLY | O_DIRECTORY);
	struct segment segment, next;
	struct block *block = calloc(1, sizeof(*block));
	char why[256];
	assert_true(segment_create(dir, sequence, 1, (uint8_t[32]){ 0 }, &segment, why));
	for (unsigned at = 0; at < RANDOM_RECORDS;) {
		block->count = 0;
		for (unsigned n = 1 + (unsigned)rand() % 40; n > 0 && at < RANDOM_RECORDS; n--, at++) {
			uint8_t token = (uint8_t)(rand() % 3 ? rand() % 2 : rand() % 50 ? rand() % 6 : 7);
			uint64_t place = segment.place + block->count;
			struct audit_record record = { .kind = AUDIT_KIND_DECISION, .at_ms = at,
				.reason = rand() % 4 ? REMIT_ALLOWED : GATE_BAD_REQUEST,
				.previous = token ? newest[token] : 0 };
			uint64_t wrong = 1 + (uint64_t)rand() % (2 * RANDOM_RECORDS);
			if (broken && rand() % 20 == 0 && (wrong > at || written[wrong - 1].token.b[0] != token))
				record.previous = wrong;
			record.token.b[0] = token;
			newest[token] = place;
			written[at] = block->records[block->count++] = record;
			written_places[at] = place;
		}
		assert_true(segment_append(&segment, block));
		if (rand() % 4)
			continue;
		assert_true(segment_create(dir, ++sequence, segment.place, segment.hash, &next, why));
		close(segment.fd);
		segment = next;
	}
	close(segment.fd);
	close(dir);
	free(block);
}

struct wanted {
	uint64_t places[RANDOM_RECORDS];
	size_t count, told;
};

static bool compare_one(void *ctx, const struct audit_entry *entry)
{
	struct wanted *w = ctx;
	assert_true(w->told < w->count);
	assert_int_equal(entry->place, w->places[w->told++]);
	return true;
}

/* What a scan of everything finds. */
static void want(struct wanted *w, const struct audit_tail *tail)
{
	w->count = w->told = 0;
	for (unsigned at = RANDOM_RECORDS; at-- > 0 && w->count < tail->last;) {
		bool mine = written[at].token.b[0] == tail->token.b[0];
		if (mine && (!tail->refused_only || written[at].reason != REMIT_ALLOWED))
			w->places[w->count++] = written_places[at];
	}
	for (size_t i = 0; i < w->count / 2; i++) {
		uint64_t swap = w->places[i];
		w->places[i] = w->places[w->count - 1 - i];
		w->places[w->count - 1 - i] = swap;
	}
}

static void test_a_tokens_records_as_a_full_scan_finds_them(void **state)
{
	static struct wanted w;
	char why[256] = "";
	for (unsigned seed = 1; seed <= 12; seed++) {
		srand(seed);
		start(state);
		make_random(seed % 3 == 0);
		for (int i = 0; i < 60; i++) {
			struct audit_tail tail = { .last = (uint64_t)rand() % (i % 2 ? 10 : 2 * RANDOM_RECORDS),
				.refused_only = rand() % 2 };
			tail.token.b[0] = (uint8_t)(1 + rand() % 7);
			want(&w, &tail);
			if (!audit_read(folder, &tail, compare_one, NULL, &w, why))
				fail_msg("seed %u: %s", seed, why);
			if (w.told != w.count)
				fail_msg("seed %u: %zu of %zu records", seed, w.told, w.count);
		}
		end(state);
	}
	start(state);
}

static bool reads_well(void)
{
	struct seen seen = { 0 };
	char why[256] = "";
	struct audit_tail tail = { .last = 1000000 };
	return audit_read(folder, &tail, see, NULL, &seen, why);
}

static void test_what_was_altered_is_seen(void **state)
{
	(void)state;
	make_two();
	assert_true(reads_well());
	char path[600], byte, other;
	struct stat st;
	path_of(1, path);
	int fd = open(path, O_RDWR);
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = 0; at < st.st_size; at += 997) {
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		other = (char)(byte ^ 4);
		assert_int_equal(pwrite(fd, &other, 1, at), 1);
		if (reads_well())
			fail_msg("byte %ld was altered and not seen", (long)at);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	assert_true(reads_well());
	/* A whole block cut off the end of a segment that is not the last. */
	assert_int_equal(ftruncate(fd, sizeof(struct audit_segment_head)), 0);
	assert_false(reads_well());
	close(fd);
}

static void test_only_one_server_writes(void **state)
{
	(void)state;
	struct audit_writer *writer = open_log(), *second = NULL;
	struct audit_options options = { .folder = folder, .name = name_of, .names = 3, .placed = place_of };
	char why[256] = "";
	assert_false(audit_writer_open(&options, &second, why));
	assert_non_null(strstr(why, "another server"));
	audit_writer_close(writer);
}

static void test_old_segments_go(void **state)
{
	(void)state;
	make_two();
	int dir = open(folder, O_RDONLY | O_DIRECTORY);
	uint64_t *list;
	size_t count;
	int64_t now = clock_wall_ms();
	segments_tidy(dir, 2, 60000, UINT64_MAX, now);
	assert_true(segments_list(dir, &list, &count));
	free(list);
	assert_int_equal(count, 2);
	segments_tidy(dir, 2, 0, 1000, now);
	assert_true(segments_list(dir, &list, &count));
	assert_int_equal(count, 1);
	assert_int_equal(list[0], 2);
	free(list);
	segments_tidy(dir, 2, 1, 1, now + 100000);
	assert_true(segments_list(dir, &list, &count));
	assert_int_equal(count, 1);
	free(list);
	close(dir);
}

struct following {
	struct audit_ring *ring;
	unsigned turns;
	size_t count;
};

static bool follow_each(void *ctx, const struct audit_entry *entry)
{
	(void)entry;
	((struct following *)ctx)->count++;
	return true;
}

static bool follow_idle(void *ctx)
{
	struct following *f = ctx;
	if (f->turns < 3)
		put(f->ring, 1, 0, REMIT_ALLOWED, 200);
	return ++f->turns < 8;
}

static void test_followed_while_it_is_written(void **state)
{
	(void)state;
	write_some(5);
	struct audit_writer *writer = open_log();
	struct following f = { .ring = audit_writer_ring(writer) };
	struct audit_tail tail = { .last = 2, .follow = true };
	char why[256] = "";
	assert_true(audit_writer_start(writer));
	assert_true(audit_read(folder, &tail, follow_each, follow_idle, &f, why));
	assert_int_equal(f.count, 2 + 3);
	audit_writer_close(writer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
static const struct CMUnitTest tests[] = {
	TEST(test_principals),
	TEST(test_written_and_read_back),
	TEST(test_a_tokens_records_are_a_chain),
	TEST(test_a_full_ring_is_told_as_a_gap),
	TEST(test_L06_a_tail_that_a_crash_cut),
	TEST(test_a_segment_that_was_just_being_made),
	TEST(test_what_was_altered_is_seen),
	TEST(test_only_one_server_writes),
	TEST(test_old_segments_go),
	TEST(test_followed_while_it_is_written),
	TEST(test_a_tokens_records_as_a_full_scan_finds_them),
};

TEST_MAIN(tests)
