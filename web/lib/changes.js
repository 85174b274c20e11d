/*
 * changes.js - what differs between two policies, in words.
 *
 * Each difference is a whole sentence of its own: [id, arguments], for t().
 */

const RIGHTS = ["deposit", "read", "audit"];
const QUORA = ["quorum", "terminate"];

const byName = (list, key) => new Map(list.map((one) => [one[key], one]));

function rights(before, after, out) {
	for (const right of RIGHTS) {
		const was = new Set(before?.[right] ?? []);
		const is = new Set(after[right]);

		for (const office of is)
			if (!was.has(office))
				out.push([`policy.now-${right}`,
					{ office, type: after.type }]);
		for (const office of was)
			if (!is.has(office))
				out.push([`policy.no-longer-${right}`,
					{ office, type: after.type }]);
	}
}

function quora(before, after, out) {
	for (const kind of QUORA) {
		const was = before?.[kind] ?? {};
		const parties = new Set([...Object.keys(was),
			...Object.keys(after[kind])]);

		for (const party of parties) {
			const persons = after[kind][party] ?? 0;

			if ((was[party] ?? 0) !== persons)
				out.push([`policy.${kind}-is`,
					{ party, persons, type: after.type }]);
		}
	}
}

const powersOf = (one) => `${one.from} ${one.until} ${one.types.join(" ")}`;

function powers(before, after, out) {
	const key = ({ person, party }) => `${person} ${party}`;
	const was = new Map(before.map((one) => [key(one), one]));
	const is = new Map(after.map((one) => [key(one), one]));

	for (const [name, one] of is)
		if (!was.has(name) || powersOf(was.get(name)) !== powersOf(one))
			out.push([was.has(name) ? "policy.powers-changed"
				: "policy.powers-given", { person: one.person,
				party: one.party, from: one.from, until: one.until,
				types: one.types.join(", ") }]);
	for (const [name, one] of was)
		if (!is.has(name))
			out.push(["policy.powers-ended",
				{ person: one.person, party: one.party }]);
}

/* before and after: as policy-show.json has one policy. */
export function changes(before, after) {
	const out = [];
	const was = byName(before.types, "type"), is = byName(after.types, "type");

	for (const [type, one] of is) {
		if (!was.has(type))
			out.push(["policy.type-new", { type }]);
		rights(was.get(type), one, out);
		quora(was.get(type), one, out);
	}
	for (const type of was.keys())
		if (!is.has(type))
			out.push(["policy.type-gone", { type }]);
	powers(before["full-powers"], after["full-powers"], out);
	return out;
}
