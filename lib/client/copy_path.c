/*
 * The path of a version in requests (copy_path.h).
 */
#include "client/copy_path.h"

#include <stdio.h>

void
copy_path(char out[512], const char *document, unsigned version)
{
	if (version == 0)
		snprintf(out, 512, "/v1/documents/%s/versions/latest",
		    document);
	else
		snprintf(out, 512, "/v1/documents/%s/versions/%u", document,
		    version);
}
