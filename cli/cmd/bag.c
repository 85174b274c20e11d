/*
 * "bag ack" and "bag push": handing in what came back by bag.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd/bag.h"
#include "cli/commands.h"

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
	ok = ok && bag_keep_number(context, name, answer->size, err);
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
