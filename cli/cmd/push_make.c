/*
 * Making a version to deposit: its titles, note and files, each checked when it
 * is named.
 */
#include "cli/cmd/push.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/deflate.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "document/zip.h"

struct push *
push_new(struct error *err)
{
	struct push *push = calloc(1, sizeof(*push));

	if (push == NULL || (push->version = version_new(err)) == NULL ||
	    (push->container = container_new(err)) == NULL) {
		push_free(push);
		error_set_errno(err, "push");
		return NULL;
	}
	return push;
}

void
push_free(struct push *push)
{
	if (push == NULL)
		return;
	for (size_t i = 0; i < push->num_fds; i++)
		close(push->fds[i]);
	for (size_t i = 0; i < push->num_inputs; i++) {
		free(push->inputs[i].path);
		free(push->inputs[i].name);
	}
	container_free(push->container);
	version_free(push->version);
	free(push);
}

static bool
check_language(const char *language, struct error *err)
{
	return (strlen(language) <= LIMIT_LANGUAGE_BYTES &&
		   text_is_language(span_of_str(language))) ||
	    error_set(err, ERROR_USAGE, "\"%s\" is not a language", language);
}

bool
push_add_title(struct push *push, const char *language, const char *title,
    struct error *err)
{
	char composed[LIMIT_TITLE_BYTES + 1];
	struct title *one;

	if (!check_language(language, err))
		return false;
	if (!arguments_compose("the title", title, composed, sizeof(composed),
		err) ||
	    !text_is_line(span_of_str(composed)))
		return error_set(err, ERROR_USAGE,
		    "a title is one line of visible text (NFC), %d bytes at"
		    " most",
		    LIMIT_TITLE_BYTES);
	if ((one = version_add_title(push->version, err)) == NULL)
		return false;
	text_set(one->language, sizeof(one->language), language);
	text_set(one->text, sizeof(one->text), composed);
	return true;
}

bool
push_add_file(struct push *push, const char *language, const char *path,
    struct error *err)
{
	struct text_file *file;
	struct push_input *input;

	if (language != NULL && !check_language(language, err))
		return false;
	file = language != NULL ? version_add_text(push->version, err)
				: version_add_annex(push->version, err);
	if (file == NULL)
		return false;
	if (language != NULL)
		text_set(file->language, sizeof(file->language), language);
	input = &push->inputs[push->num_inputs];
	input->is_text = language != NULL;
	input->path = strdup(path);
	push->num_inputs++;
	return input->path != NULL || error_set_errno(err, "%s", path);
}

bool
push_name_file(struct push *push, const char *name, struct error *err)
{
	struct push_input *input;

	if (push->num_inputs == 0)
		return error_set(err, ERROR_USAGE,
		    "--as goes behind the --text or --annex that it names");
	input = &push->inputs[push->num_inputs - 1];
	if (input->name != NULL)
		return error_set(err, ERROR_USAGE, "%s: it has a name already",
		    input->path);
	return (input->name = strdup(name)) != NULL ||
	    error_set_errno(err, "--as");
}

bool
push_set_note(struct push *push, const char *note, struct error *err)
{
	char composed[LIMIT_NOTE_BYTES + 1];

	if (!arguments_compose("the note", note, composed, sizeof(composed),
		err) ||
	    !text_is_line(span_of_str(composed)))
		return error_set(err, ERROR_USAGE,
		    "a note is one line of visible text (NFC), %d bytes at"
		    " most",
		    LIMIT_NOTE_BYTES);
	text_set(push->version->note, sizeof(push->version->note), composed);
	return true;
}

bool
push_is_whole(const struct push *push, struct error *err)
{
	if (push->version->num_texts == 0)
		return error_set(err, ERROR_USAGE,
		    "a version needs a text: --text en=FILE");
	return push->version->num_titles > 0 ||
	    error_set(err, ERROR_USAGE,
		"a version needs a title: --title en=\"…\"");
}

