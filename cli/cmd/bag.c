/*
 * "bag ack" and "bag push", handing in what came back by bag, and "bag list".
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/cmd/bag.h"
#include "cli/cmd/bag_sent.h"
#include "cli/commands.h"
#include "client/policies.h"

/*
 * Hand in the acknowledgement in a file, and note how far its addressee has
 * seen.
 */
static bool
run_ack(struct context *context, const char *file, struct error *err)
{
	struct container *zip = NULL;
	struct acknowledgement *answer = NULL;
	const struct member *yaml = NULL, *p7s = NULL;
	char name[POLICY_NAME + 8];
	struct session session;
	uint64_t index = 0;
	const int fd = file_open(file, err);
	bool ok;

	if (fd < 0)
		return false;
	if ((zip = container_read_files_within(fd, &files_of_bag, err)) !=
	    NULL) {
		yaml = container_find(zip, PATH_ACKNOWLEDGEMENT);
		p7s = container_find(zip, PATH_ACKNOWLEDGEMENT_P7S);
	}
	ok = zip != NULL &&
	    ((yaml != NULL && p7s != NULL) ||
		error_set(err, ERROR_MALFORMED, "%s: no acknowledgement",
		    file)) &&
	    (answer = acknowledgement_parse(member_bytes(yaml), err)) != NULL &&
	    session_open(context, &session, err);
	if (ok) {
		ok = bag_hand_in_answer(&session, answer, member_bytes(yaml),
		    member_bytes(p7s), &index, err);
		session_close(&session);
	}
	/*
	 * The daemon judged the acknowledgement: so its addressee has seen the
	 * journal up to here.
	 */
	snprintf(name, sizeof(name), "known-%s", ok ? answer->from : "");
	ok = ok && bag_keep_number(context, name, answer->size, err) &&
	    (answer->num == 0 ||
		bags_sent_keep_incomplete(context, &answer->waybill, err));
	if (ok && context->json)
		ok = output_json(json_pack("{s:I, s:s, s:I, s:I}", "number",
				     (json_int_t)answer->number, "from",
				     answer->from, "findings",
				     (json_int_t)answer->num, "entry",
				     (json_int_t)index),
		    err);
	else if (ok)
		printf("%s acknowledges bag %llu, %s: entry %llu of the"
		       " journal\n",
		    answer->from, (unsigned long long)answer->number,
		    answer->num == 0 ? "which came whole"
				     : "of which not all came well",
		    (unsigned long long)index);
	acknowledgement_free(answer);
	container_free(zip);
	close(fd);
	return ok;
}

bool
cmd_bag_ack(struct context *context, const struct options_given *given,
    struct error *err)
{
	return arguments_need_line(context, "bag ack", err) &&
	    context_load(context, err) &&
	    run_ack(context, given->operands[0], err);
}

bool
cmd_bag_push(struct context *context, const struct options_given *given,
    struct error *err)
{
	return arguments_need_line(context, "bag push", err) &&
	    context_load(context, err) &&
	    bag_push_command(context, given->operands[0], err);
}

/* --- bag list --- */

static const char *
state_of(const struct bags_sent *sent, size_t i)
{
	return sent->list[i].incomplete     ? "incomplete"
	    : sent->list[i].acknowledged    ? "acknowledged"
	    : bags_sent_is_missing(sent, i) ? "missing"
					    : "sent";
}

static bool
print_sent(const struct context *context, const struct bags_sent *sent,
    const char *to, struct error *err)
{
	const char *const heading[] = { "BAG", "TO", "DISPATCHED", "STATE" };
	struct table *table = table_new(4);
	json_t *rows = json_array();
	bool ok = table != NULL && table_add(table, heading);

	for (size_t i = 0; ok && i < sent->num; i++) {
		const struct bag_sent *bag = &sent->list[i];
		char number[24], at[TIME_TEXT];
		const char *const cells[] = { number, bag->to, at,
			state_of(sent, i) };

		if (to != NULL && strcmp(to, bag->to) != 0)
			continue;
		snprintf(number, sizeof(number), "%llu",
		    (unsigned long long)bag->number);
		time_format_ms(bag->at_ms, at);
		ok = table_add(table, cells);
		json_array_append_new(rows,
		    json_pack("{s:I, s:s, s:s, s:I, s:o, s:s, s:o}", "number",
			(json_int_t)bag->number, "to", bag->to, "dispatched",
			at, "entry", (json_int_t)bag->entry, "waybill",
			json_of_digest(&bag->waybill), "state",
			state_of(sent, i), "acknowledgement",
			bag->acknowledged
			    ? json_integer((json_int_t)bag->answer)
			    : json_null()));
	}
	if (!ok)
		error_set_errno(err, "bags");
	else if (context->json)
		ok = output_json(json_pack("{s:O}", "bags", rows), err);
	else if (json_array_size(rows) == 0)
		puts("No bag was sent.");
	else
		table_print(table);
	json_decref(rows);
	table_free(table);
	return ok;
}

bool
cmd_bag_list(struct context *context, const struct options_given *given,
    struct error *err)
{
	struct bags_sent sent = { 0 };
	struct cert *cert = NULL;
	struct session session;
	struct policy *policy;
	const struct office *office;
	bool ok;

	if (!arguments_need_line(context, "bag list", err) ||
	    !context_load(context, err) ||
	    (policy = policies_pinned(context, err)) == NULL ||
	    (office = policies_own_office(context, policy, &cert, err)) == NULL)
		return false;
	cert_free(cert);
	if (!session_open(context, &session, err))
		return false;
	ok = bags_sent_load(&session, office->name, &sent, err);
	session_close(&session);
	ok = ok &&
	    print_sent(context, &sent, options_value(given, OPTION_TO), err);
	bags_sent_free(&sent);
	return ok;
}
