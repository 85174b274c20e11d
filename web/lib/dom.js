/*
 * dom.js - make elements.  The only place where the pages create nodes.
 *
 * Nothing here takes markup: a string is always text, so that a title or a
 * name from a server, whatever it says, is only ever read.
 */

const SVG = "http://www.w3.org/2000/svg";

/* Where a link may lead: a route, this server, bytes of this tab, https. */
const ADDRESS = /^(#|\/(?!\/)|blob:|https:\/\/)/;

function set(element, name, value) {
	if (value === null || value === undefined || value === false)
		return;
	if (name === "on") {
		for (const [event, call] of Object.entries(value))
			element.addEventListener(event, call);
	} else if (name === "data") {
		for (const [key, text] of Object.entries(value))
			element.dataset[key] = text;
	} else if (/^on/i.test(name) || /^(style|srcdoc)$/i.test(name)) {
		throw new Error(`attribute ${name}`);
	} else if (/^(href|src)$/.test(name) && !ADDRESS.test(value)) {
		throw new Error(`address of a link: ${value}`);
	} else {
		element.setAttribute(name, value === true ? "" : value);
	}
}

function append(element, children) {
	for (const child of children.flat(Infinity)) {
		if (child !== null && child !== undefined && child !== false)
			element.append(child);
	}
}

/*
 * An element: h("p", {class: "a", on: {click: f}}, "text", node, [more]).
 * Attributes that are null or false are left out, as are such children.
 */
export function h(tag, attributes, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes ?? {}))
		set(element, name, value);
	append(element, children);
	return element;
}

/* The same of an SVG picture. */
export function svg(tag, attributes, ...children) {
	const element = document.createElementNS(SVG, tag);
	for (const [name, value] of Object.entries(attributes ?? {}))
		set(element, name, value);
	append(element, children);
	return element;
}

/* Give an element these children instead of what it has. */
export function fill(element, ...children) {
	element.replaceChildren();
	append(element, children);
	return element;
}
