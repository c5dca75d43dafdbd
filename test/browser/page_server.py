"""Serves pages to browsers."""

import contextlib
import functools
import http.server
import threading

from harness import ROOT


class Handler(http.server.SimpleHTTPRequestHandler):
    """Answers with what a page is made of, or else with a file of this repository.

    @param pages by path, functions that return a text
    """

    def __init__(self, pages, *arguments):
        self._pages = pages
        super().__init__(*arguments, directory=ROOT)

    def do_GET(self):
        """Answers a request."""
        if self.path not in self._pages:
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self._pages[self.path]().encode())

    def log_message(self, *_):
        """Says nothing."""


@contextlib.contextmanager
def page_server(pages):
    """Serves pages on a free port, and yields its URL. See Handler."""
    handler = functools.partial(Handler, pages)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
