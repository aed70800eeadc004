/* SPDX-License-Identifier: Apache-2.0
 * Media that are sent: the form, and what in it is wrong.
 * services: may include base, core, wire, store, outbound and services/service.h.
 */
#include "services/publishing/media.h"

#include "services/publishing/stories.h"
#include "wire/multipart.h"

/* One value of a form field that may stand once; {NULL, 0} where it is absent. */
static struct str form_text(struct check *c, const struct multipart *form, const struct field *field)
{
	size_t count;
	const struct multipart_part *part = multipart_get(form, field->name, &count);
	if (count > 1) {
		check_add(c, "%s stands %zu times; it must stand once", field->name, count);
		return (struct str){ NULL, 0 };
	}
	if (!part)
		return (struct str){ NULL, 0 };
	check_field(c, "", field, part->data);
	return part->data;
}

static void read_project(struct new_media *m, const struct multipart *form)
{
	static const struct field camel = { "projectId", FIELD_ID, 0, 0, NULL };
	static const struct field snake = { "project_id", FIELD_ID, 0, 0, NULL };
	struct str a = form_text(&m->check, form, &camel), b = form_text(&m->check, form, &snake);
	struct id id;

	if (a.p && b.p)
		check_add(&m->check, "projectId and project_id are two names of one field: send one of them");
	if (id_parse(a.p ? a : b, &id))
		(void)id_to_bytes(&id, &m->named);
}

static void check_parts(struct check *c, const struct multipart *form)
{
	static const char *const known[] = { "file", "alt_text", "projectId", "project_id" };
	for (size_t i = 0; i < form->count; i++) {
		bool found = false;
		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			found = found || str_is(form->parts[i].name, known[k]);
		if (!found)
			check_add(c, "part %zu of the form is not known: file, alt_text and projectId are",
				i + 1);
	}
}

/* Reads the form. False, and answered, where it cannot be read or is too large. */
static bool read_form(struct new_media *m)
{
	static const struct field alt_text = { "alt_text", FIELD_TEXT, MAX_ALT_TEXT, 0, NULL };
	struct service_call *call = m->call;
	struct str header = http_request_header(call->request, STR("Content-Type"), NULL);
	struct str type, boundary = { NULL, 0 };
	struct multipart form;
	const char *what = "";
	size_t count;

	if (!header.p || !http_media_type(header, &type) ||
		!str_eq_ignore_case(type, STR("multipart/form-data")) ||
		!http_media_parameter(header, STR("boundary"), &boundary) || !boundary.p) {
		service_fail(call, 415, "unsupported_media_type",
			"The body must be multipart/form-data with a boundary");
		return false;
	}
	if (!multipart_parse(call->body, boundary, call->arena, &form, &what)) {
		service_fail(call, 400, "bad_request", "The form cannot be read: %s", what);
		return false;
	}
	const struct multipart_part *file = multipart_get(&form, "file", &count);
	if (file && file->data.n > LIMIT_UPLOAD_BYTES) {
		service_fail(call, 413, "payload_too_large", "A file may have at most %d bytes",
			LIMIT_UPLOAD_BYTES);
		return false;
	}
	check_parts(&m->check, &form);
	m->alt_text = form_text(&m->check, &form, &alt_text);
	read_project(m, &form);
	if (!file || count != 1)
		check_add(&m->check, "file must be given once");
	else if (file->data.n == 0)
		check_add(&m->check, "file must not be empty");
	else {
		m->bytes = file->data;
		m->type = media_sniff(file->data);
		if (m->type)
			media_clean_name(file->filename, m->type, m->name);
	}
	return true;
}

void run_upload_media(struct service *service, struct service_call *call)
{
	struct publishing *p = publishing_of(service);
	struct new_media *m = ARENA_NEW(call->arena, struct new_media);

	if (!m) {
		answer_store(call, STORE_NO_MEMORY, "");
		return;
	}
	*m = (struct new_media){ .p = p, .call = call, .reach = reach_of(p, call->caller), .what = "file" };
	/* The project first: nothing is written for somebody who may not write there. */
	if (call->json && json_object_get(call->json, "data"))
		media_decode(m);
	else if (call->json)
		media_fetch(p, m);
	else if (read_form(m) && media_may_add(m))
		media_add(m);
}
