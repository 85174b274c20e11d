/*
 * Printing what "valise status" found, for a person (status.h).
 */
#include <stdio.h>
#include <string.h>

#include "cli/cmd/status.h"
#include "cli/output.h"

enum { LABEL = 13 };

/* Begin a line; a label is only before the first of several. */
static void
begin(const char *label)
{
	printf("%-*s", LABEL, label);
}

static bool
is_null(const json_t *json, const char *key)
{
	const json_t *value = json_object_get(json, key);

	return value == NULL || json_is_null(value);
}

static void
print_who(const json_t *status)
{
	begin("office");
	if (is_null(status, "office")) {
		fputs("not known: ", stdout);
		output_text(json_text(status, "who"));
	} else {
		printf("%s, of %s", json_text(status, "office"),
		    json_text(status, "party"));
	}
	putchar('\n');
	begin("person");
	output_text(is_null(status, "person") ? "not known"
					      : json_text(status, "person"));
	putchar('\n');
}

/* Is the state worth a word? */
static void
print_state(const json_t *end)
{
	const char *state = json_text(end, "state");

	if (strcmp(state, "good") != 0)
		printf("  (%s)", state);
	putchar('\n');
}

static void
print_end(const json_t *end)
{
	static const struct {
		const char *kind, *label, *use;
	} labels[] = { { "connect", "certificate", "to connect, " },
		{ "sign", "certificate", "to sign, " },
		{ "encrypt", "certificate", "for bags, " }, { "ca", "CA", "" },
		{ "crl", "CRL", "" }, { "full-powers", "full powers", "" } };
	const char *kind = json_text(end, "kind");

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (strcmp(labels[i].kind, kind) == 0) {
			begin(labels[i].label);
			fputs(labels[i].use, stdout);
		}
	if (!is_null(end, "detail"))
		output_text(json_text(end, "detail"));
	else if (is_null(end, "until"))
		printf("of CA \"%s\": not known here", json_text(end, "name"));
	else {
		printf("until %s  ", json_text(end, "until"));
		output_text(json_text(end, "name"));
	}
	print_state(end);
}

static void
print_ends(const json_t *status)
{
	bool signs = false;
	const json_t *end;
	size_t i;

	json_array_foreach (json_object_get(status, "ends"), i, end) {
		signs = signs || strcmp(json_text(end, "kind"), "sign") == 0;
		print_end(end);
	}
	if (!signs)
		printf("%-*snone to sign: this person signs nothing here\n",
		    LABEL, "certificate");
}

static void
print_daemon(const json_t *status)
{
	const json_t *daemon = json_object_get(status, "daemon"), *other;
	size_t i;

	begin("daemon");
	printf("%s, %s", json_text(daemon, "address"),
	    json_is_true(json_object_get(daemon, "reachable")) ? "reachable"
		: is_null(daemon, "reachable")                 ? "not asked"
					       : "not reachable");
	if (!is_null(daemon, "detail")) {
		fputs(": ", stdout);
		output_text(json_text(daemon, "detail"));
	}
	putchar('\n');
	json_array_foreach (json_object_get(daemon, "others"), i, other) {
		begin("");
		printf("also at %s\n", json_string_value(other));
	}
}

static void
print_witnesses(const json_t *checkpoint)
{
	const json_t *witnessed = json_object_get(checkpoint, "witnessed"),
		     *one;
	const json_t *by = json_object_get(witnessed, "by");
	size_t i;

	begin("");
	if (!json_is_object(witnessed)) {
		fputs("witnesses: not known\n", stdout);
		return;
	}
	if (json_array_size(by) == 0) {
		fputs("no quorum of witnesses has cosigned yet\n", stdout);
		return;
	}
	printf("witnessed up to size %lld by ",
	    json_integer_value(json_object_get(witnessed, "size")));
	json_array_foreach (by, i, one) {
		fputs(i > 0 ? ", " : "", stdout);
		output_text(json_text(one, "name"));
	}
	putchar('\n');
}

