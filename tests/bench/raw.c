/*
 * raw.c - measures what every verifier must do: one verification of each kind
 * of signature, inflating and hashing, by the libraries alone.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "base/deflate.h"
#include "base/digest.h"
#include "document/zip.h"
#include "tests/bench/bench.h"
#include "tests/lib/tool.h"

static const double ENOUGH_S = 1.0;

/*
 * Returns verifications per second of CPU of one signature over a digest or a
 * text.
 */
static double
raw_signature(EVP_PKEY *key, const EVP_MD *md)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char signature[128];
	const unsigned char text[200] = { 1 };
	size_t len = sizeof(signature);
	double began;
	unsigned n = 0;

	if (EVP_DigestSignInit(context, NULL, md, NULL, key) != 1 ||
	    EVP_DigestSign(context, signature, &len, text, sizeof(text)) != 1)
		tool_fail("raw signature", NULL);
	began = tool_seconds(CLOCK_PROCESS_CPUTIME_ID);
	while (tool_seconds(CLOCK_PROCESS_CPUTIME_ID) - began < ENOUGH_S) {
		EVP_MD_CTX_reset(context);
		if (EVP_DigestVerifyInit(context, NULL, md, NULL, key) != 1 ||
		    EVP_DigestVerify(context, signature, len, text,
			sizeof(text)) != 1)
			tool_fail("raw verification", NULL);
		n++;
	}
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return n / (tool_seconds(CLOCK_PROCESS_CPUTIME_ID) - began);
}

double
raw_ed25519(void)
{
	return raw_signature(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL);
}

double
raw_p256(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	EVP_PKEY_CTX *sign = EVP_PKEY_CTX_new(key, NULL);
	EVP_PKEY_CTX *verify = EVP_PKEY_CTX_new(key, NULL);
	unsigned char signature[128], digest[32] = { 1 };
	size_t len = sizeof(signature);
	const double began = tool_seconds(CLOCK_PROCESS_CPUTIME_ID);
	unsigned n = 0;

	EVP_PKEY_sign_init(sign);
	EVP_PKEY_verify_init(verify);
	EVP_PKEY_sign(sign, signature, &len, digest, sizeof(digest));
	while (tool_seconds(CLOCK_PROCESS_CPUTIME_ID) - began < ENOUGH_S) {
		if (EVP_PKEY_verify(verify, signature, len, digest,
			sizeof(digest)) != 1)
			tool_fail("raw", NULL);
		n++;
	}
	EVP_PKEY_CTX_free(sign);
	EVP_PKEY_CTX_free(verify);
	EVP_PKEY_free(key);
	return n / (tool_seconds(CLOCK_PROCESS_CPUTIME_ID) - began);
}

/* Seconds of CPU that the files cost at least. */
struct must {
	double inflate, hash;
	size_t signatures, files;
};

/* Inflate and hash one member, whose deflated bytes are in memory. */
static void
must_member(const struct zip_member *member, struct span packed,
    struct must *must)
{
	uint8_t *content = malloc(member->size + 1);
	double began = tool_seconds(CLOCK_PROCESS_CPUTIME_ID);

	if (content == NULL ||
	    (member->deflated &&
		!deflate_inflate(packed, content, member->size)))
		tool_fail(member->path, NULL);
	must->inflate += tool_seconds(CLOCK_PROCESS_CPUTIME_ID) - began;
	began = tool_seconds(CLOCK_PROCESS_CPUTIME_ID);
	(void)sha256_of(
	    member->deflated ? span_of(content, member->size) : packed);
	must->hash += tool_seconds(CLOCK_PROCESS_CPUTIME_ID) - began;
	free(content);
}

static void
must_file(const char *path, struct must *must)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct zip_member *members = NULL;
	struct error err = { 0 };
	size_t num = 0;

	if (fd < 0 || !zip_read(fd, ZIP_OURS, &members, &num, &err))
		tool_fail(path, &err);
	for (size_t i = 0; i < num; i++) {
		const struct zip_member *m = &members[i];
		const size_t len = strlen(m->path);
		struct buf packed = BUF(SIZE_MAX);

		if (!zip_stream_packed(fd, m, sink_to_buf, &packed, &err))
			tool_fail(m->path, &err);
		must_member(m, buf_span(&packed), must);
		must->signatures +=
		    len > 4 && strcmp(m->path + len - 4, ".p7s") == 0;
		buf_free(&packed);
	}
	must->files++;
	free(members);
	close(fd);
}

int
bench_must(char *argv[])
{
	const double p256_us = 1e6 / raw_p256(),
		     ed25519_us = 1e6 / raw_ed25519();
	struct must must = { .files = 0 };

	for (; *argv != NULL; argv++)
		must_file(*argv, &must);
	printf("%.0f %.0f %.0f %.0f %zu %zu\n",
	    p256_us * (double)must.signatures, ed25519_us * (double)must.files,
	    must.inflate * 1e6, must.hash * 1e6, must.signatures, must.files);
	return 0;
}
