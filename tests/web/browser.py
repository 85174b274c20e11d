# browser.py - Debian's chromium, driven by chromedriver through WebDriver
# (https://www.w3.org/TR/webdriver2/), with nothing but python's own library.
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

PATIENCE_S = 20
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
# A headless browser that asks nobody but the pages' own server.
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
         "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--force-device-scale-factor=1",
         "--hide-scrollbars"]
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "Space": " ",
        "Shift": "\ue008", "Down": "\ue015", "Up": "\ue013", "Left": "\ue012",
        "Right": "\ue014", "End": "\ue010", "Home": "\ue011"}


# Whatever proxy the environment names, chromedriver is here.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Failed(Exception):
    pass


class Driver:
    """One chromedriver, for as many browsers as are wanted."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="valise-web.")
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE,
            stderr=self.log, stdin=subprocess.DEVNULL)
        for line in self.process.stdout:
            if b"started successfully on port " in line:
                self.port = int(line.rsplit(b" ", 1)[1].strip(b".\n"))
                break
        else:
            raise Failed("chromedriver did not start")
        self.browsers = []

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=data, method=method,
            headers={"Content-Type": "application/json"})
        try:
            with DIRECT.open(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as e:
            told = json.load(e)["value"]
            raise Failed(f"{told['error']}: {told['message'][:600]}") from None

    def open(self, **options):
        browser = Browser(self, **options)
        self.browsers.append(browser)
        return browser

    def close(self):
        for browser in list(self.browsers):
            browser.close()
        self.process.terminate()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Browser:
    """A browser with a profile of its own; home is its $HOME, where it looks
    for certificates."""

    def __init__(self, driver, home=None, flags=(), prefs=None):
        self.driver = driver
        profile = tempfile.mkdtemp(dir=driver.folder)
        wanted = {"browserName": "chrome", "acceptInsecureCerts": False,
                  "goog:loggingPrefs": {"browser": "ALL"},
                  "goog:chromeOptions": {
                      "binary": shutil.which("chromium"),
                      "args": FLAGS + list(flags) + [f"--user-data-dir={profile}"],
                      "prefs": {"intl.accept_languages": "en",
                                "download.default_directory": profile,
                                **(prefs or {})}}}
        if home:
            # chromedriver starts the browser with its own environment.
            script = os.path.join(profile, "chromium")
            with open(script, "w", encoding="utf-8") as file:
                file.write(f'#!/bin/sh\nHOME="{home}" exec {shutil.which("chromium")} "$@"\n')
            os.chmod(script, 0o755)
            wanted["goog:chromeOptions"]["binary"] = script
        self.downloads = profile
        told = driver.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = f"/session/{told['sessionId']}"
        self.errors = []

    def call(self, method, path, body=None):
        return self.driver.call(method, self.session + path, body)

    def close(self):
        if self.session:
            try:
                self.call("DELETE", "")
            except (Failed, OSError):
                pass
            self.session = None
            self.driver.browsers.remove(self)

    def cdp(self, command, **params):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def get(self, address):
        self.call("POST", "/url", {"url": address})

    def visit(self, address):
        """The same, where the browser may show a page of its own instead."""
        try:
            self.get(address)
        except Failed as e:
            if "net::ERR_" not in str(e):
                raise

    def js(self, script, *args):
        """The value of a script's return; an element is a dict."""
        return self.call("POST", "/execute/sync", {"script": script, "args": list(args)})

    def run(self, script, *args):
        """The value that an async function's body returns."""
        told = self.call("POST", "/execute/async", {
            "script": "const done = arguments[arguments.length - 1];"
                      "(async (...arguments) => {" + script + "})(...arguments)"
                      ".then((value) => done({ value }), (error) => done({ error: `${error}` }));",
            "args": list(args)})
        if told.get("error"):
            raise Failed(told["error"])
        return told.get("value")

    def wait(self, script, *args, what=None, patience=PATIENCE_S):
        """Until the script returns something; that."""
        until = time.monotonic() + patience
        while True:
            try:
                value = self.js(script, *args)
            except Failed as e:
                # Between two pages there is none.
                if time.monotonic() > until:
                    raise
                value = None if "context" in str(e) or "navigation" in str(e) else self.js(script, *args)
            if value:
                return value
            if time.monotonic() > until:
                raise Failed(f"waited {patience} s for {what or script}")
            time.sleep(0.03)

    def where(self):
        return self.js("return location.href")

    def find(self, css):
        return self.wait("return document.querySelector(arguments[0])", css, what=css)

    def text(self, css="body"):
        return self.js("return document.querySelector(arguments[0])?.innerText ?? ''", css)

    def wait_text(self, text, css="body"):
        return self.wait("return (document.querySelector(arguments[1])?.innerText ?? '')"
                         ".includes(arguments[0])", text, css, what=f"\"{text}\" in {css}")

    def click(self, css):
        self.call("POST", f"/element/{self.find(css)[ELEMENT]}/click", {})

    def click_text(self, text, css="button, a"):
        element = self.wait(
            "return [...document.querySelectorAll(arguments[1])].find((e) =>"
            " e.checkVisibility() && e.innerText.trim() === arguments[0])",
            text, css, what=f"\"{text}\"")
        self.call("POST", f"/element/{element[ELEMENT]}/click", {})

    def type(self, css, text):
        self.call("POST", f"/element/{self.find(css)[ELEMENT]}/value", {"text": text})

    def press(self, *names):
        """Keys one after another; Shift+Tab is one."""
        acts = []
        for name in names:
            *held, key = name.split("+") if len(name) > 1 else [name]
            key = KEYS.get(key, key)
            for h in held:
                acts.append({"type": "keyDown", "value": KEYS[h]})
            acts += [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
            for h in held:
                acts.append({"type": "keyUp", "value": KEYS[h]})
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "k", "actions": acts}]})

    def focus(self):
        """What has the focus, as a person would call it."""
        return self.js("const e = document.activeElement; return e && e !== document.body ?"
                       " [e.tagName, e.id, (e.ariaLabel || e.innerText || e.name || '')"
                       ".trim().slice(0, 80)].join('|') : ''")

    def size(self, width, height=900, scale=1):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=scale, mobile=False)

    def media(self, **features):
        """prefers_color_scheme="dark", prefers_reduced_motion="reduce"; media="print" """
        media = features.pop("media", "")
        self.cdp("Emulation.setEmulatedMedia", media=media, features=[
            {"name": name.replace("_", "-"), "value": value}
            for name, value in features.items()])

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("GET", "/screenshot")))

    def console(self):
        """What was said on the console since the last call, errors and warnings."""
        return [f"{e['level']}: {e['message']}" for e in self.call("POST", "/se/log", {"type": "browser"})
                if e["level"] in ("SEVERE", "WARNING")]

    def tabs(self):
        return self.call("GET", "/window/handles")

    def new_tab(self):
        handle = self.call("POST", "/window/new", {"type": "tab"})["handle"]
        self.switch(handle)
        return handle

    def switch(self, handle):
        self.call("POST", "/window", {"handle": handle})

    def close_tab(self):
        self.call("DELETE", "/window")
