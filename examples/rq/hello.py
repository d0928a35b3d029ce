"""Hands work to the workers, and says which release serves it."""

import os

from flask import Flask, request
from redis import Redis
from rq import Queue

import jobs

app = Flask(__name__)
queue = Queue(connection=Redis.from_url(os.environ["REDIS_URL"]))


@app.get("/")
def index():
    return f"Howdy from {os.environ.get('DEPLOYER_RELEASE', 'not deployed')}\n", {"Content-Type": "text/plain"}


@app.post("/work")
def work():
    """So many jobs of so many seconds; their names begin with `name`."""
    count, seconds = int(request.args.get("count", 1)), float(request.args.get("seconds", 0))
    for number in range(count):
        queue.enqueue(jobs.work, f"{request.args.get('name', 'job')}-{number}", seconds)
    return f"{count}\n", 202
