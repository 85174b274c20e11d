/*
 * deposits.c - makes signed deposits, before they are needed.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "base/file.h"
#include "base/time.h"
#include "document/container.h"
#include "document/manifest.h"
#include "document/version.h"
#include "pki/cades.h"
#include "tests/lib/generators.h"
#include "tests/lib/tool.h"

static void
add_text(struct container *c, struct version *v, const char *language,
    size_t bytes)
{
	struct error err = { 0 };
	struct text_file *file = version_add_text(v, &err);
	struct buf raw = BUF(SIZE_MAX), text = BUF(SIZE_MAX);
	uint8_t random[4096];

	while (text.len < bytes) {
		RAND_bytes(random, sizeof(random));
		raw.len = 0;
		if (!buf_append_base64(&text, span_of(random, sizeof(random)),
			&err))
			tool_fail("text", &err);
	}
	text.len = bytes;
	snprintf(file->file, sizeof(file->file), "texts/%s/a.txt", language);
	snprintf(file->language, sizeof(file->language), "%s", language);
	snprintf(file->media, sizeof(file->media), "text/plain");
	file->authentic = true;
	file->size = text.len;
	file->sha256 = sha256_of(buf_span(&text));
	if (!container_put(c, file->file, buf_span(&text), &err))
		tool_fail("text", &err);
	buf_free(&text);
	buf_free(&raw);
}

static void
make_one(const char *dir, const struct identity *signer, const char *slug,
    size_t bytes)
{
	struct error err = { 0 };
	struct container *c = container_new(&err);
	struct version *v = version_new(&err);
	struct title *title = version_add_title(v, &err);
	struct manifest manifest = { 0 };
	struct buf yaml = BUF(100000), xml = BUF(100000), p7s = BUF(100000);
	char path[FILE_PATH];
	uint64_t size;
	int fd;

	snprintf(v->document, sizeof(v->document), "agreement/%s", slug);
	v->number = 1;
	snprintf(title->language, 3, "en");
	snprintf(title->text, 20, "Bench");
	snprintf(v->office, sizeof(v->office), "mofa");
	snprintf(v->person, sizeof(v->person), "treaties@mofa.example");
	v->created_at = time_now_ms() / 1000;
	add_text(c, v, "en", bytes);
	add_text(c, v, "lo", bytes);
	snprintf(manifest.signature, sizeof(manifest.signature), "%s",
	    PATH_ORIGIN);
	if (!version_encode(v, &yaml, &err) ||
	    !container_put(c, PATH_VERSION, buf_span(&yaml), &err) ||
	    !container_hash(c, NULL, &err))
		tool_fail(slug, &err);
	for (size_t i = 0; i < c->num; i++)
		if (!manifest_add(&manifest, c->members[i].path,
			media_of_path(c->members[i].path),
			&c->members[i].sha256, &err))
			tool_fail(slug, &err);
	snprintf(path, sizeof(path), "%s/%s.asice", dir, slug);
	if (!manifest_encode(&manifest, &xml, &err) ||
	    !cades_sign(signer, buf_span(&xml), COMMITMENT_ORIGIN,
		time_now_ms() / 1000, &p7s, &err) ||
	    !container_put(c, PATH_ORIGIN_MANIFEST, buf_span(&xml), &err) ||
	    !container_put(c, PATH_ORIGIN, buf_span(&p7s), &err) ||
	    !container_put(c, "mimetype", span_of_str(CONTAINER_MIMETYPE),
		&err) ||
	    (fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) <
		0 ||
	    !container_write(c, fd, &size, &err))
		tool_fail(slug, &err);
	close(fd);
	container_free(c);
	manifest_free(&manifest);
	version_free(v);
	buf_free(&yaml);
	buf_free(&xml);
	buf_free(&p7s);
}

int
deposits_make(char *argv[])
{
	const unsigned count = (unsigned)strtoul(argv[2], NULL, 10);
	char cert[FILE_PATH], key[FILE_PATH], slug[64];
	const struct private_rule rule = { .insecure = false };
	struct identity signer;
	struct error err = { 0 };

	snprintf(cert, sizeof(cert), "%s/sign-cert.pem", argv[1]);
	snprintf(key, sizeof(key), "%s/sign-key.pem", argv[1]);
	if (!identity_load(cert, key, &rule, &signer, &err))
		tool_fail("identity", &err);
	for (unsigned i = 0; i < count; i++) {
		snprintf(slug, sizeof(slug), "%s-%u", argv[4], i);
		make_one(argv[0], &signer, slug, strtoul(argv[3], NULL, 10));
	}
	identity_free(&signer);
	return 0;
}
