# Other pages in the same browser get nothing of the desk: another origin by
# fetch, image, form, frame and window; a token that was used; a text's frame.
import http.server
import threading

import proof
from proof import row


class Thief(http.server.BaseHTTPRequestHandler):
    """Another site, on another port of this machine."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>thief</title><h1>thief</h1>")

    def log_message(self, *arguments):
        pass


# What another site tries; each returns what it got.
TRIES = {
    "fetches the register": """
        const r = await fetch(desk + "/v1/documents"); return await r.text();""",
    "fetches who this is, without CORS": """
        const r = await fetch(desk + "/desk", { mode: "no-cors" }); return r.type === "opaque" ? "" : "read";""",
    "guesses a session": """
        const r = await fetch(desk + "/desk/session", { method: "POST", body: '{"token":"' + "0".repeat(64) + '"}' });
        return await r.text();""",
    "sends the header": """
        const r = await fetch(desk + "/desk", { headers: { "Valise-Desk": "0".repeat(64) } }); return await r.text();""",
    "takes a module of the pages": """
        const m = await import(desk + "/lib/api.js"); return Object.keys(m).join();""",
    "loads a script of the pages": """
        return await new Promise((done) => { const s = document.createElement("script"); s.src = desk + "/app.js";
            s.onload = () => done("loaded"); s.onerror = () => done(""); document.body.append(s); });""",
    "asks its own BroadcastChannel": """
        return await new Promise((done) => { const c = new BroadcastChannel("valise-desk");
            c.onmessage = (e) => done(JSON.stringify(e.data)); c.postMessage("secret?"); setTimeout(done, 1500, ""); });""",
    "opens a window and looks into it": """
        const w = open(desk + "/"); await new Promise((r) => setTimeout(r, 1500));
        try { return w && !w.closed ? w.sessionStorage.getItem("valise-desk") : ""; } catch { return ""; }""",
}


def other_site(page, desk_origin, thief):
    page.new_tab()
    page.get(thief)
    for name, script in TRIES.items():
        try:
            got = page.run(f"const desk = {desk_origin!r}; {script}")
        except proof.browser.Failed:
            got = ""
        row(f"another site {name}, in vain", not got, got)
    page.js("""const f = document.createElement("iframe"); f.id = "f"; f.src = arguments[0] + "/";
        f.onload = () => { f.dataset.loaded = "yes"; }; document.body.append(f);""", desk_origin)
    page.wait("return document.getElementById('f').dataset.loaded")
    frame = page.find("#f")
    page.call("POST", "/frame", {"id": frame})
    shown = page.text("body") + page.js("return location.href")
    row("and in a frame it shows nothing", "Valise" not in shown and desk_origin not in shown.replace("chrome-error", ""), shown)
    page.call("POST", "/frame", {"id": None})
    page.js("""const f = document.createElement("form"); f.method = "post"; f.action = arguments[0] + "/desk/session";
        f.enctype = "text/plain"; f.innerHTML = '<input name="x" value="y">'; document.body.append(f); f.submit();""", desk_origin)
    page.wait("return location.href.startsWith(arguments[0])", desk_origin)
    row("a form it sends is refused", "REFUSED" in page.text("body"), page.text("body"))
    page.console()


def second_tab(page, origin):
    """A tab of this person's is let in by the first; one elsewhere is not."""
    page.new_tab()
    page.get(origin + "/")
    proof.settled(page)
    row("a second tab gets the secret of the first",
        page.js("return sessionStorage.getItem('valise-desk')?.length") == 64, page.text())


def no_session(driver, desk, origin):
    """Another browser of this machine, that knows the address."""
    other = driver.open()
    other.get(origin + "/")
    other.wait_text(proof.catalogue("en")["app.closed"], "main")
    row("another browser is told that the desk is closed to it",
        other.js("return sessionStorage.getItem('valise-desk')") is None)
    # It has seen the file that opened the first: used again, it ends the session.
    other.get("file://" + str(desk.home / "door.html"))
    other.wait_text(proof.catalogue("en")["app.closed"], "main")
    row("a token used twice lets nobody in", other.js("return sessionStorage.getItem('valise-desk')") is None)
    other.close()


def ended(page, desk):
    page.js("location.hash = '#/journal'")
    page.wait_text(proof.catalogue("en")["next.session"], "main")
    row("and ends the session of the first", True)
    row("which the terminal says", "twice" in desk.said(), desk.said())


def test(driver, desks):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Thief)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    thief = f"http://127.0.0.1:{server.server_port}/"
    desk = proof.Desk("mofa")
    desks.append(desk)
    page = driver.open()
    origin = proof.enter(page, desk)
    first = page.tabs()[0]
    row("the token is gone from the address", "token" not in page.where(), page.where())
    row("there is no cookie", page.js("return document.cookie") == "")
    other_site(page, origin, thief)
    second_tab(page, origin)
    page.switch(first)
    proof.quiet(page, "the first tab, meanwhile")
    no_session(driver, desk, origin)
    ended(page, desk)
    server.shutdown()


proof.main(test)
