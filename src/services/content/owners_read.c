/* SPDX-License-Identifier: Apache-2.0
 * users/<email>.yaml, resources/users/roles.yaml, resources/users/groups.yaml. What is not understood grants nothing.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/content/owners_read.h"

#include "services/content/owners_ceiling.h"

#include "base/arena.h"
#include "base/limits.h"
#include "base/log.h"
#include "wire/yaml_tree.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct entry {
	struct id_bytes number;
	struct owner owner;
	struct entry *next; /* of the same bucket */
};

struct owners_reading {
	struct arena arena;
	struct entry **buckets; /* by number */
	size_t bucket_count;    /* a power of two */
	struct entry *all;
	size_t count;
	uint8_t seen[crypto_generichash_BYTES]; /* of what the files were when they were read: see fingerprint */
};

struct reader {
	struct owners_reading *reading;
	struct arena scratch; /* of the trees */
	int site;             /* the folder */
	const struct remit_policy *policy;
	const struct yaml *roles, *groups;
	bool no_memory;
};

/* ---- Files ---- */

/* A file below the site, whole, in the arena. Nothing is followed out of it. {NULL, 0}: there is none. */
static struct str read_file(int folder, const char *name, struct arena *arena, bool *ret_bad)
{
	struct stat st;
	struct str text = { NULL, 0 };
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	*ret_bad = false;
	if (fd < 0)
		return text;
	*ret_bad = fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > LIMIT_YAML_FILE_BYTES;
	char *p = *ret_bad ? NULL : arena_alloc(arena, (size_t)st.st_size + 1);
	size_t n = 0;
	while (p && n < (size_t)st.st_size) {
		ssize_t got = read(fd, p + n, (size_t)st.st_size - n);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	close(fd);
	if (p)
		text = (struct str){ p, n };
	else
		*ret_bad = true;
	return text;
}

/* NULL: not there, or no good, which is told. */
static const struct yaml *read_yaml(struct reader *r, int folder, const char *name, const char *shown)
{
	struct yaml_problem problem = { 0, "it cannot be read" };
	bool bad;
	struct str text = read_file(folder, name, &r->scratch, &bad);
	if (!text.p && !bad)
		return NULL;
	const struct yaml *tree = bad ? NULL : yaml_read(text, &r->scratch, &problem);
	if (!tree)
		log_warning("%s%s, line %u: %s: it counts for nothing", shown, name, problem.line, problem.what);
	return tree;
}

static int open_folder(int site, const char *name)
{
	return openat(site, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* ---- Permissions ---- */

struct permissions {
	struct reader *reader;
	const char **list;
	size_t count, room;
	bool super;
};

static void add_permission(struct permissions *p, struct str text)
{
	if (str_is(text, "super")) {
		p->super = true;
		return;
	}
	if (p->count == LIMIT_SITE_PERMISSIONS)
		return;
	if (p->count == p->room) {
		size_t room = p->room ? p->room * 2 : 32;
		const char **more = arena_alloc(&p->reader->reading->arena, room * sizeof(*more));
		p->reader->no_memory |= !more;
		if (!more)
			return;
		if (p->count)
			memcpy(more, p->list, p->count * sizeof(*more));
		p->list = more;
		p->room = room;
	}
	p->list[p->count] = arena_copy(&p->reader->reading->arena, text);
	p->reader->no_memory |= !p->list[p->count];
	p->count += p->list[p->count] != NULL;
}

static void add_role(struct permissions *p, struct str handle)
{
	for (const struct yaml *role = p->reader->roles ? p->reader->roles->first : NULL; role; role = role->next) {
		if (!str_eq(role->key, handle))
			continue;
		const struct yaml *list = yaml_get(role, "permissions");
		for (const struct yaml *one = list && list->kind == YAML_LIST ? list->first : NULL; one; one = one->next)
			if (one->kind == YAML_TEXT)
				add_permission(p, one->text);
	}
}

static void add_roles(struct permissions *p, const struct yaml *list)
{
	for (const struct yaml *one = list && list->kind == YAML_LIST ? list->first : NULL; one; one = one->next)
		if (one->kind == YAML_TEXT)
			add_role(p, one->text);
}

static void add_groups(struct permissions *p, const struct yaml *list)
{
	for (const struct yaml *one = list && list->kind == YAML_LIST ? list->first : NULL; one; one = one->next) {
		const struct yaml *groups = p->reader->groups;
		for (const struct yaml *group = groups ? groups->first : NULL; group; group = group->next)
			if (one->kind == YAML_TEXT && str_eq(group->key, one->text))
				add_roles(p, yaml_get(group, "roles"));
	}
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* ---- Users ---- */

static struct entry **bucket_of(const struct owners_reading *reading, const struct id_bytes *number)
{
	size_t at = (size_t)(number->b[13] << 16 | number->b[14] << 8 | number->b[15]);
	return &reading->buckets[at & (reading->bucket_count - 1)];
}

const struct owner *owners_reading_get(const struct owners_reading *reading, const struct id_bytes *number)
{
	const struct entry *entry = *bucket_of(reading, number);
	while (entry && memcmp(&entry->number, number, sizeof(*number)) != 0)
		entry = entry->next;
	return entry ? &entry->owner : NULL;
}

const struct owner *owners_reading_find(const struct owners_reading *reading, struct str who)
{
	struct id_bytes bytes;
	struct id number;
	if (owners_number(who, &number) && id_to_bytes(&number, &bytes)) {
		const struct owner *owner = owners_reading_get(reading, &bytes);
		if (owner)
			return owner;
	}
	for (size_t i = 0; i < reading->count; i++)
		if (str_eq_ignore_case(str_of(reading->all[i].owner.email), who))
			return &reading->all[i].owner;
	return NULL;
}

static bool fill_owner(struct reader *r, const struct yaml *user, struct str email, struct entry *entry)
{
	struct permissions p = { .reader = r, .super = yaml_is_true(yaml_get(user, "super")) };
	struct owner *owner = &entry->owner;
	struct str name = yaml_text(user, "id");
	if (!owners_number(name, &owner->id) || !id_to_bytes(&owner->id, &entry->number))
		return false;
	add_roles(&p, yaml_get(user, "roles"));
	add_groups(&p, yaml_get(user, "groups"));
	if (p.count)
		qsort(p.list, p.count, sizeof(*p.list), compare_texts);
	owner->name = arena_copy(&r->reading->arena, name);
	owner->email = arena_copy(&r->reading->arena, email);
	owner->super = p.super;
	owner->permissions = p.list;
	owner->permission_count = p.count;
	owners_ceiling(owner, r->policy, &owner->ceiling);
	r->no_memory |= !owner->name || !owner->email;
	return !r->no_memory;
}

/* The name of a user's file is their e-mail address. */
static bool is_user_file(const char *name, struct str *ret_email)
{
	size_t n = strlen(name);
	*ret_email = (struct str){ name, n > 5 ? n - 5 : 0 };
	return n > 5 && name[0] != '.' && strcmp(name + n - 5, ".yaml") == 0;
}

/* Two files of one id would be two people of one name: none of them is. */
static void read_user(struct reader *r, int folder, const char *name, struct entry *entry)
{
	struct str email;
	if (!is_user_file(name, &email))
		return;
	const struct yaml *user = read_yaml(r, folder, name, "users/");
	if (!user)
		return;
	*entry = (struct entry){ 0 };
	if (!fill_owner(r, user, email, entry)) {
		if (!r->no_memory)
			log_warning("users/%s has no id: whoever it is owns no tokens", name);
		return;
	}
	struct entry **bucket = bucket_of(r->reading, &entry->number);
	for (struct entry *other = *bucket; other; other = other->next)
		if (memcmp(&other->number, &entry->number, sizeof(other->number)) == 0) {
			log_warning("users/%s has the id of users/%s.yaml: neither owns any tokens", name,
				other->owner.email);
			other->owner.super = false;
			other->owner.permission_count = 0;
			other->owner.ceiling = (struct remit_scopes){ { 0 } };
			return;
		}
	entry->next = *bucket;
	*bucket = entry;
	r->reading->count++;
}

static char **list_files(int folder, size_t *ret_count)
{
	size_t count = 0, room = 0;
	char **names = NULL;
	DIR *dir = fdopendir(dup(folder));
	for (struct dirent *at; dir && (at = readdir(dir)) != NULL && count < LIMIT_SITE_USERS;) {
		if (count == room) {
			char **more = realloc(names, (room ? room * 2 : 64) * sizeof(*more));
			if (!more)
				break;
			names = more;
			room = room ? room * 2 : 64;
		}
		names[count] = strdup(at->d_name);
		count += names[count] != NULL;
	}
	if (dir)
		closedir(dir);
	if (names)
		qsort(names, count, sizeof(*names), compare_texts);
	*ret_count = count;
	return names;
}

static bool make_room(struct owners_reading *reading, size_t count)
{
	reading->bucket_count = 64;
	while (reading->bucket_count < count)
		reading->bucket_count *= 2;
	reading->buckets = arena_alloc(&reading->arena, reading->bucket_count * sizeof(*reading->buckets));
	reading->all = arena_alloc(&reading->arena, (count + 1) * sizeof(*reading->all));
	return reading->buckets && reading->all;
}

static void read_users(struct reader *r)
{
	size_t count = 0;
	int folder = open_folder(r->site, "users");
	char **names = folder >= 0 ? list_files(folder, &count) : NULL;
	r->no_memory |= !make_room(r->reading, count);
	for (size_t i = 0; i < count; i++) {
		if (!r->no_memory)
			read_user(r, folder, names[i], &r->reading->all[r->reading->count]);
		arena_reset(&r->scratch);
		free(names[i]);
	}
	free(names);
	if (folder >= 0)
		close(folder);
}

/* ---- All ---- */

static void mark_file(crypto_generichash_state *state, int folder, const char *name)
{
	struct stat st;
	int64_t mark[6] = { 0 };
	if (folder >= 0 && fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		mark[0] = (int64_t)st.st_ino;
		mark[1] = st.st_size;
		mark[2] = st.st_mtim.tv_sec;
		mark[3] = st.st_mtim.tv_nsec;
		mark[4] = st.st_ctim.tv_sec;
		mark[5] = st.st_ctim.tv_nsec;
	}
	crypto_generichash_update(state, (const uint8_t *)name, strlen(name) + 1);
	crypto_generichash_update(state, (const uint8_t *)mark, sizeof(mark));
}

/* What the files are, without reading them. */
static void fingerprint(int site, uint8_t ret[crypto_generichash_BYTES])
{
	crypto_generichash_state state;
	size_t count = 0;
	int folder = site >= 0 ? open_folder(site, "users") : -1;
	char **names = folder >= 0 ? list_files(folder, &count) : NULL;
	crypto_generichash_init(&state, NULL, 0, crypto_generichash_BYTES);
	for (size_t i = 0; i < count; i++) {
		mark_file(&state, folder, names[i]);
		free(names[i]);
	}
	free(names);
	if (folder >= 0)
		close(folder);
	mark_file(&state, site, "resources/users/roles.yaml");
	mark_file(&state, site, "resources/users/groups.yaml");
	crypto_generichash_final(&state, ret, crypto_generichash_BYTES);
}

/* Two arenas: a tree of a user is thrown away at once, those of roles and groups stay to the end. */
struct owners_reading *owners_reading_new(const char *site, const struct remit_policy *policy)
{
	struct owners_reading *reading = calloc(1, sizeof(*reading));
	struct reader r = { .reading = reading, .policy = policy };
	if (!reading)
		return NULL;
	arena_init(&reading->arena, 0);
	struct arena lists;
	arena_init(&r.scratch, 0);
	r.site = open(site, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fingerprint(r.site, reading->seen); /* first: what changes while we read is read again */
	if (r.site >= 0) {
		r.roles = read_yaml(&r, r.site, "resources/users/roles.yaml", "");
		r.groups = read_yaml(&r, r.site, "resources/users/groups.yaml", "");
	}
	lists = r.scratch;
	arena_init(&r.scratch, 0);
	if (r.site >= 0)
		read_users(&r);
	else
		r.no_memory |= !make_room(reading, 0);
	arena_done(&r.scratch);
	arena_done(&lists);
	if (r.site >= 0)
		close(r.site);
	if (!r.no_memory)
		return reading;
	owners_reading_free(reading);
	return NULL;
}

void owners_reading_free(struct owners_reading *reading)
{
	if (!reading)
		return;
	arena_done(&reading->arena);
	free(reading);
}

bool owners_reading_is_old(const struct owners_reading *reading, const char *site)
{
	uint8_t now[crypto_generichash_BYTES];
	int folder = open(site, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fingerprint(folder, now);
	if (folder >= 0)
		close(folder);
	return memcmp(now, reading->seen, sizeof(now)) != 0;
}
