/* SPDX-License-Identifier: Apache-2.0
 * remit publishing detector: data connections that the publishing service looks at by itself.
 * cli: may include every room.
 */
#include "cli/commands.h"
#include "cli/publishing_api.h"
#include "cli/rows.h"

#include "base/clock.h"

#define URL_ROOM 2048

/* From --url, or from stdin where it holds a key that no command line should show. */
static enum cli_exit read_url(struct cli *cli, char room[static URL_ROOM], const char **ret)
{
	const char *url = cli_value(cli, "url");

	if (cli_flag(cli, "url-stdin") == (url != NULL))
		return cli_misused(cli, "one of --url and --url-stdin must be given.");
	*ret = url ? url : room;
	return url ? CLI_DONE : cli_read_secret(cli, "URL", URL_ROOM, room);
}

static enum cli_exit read_id(struct cli *cli, const char *text, const char *what, struct id *ret)
{
	if (id_parse(str_of(text), ret))
		return CLI_DONE;
	return cli_fail(cli, CLI_REFUSED, "\"%s\" is no id of a %s.", text, what);
}

static enum cli_exit read_detector(struct cli *cli, struct publishing_detector *d, struct id *template_id)
{
	const char *every = cli_value(cli, "every"), *template = cli_value(cli, "auto-draft");
	const char *severity = cli_value(cli, "severity");

	*d = (struct publishing_detector){
		.kind = cli_value(cli, "kind"), .name = cli_value(cli, "name"), .poll_ms = 15 * 60 * 1000,
		.severity = severity ? severity : "notable", .pointer = cli_value(cli, "pointer"),
		.above = cli_value(cli, "above"), .below = cli_value(cli, "below"),
		.hysteresis = cli_value(cli, "hysteresis"),
	};
	if (every && !duration_from_text(str_of(every), &d->poll_ms))
		return cli_fail(cli, CLI_REFUSED, "\"%s\" is no time between two looks, as 15m or 6h.", every);
	if (template) {
		enum cli_exit status = read_id(cli, template, "template", template_id);
		if (status != CLI_DONE)
			return status;
		d->template_id = template_id;
	}
	return read_id(cli, cli_value(cli, "project"), "project", &d->project);
}

static enum cli_exit run_add(struct cli *cli)
{
	struct publishing_options options;
	struct publishing_detector detector;
	struct secrets *secrets;
	struct id id, template_id;
	char url[URL_ROOM], text[512] = "";
	enum cli_exit status = read_detector(cli, &detector, &template_id);

	if (status == CLI_DONE)
		status = read_url(cli, url, &detector.url);
	if (status == CLI_DONE)
		status = publishing_api_open(cli, &secrets, &options);
	if (status != CLI_DONE)
		return status;
	enum store_status added = publishing_detector_add(&options, &detector, cli->actor.now_ms, &id, text);
	secrets_close(secrets);
	if (added != STORE_OK)
		return cli_fail(cli, added == STORE_INVALID || added == STORE_NOT_FOUND ? CLI_REFUSED : CLI_STORE,
			"%s.", text);
	if (cli->json)
		return cli_print_json(cli, json_pack("{s:s, s:s, s:s, s:s}", "id", id.text, "kind", detector.kind,
			"name", detector.name, "project", detector.project.text));
	printf("%s\n", id.text);
	return CLI_DONE;
}

static const char *text_of(struct cli *cli, struct str text)
{
	const char *copy = arena_copy(&cli->arena, text);
	return copy ? copy : "";
}

static bool list_detector(void *ctx, const struct publishing_detector_row *row)
{
	struct listing *list = ctx;
	struct cli *cli = list->cli;
	char looked[WHEN_ROOM];
	const char *kind = text_of(cli, row->kind), *name = text_of(cli, row->name);
	const char *host = text_of(cli, row->host), *state = text_of(cli, row->status);
	const char *error = text_of(cli, row->last_error);
	const char *every = arena_printf(&cli->arena, "%lldm", (long long)row->poll_ms / 60000);

	listing_add(list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:o, s:o}", "id", row->id.text,
			"project", row->project.text, "kind", kind, "name", name, "status", state, "host", host,
			"poll_seconds", (json_int_t)row->poll_ms / 1000, "severity", row->severity,
			"last_synced_at", json_time(row->last_synced_ms), "last_error", json_text(error)),
		(const char *[]){ row->id.text, kind, name, host, every ? every : "", row->severity, state,
			when_text(&cli->out, row->last_synced_ms, cli->actor.now_ms, "never", looked), error });
	return !list->failed;
}

static enum cli_exit run_list(struct cli *cli)
{
	static const char *const heads[] = { "ID", "KIND", "NAME", "HOST", "EVERY", "SEVERITY", "STATUS", "LOOKED",
					     "ERROR" };
	struct publishing_options options;
	struct secrets *secrets;
	struct listing list;
	struct id project;
	const char *given = cli_value(cli, "project");
	enum cli_exit status = given ? read_id(cli, given, "project", &project) : CLI_DONE;