/* Tell the media type by the content; Markdown is text, told by its name. */
static bool
tell_media(int fd, const char *path, char out[LIMIT_MEDIA_BYTES + 1],
    struct error *err)
{
	uint8_t front[65536];
	const ssize_t n = pread(fd, front, sizeof(front), 0);
	struct span text;
	const char *dot = strrchr(path, '.');
	const char *media = "application/octet-stream";

	if (n < 0)
		return error_set_errno(err, "%s", path);
	text = span_of(front, (size_t)n);
	/* The piece that was read may end within a character. */
	for (unsigned i = 0;
	     i < 4 && text.len == sizeof(front) && !text_is_utf8(text); i++)
		text.len--;
	if (span_starts(text, "%PDF-"))
		media = "application/pdf";
	else if (text_is_utf8(text))
		media = dot != NULL && strcmp(dot, ".md") == 0 ? "text/markdown"
							       : "text/plain";
	text_set(out, LIMIT_MEDIA_BYTES + 1, media);
	return true;
}

/* Endings that say what is in a file, and what it then begins with. */
static const struct {
	const char *ending, *front, *what;
	size_t at; /* where that is in the file */
} kinds[] = {
	{ ".pdf", "%PDF-", "a PDF", 0 },
	{ ".docx", "PK\003\004", "a document of Word", 0 },
	{ ".odt", "PK\003\004", "a document of LibreOffice", 0 },
	{ ".png", "\211PNG", "a PNG image", 0 },
	{ ".jpg", "\377\330\377", "a JPEG image", 0 },
	{ ".jpeg", "\377\330\377", "a JPEG image", 0 },
	{ ".gif", "GIF8", "a GIF image", 0 },
	{ ".webp", "WEBP", "a WebP image", 8 },
	{ ".txt", NULL, "a text", 0 },
	{ ".md", NULL, "a text", 0 },
};

/* Check that a file is what its ending says, if that says anything. */
static bool
check_ending(int fd, const char *name, const char *media, struct error *err)
{
	const char *dot = strrchr(name, '.');
	uint8_t front[16] = { 0 };
	ssize_t n;

	if (dot == NULL)
		return true;
	if ((n = pread(fd, front, sizeof(front), 0)) < 0)
		return error_set_errno(err, "%s", name);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		bool same;

		if (strcasecmp(dot, kinds[i].ending) != 0)
			continue;
		same = kinds[i].front == NULL
		    ? strncmp(media, "text/", 5) == 0
		    : (size_t)n >= kinds[i].at + strlen(kinds[i].front) &&
			memcmp(front + kinds[i].at, kinds[i].front,
			    strlen(kinds[i].front)) == 0;
		return same ||
		    error_set(err, ERROR_USAGE,
			"it is not %s, which its name says it is: rename it,"
			" name it by --as, or deposit it so by --allow ending",
			kinds[i].what);
	}
	return true;
}

/* Make a file of the disk a member: it is read in pieces, never as a whole. */
static bool
stream_file(const struct member *member, byte_sink *sink, void *arg,
    struct error *err)
{
	uint8_t piece[65536];
	uint64_t at = 0;

	while (at < member->size) {
		const size_t n = member->size - at < sizeof(piece)
		    ? (size_t)(member->size - at)
		    : sizeof(piece);

		if (!file_pread(member->fd, piece, n, (off_t)at, err) ||
		    !sink(arg, span_of(piece, n), err))
			return error_context(err, "%s", member->path);
		at += n;
	}
	return true;
}

static const struct member_source on_disk = { stream_file, stream_file };

/* a larger file is stored, not deflated */
enum { DEFLATE_BYTES = 4 * 1024 * 1024 };

