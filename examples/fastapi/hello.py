"""One page, which says what serves it, and a health check that knows whether the app has started."""

import os
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI, Response
from fastapi.responses import PlainTextResponse


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
        f"style: /static/style.css\n"
    )


@app.get("/health")
async def health():
    return Response(status_code=204 if app.state.started else 503)
