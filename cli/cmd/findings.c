/*
 * Findings of audits: added, resolved, noted, and kept as lines of JSON.
 */
#include "cli/cmd/findings.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "record/json.h"

static const char *const kind_names[FINDING_KINDS] = {
	[KIND_ENTRY] = "entry",
	[KIND_HASHES] = "hashes",
	[KIND_COPY] = "copy",
	[KIND_LIST] = "list",
	[KIND_WITNESS] = "witness",
	[KIND_TIME] = "time",
	[KIND_CRL] = "crl",
};

void
findings_free(struct findings *findings)
{
	free(findings->list);
	free(findings->gone);
	*findings = (struct findings){ NULL };
}

void
findings_begin(struct findings *findings)
{
	findings->round++;
}

/*
 * Copy text. JSON takes only UTF-8, and what others wrote may be something
 * else.
 */
static void
make_text(char *to, size_t room, const char *from)
{
	text_cut(to, room, from);
	if (text_is_utf8(span_of_str(to)))
		return;
	for (char *c = to; *c != '\0'; c++)
		if ((unsigned char)*c >= 128)
			*c = '?';
}

/*
 * Make the ID, of all that the finding says. A finding that says something else
 * is another one, to which no note applies.
 */
static void
make_id(struct kept_finding *finding)
{
	struct buf text = BUF(2048);
	struct error ignored = { 0 };
	struct digest digest;
	char hex[DIGEST_HEX];

	finding->id[0] = '\0';
	if (buf_printf(&text, &ignored, "%s\n%s\n%llu\n%llu\n%s\n%s",
		kind_names[finding->kind], finding->code,
		(unsigned long long)finding->index,
		(unsigned long long)finding->last, finding->about,
		finding->text)) {
		digest = sha256_of(buf_span(&text));
		digest_hex(&digest, hex);
		snprintf(finding->id, sizeof(finding->id), "%.8s", hex);
	}
	buf_free(&text);
}

/*
 * Find the same finding, by all that it says. IDs are too short: another
 * finding could be made with the same one.
 */
static struct kept_finding *
find(struct findings *findings, const struct kept_finding *same)
{
	for (size_t i = 0; i < findings->num; i++) {
		struct kept_finding *one = &findings->list[i];

		if (one->kind == same->kind && one->index == same->index &&
		    one->last == same->last &&
		    strcmp(one->code, same->code) == 0 &&
		    strcmp(one->about, same->about) == 0 &&
		    strcmp(one->text, same->text) == 0)
			return one;
	}
	return NULL;
}

static struct kept_finding *
append(struct findings *findings)
{
	if (findings->num == LIMIT_AUDIT_FINDINGS)
		return NULL;
	if (findings->num == findings->room) {
		const size_t room =
		    findings->room == 0 ? 16 : findings->room * 2;
		struct kept_finding *list =
		    realloc(findings->list, room * sizeof(*list));

		if (list == NULL)
			return NULL;
		findings->list = list;
		findings->room = room;
	}
	return &findings->list[findings->num++];
}

void
findings_add(struct findings *findings, enum finding_kind kind,
    const struct audit_finding *finding, uint64_t last, int64_t now_ms)
{
	struct kept_finding new = { .kind = kind,
		.index = finding->index,
		.last = last,
		.since_ms = now_ms,
		.round = findings->round };
	struct kept_finding *one;

	text_set(new.code, sizeof(new.code), finding->code);
	make_text(new.about, sizeof(new.about), finding->about);
	make_text(new.text, sizeof(new.text), finding->text);
	make_id(&new);
	if ((one = find(findings, &new)) != NULL)
		one->round = findings->round;
	else if ((one = append(findings)) != NULL)
		*one = new;
	else
		findings->failed = true;
}

static bool
was_checked(const struct kept_finding *one, const struct checked *checked)
{
	if (one->kind != checked->kind)
		return false;
	if ((checked->kind == KIND_ENTRY || checked->kind == KIND_TIME) &&
	    (one->index < checked->from || one->index >= checked->until))
		return false;
	return (checked->about == NULL ||
		   strcmp(checked->about, one->about) == 0) &&
	    (checked->code == NULL || strcmp(checked->code, one->code) == 0);
}

static void
keep_gone(struct findings *findings, const struct kept_finding *one)
{
	struct kept_finding *gone =
	    realloc(findings->gone, (findings->num_gone + 1) * sizeof(*gone));

	if (gone == NULL)
		return;
	findings->gone = gone;
	gone[findings->num_gone++] = *one;
}

void
findings_settle(struct findings *findings, const struct checked *checked)
{
	size_t num = 0;

	for (size_t i = 0; i < findings->num; i++) {
		const struct kept_finding *one = &findings->list[i];

		if (one->round != findings->round && was_checked(one, checked))
			keep_gone(findings, one);
		else if (num++ != i)
			findings->list[num - 1] = *one;
	}
	findings->num = num;
}

size_t
findings_open(const struct findings *findings)
{
	size_t num = 0;

	for (size_t i = 0; i < findings->num; i++)
		num += findings->list[i].noted_ms == 0;
	return num;
}

bool
findings_about(const struct findings *findings, enum finding_kind kind,
    const char *about)
{
	for (size_t i = 0; i < findings->num; i++)
		if (findings->list[i].kind == kind &&
		    strcmp(findings->list[i].about, about) == 0)
			return true;
	return false;
}

