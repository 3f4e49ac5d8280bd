"""What the drivers of the login run share: the front's commands, and the listener that a client has."""

import asyncio
import json
import urllib.parse
import urllib.request

import steps


class Front:
    """The front that the server is behind."""

    def __init__(self, url):
        self.url = url

    async def __call__(self, command):
        return await asyncio.to_thread(self._ask, command)

    def _ask(self, command):
        with urllib.request.urlopen(urllib.parse.urljoin(self.url, f"/-/{command}")) as response:
            return json.loads(response.read() or "null")

    async def did(self, step, **fields):
        """A step is done: it is said with all that was asked for in it."""
        steps.say(step, **fields, asked=await self("asked"))


class Listener:
    """The address that a client tells the server, and what comes to it."""

    def __init__(self):
        self.answer = None

    async def __aenter__(self):
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/callback"
        self.server = server
        return self

    async def __aexit__(self, *_):
        self.server.close()

    async def next(self, seconds=8):
        """The parameters of the next answer; an error when none comes."""
        self.answer = asyncio.get_running_loop().create_future()
        return await asyncio.wait_for(self.answer, seconds)

    async def _serve(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        query = urllib.parse.urlsplit(head.split(" ")[1]).query
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok")
        await writer.drain()
        writer.close()
        if self.answer is not None and not self.answer.done():
            self.answer.set_result(dict(urllib.parse.parse_qsl(query)))
