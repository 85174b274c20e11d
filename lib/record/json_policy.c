/*
 * The JSON of a policy (json.h).
 */
#include "base/time.h"
#include "record/json.h"

static json_t *
json_of_offices(const struct policy *policy, const struct office_list *list)
{
	json_t *all = json_array();

	for (size_t i = 0; i < list->num; i++)
		json_array_append_new(all,
		    json_string(policy->offices[list->offices[i]].name));
	return all;
}

static json_t *
json_of_quorum(const struct quorum *quorum)
{
	json_t *all = json_object();

	for (size_t i = 0; i < quorum->num; i++)
		json_object_set_new(all, quorum->parties[i].party,
		    json_integer((json_int_t)quorum->parties[i].persons));
	return all;
}

static json_t *
json_of_powers(const struct policy *policy, const struct full_powers *one)
{
	char from[TIME_TEXT], until[TIME_TEXT];
	json_t *types = json_array();

	time_format_date(one->from_at, from);
	time_format_date(one->until_at - 1, until);
	for (size_t i = 0; i < policy->num_types; i++)
		if ((one->types >> i & 1) != 0)
			json_array_append_new(types,
			    json_string(policy->types[i].name));
	return json_pack("{s:s, s:s, s:s, s:s, s:o}", "person", one->person,
	    "party", one->party, "from", from, "until", until, "types", types);
}

json_t *
json_of_policy(const struct policy *policy)
{
	json_t *powers = json_array(), *types = json_array();

	for (size_t i = 0; i < policy->num_powers; i++)
		json_array_append_new(powers,
		    json_of_powers(policy, &policy->powers[i]));
	for (size_t i = 0; i < policy->num_types; i++) {
		const struct document_type *type = &policy->types[i];

		json_array_append_new(types,
		    json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "type",
			type->name, "title", type->title, "deposit",
			json_of_offices(policy, &type->deposit), "read",
			json_of_offices(policy, &type->read), "audit",
			json_of_offices(policy, &type->audit), "quorum",
			json_of_quorum(&type->quorum), "terminate",
			json_of_quorum(&type->terminate)));
	}
	return json_pack("{s:o, s:o, s:o}", "digest",
	    json_of_digest(&policy->digest), "full-powers", powers, "types",
	    types);
}
