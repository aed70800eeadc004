# SPDX-License-Identifier: Apache-2.0
"""Somebody else's web server, for one test program: what each path answers is said by the test.

    web = Web()
    web.pages["/feed.xml"] = Page(b"<rss>...", {"ETag": '"1"'})
    web.url("/feed.xml")          # "http://127.0.0.1:PORT/feed.xml"
    web.seen                      # [(method, path, headers), ...]
    web.posted                    # [(path, headers, body), ...]: every POST is taken with 204
"""
import http.server
import threading


class Page:
    """One answer. A function instead of a Page is called with the handler and answers by itself."""

    def __init__(self, body=b"", headers=None, status=200):
        self.body, self.headers, self.status = body, headers or {}, status


class Web:
    def __init__(self):
        self.pages, self.seen, self.posted = {}, [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                outer.seen.append((self.command, self.path, dict(self.headers)))
                page = outer.pages.get(self.path.split("?")[0], Page(b"nothing here", status=404))
                if callable(page):
                    page(self)
                    return
                tag = page.headers.get("ETag")
                status = 304 if tag and self.headers.get("If-None-Match") == tag else page.status
                body = b"" if status == 304 else page.body
                self.send_response(status)
                for name, value in page.headers.items():
                    self.send_header(name, value)
                if status != 304:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # it has read enough

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.posted.append((self.path, dict(self.headers), body))
                self.send_response(204)
                self.end_headers()

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path, host="127.0.0.1"):
        return f"http://{host}:{self.port}{path}"

    def asked(self, path):
        """How often a path was asked for."""
        return sum(1 for _, seen, _ in self.seen if seen.split("?")[0] == path)
