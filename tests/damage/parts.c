/*
 * parts - prints what is in a data folder, as lib/record/data knows it: a line
 * each, "f" for a file or "d" for a folder, a tab, and its name.
 */
#include <stdio.h>

#include "record/data.h"

int
main(void)
{
	for (unsigned i = 0; i < DATA_PARTS; i++)
		printf("%c\t%s\n", data_about(i)->is_folder ? 'd' : 'f',
		    data_name(i));
	return 0;
}
