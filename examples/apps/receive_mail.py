"""An app that takes mail in over HTTP, POST /messages with the octets as body, and refuses what is
not proven to come from the domain in its From field. Answers 200 with that domain, 403 with the
reasons, 422 for what cannot be judged, and 503 while nobody knows: the sender tries again. Needs
nothing but Python's library.

    MAILVERDICT_URL=http://localhost:8080 PORT=3000 python3 receive_mail.py
"""
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OPTIONS = {
    "require": os.environ.get("REQUIRE", "proven"),
    "trustReceived": os.environ.get("TRUST_RECEIVED", ""),
    "trustedAuthservIds": os.environ.get("TRUSTED_AUTHSERV_IDS", ""),
}
VERIFY = (
    os.environ.get("MAILVERDICT_URL", "http://localhost:8080").rstrip("/")
    + "/v1/verify?"
    + urllib.parse.urlencode({name: value for name, value in OPTIONS.items() if value})
)
MAX_BYTES = 26_214_400
TIMEOUT_SECONDS = 60


def decide(message: bytes) -> tuple[int, dict]:
    request = urllib.request.Request(VERIFY, data=message, headers={"Content-Type": "message/rfc822"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            verdict = json.load(answer)
    except urllib.error.HTTPError as refusal:
        # Without a verdict nothing is taken: a request that is wrong stays wrong, the rest may end.
        return (422 if refusal.code in (400, 413, 415) else 503), {"reasons": [f"HTTP status {refusal.code}"]}
    except (OSError, ValueError) as fault:
        return 503, {"reasons": [f"no verdict: {fault}"]}
    author, decision = verdict["author"], verdict["decision"]
    if author["level"] == "unknown":
        return 503, {"reasons": decision["reasons"]}
    # Compared with True itself: anything else is no decision.
    if decision["satisfied"] is not True:
        return 403, {"reasons": decision["reasons"]}
    return 200, {"from": author["domain"]}


class App(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path != "/messages":
            self.answer(404, {"reasons": ["POST /messages"]})
        elif not length.isdigit():
            self.answer(411, {"reasons": ["Send Content-Length."]})
        elif int(length) > MAX_BYTES:
            self.answer(413, {"reasons": [f"A message has at most {MAX_BYTES} octets."]})
        else:
            self.answer(*decide(self.rfile.read(int(length))))

    def answer(self, status: int, body: dict) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if status == 503:
            self.send_header("Retry-After", "60")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Logs no request: its path and body are of strangers."""


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "3000"))), App)
print(f"listening on port {server.server_address[1]}", flush=True)
server.serve_forever()
