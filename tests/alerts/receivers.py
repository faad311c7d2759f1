"""Who is told in tests: a real web server and a real mail server on the loopback interface."""

import email
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Receiver:
    """A webhook: what it was told, what it answers in turn (204 at last), and whether it answers at all."""

    port: int = 0
    answers: list[int] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)
    told: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0

    @property
    def address(self) -> str:
        """For apprise."""
        return f"json://127.0.0.1:{self.port}"


@contextmanager
def webhook(*answers: int, hangs: bool = False) -> Iterator[Receiver]:
    """A receiver while it listens."""
    receiver = Receiver(answers=[*answers])
    if not hangs:
        receiver.open.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.asked += 1
            receiver.open.wait(30)
            status = receiver.answers.pop(0) if receiver.answers else 204
            if status < 300:
                receiver.told.append(json.loads(body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.open.set()
        server.shutdown()
        server.server_close()
        thread.join()


class Mailbox:
    """Keeps every mail as a mail program would read it."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        assert isinstance(envelope.content, bytes)
        self.mails.append(email.message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
        self.recipients += [str(one) for one in envelope.rcpt_tos]
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[tuple[Mailbox, str]]:
    """A mailbox, and apprise's address of it."""
    box, port = Mailbox(), dead_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box, f"mailto://127.0.0.1:{port}?from=promote@example.com&to=ops@example.com&mode=insecure"
    finally:
        controller.stop()


def dead_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
