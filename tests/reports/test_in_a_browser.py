"""A page in a real browser: it is what the reader sees, nothing is asked of anybody, and nothing is complained of."""

import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from model_promotion.reports.page import render
from tests.reports.pages import hostile

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
pytestmark = pytest.mark.skipif(not BROWSER, reason="no browser is here: apt-get install chromium")
QUIETLY = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-default-apps"),
    *("--disable-extensions", "--enable-logging=stderr"),
)
PICTURE = '<img src="http://127.0.0.1:9/x.png" alt="">'


@dataclass
class Proxy:
    """Takes every connection, and writes down what was asked of it; it answers nobody."""

    server: socket.socket
    asked: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        host, port = self.server.getsockname()
        return f"http://{host}:{port}"

    def listen(self) -> None:
        while True:
            try:
                caller, _ = self.server.accept()
            except OSError:
                return
            with caller:
                self.asked.append(caller.recv(4096).decode("latin-1").partition("\r\n")[0])


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        made = Proxy(server)
        threading.Thread(target=made.listen, daemon=True).start()
        yield made
        server.shutdown(socket.SHUT_RDWR)


@dataclass(frozen=True)
class Seen:
    """What the browser made of a page, what it complained of, and whom it wanted to ask."""

    dom: str
    console: list[str]
    asked: list[str]


def seen(page: str, folder: Path, proxy: Proxy) -> Seen:
    path, log = folder / "page.html", folder / "net.json"
    path.write_text(page, encoding="utf-8")
    # Without the second it would pass its own machine by.
    around = [f"--proxy-server={proxy.address}", "--proxy-bypass-list=<-loopback>", f"--log-net-log={log}"]
    words = [BROWSER, *QUIETLY, f"--user-data-dir={folder / 'profile'}", *around, "--dump-dom", path.as_uri()]
    ran = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
    # The browser has errands of its own; a page can ask only those whom it names.
    named = set(re.findall(r"https?://([\w.:-]+)", page))
    asked = [*re.findall(r'"url":"([^"]*)"', log.read_text(encoding="utf-8")), *proxy.asked]
    errands = [one for one in asked if any(host in one for host in named)]
    console = [line for line in ran.stderr.splitlines() if "CONSOLE" in line]
    return Seen(ran.stdout, console, errands)


def test_a_page_with_hostile_texts_is_shown_whole_without_a_word_or_a_request(tmp_path: Path, proxy: Proxy) -> None:
    found = seen(render(hostile()), tmp_path, proxy)
    assert (found.console, found.asked) == ([], [])
    assert found.dom.count("<svg") == found.dom.count("<figure>") > 5
    assert "<script" not in found.dom
    assert "<img" not in found.dom
    assert "{{ 7 * 7 }}" in found.dom


def test_what_would_ask_for_something_is_seen_by_these_tests_and_stopped_by_the_page(
    tmp_path: Path, proxy: Proxy
) -> None:
    page = render(hostile()).replace("</main>", f"{PICTURE}</main>")
    stopped = seen(page, tmp_path, proxy)
    assert "Content Security Policy" in stopped.console[0]
    assert stopped.asked == []
    (tmp_path / "open").mkdir()
    open_to_all = re.sub(r"<meta http-equiv.*?>", "", page)
    assert any("127.0.0.1:9" in one for one in seen(open_to_all, tmp_path / "open", proxy).asked)
