/* SPDX-License-Identifier: Apache-2.0
 * The tables of the publishing service. Every row has the project it belongs to; a project that is
 * removed takes its rows along. Ids are the 16 bytes of version 7 UUIDs, so that the order of ids is the
 * order in which rows were made, and (project_id, id) is all that a list needs.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/internal.h"

/* Lists of ids and of event names are texts (ids as 36 characters) with one space between: they are read and
 * written whole. Times are milliseconds since 1970. `sealed` is what secrets_seal made. */
#define OWNED \
	"id BLOB NOT NULL PRIMARY KEY, project_id BLOB NOT NULL REFERENCES projects (id) ON DELETE CASCADE, "
#define STAMPS "created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL"
#define BY_PROJECT(table) "CREATE INDEX " table "_project ON " table " (project_id, id);"

static const char version_1[] =
	"CREATE TABLE publishing_settings ("
	" project_id BLOB NOT NULL PRIMARY KEY REFERENCES projects (id) ON DELETE CASCADE,"
	" settings TEXT NOT NULL,"
	" updated_at BIGINT NOT NULL);"

	"CREATE TABLE publishing_templates (" OWNED
	" name TEXT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, " STAMPS ");"
	BY_PROJECT("publishing_templates")

	"CREATE TABLE publishing_social_connections (" OWNED
	" provider TEXT NOT NULL, handle TEXT NOT NULL, status TEXT NOT NULL, sealed BLOB, " STAMPS ");"
	BY_PROJECT("publishing_social_connections")

	"CREATE TABLE publishing_data_connections (" OWNED
	" provider TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL, last_synced_at BIGINT,"
	" sealed BLOB, " STAMPS ");"
	BY_PROJECT("publishing_data_connections")

	"CREATE TABLE publishing_moments (" OWNED
	" title TEXT NOT NULL, summary TEXT NOT NULL, source TEXT NOT NULL, detected_at BIGINT NOT NULL,"
	" score INTEGER NOT NULL, data_connection_id BLOB, " STAMPS ");"
	BY_PROJECT("publishing_moments")

	"CREATE TABLE publishing_stories (" OWNED
	" title TEXT NOT NULL, body TEXT NOT NULL, channels TEXT NOT NULL, media TEXT NOT NULL,"
	" template_id BLOB, moment_id BLOB,"
	" status TEXT NOT NULL CHECK (status IN ('draft', 'scheduled', 'publishing', 'published', 'failed')),"
	" scheduled_at BIGINT, scheduled_late INTEGER NOT NULL DEFAULT 0, published_at BIGINT,"
	" round INTEGER NOT NULL DEFAULT 0,"
	" created_by BLOB NOT NULL, " STAMPS ");"
	BY_PROJECT("publishing_stories")
	"CREATE INDEX publishing_stories_status ON publishing_stories (project_id, status, id);"
	"CREATE INDEX publishing_stories_due ON publishing_stories (scheduled_at) WHERE status = 'scheduled';"

	/* What is to be sent: one row for each channel each time that a story is published. */
	"CREATE TABLE publishing_outbox (" OWNED
	" story_id BLOB NOT NULL REFERENCES publishing_stories (id) ON DELETE CASCADE,"
	" channel_id BLOB NOT NULL, round INTEGER NOT NULL, state TEXT NOT NULL, " STAMPS ","
	" UNIQUE (story_id, channel_id, round));"
	"CREATE INDEX publishing_outbox_state ON publishing_outbox (state, id);"
	BY_PROJECT("publishing_outbox")

	"CREATE TABLE publishing_media (" OWNED
	" name TEXT NOT NULL, type TEXT NOT NULL, bytes BIGINT NOT NULL, alt_text TEXT NOT NULL,"
	" sha256 TEXT NOT NULL, file TEXT NOT NULL UNIQUE, created_by BLOB NOT NULL, " STAMPS ");"
	BY_PROJECT("publishing_media")

	"CREATE TABLE publishing_webhooks (" OWNED
	" url TEXT NOT NULL, events TEXT NOT NULL, description TEXT NOT NULL, enabled INTEGER NOT NULL,"
	" sealed BLOB NOT NULL, created_by BLOB NOT NULL, " STAMPS ");"
	BY_PROJECT("publishing_webhooks");

/* The same bytes are kept once in a project: several media may name one file. */
static const char version_2[] =
	"CREATE TABLE publishing_files ("
	" project_id BLOB NOT NULL REFERENCES projects (id) ON DELETE CASCADE,"
	" sha256 TEXT NOT NULL, file TEXT NOT NULL UNIQUE, PRIMARY KEY (project_id, sha256));"
	"INSERT INTO publishing_files (project_id, sha256, file)"
	" SELECT project_id, sha256, MIN(file) FROM publishing_media GROUP BY project_id, sha256;"
	"CREATE TABLE publishing_media_2 (" OWNED
	" name TEXT NOT NULL, type TEXT NOT NULL, bytes BIGINT NOT NULL, alt_text TEXT NOT NULL,"
	" sha256 TEXT NOT NULL, file TEXT NOT NULL, created_by BLOB NOT NULL, " STAMPS ");"
	"INSERT INTO publishing_media_2 SELECT m.id, m.project_id, m.name, m.type, m.bytes, m.alt_text,"
	" m.sha256, f.file, m.created_by, m.created_at, m.updated_at FROM publishing_media m"
	" JOIN publishing_files f ON f.project_id = m.project_id AND f.sha256 = m.sha256;"
	"DROP TABLE publishing_media;"
	"ALTER TABLE publishing_media_2 RENAME TO publishing_media;"
	BY_PROJECT("publishing_media")
	"CREATE INDEX publishing_media_file ON publishing_media (file);";

