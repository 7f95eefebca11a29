from __future__ import annotations

import threading
from pathlib import Path

import pytest
import requests

from skill_endpoint.certification.chain_server import ChainServer, File, serving
from skill_endpoint.certification.publishing import to_folder, to_server


def get(url: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=5, allow_redirects=False)


def test_it_serves_a_name_in_any_folder_and_counts() -> None:
    with serving() as server:
        to_server(server)("good", File(content=b"chain"))
        for folder in ("echo.api", "ECHO.API", "other/deep"):
            assert get(f"{server.url}/{folder}/good.pem").content == b"chain"
        assert get(f"{server.url}/echo.api/absent.pem").status_code == 404
        assert dict(server.asked) == {"good.pem": 3, "absent.pem": 1}


def test_it_serves_badly_when_told() -> None:
    with serving() as server:
        server.files["forbidden.pem"] = File(status=403, content=b"<Error/>")
        server.files["away.pem"] = File(status=302, leads_to="http://elsewhere.example/")
        assert get(f"{server.url}/echo.api/forbidden.pem").status_code == 403
        away = get(f"{server.url}/echo.api/away.pem")
        assert (away.status_code, away.headers["Location"]) == (302, "http://elsewhere.example/")


def test_a_slow_file_ends_with_the_server() -> None:
    def ask(server: ChainServer) -> None:
        with pytest.raises(requests.RequestException):
            get(f"{server.url}/slow.pem")
        ended.set()

    ended = threading.Event()
    with serving() as server:
        server.files["slow.pem"] = File(content=b"x" * 1000, slow=True)
        thread = threading.Thread(target=ask, args=(server,))
        thread.start()
        while not server.asked["slow.pem"]:
            ended.wait(0.01)
        assert not ended.is_set()
    assert ended.wait(10)
    thread.join()


def test_a_folder_is_cleaned_even_after_an_error(tmp_path: Path) -> None:
    (tmp_path / "chain.pem").write_bytes(b"kept")

    def publish_and_fail() -> None:
        with to_folder(tmp_path) as publish:
            publish("certify-1-a", File(content=b"a"))
            publish("certify-1-a", File(content=b"not the first"))
            assert (tmp_path / "certify-1-a.pem").read_bytes() == b"a"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        publish_and_fail()
    assert [path.name for path in tmp_path.iterdir()] == ["chain.pem"]


def test_what_cannot_be_written_is_an_error_and_nobodys_file_is_touched(tmp_path: Path) -> None:
    (tmp_path / "taken.pem").write_bytes(b"somebody's")
    with to_folder(tmp_path) as publish:
        for name in ("taken", "no/such"):
            for _ in range(2):
                with pytest.raises(OSError, match=r"exists|No such"):
                    publish(name, File(content=b"x"))
    assert (tmp_path / "taken.pem").read_bytes() == b"somebody's"
