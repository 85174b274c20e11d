/*
 * The titles of a version as one text (title_text.h).
 */
#include "document/title_text.h"

#include <string.h>

#include "base/text.h"

void
title_text_of(const struct version *version, char *out, size_t room)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < version->num_titles; i++) {
		const struct title *one = &version->titles[i];
		const int n = snprintf(out + len, room - len, "%s%s=%s",
		    i > 0 ? "\n" : "", one->language, one->text);

		if (n < 0 || (size_t)n >= room - len) {
			out[0] = '\0';
			return;
		}
		len += (size_t)n;
	}
}

bool
title_text_is(struct span text)
{
	struct span line, language;
	unsigned num = 0;

	do {
		if (!span_take_until(&text, '\n', &line)) {
			line = text;
			text.len = 0;
		} else if (text.len == 0) {
			return false;
		}
		if (++num > LIMIT_LANGUAGES ||
		    !span_take_until(&line, '=', &language) ||
		    !text_is_language(language) || line.len == 0 ||
		    line.len > LIMIT_TITLE_BYTES || !text_is_line(line))
			return false;
	} while (text.len > 0);
	return true;
}

bool
title_text_take(const char **text, struct title *out)
{
	const size_t len = strcspn(*text, "\n");
	const char *equals = memchr(*text, '=', len);

	if (equals == NULL)
		return false;
	snprintf(out->language, sizeof(out->language), "%.*s",
	    (int)(equals - *text), *text);
	snprintf(out->text, sizeof(out->text), "%.*s",
	    (int)(*text + len - equals - 1), equals + 1);
	*text += len + ((*text)[len] == '\n');
	return true;
}

/* How well a title in one language suits who reads another. */
static int
rank(struct span has, const char *wanted)
{
	const size_t primary = strcspn(wanted, "-");
	struct span rest = has, first;

	if (span_is(has, wanted))
		return 3;
	if (!span_take_until(&rest, '-', &first))
		first = has;
	if (span_eq(first, span_of(wanted, primary)))
		return 2;
	return span_is(has, "en");
}

void
title_text_pick(const char *text, const char *language,
    char out[LIMIT_TITLE_BYTES + 1])
{
	struct span rest = span_of_str(text), line, has;
	struct span found = span_of("", 0);
	int best = -1;

	while (rest.len > 0) {
		if (!span_take_until(&rest, '\n', &line)) {
			line = rest;
			rest.len = 0;
		}
		if (!span_take_until(&line, '=', &has))
			break;
		if (rank(has, language) > best) {
			best = rank(has, language);
			found = line;
		}
	}
	if (found.len > LIMIT_TITLE_BYTES)
		found.len = LIMIT_TITLE_BYTES;
	memcpy(out, found.data, found.len);
	out[found.len] = '\0';
}

bool
languages_text_has(const char *text, const char *language)
{
	const size_t len = strlen(language);

	for (const char *at = text; len > 0 && *at != '\0';) {
		const size_t n = strcspn(at, ",");

		if (n >= len && strncmp(at, language, len) == 0 &&
		    (n == len || at[len] == '-'))
			return true;
		at += n + (at[n] == ',');
	}
	return false;
}

/* Is it there, and not only one of the same primary subtag? */
static bool
has_exactly(const char *text, const char *language)
{
	const size_t len = strlen(language);

	for (const char *at = text; *at != '\0';) {
		const size_t n = strcspn(at, ",");

		if (n == len && strncmp(at, language, n) == 0)
			return true;
		at += n + (at[n] == ',');
	}
	return false;
}

void
languages_text_of(const struct version *version, char *out, size_t room)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < version->num_texts; i++) {
		const char *language = version->texts[i].language;
		int n;

		if (has_exactly(out, language))
			continue;
		n = snprintf(out + len, room - len, "%s%s", len > 0 ? "," : "",
		    language);
		if (n < 0 || (size_t)n >= room - len) {
			out[0] = '\0';
			return;
		}
		len += (size_t)n;
	}
}

bool
languages_text_is(struct span text)
{
	struct span one;
	unsigned num = 0;

	while (span_take_until(&text, ',', &one))
		if (++num == LIMIT_LANGUAGES || !text_is_language(one))
			return false;
	return text_is_language(text);
}
