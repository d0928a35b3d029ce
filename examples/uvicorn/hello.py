"""One page, which says what serves it."""

import asyncio
import os
from importlib.metadata import version

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def index(request):
    return PlainTextResponse(
        f"Howdy from {os.environ['DEPLOYER_RELEASE']}\n"
        f"greeting: {os.environ.get('GREETING', 'none')}\n"
        f"click: {version('click')}\n"
    )


async def slow(request):
    await asyncio.sleep(5)
    return PlainTextResponse("finished\n")


app = Starlette(routes=[Route("/", index), Route("/slow", slow)])