	if (status == CLI_DONE)
		status = publishing_api_open(cli, &secrets, &options);
	if (status != CLI_DONE)
		return status;
	secrets_close(secrets);
	if (!listing_init(&list, cli, heads, 9))
		return cli_print_json(cli, NULL);
	enum store_status listed = publishing_detector_each(&options, given ? &project : NULL, list_detector, &list);
	return listing_print(&list, listed, "detectors",
		"There is no detector. `remit publishing detector add` adds one.");
}

static enum cli_exit run_remove(struct cli *cli)
{
	struct publishing_options options;
	struct secrets *secrets;
	struct id id;
	enum cli_exit status = read_id(cli, cli->args[0], "detector", &id);

	if (status == CLI_DONE)
		status = publishing_api_open(cli, &secrets, &options);
	if (status != CLI_DONE)
		return status;
	secrets_close(secrets);
	enum store_status removed = publishing_detector_remove(&options, &id);
	if (removed == STORE_NOT_FOUND)
		return cli_fail(cli, CLI_REFUSED, "there is no such detector.");
	if (removed != STORE_OK)
		return cli_store_failed(cli, removed);
	if (cli->json)
		return cli_print_json(cli, json_pack("{s:s, s:b}", "id", id.text, "removed", 1));
	cli_note(cli, "The detector is removed. The moments that it found stay.");
	return CLI_DONE;
}

const struct cli_command command_detector_add = {
	.path = "publishing detector add",
	.summary = "have a feed or a number looked at, and moments found in it",
	.arguments = "",
	.options =
		(const struct cli_option[]){
			{ "project", "ID", "whose data connection it is", .required = true },
			{ "kind", "KIND", "rss (RSS 2.0 or Atom) or json-threshold", .required = true },
			{ "name", "NAME", "what people call it", .required = true },
			{ "url", "URL", "what is looked at" },
			{ "url-stdin", NULL, "read the URL from stdin, where it holds a key" },
			{ "every", "TIME", "between two looks, 1m to 24h; 15m where it is absent" },
			{ "pointer", "POINTER", "json-threshold: the number, as /data/0/price" },
			{ "above", "N", "json-threshold: a moment when the number goes above it" },
			{ "below", "N", "json-threshold: a moment when the number goes below it" },
			{ "hysteresis", "N", "json-threshold: how far it must come back before it may cross again" },
			{ "severity", "WORD", "of its moments: info, notable (where it is absent) or severe" },
			{ "auto-draft", "ID", "the template that severe moments become drafts of" },
			{ "api", "API", "the API; may be left out where one has the publishing service" },
			{ 0 },
		},
	.examples =
		(const struct cli_example[]){
			{ "remit publishing detector add --project 0199b2f0-5c1e-7abc-8def-0123456789ab --kind rss"
			  " --name News --url https://example.com/feed.xml",
				"each new item is a moment" },
			{ "remit publishing detector add --project 0199b2f0-5c1e-7abc-8def-0123456789ab --kind"
			  " json-threshold --name Frost --url https://example.com/now.json --pointer /celsius --below 0"
			  " --hysteresis 1.5 --severity severe",
				"one moment a frost" },
			{ 0 },
		},
	.details = "Prints the id of the data connection. The first look only learns what is there. The URL is kept "
		   "sealed; answers show its host alone.\n\nThe template of --auto-draft may use {{title}}, "
		   "{{summary}}, {{source}}, {{name}}, {{severity}}, {{detected_at}}; of rss also {{link}}, "
		   "{{published_at}}; of json-threshold {{value}}, {{threshold}}.",
	.run = run_add,
};

const struct cli_command command_detector_list = {
	.path = "publishing detector list",
	.summary = "list detectors and how their last look went",
	.arguments = "",
	.options =
		(const struct cli_option[]){
			{ "project", "ID", "of this project only" },
			{ "api", "API", "the API; may be left out where one has the publishing service" },
			{ 0 },
		},
	.examples = (const struct cli_example[]){ { "remit publishing detector list", "all of them" }, { 0 } },
	.run = run_list,
};

const struct cli_command command_detector_remove = {
	.path = "publishing detector remove",
	.summary = "remove a detector and its data connection",
	.arguments = "ID",
	.args_min = 1,
	.args_max = 1,
	.options =
		(const struct cli_option[]){
			{ "api", "API", "the API; may be left out where one has the publishing service" },
			{ 0 },
		},
	.examples =
		(const struct cli_example[]){
			{ "remit publishing detector remove 0199b2f0-5c1e-7abc-8def-0123456789ab", "for good" },
			{ 0 },
		},
	.run = run_remove,
};
