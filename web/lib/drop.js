/*
 * drop.js - a place to drop files on, with a button that chooses them, which
 * the keyboard reaches too.
 */

import { fill, h } from "./dom.js";
import { t, tn } from "./lang.js";
import { plain } from "./view.js";

/* Files of a drop; folders are named, not looked into. */
function dropped(transfer) {
	const files = [], folders = [];
	for (const item of transfer.items) {
		if (item.kind !== "file")
			continue;
		const entry = item.webkitGetAsEntry?.();
		if (entry?.isDirectory)
			folders.push(entry.name);
		else if (item.getAsFile())
			files.push(item.getAsFile());
	}
	return { files, folders };
}

/*
 * id: of the field; label: what is to be dropped; onFiles: called with a
 * list of File; multiple: whether it may be several.
 */
export function dropPlace(id, label, onFiles, multiple = false) {
	const said = h("p", { role: "alert", class: "small" });
	const take = (files, folders = []) => {
		fill(said, folders.length === 0 ? null
			: tn("drop.folder", { name: plain(folders.join(", ")) }));
		const list = multiple ? files : files.slice(0, 1);
		if (list.length)
			onFiles(list);
	};
	const input = h("input", { id, type: "file", multiple, on: {
		change: () => {
			take([...input.files]);
			input.value = "";
		} } });
	const over = (on) => (event) => {
		event.preventDefault();
		place.classList.toggle("over", on);
	};
	const place = h("div", { class: "drop", on: {
		dragover: over(true), dragleave: over(false), drop: (event) => {
			over(false)(event);
			const { files, folders } = dropped(event.dataTransfer);
			take(files, folders);
		} } },
	h("label", { for: id }, label), input,
	h("p", { class: "small" }, multiple ? t("drop.several") : t("drop.one")),
	said);
	return place;
}
