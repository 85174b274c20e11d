/*
 * How many machines have flushed a transaction when its COMMIT is answered.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "backend/postgres/private.h"

/*
 * The number of standbys that a COMMIT waits for: synchronous_standby_names is
 * "", "a, b", "*", "2 (a, b)", "FIRST 2 (a, b)" or "ANY 2 (a, b)".
 */
static unsigned
count_standbys(const char *names)
{
	const char *text = names + strspn(names, " \t\n");
	char *end;
	unsigned long num;

	if (*text == '\0')
		return 0;
	if (strncasecmp(text, "FIRST", 5) == 0 &&
	    isspace((unsigned char)text[5]))
		text += 5;
	else if (strncasecmp(text, "ANY", 3) == 0 &&
	    isspace((unsigned char)text[3]))
		text += 3;
	num = strtoul(text, &end, 10);
	end += strspn(end, " \t\n");
	return num > 0 && num < UINT16_MAX && *end == '(' ? (unsigned)num : 1;
}

bool
durable_check(const struct postgres *postgres, const PGresult *result,
    int column, struct error *err)
{
	const char *names = row_text(result, 0, column);
	const unsigned machines = 1 + count_standbys(names);

	return machines >= postgres->durable ||
	    error_set(err, ERROR_UNAVAILABLE,
		"postgresql: synchronous_standby_names is \"%.100s\": %u"
		" machine%s would have this, and durable asks for %u",
		names, machines, machines == 1 ? "" : "s", postgres->durable);
}
