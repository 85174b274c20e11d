/*
 * A bag that is being packed (packing.h).
 */
#include "cli/cmd/packing.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

/* Put a file into the bag. What lists it says that it belongs there. */
struct bag_file *
packing_add_unlisted(struct packing *pack, const char *path, int fd,
    struct span bytes, struct error *err)
{
	struct bag_file *file = &pack->files[pack->num];
	struct stat st;

	if (pack->num == LIMIT_BAG_FILES) {
		error_set(err, ERROR_LIMIT,
		    "a bag has at most %d files: pack two", LIMIT_BAG_FILES);
		return NULL;
	}
	*file =
	    (struct bag_file){ .fd = fd, .bytes = bytes, .size = bytes.len };
	text_set(file->path, sizeof(file->path), path);
	if (fd >= 0 && fstat(fd, &st) == 0)
		file->size = (uint64_t)st.st_size;
	if (!bag_measure(file, err))
		return NULL;
	pack->num++;
	return file;
}

struct bag_file *
packing_add_file(struct packing *pack, const char *path, int fd,
    struct span bytes, struct error *err)
{
	struct bag_file *file =
	    packing_add_unlisted(pack, path, fd, bytes, err);
	struct waybill_file *listed;

	if (file == NULL)
		return NULL;
	if ((listed = waybill_add_file(pack->waybill, err)) == NULL) {
		pack->num--; /* fd is the caller's again */
		return NULL;
	}
	text_set(listed->path, sizeof(listed->path), path);
	listed->size = file->size;
	listed->sha256 = file->sha256;
	return file;
}

void
packing_free(struct packing *pack)
{
	for (size_t i = 0; i < pack->num; i++)
		if (pack->files[i].fd >= 0)
			close(pack->files[i].fd);
	free(pack->files);
	waybill_free(pack->waybill);
	free(pack->at);
	identity_free(&pack->signer);
	cert_free(pack->recipient);
	buf_free(&pack->checkpoint);
	buf_free(&pack->prefixes);
	container_free(pack->slips);
	buf_free(&pack->list);
	buf_free(&pack->yaml);
	buf_free(&pack->p7s);
}