/* What goes out: attempts, what they came to, and events on their way to webhook endpoints. `next_at` is
 * when the next attempt is due, null where there is none. `key_at` is when the first attempt began that the
 * receiver may know of, `progress` the ids of the posts of a thread that are there. */
static const char version_3[] =
	"ALTER TABLE publishing_stories ADD COLUMN failure TEXT NOT NULL DEFAULT '';"

	"ALTER TABLE publishing_outbox ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE publishing_outbox ADD COLUMN next_at BIGINT;"
	"ALTER TABLE publishing_outbox ADD COLUMN first_at BIGINT;"
	"ALTER TABLE publishing_outbox ADD COLUMN key_at BIGINT;"
	"ALTER TABLE publishing_outbox ADD COLUMN sent_at BIGINT;"
	"ALTER TABLE publishing_outbox ADD COLUMN progress TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE publishing_outbox ADD COLUMN reason TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE publishing_outbox ADD COLUMN url TEXT NOT NULL DEFAULT '';"
	"UPDATE publishing_outbox SET next_at = created_at WHERE state = 'queued';"
	"DROP INDEX publishing_outbox_state;"
	"CREATE INDEX publishing_outbox_due ON publishing_outbox (channel_id, next_at) WHERE next_at IS NOT NULL;"

	"ALTER TABLE publishing_webhooks ADD COLUMN sealed_old BLOB;"
	"ALTER TABLE publishing_webhooks ADD COLUMN old_until BIGINT;"
	"ALTER TABLE publishing_webhooks ADD COLUMN failing_since BIGINT;"
	"ALTER TABLE publishing_webhooks ADD COLUMN paused_at BIGINT;"
	"ALTER TABLE publishing_webhooks ADD COLUMN pause_reason TEXT NOT NULL DEFAULT '';"

	"CREATE TABLE publishing_deliveries (" OWNED
	" webhook_id BLOB NOT NULL REFERENCES publishing_webhooks (id) ON DELETE CASCADE,"
	" message_id BLOB NOT NULL, event TEXT NOT NULL, body TEXT NOT NULL, repeat_of BLOB,"
	" state TEXT NOT NULL CHECK (state IN ('queued', 'delivered', 'failed')),"
	" attempts INTEGER NOT NULL DEFAULT 0, next_at BIGINT, first_at BIGINT, last_at BIGINT,"
	" response_status INTEGER, response_body TEXT NOT NULL DEFAULT '', duration_ms INTEGER,"
	" reason TEXT NOT NULL DEFAULT '', " STAMPS ");"
	"CREATE INDEX publishing_deliveries_due ON publishing_deliveries (webhook_id, next_at)"
	" WHERE next_at IS NOT NULL;"
	"CREATE INDEX publishing_deliveries_list ON publishing_deliveries (webhook_id, id);"
	BY_PROJECT("publishing_deliveries");

/* A data connection that has a detector: `next_at` is when it is looked at next, null where there is none.
 * `score` is that of its moments; `line` and `hysteresis` are numbers as JSON writes them; `beyond` and `begun`
 * are what the last look saw. */
static const char version_4[] =
	"ALTER TABLE publishing_data_connections ADD COLUMN host TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE publishing_data_connections ADD COLUMN poll_ms BIGINT;"
	"ALTER TABLE publishing_data_connections ADD COLUMN next_at BIGINT;"
	"ALTER TABLE publishing_data_connections ADD COLUMN score INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE publishing_data_connections ADD COLUMN template_id BLOB;"
	"ALTER TABLE publishing_data_connections ADD COLUMN pointer TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE publishing_data_connections ADD COLUMN above INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE publishing_data_connections ADD COLUMN line TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE publishing_data_connections ADD COLUMN hysteresis TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE publishing_data_connections ADD COLUMN beyond INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE publishing_data_connections ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE publishing_data_connections ADD COLUMN etag TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE publishing_data_connections ADD COLUMN modified TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE publishing_data_connections ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE publishing_data_connections ADD COLUMN last_error TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE publishing_data_connections ADD COLUMN last_error_at BIGINT;"
	"CREATE INDEX publishing_data_connections_due ON publishing_data_connections (next_at)"
	" WHERE next_at IS NOT NULL;"
	"CREATE TABLE publishing_seen ("
	" connection_id BLOB NOT NULL REFERENCES publishing_data_connections (id) ON DELETE CASCADE,"
	" item BLOB NOT NULL, seen_at BIGINT NOT NULL, PRIMARY KEY (connection_id, item));"
	"CREATE INDEX publishing_seen_age ON publishing_seen (connection_id, seen_at);"
	"CREATE INDEX publishing_stories_moment ON publishing_stories (moment_id) WHERE moment_id IS NOT NULL;";

const char *const publishing_schema[] = { version_1, version_2, version_3, version_4 };
const size_t publishing_schema_count = sizeof(publishing_schema) / sizeof(publishing_schema[0]);
