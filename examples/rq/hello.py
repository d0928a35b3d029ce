"""Hands work to the workers, and says which release serves it."""

import os

from flask import Flask, request
from redis import Redis
from rq import Queue, Retry

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
        name = f"{request.args.get('name', 'job')}-{number}"
        # Without it a job that its worker leaves half done counts as failed.
        queue.enqueue(jobs.work, name, seconds, retry=Retry(max=3))
    return f"{count}\n", 202
