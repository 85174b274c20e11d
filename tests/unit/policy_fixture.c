/*
 * The smallest policy, and the one that the project ships (policy_fixture.h).
 */
#include "policy_fixture.h"

#include "unit.h"

static void
put_pem(struct container *files, const char *path, const struct cert *cert)
{
	struct buf pem = BUF(10000);
	struct error err = { 0 };

	fixture_pem(cert, &pem);
	ck_ok(container_put(files, path, buf_span(&pem), &err), err);
	buf_free(&pem);
}

struct policy *
fixture_policy(const struct identity *mofa, const struct identity *iom)
{
	static const char offices[] =
	    "valise: 1\n"
	    "depositary: {origin: mofa.example/log, office: mofa, ca: mofa,"
	    " email: depositary@mofa.example}\n"
	    "cas: {mofa: cas/mofa.pem, iom: cas/iom.pem}\n"
	    "parties:\n  lao-pdr:\n    name: {en: Lao PDR}\n"
	    "  iom:\n    name: {en: IOM}\n"
	    "offices:\n"
	    "  mofa: {party: lao-pdr, ca: mofa, emails: [\"*@mofa.example\"]}\n"
	    "  iom: {party: iom, ca: iom, emails: [\"*@iom.example\"]}\n"
	    "full-powers:\n"
	    "  - {person: a@mofa.example, party: lao-pdr, types: [mou],"
	    " from: 2021-08-01, until: 2031-12-31}\n"
	    "  - {person: c@iom.example, party: iom, types: [mou],"
	    " from: 2021-08-01, until: 2031-12-31}\n";
	static const char mou[] =
	    "valise: 1\ntype: mou\ntitle: {en: MoU}\n"
	    "languages: {authentic: [en]}\ndeposit: [mofa, iom]\n"
	    "read: [mofa, iom]\naudit: [mofa, iom]\n"
	    "quorum: {lao-pdr: 1, iom: 1}\nterminate: {lao-pdr: 1, iom: 1}\n"
	    "media: [text/plain]\nlimits: {text: 1 MiB, texts: 1}\n";
	struct complaints complaints = COMPLAINTS;
	struct error err = { 0 };
	struct container *files = container_new(&err);
	struct policy *made;

	put_pem(files, "cas/mofa.pem", mofa->cert);
	put_pem(files, "cas/iom.pem", iom->cert);
	ck_ok(container_put(files, "offices.yaml", span_of_str(offices),
		  &err) &&
		container_put(files, "mou.yaml", span_of_str(mou), &err),
	    err);
	made = policy_load(files, FIXTURE_UNTIL, &complaints, &err);
	ck_assert_msg(made != NULL, "%s", err.detail);
	complaints_free(&complaints);
	return made;
}

struct container *
fixture_shipped(const struct identity *mofa, const struct identity *iom)
{
	static const char *const offices[] = { "mofa", "iom-vientiane",
		"iom-bangkok", "iom-geneva" };
	struct container *files;
	struct error err = { 0 };
	char path[4096];

	snprintf(path, sizeof(path), "%s/policies", getenv("VALISE_TOP"));
	files = container_read_dir(path, &err);
	ck_assert_msg(files != NULL, "%s", err.detail);
	put_pem(files, "cas/mofa.pem", mofa->cert);
	put_pem(files, "cas/iom.pem", iom->cert);
	for (size_t i = 0; i < COUNT(offices); i++) {
		struct identity one = fixture_encrypter(i == 0 ? mofa : iom,
		    "registry@offices.example");

		snprintf(path, sizeof(path), "encryption/%s.pem", offices[i]);
		put_pem(files, path, one.cert);
		identity_free(&one);
	}
	return files;
}
