/*
 * Fuzz target: the CMS of a bag, by which what is in it is decrypted.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "base/file.h"
#include "fuzz.h"
#include "pki/envelope.h"

/* An office's certificate and key, to which the seeds are encrypted. */
static const char office_pem[] =
#include "fuzz_office.inc"
    ;

enum { CIPHERTEXT = 5 }; /* of the seeds: "hello" */

static struct identity office;
static int fd = -1;

static void
set_up(void)
{
	static const uint8_t ciphertext[CIPHERTEXT] = { 0xcb, 0x56, 0x00, 0x44,
		0xcb };
	BIO *in = BIO_new_mem_buf(office_pem, -1);
	struct error err = { 0 };

	office.key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
	office.cert = cert_parse_pem(span_of_str(office_pem), &err);
	BIO_free(in);
	fd = memfd_create("fuzz", 0);
	if (office.key == NULL || office.cert == NULL || fd < 0 ||
	    !file_pwrite(fd, span_of(ciphertext, CIPHERTEXT), 0, &err))
		abort();
}

static bool
count(void *arg, struct span bytes, struct error *err)
{
	size_t *sum = arg;

	(void)err;
	*sum += bytes.len;
	return true;
}

/* Nothing but the ciphertext comes out of it. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	size_t sum = 0;
	bool ok;

	if (fd < 0)
		set_up();
	ok = envelope_open(span_of(data, size), &office, fd, 0, CIPHERTEXT,
	    count, &sum, &err);
	FUZZ_CHECK(ok, err);
	if (sum > CIPHERTEXT || (ok && sum != CIPHERTEXT))
		__builtin_trap();
	return 0;
}
