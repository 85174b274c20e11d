/*
 * metrics.js - reads the daemon's /metrics (Prometheus text, version 0.0.4)
 * and says within what time a share of all answers was given.
 */

const LINES = 5000;

/* {name, labels: {…}, value} of each sample. */
export function samples(text) {
	const out = [];

	for (const line of text.split("\n").slice(0, LINES)) {
		const found = /^([a-z_:][a-z0-9_:]*)(?:\{([^}]*)\})? ([^ ]+)$/i
			.exec(line);

		if (!found)
			continue;
		const labels = Object.fromEntries([...(found[2] ?? "").matchAll(
		    /([a-z_]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
		out.push({ name: found[1], labels,
			value: found[3] === "+Inf" ? Infinity : Number(found[3]) });
	}
	return out;
}

/* The value of a sample without labels; null if there is none. */
export function valueOf(list, name) {
	return list.find((one) => one.name === name)?.value ?? null;
}

/*
 * The upper bound of the bucket, in seconds, in which the share (0 to 1) of
 * a histogram's observations ends; null if nothing was observed.
 */
export function within(list, name, share, step) {
	const buckets = list.filter((one) => one.name === `${name}_bucket` &&
	    (step === undefined || one.labels.step === step))
		.map(({ labels, value }) => ({ count: value,
			bound: labels.le === "+Inf" ? Infinity : Number(labels.le) }))
		.sort((a, b) => a.bound - b.bound);
	const all = buckets.at(-1)?.count ?? 0;

	if (all === 0)
		return null;
	return buckets.find(({ count }) => count >= share * all).bound;
}

/* The steps that a histogram is kept for. */
export function stepsOf(list, name) {
	return [...new Set(list.filter((one) => one.name === `${name}_count`)
		.map(({ labels }) => labels.step).filter(Boolean))];
}