bool
findings_note(struct findings *findings, const char *id, const char *note,
    const char *by, int64_t now_ms, struct error *err)
{
	struct kept_finding *found = NULL;

	if (note[0] == '\0' || !text_is_line(span_of_str(note)) ||
	    strlen(note) >= FINDING_NOTE)
		return error_set(err, ERROR_USAGE,
		    "a note is one line of at most %d bytes", FINDING_NOTE - 1);
	for (size_t i = 0; i < findings->num && id[0] != '\0'; i++) {
		if (strncmp(findings->list[i].id, id, strlen(id)) != 0)
			continue;
		if (found != NULL)
			return error_set(err, ERROR_USAGE,
			    "several findings begin with %s: write all of it",
			    id);
		found = &findings->list[i];
	}
	if (found == NULL)
		return error_set(err, ERROR_NOT_FOUND,
		    "no finding \"%.40s\" is kept (\"valise audit\" shows what"
		    " each is called)",
		    id);
	if (!text_take(found->note, sizeof(found->note), note, err) ||
	    !text_take(found->by, sizeof(found->by), by, err))
		return false;
	found->noted_ms = now_ms;
	return true;
}

/* --- As JSON. --- */

json_t *
finding_to_json(const struct kept_finding *finding)
{
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:o}", "id", finding->id,
	    "code", finding->code, "about", finding->about, "text",
	    finding->text, "since", json_of_ms(finding->since_ms));

	if (json == NULL)
		return NULL;
	if (finding->index != AUDIT_NO_ENTRY)
		json_object_set_new(json, "entry",
		    json_integer((json_int_t)finding->index));
	if (finding->last != finding->index)
		json_object_set_new(json, "last",
		    json_integer((json_int_t)finding->last));
	if (finding->noted_ms != 0)
		json_object_set_new(json, "note",
		    json_pack("{s:s, s:s, s:o}", "text", finding->note, "by",
			finding->by, "time", json_of_ms(finding->noted_ms)));
	return json;
}

bool
findings_encode(const struct findings *findings, struct buf *out,
    struct error *err)
{
	bool ok = true;

	for (size_t i = 0; ok && i < findings->num; i++) {
		json_t *json = finding_to_json(&findings->list[i]);
		char *text;

		if (json != NULL)
			json_object_set_new(json, "check",
			    json_string(kind_names[findings->list[i].kind]));
		text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
		ok = text != NULL ? buf_printf(out, err, "%s\n", text)
				  : error_set(err, ERROR_SYSTEM, "JSON");
		free(text);
		json_decref(json);
	}
	return ok;
}

static bool
take_text(const json_t *json, const char *key, char *out, size_t room)
{
	const char *text = json_string_value(json_object_get(json, key));

	if (text == NULL || strlen(text) >= room)
		return false;
	text_set(out, room, text);
	return true;
}

static bool
take_time(const json_t *json, const char *key, int64_t *out)
{
	return time_parse_ms(span_of_str(json_text(json, key)), out);
}

static bool
take_index(const json_t *json, const char *key, uint64_t *out)
{
	const json_t *number = json_object_get(json, key);

	if (number == NULL)
		return true;
	*out = (uint64_t)json_integer_value(number);
	return json_is_integer(number) && json_integer_value(number) >= 0;
}

/* Read a finding as finding_to_json() made it; false if it is damaged. */
static bool
decode_one(const json_t *json, struct kept_finding *out)
{
	const json_t *note = json_object_get(json, "note");
	char kind[16];

	*out = (struct kept_finding){ .kind = FINDING_KINDS,
		.index = AUDIT_NO_ENTRY };
	if (!take_text(json, "check", kind, sizeof(kind)) ||
	    !take_text(json, "code", out->code, sizeof(out->code)) ||
	    !take_text(json, "about", out->about, sizeof(out->about)) ||
	    !take_text(json, "text", out->text, sizeof(out->text)) ||
	    !take_time(json, "since", &out->since_ms) ||
	    !take_index(json, "entry", &out->index))
		return false;
	out->last = out->index;
	if (!take_index(json, "last", &out->last) ||
	    (note != NULL &&
		(!take_text(note, "text", out->note, sizeof(out->note)) ||
		    !take_text(note, "by", out->by, sizeof(out->by)) ||
		    !take_time(note, "time", &out->noted_ms))))
		return false;
	for (int k = 0; k < FINDING_KINDS; k++)
		if (strcmp(kind, kind_names[k]) == 0)
			out->kind = (enum finding_kind)k;
	if (out->kind == FINDING_KINDS)
		return false;
	make_id(out);
	return true;
}

bool
findings_decode(struct span lines, struct findings *out, struct error *err)
{
	struct span line;

	while (span_take_line(&lines, &line)) {
		json_t *json =
		    json_loadb((const char *)line.data, line.len, 0, NULL);
		struct kept_finding *one = append(out);
		const bool ok =
		    json != NULL && one != NULL && decode_one(json, one);

		json_decref(json);
		if (!ok)
			return error_set(err, ERROR_MALFORMED,
			    "a finding that was kept cannot be read");
	}
	return lines.len == 0 ||
	    error_set(err, ERROR_MALFORMED, "it is cut short");
}
