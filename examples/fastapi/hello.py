"""One page, which says what serves it, and a health check that knows whether the app has started."""

import json
import os
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI, Response
from fastapi.responses import PlainTextResponse

# What a static file's URL is, by its name: one that changes with its content. Where nothing is deployed, there is none.
STATIC = json.load(open(os.environ["STATIC_MANIFEST"]))["files"] if "STATIC_MANIFEST" in os.environ else {}


def static_url(name):
    return STATIC[name]["url"] if name in STATIC else f"/static/{name}"


@asynccontextmanager
async def lifespan(app):
    app.state.started = True  # where a pool of connections would be opened
    yield
    app.state.started = False  # and closed, when the worker leaves


app = FastAPI(lifespan=lifespan)


@app.get("/", response_class=PlainTextResponse)
async def index():
    release = os.environ.get("DEPLOYER_RELEASE", "not deployed")
    return (
        f"Howdy from {release}\n"
        f"greeting: {os.environ.get('GREETING', 'none')}\n"
        f"click: {version('click')}\n"
        f"style: {static_url('style.css')}\n"
    )


@app.get("/health")
async def health():
    return Response(status_code=204 if app.state.started else 503)
