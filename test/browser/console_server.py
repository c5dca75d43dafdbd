"""Serves app/console as a node does, and passes all else on to a node."""

import contextlib

from aiohttp import ClientError, ClientSession, web

from harness import ROOT

FOLDER = ROOT / "app/console"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
                               "connect-src 'self' ws: wss:; img-src 'self' data:",
    "X-Frame-Options": "DENY",
}
FILES = {path.name: path for path in FOLDER.rglob("*.*")}


class ConsoleServer:
    """What stands between a page and a node.

    @param answers what is answered in place of the node: functions that
        return a text, by path
    """

    def __init__(self, node, answers):
        self._node = f"http://{node.host}:{node.port}"
        self._answers = answers
        self.requests = []
        self.app = web.Application()
        self.app.router.add_get("/console", self._page)
        self.app.router.add_get("/console/{name}", self._page)
        self.app.router.add_route("*", "/{path:.*}", self._pass_on)

    async def _page(self, request):
        """Answers with a file of the console."""
        if not (path := FILES.get(request.match_info.get("name", "index.html"))):
            raise web.HTTPNotFound
        return web.FileResponse(path, headers=HEADERS)

    async def _pass_on(self, request):
        """Answers with what the node does."""
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
