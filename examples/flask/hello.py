"""One page, which says what serves it."""

import json
import os
from importlib.metadata import version

from flask import Flask, url_for

app = Flask(__name__)

# What a static file's URL is, by its name: one that changes with its content. Where nothing is deployed, there is none.
STATIC = json.load(open(os.environ["STATIC_MANIFEST"]))["files"] if "STATIC_MANIFEST" in os.environ else {}


@app.template_global()
def static_url(name):
    return STATIC[name]["url"] if name in STATIC else url_for("static", filename=name)


@app.get("/")
def index():
    release = os.environ.get("DEPLOYER_RELEASE", "not deployed")
    return (
        f"Howdy from {release}\n"
        f"greeting: {os.environ.get('GREETING', 'none')}\n"
        f"click: {version('click')}\n"
        f"style: {static_url('style.css')}\n"
    ), {"Content-Type": "text/plain; charset=utf-8"}
