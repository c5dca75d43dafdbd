"""Stands between a page and its node, to see what it asks and to answer otherwise."""

import contextlib

from aiohttp import ClientError, ClientSession, web

from harness import ROOT

FOLDER = ROOT / "app/console"


class ConsoleServer:
    """A server between a page and a node.

    @param answers what is answered in place of the node: functions that
        return a text, by path
    """

    def __init__(self, node, answers):
        self._node = f"http://{node.host}:{node.port}"
        self._answers = answers
        self.requests = []
        self.app = web.Application()
        self.app.router.add_route("*", "/{path:.*}", self._pass_on)

    async def _pass_on(self, request):
        """Answers with what the node does."""
        if not request.path.startswith("/console"):
            self.requests.append(request)
        if request.path in self._answers:
            return web.Response(text=self._answers[request.path]())
        names = {"Authorization", "Content-Type"} & request.headers.keys()
        try:
            async with self._session.request(
                    request.method, self._node + request.raw_path, data=await request.read(),
                    headers={name: request.headers[name] for name in names}) as answer:
                told = {name: value for name, value in answer.headers.items()
                        if name not in {"Connection", "Content-Length"}}
                return web.Response(status=answer.status, body=await answer.read(), headers=told)
        except ClientError:
            # As if it could not be reached.
            request.transport.abort()
            raise

    @contextlib.asynccontextmanager
    async def serving(self):
        """Serves on a free port, for the time of an `async with`."""
        runner = web.AppRunner(self.app)
        await runner.setup()
        async with ClientSession() as self._session:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/console"
            try:
                yield self
            finally:
                await runner.cleanup()