/* Put a text or annex into the container, and describe it in file. */
static bool
add_file(struct push *push, const struct push_input *input,
    const struct document_type *type, struct text_file *file, struct error *err)
{
	char name[LIMIT_NAME_BYTES + 1];
	struct member member = { .source = &on_disk };
	struct buf bytes = BUF(DEFLATE_BYTES);
	struct stat st;
	bool ok;

	member.fd = file_open(input->path, err);
	if (member.fd < 0)
		return false;
	push->fds[push->num_fds++] = member.fd;
	if (fstat(member.fd, &st) != 0 || !S_ISREG(st.st_mode))
		return error_set(err, ERROR_USAGE, "%s: not a plain file",
		    input->path);
	if ((uint64_t)st.st_size > LIMIT_TEXT_BYTES)
		return error_set(err, ERROR_LIMIT, "%s: over %llu bytes",
		    input->path, (unsigned long long)LIMIT_TEXT_BYTES);
	if (st.st_size == 0 && !push->allow_empty)
		return error_set(err, ERROR_USAGE,
		    "%s: it is empty; --allow-empty deposits it all the same",
		    input->path);
	if (!push_name(input,
		type != NULL ? type->limit_name : LIMIT_NAME_DEFAULT, name,
		err))
		return false;
	snprintf(file->file, sizeof(file->file), "%s%s%s%s",
	    input->is_text ? "texts/" : "annexes", file->language, "/", name);
	if (!text_check_path(span_of_str(file->file), err))
		return error_context(err, "%s", input->path);
	if (container_find(push->container, file->file) != NULL)
		return error_set(err, ERROR_USAGE, "two files would be %s",
		    file->file);
	if (!tell_media(member.fd, name, file->media, err))
		return false;
	if (!push->allow_ending && st.st_size > 0 &&
	    !check_ending(member.fd, name, file->media, err))
		return error_context(err, "%s", input->path);
	file->size = member.size = member.packed = (uint64_t)st.st_size;
	text_set(member.path, sizeof(member.path), file->file);
	if (member.size > DEFLATE_BYTES)
		return container_add(push->container, &member, err);
	ok = stream_file(&member, sink_to_buf, &bytes, err) &&
	    container_put(push->container, file->file, buf_span(&bytes), err);
	buf_free(&bytes);
	return ok;
}

static bool
crc_piece(void *arg, struct span bytes, struct error *err)
{
	uint32_t *crc = arg;

	(void)err;
	*crc = deflate_crc32(*crc, bytes);
	return true;
}

/* Hash the files and fill in their digests. */
static bool
hash_files(struct push *push, struct error *err)
{
	struct version *version = push->version;

	if (!container_hash(push->container, NULL, err))
		return false;
	for (size_t i = 0; i < push->container->num; i++) {
		struct member *member = &push->container->members[i];

		if (member->source == &on_disk &&
		    !stream_file(member, crc_piece, &member->crc, err))
			return false;
	}
	for (size_t i = 0; i < version->num_texts; i++)
		version->texts[i].sha256 =
		    container_find(push->container, version->texts[i].file)
			->sha256;
	for (size_t i = 0; i < version->num_annexes; i++)
		version->annexes[i].sha256 =
		    container_find(push->container, version->annexes[i].file)
			->sha256;
	return true;
}

/* Of two texts of one language, both authentic, nobody knows which binds. */
static bool
check_authentic(const struct version *version, struct error *err)
{
	for (size_t i = 0; i < version->num_texts; i++)
		for (size_t k = i + 1; k < version->num_texts; k++)
			if (version->texts[i].authentic &&
			    strcmp(version->texts[i].language,
				version->texts[k].language) == 0)
				return error_set(err, ERROR_USAGE,
				    "%s and %s: two authentic texts of one"
				    " language; one of them may be an --annex",
				    version->texts[i].file,
				    version->texts[k].file);
	return true;
}

bool
push_gather(struct push *push, const struct policy *policy, struct error *err)
{
	struct version *version = push->version;
	const struct document_type *type;
	char name[LIMIT_SLUG_BYTES + 1];
	size_t text = 0, annex = 0;

	document_type(push->document, name);
	type = policy_type(policy, name);
	for (size_t i = 0; i < push->num_inputs; i++) {
		struct text_file *file = push->inputs[i].is_text
		    ? &version->texts[text++]
		    : &version->annexes[annex++];

		if (!add_file(push, &push->inputs[i], type, file, err))
			return false;
		for (size_t j = 0; type != NULL && j < type->num_authentic; j++)
			file->authentic = file->authentic ||
			    strcmp(type->authentic[j], file->language) == 0;
	}
	return check_authentic(version, err) && hash_files(push, err);
}
