"""One page, which says what serves it."""

import os
from importlib.metadata import version

from flask import Flask, url_for

app = Flask(__name__)


@app.get("/")
def index():
    release = os.environ.get("DEPLOYER_RELEASE", "not deployed")
    return (
        f"Howdy from {release}\n"
        f"greeting: {os.environ.get('GREETING', 'none')}\n"
        f"click: {version('click')}\n"
        f"style: {url_for('static', filename='style.css')}\n"
    ), {"Content-Type": "text/plain; charset=utf-8"}