static void
print_checkpoint(const json_t *status)
{
	const json_t *one = json_object_get(status, "checkpoint");

	begin("checkpoint");
	if (!json_is_object(one)) {
		puts("not readable");
		return;
	}
	printf("size %lld%s%s\n",
	    json_integer_value(json_object_get(one, "size")),
	    is_null(one, "seen") ? "" : ", seen first at ",
	    json_text(one, "seen"));
	if (json_integer_value(json_object_get(one, "quorum")) > 0)
		print_witnesses(one);
}

static void
print_policy(const json_t *status)
{
	const json_t *policy = json_object_get(status, "policy");
	const json_t *waiting = json_object_get(policy, "waiting");

	begin("policy");
	printf("%.16s…, accepted", json_text(policy, "accepted"));
	if (!is_null(policy, "entry"))
		printf(", of entry %lld",
		    json_integer_value(json_object_get(policy, "entry")));
	putchar('\n');
	if (json_is_object(waiting)) {
		begin("");
		printf("%.16s… is in force since entry %lld, and waits for"
		       " you: valise policy show\n",
		    json_text(waiting, "digest"),
		    json_integer_value(json_object_get(waiting, "entry")));
	}
}

static bool
has_powers(const json_t *status)
{
	const json_t *end;
	size_t i;

	json_array_foreach (json_object_get(status, "ends"), i, end)
		if (strcmp(json_text(end, "kind"), "full-powers") == 0)
			return true;
	return false;
}

static void
print_to_sign(const json_t *status)
{
	const json_t *list = json_object_get(status, "to-sign"), *one;
	size_t i;

	if (json_array_size(list) == 0) {
		begin("to sign");
		puts(!json_is_array(list)    ? "not known"
			: has_powers(status) ? "nothing"
					     : "nothing: this person has no"
					       " full powers");
	}
	json_array_foreach (list, i, one) {
		begin(i == 0 ? "to sign" : "");
		printf("%s@%lld, %s", json_text(one, "document"),
		    json_integer_value(json_object_get(one, "version")),
		    json_text(one, "status"));
		if (strcmp(json_text(one, "command"), "terminate") == 0)
			fputs(", to be terminated", stdout);
		if (!is_null(one, "title")) {
			fputs(": ", stdout);
			output_text(json_text(one, "title"));
		}
		putchar('\n');
	}
}

static void
print_outbox(const json_t *status)
{
	const json_t *list = json_object_get(status, "outbox"), *one;
	size_t i;

	if (json_array_size(list) == 0) {
		begin("outbox");
		puts("empty");
	}
	json_array_foreach (list, i, one) {
		begin(i == 0 ? "outbox" : "");
		printf("%s of %s@%lld, made %s%s\n", json_text(one, "kind"),
		    json_text(one, "document"),
		    json_integer_value(json_object_get(one, "version")),
		    json_text(one, "made"),
		    json_is_true(json_object_get(one, "stale"))
			? ", too old to be sent"
			: "");
	}
}

static void
print_bags(const json_t *status)
{
	const json_t *list = json_object_get(status, "bags"), *one;
	size_t i;

	if (json_array_size(list) == 0) {
		begin("bags");
		puts(json_is_array(list) ? "none that is not acknowledged"
					 : "not known");
	}
	json_array_foreach (list, i, one) {
		begin(i == 0 ? "bags" : "");
		printf("%lld to %s of %s, not acknowledged%s\n",
		    json_integer_value(json_object_get(one, "number")),
		    json_text(one, "to"), json_text(one, "dispatched"),
		    strcmp(json_text(one, "state"), "missing") == 0
			? ", while a later one is: it is missing"
			: "");
	}
}

void
status_print(const json_t *status)
{
	const json_t *list = json_object_get(status, "not-asked"), *one;
	size_t i;

	print_who(status);
	print_ends(status);
	print_daemon(status);
	print_checkpoint(status);
	print_policy(status);
	print_to_sign(status);
	print_outbox(status);
	print_bags(status);
	json_array_foreach (list, i, one) {
		begin(i == 0 ? "not asked" : "");
		output_text(json_string_value(one));
		putchar('\n');
	}
}
