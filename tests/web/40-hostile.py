# Names and texts that somebody made to do harm: on every page they are only
# read.  A title of 500 bytes, a file's name, Markdown, a PDF's name, a person,
# and what a hostile daemon says, with script, bidi and 10 KB.
import proof
from proof import row

SCRIPT = "<img src=x onerror=alert(1)><script>alert(2)</script>"
BIDI = "\u202egnp.txt\u2066\u200f"
TITLE = (SCRIPT + "\"'><svg onload=alert(3)> javascript:alert(4) {person} ")[:240]
LONG = "ສັນຍາ" * 33  # 495 bytes without a blank
MARKDOWN = """# <script>alert(5)</script>

## Article 1

[press](javascript:alert(6)) ![x](http://127.0.0.1:1/x.png) <iframe src="javascript:alert(7)"></iframe>
[a]: http://127.0.0.1:1/ "<b onmouseover=alert(8)>"
<style>body { display: none }</style> &lt;script&gt; `<script>alert(9)</script>`

""" + "*" * 2000 + "\n" + "[" * 2000 + "\n" + "> " * 500 + "deep\n"
# What it would have done.
HARMED = """
const made = [...document.querySelectorAll("main script, main iframe, main img, main style, main svg [onload], main object, main embed")]
	.filter((e) => !e.closest(".picture") && !(e.tagName === "IFRAME" && /^(blob:|\\/once)/.test(e.getAttribute("src"))));
const links = [...document.querySelectorAll("a[href]")].filter((a) => !/^(#|\\/|blob:|https:)/.test(a.getAttribute("href")));
const on = [...document.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) => /^on/i.test(a.name)));
return [...made, ...links, ...on].map((e) => e.outerHTML.slice(0, 200));
"""


def put(name, *arguments):
    told = proof.valise("mofa", "push", f"agreement/{name}", *arguments)
    row(f"{name} is deposited", told.returncode == 0, told.stderr)


def make():
    work = proof.DIR / "work"
    (work / "evil.en.md").write_text(MARKDOWN, encoding="utf-8")
    (work / "evil.lo.md").write_text(MARKDOWN.replace("Article", "ມາດຕາ"), encoding="utf-8")
    named = work / "a b'&quot;<b>.txt"
    named.write_text("Article 1\n" + SCRIPT + BIDI + "\n", encoding="utf-8")
    pdf = work / "<script>alert(1)<.pdf"
    pdf.write_bytes((work / "agreement.en.pdf").read_bytes())
    put("evil-markdown", "--text", f"lo={work / 'evil.lo.md'}", "--text", f"en={work / 'evil.en.md'}",
        "--title", f"en={TITLE}", "--title", f"lo={LONG}", "--note", SCRIPT + " note")
    for name, file in (("evil-name", named), ("evil-pdf", pdf)):
        told = proof.valise("mofa", "push", f"agreement/{name}", "--text", f"lo={work / 'lo.txt'}",
                            "--text", f"en={file}", "--title", f"en={LONG} {name}")
        # What the policy of names refuses nobody is shown.
        row(f"{name} is taken or refused", told.returncode in (0, 1, 2, 3), told.stderr)
    return ["evil-markdown"] + [n for n in ("evil-name", "evil-pdf")
                                if proof.valise("mofa", "show", f"agreement/{n}").returncode == 0]


def look(page, name):
    page.wait("return document.readyState === 'complete'")
    harmed = page.js(HARMED)
    row(f"{name}: nothing was made of it", not harmed, harmed)
    try:
        page.call("GET", "/alert/text")
        row(f"{name}: no script ran", False)
    except proof.browser.Failed:
        row(f"{name}: no script ran", True)
    row(f"{name}: it is not wider than the window",
        page.js("return document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def open_texts(page, document):
    """The texts, as the person opens them."""
    proof.go(page, f"#/document/{document}")
    label = proof.catalogue("en")["document.open"].replace("{version}", "1")
    page.click_text(label)
    page.wait("return [...document.querySelectorAll('main button')].some((b) => b.innerText === arguments[0])",
              proof.catalogue("en")["text.save"], what=f"the texts of {document}")
    proof.settled(page)


def told_by_daemon(page):
    """A server that says whatever it likes, wherever a name or a title stands."""
    page.js("""
        const evil = arguments[0], real = fetch;
        const words = new Set(["title", "person", "office", "party", "note", "reason", "status", "name",
            "why", "detail", "issuer", "act", "file", "origin", "address"]);
        const spoil = (told, key) => Array.isArray(told) ? told.map((one) => spoil(one, key))
            : told && typeof told === "object" ? Object.fromEntries(Object.entries(told).map(([k, v]) =>
                [k, k === "titles" ? { en: evil, lo: evil } : spoil(v, k)]))
            : typeof told === "string" && words.has(key) ? evil : told;
        window.fetch = async (path, options) => {
            const answer = await real(path, options);
            if (!/^\\/(v1|desk)\\//.test(path) || !/json$/.test(answer.headers.get("Content-Type")) || !answer.ok)
                return answer;
            return new Response(JSON.stringify(spoil(await answer.json())),
                { headers: { "Content-Type": "application/json" } });
        };""", (SCRIPT + BIDI) * 120)
    for name in ("register", "document", "evidence", "journal", "policy", "health"):
        proof.go(page, proof.PAGES[name])
        row(f"{name}: it is said", "onerror=alert(1)" in page.text("main"), page.text("main")[:300])
        look(page, f"{name}: what a hostile daemon says, 10 KB")


def test(driver, desks):
    documents = make()
    desk = proof.Desk("mofa")
    desks.append(desk)
    page = driver.open()
    proof.enter(page, desk)
    for width in (1280, 320):
        page.size(width)
        for route in ["#/documents", "#/journal", "#/policy", "#/health"] + \
                [f"#/document/agreement/{d}" for d in documents] + [f"#/evidence/agreement/{d}" for d in documents]:
            proof.go(page, route)
            look(page, f"{route} at {width}")
            proof.quiet(page, route)
    for document in documents:
        open_texts(page, f"agreement/{document}")
        look(page, f"the texts of {document}")
    page.size(1280)
    # In the address.
    for route in ("#/document/" + SCRIPT, "#/" + SCRIPT, "#/documents?q=" + SCRIPT + "&sort=" + BIDI, "#/%zz", "#/documents?cursor=" + SCRIPT):
        page.js("location.hash = arguments[0]", route)
        proof.settled(page)
        look(page, f"the address {route[:30]}")
    page.console()
    told_by_daemon(page)


proof.main(test)
