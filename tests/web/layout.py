# layout.py - what a page must keep to at each width: nothing beside the
# window, nothing cut, nothing under something else.

# Every element that shows less than it has, and does not scroll by keyboard.
CUT = """
const told = [];
for (const e of document.body.querySelectorAll("*")) {
	const style = getComputedStyle(e);
	if (!e.checkVisibility({ visibilityProperty: true }) || style.display === "inline" ||
	    style.display === "contents" || e.closest(".unseen") || e instanceof SVGElement ||
	    ["OPTION", "IFRAME", "INPUT", "WBR"].includes(e.tagName) || e.clientWidth === 0)
		continue;
	const wide = e.scrollWidth - e.clientWidth, high = e.scrollHeight - e.clientHeight;
	const scrolls = /auto|scroll/.test(style.overflowX) && e.tabIndex >= 0;
	if (wide > 1 && !scrolls)
		told.push(`${e.tagName} ${e.id} ${e.className}: ${e.scrollWidth} of ${e.clientWidth} wide: ` +
			e.innerText.slice(0, 80));
	if (high > 1 && /hidden|clip/.test(style.overflowY) && e !== document.body)
		told.push(`${e.tagName} ${e.id} ${e.className}: ${e.scrollHeight} of ${e.clientHeight} high: ` +
			e.innerText.slice(0, 80));
	if (style.textOverflow === "ellipsis")
		told.push(`${e.tagName} ${e.className}: its text would be cut`);
}
return told.slice(0, 12);
"""
# Is the window itself wider than it is?
BESIDE = """
const e = document.documentElement;
return e.scrollWidth > e.clientWidth ? [...document.body.querySelectorAll("*")]
	.filter((x) => x.getBoundingClientRect().right > e.clientWidth + 1)
	.slice(-4).map((x) => `${x.tagName} ${x.className} to ${Math.round(x.getBoundingClientRect().right)}`) : [];
"""
# What takes the pointer must be 24 CSS pixels or have room around it (2.5.8);
# links in a sentence are excepted.
SMALL = """
const boxes = [...document.querySelectorAll("button, select, input, summary, [role=button], nav a")]
	.filter((e) => e.checkVisibility() && e.type !== "hidden" && !e.closest(".unseen"))
	.map((e) => [e, e.getBoundingClientRect()]);
return boxes.filter(([, b]) => b.width > 0 && (b.width < 24 || b.height < 24))
	.map(([e, b]) => `${e.tagName} ${e.id || e.innerText}: ${Math.round(b.width)} x ${Math.round(b.height)}`);
"""
