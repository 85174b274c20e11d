/*
 * sign.js - what waits for this person's signature, with a button each.
 */

import { getJSON } from "../lib/api.js";
import { signButton, terminateButton } from "../lib/acts.js";
import { h } from "../lib/dom.js";
import { t, tn } from "../lib/lang.js";
import { digest, heading, named, plain, statusBadge, terms }
	from "../lib/view.js";

function waits(row) {
	const title = row.title || row.document;
	return h("section", {}, h("h2", {}, h("a", { href:
	    `#/document/${row.document}?version=${row.version}` }, named(title))),
	terms([
		[t("register.column.document"), h("code", {},
		    named(`${row.document}@${row.version}`))],
		[t("register.column.status"), statusBadge(row.status)],
		[t("do.digest"), digest(row.digest)],
		[t("sign.signed"), row.parties.map((one) => h("div", {},
		    tn("sign.of", { party: plain(one.party), signed: one.signed,
		        needed: one.needed })))]]),
	row.command === "terminate" ? terminateButton({ ...row, begun: true })
		: signButton(row));
}

export async function page(view, route) {
	view.append(heading(t("sign.title")));
	const status = await getJSON("/desk/status", { signal: route.signal });
	const rows = status["to-sign"];
	if (!rows)
		view.append(h("p", {}, t("sign.unknown")));
	else if (rows.length === 0)
		view.append(h("p", {}, t("sign.nothing")));
	else
		view.append(...rows.map(waits));
}
