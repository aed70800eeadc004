/* SPDX-License-Identifier: Apache-2.0
 * Opening a database file, and its pool of readers.
 * store: may include base, core and wire.
 */
#include "store/sqlite/database.h"

#include "store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The file is never opened where it exists: closing it again would drop the locks that SQLite may
 * hold on it in this process. */
static bool make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == EEXIST;
	close(fd);
	return file_sync_folder(path);
}

/* Takes away what others may do with the file: it holds password hashes. */
static bool make_private(const char *path)
{
	struct stat info;

	if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
		return false;
	return (info.st_mode & 077) == 0 || chmod(path, info.st_mode & 0700) == 0;
}

static enum store_status prepare_file(const char *path, bool make, char reterr_text[256])
{
	struct stat info;

	if (make && (!file_make_folders(path) || !make_file(path))) {
		snprintf(reterr_text, 256, "cannot make %.150s: %s", path, strerror(errno));
		return STORE_UNAVAILABLE;
	}
	if (stat(path, &info) != 0) {
		bool absent = errno == ENOENT || errno == ENOTDIR;
		snprintf(reterr_text, 256, "cannot open %.150s: %s%s", path, strerror(errno),
			absent ? "; `remit store migrate` makes it" : "");
		return absent ? STORE_NOT_FOUND : STORE_UNAVAILABLE;
	}
	if (!S_ISREG(info.st_mode)) {
		snprintf(reterr_text, 256, "%.150s is not a file", path);
		return STORE_UNAVAILABLE;
	}
	if (!make_private(path)) {
		snprintf(reterr_text, 256, "others may read %.150s, and its mode cannot be changed: %s", path,
			strerror(errno));
		return STORE_UNAVAILABLE;
	}
	return STORE_OK;
}

static bool init_condition(pthread_cond_t *cond)
{
	pthread_condattr_t attributes;

	if (pthread_condattr_init(&attributes) != 0)
		return false;
	bool good = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
		pthread_cond_init(cond, &attributes) == 0;
	pthread_condattr_destroy(&attributes);
	return good;
}

static bool init_locks(struct database *db)
{
	return pthread_mutex_init(&db->writer.lock, NULL) == 0 &&
		pthread_mutex_init(&db->bell.lock, NULL) == 0 &&
		pthread_mutex_init(&db->readers_lock, NULL) == 0 && init_condition(&db->writer.work) &&
		init_condition(&db->bell.rung) && init_condition(&db->reader_free);
}

static void done_locks(struct database *db)
{
	pthread_cond_destroy(&db->reader_free);
	pthread_cond_destroy(&db->bell.rung);
	pthread_cond_destroy(&db->writer.work);
	pthread_mutex_destroy(&db->readers_lock);
	pthread_mutex_destroy(&db->bell.lock);
	pthread_mutex_destroy(&db->writer.lock);
}

static void free_database(struct database *db)
{
	handle_done(&db->writer.sql);
	for (size_t i = 0; i < DATABASE_READERS; i++)
		handle_done(&db->readers[i]);
	free(db->path);
	free(db);
}

static struct database *new_database(const char *path)
{
	struct database *db = calloc(1, sizeof(*db));

	if (!db)
		return NULL;
	db->path = strdup(path);
	handle_init(&db->writer.sql, db->path, HANDLE_WRITER, DATABASE_BUSY_MS);
	for (size_t i = 0; i < DATABASE_READERS; i++)
		handle_init(&db->readers[i], db->path, HANDLE_READER, DATABASE_BUSY_MS);
	db->free_readers = (1u << DATABASE_READERS) - 1;
	if (db->path)
		return db;
	free_database(db);
	return NULL;
}

static enum store_status start_database(struct database *db, char reterr_text[256])
{
	enum store_status status = handle_ready(&db->writer.sql);

	if (status != STORE_OK) {
		snprintf(reterr_text, 256, "cannot use %.150s as a SQLite database: %s", db->path,
			store_status_text(status));
		return status;
	}
	if (!init_locks(db)) {
		snprintf(reterr_text, 256, "%s", store_status_text(STORE_NO_MEMORY));
		return STORE_NO_MEMORY;
	}
	if (writer_start(db))
		return STORE_OK;
	done_locks(db);
	snprintf(reterr_text, 256, "cannot start a thread");
	return STORE_NO_MEMORY;
}

enum store_status database_open(const char *path, bool make, struct database **ret, char reterr_text[256])
{
	enum store_status status = prepare_file(path, make, reterr_text);

	if (status != STORE_OK)
		return status;
	struct database *db = new_database(path);
	if (!db) {
		snprintf(reterr_text, 256, "%s", store_status_text(STORE_NO_MEMORY));
		return STORE_NO_MEMORY;
	}
	status = start_database(db, reterr_text);
	if (status == STORE_OK)
		*ret = db;
	else
		free_database(db);
	return status;
}

void database_close(struct database *db)
{
	if (!db)
		return;
	writer_stop(db);
	done_locks(db);
	free_database(db);
}

void database_set_busy_ms(struct database *db, unsigned ms)
{
	db->writer.sql.busy_ms = ms;
	for (size_t i = 0; i < DATABASE_READERS; i++)
		db->readers[i].busy_ms = ms;
}

static struct sql *take_reader(struct database *db)
{
	pthread_mutex_lock(&db->readers_lock);
	while (!db->free_readers)
		pthread_cond_wait(&db->reader_free, &db->readers_lock);
	/* The lowest: the fewest connections are ever opened, and their caches stay warm. */
	int i = __builtin_ctz(db->free_readers);
	db->free_readers &= ~(1u << i);
	pthread_mutex_unlock(&db->readers_lock);
	return &db->readers[i];
}

static void give_reader(struct database *db, const struct sql *sql)
{
	pthread_mutex_lock(&db->readers_lock);
	db->free_readers |= 1u << (sql - db->readers);
	pthread_cond_signal(&db->reader_free);
	pthread_mutex_unlock(&db->readers_lock);
}

enum store_status database_read(struct database *db, enum store_status (*fn)(struct sql *sql, void *arg),
	void *arg)
{
	struct sql *sql = take_reader(db);
	enum store_status status = handle_ready(sql);

	if (status == STORE_OK)
		status = handle_exec(sql, "BEGIN");
	if (status == STORE_OK) {
		status = fn(sql, arg);
		if (status == STORE_OK)
			status = sql->failure;
		handle_rest(sql);
		if (handle_exec(sql, "ROLLBACK") != STORE_OK)
			handle_close(sql);
	}
	if (status == STORE_UNAVAILABLE)
		handle_close(sql); /* a new one may do better */
	give_reader(db, sql);
	return status;
}

void database_wait(struct database *db, unsigned ms, uint64_t *commits_seen, uint64_t *wakes_seen)
{
	struct bell *bell = &db->bell;
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += ms / 1000;
	end.tv_nsec += (long)(ms % 1000) * 1000000;
	if (end.tv_nsec >= 1000000000) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&bell->lock);
	while (bell->commits == *commits_seen && bell->wakes == *wakes_seen)
		if (pthread_cond_timedwait(&bell->rung, &bell->lock, &end) != 0)
			break;
	*commits_seen = bell->commits;
	*wakes_seen = bell->wakes;
	pthread_mutex_unlock(&bell->lock);
}

void database_wake(struct database *db)
{
	pthread_mutex_lock(&db->bell.lock);
	db->bell.wakes++;
	pthread_cond_broadcast(&db->bell.rung);
	pthread_mutex_unlock(&db->bell.lock);
}
