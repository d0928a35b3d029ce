"""The page of `examples/flask` without Flask: most of what a test waits for is an app that boots, several times a push."""

import json
import os
import sys


class Hello:
    def __init__(self):
        self.pages = {}

    def get(self, path):
        return lambda page: self.pages.setdefault(path, page)

    def __call__(self, environ, start_response):
        page = self.pages.get(environ["PATH_INFO"])
        answer = page() if page else ("no such page\n", 404)
        body, status = answer if isinstance(answer, tuple) else (answer, 200)
        body = body.encode()
        head = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        start_response(f"{status} {'OK' if status == 200 else 'Error'}", head)
        return [body]


app = Hello()

STATIC = json.load(open(os.environ["STATIC_MANIFEST"]))["files"] if "STATIC_MANIFEST" in os.environ else {}
# As importlib.metadata would say, which takes as long as all else here.
CLICK = next(name[6:-10] for path in sys.path if os.path.isdir(path) for name in os.listdir(path) if name.startswith("click-"))


@app.get("/")
def index():
    style = STATIC["style.css"]["url"] if STATIC else "/static/style.css"
    return (
        f"Howdy from {os.environ.get('DEPLOYER_RELEASE', 'not deployed')}\n"
        f"greeting: {os.environ.get('GREETING', 'none')}\n"
        f"click: {CLICK}\n"
        f"style: {style}\n"
    )
