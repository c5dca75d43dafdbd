#!/usr/bin/python3
"""Listens to the WebSocket at a URL, prints each message as a line, and connects
again when the connection ends. Nothing here knows Waybill."""

import asyncio
import sys

import websockets


async def listen(url):
    async for socket in websockets.connect(url):
        print("is on", socket.response_headers["X-Node"], flush=True)
        try:
            async for message in socket:
                print("got:", message, flush=True)
        except websockets.ConnectionClosed:
            pass


asyncio.run(listen(sys.argv[1]))
