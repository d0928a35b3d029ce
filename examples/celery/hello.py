"""Hands work to the workers, and says which release serves it."""

import os

from flask import Flask, request

import tasks

app = Flask(__name__)


@app.get("/")
def index():
    return f"Howdy from {os.environ.get('DEPLOYER_RELEASE', 'not deployed')}\n", {"Content-Type": "text/plain"}


@app.post("/work")
def work():
    """So many tasks of so many seconds; their names begin with `name`."""
    count, seconds = int(request.args.get("count", 1)), float(request.args.get("seconds", 0))
    for number in range(count):
        tasks.work.delay(f"{request.args.get('name', 'task')}-{number}", seconds)
    return f"{count}\n", 202
