// The register's first page: what documents there are, as the server says.

const cell = (text) => {
	const td = document.createElement("td");
	td.textContent = String(text);
	return td;
};

const answer = await fetch("/v1/documents?limit=100");
const state = document.getElementById("state");
if (answer.ok) {
	const { documents } = await answer.json();
	document.getElementById("rows").replaceChildren(
		...documents.map((d) => {
			const row = document.createElement("tr");
			row.append(cell(d.document), cell(d.title),
				cell(d.version), cell(d.status));
			return row;
		}));
} else {
	state.textContent = `The server answered ${answer.status}.`;
}
