"""One page, which says what serves it."""

import os
import time
from importlib.metadata import version

from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return (
        f"Howdy from {os.environ['DEPLOYER_RELEASE']}\n"
        f"greeting: {os.environ.get('GREETING', 'none')}\n"
        f"click: {version('click')}\n"
    ), {"Content-Type": "text/plain; charset=utf-8"}


@app.get("/slow")
def slow():
    time.sleep(5)
    return "finished\n"
