/* SPDX-License-Identifier: Apache-2.0
 * Size, then type (decisions.md, "Answers"). A body is judged in the one form in which it is used:
 * no coding, no charset but UTF-8 (M13).
 * gate: may include base, core, wire, store, authority, profile, net and services/service.h.
 */
#include "gate/body.h"

#include "gate/identity.h"

static void refuse(struct body_verdict *ret, int status, const char *message)
{
	ret->status = status;
	ret->code = status == 413 ? "payload_too_large" : status == 415 ? "unsupported_media_type"
		: "bad_request";
	ret->message = message;
}

static bool has_plain_coding(const struct http_request *request)
{
	size_t count;
	struct str coding = identity_judged_header(request, STR("Content-Encoding"), &count);
	return count == 0 || (count == 1 && str_eq_ignore_case(coding, STR("identity")));
}

static bool has_type(const struct http_request *request, struct str wanted)
{
	size_t count;
	struct str type, charset, value;
	value = identity_judged_header(request, STR("Content-Type"), &count);
	if (count != 1 || !http_media_type(value, &type) || !str_eq_ignore_case(type, wanted))
		return false;
	if (!http_media_parameter(value, STR("charset"), &charset))
		return false;
	return !charset.p || str_eq_ignore_case(charset, STR("utf-8"));
}

void body_judge(const struct http_request *request, enum service_body wanted, uint64_t json_max,
	struct body_verdict *ret)
{
	bool sent = request->chunked || (request->has_length && request->length > 0);
	bool multipart = wanted == SERVICE_BODY_MULTIPART;
	*ret = (struct body_verdict){ .read = sent,
		.max = multipart ? LIMIT_UPLOAD_BYTES + LIMIT_UPLOAD_FRAME_BYTES : json_max };
	if (!sent) {
		if (wanted == SERVICE_BODY_JSON)
			refuse(ret, 400, "This operation needs a body: one JSON object");
		else if (multipart)
			refuse(ret, 400, "This operation needs a body: multipart/form-data");
		return;
	}
	if (wanted == SERVICE_BODY_NONE)
		refuse(ret, 400, "This operation takes no body");
	else if (request->has_length && request->length > ret->max)
		refuse(ret, 413, "The body is too large");
	else if (!has_plain_coding(request))
		refuse(ret, 415, "Content-Encoding must be absent or identity");
	else if (multipart && !has_type(request, STR("multipart/form-data")))
		refuse(ret, 415, "Content-Type must be multipart/form-data");
	else if (!multipart && !has_type(request, STR("application/json")))
		refuse(ret, 415, "Content-Type must be application/json, in UTF-8");
}
