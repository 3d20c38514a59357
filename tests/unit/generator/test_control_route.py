"""Who may use the control endpoints."""

import pytest

from generator.control_route import check_host, check_media_type, check_token, host_name
from generator.problems import ProblemError
from generator.settings import Settings

TOKEN = "correct horse battery staple"  # noqa: S105  a test's


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost", "localhost"),
        ("LocalHost:8000", "localhost"),
        ("127.0.0.1:8000", "127.0.0.1"),
        ("[::1]:8000", "::1"),
        ("[::1]", "::1"),
        ("evil.example:80", "evil.example"),
        ("", ""),
    ],
)
def test_the_name_in_a_host_header(host: str, name: str) -> None:
    assert host_name(host) == name


@pytest.mark.parametrize("host", [None, "", "evil.example", "localhost.evil.example:8000", "[::1", "127.0.0.1.evil"])
def test_a_foreign_host_name_is_misdirected(host: str | None) -> None:
    allowed = ("localhost", "127.0.0.1")
    check_host("127.0.0.1:9", allowed)
    with pytest.raises(ProblemError) as refusal:
        check_host(host, allowed)
    assert refusal.value.status == 421


@pytest.mark.parametrize("header", [None, "", TOKEN, f"Basic {TOKEN}", "Bearer", f"Bearer {TOKEN}x", "Bearer ü"])
def test_a_token_is_asked_for_when_there_is_one(header: str | None) -> None:
    settings = Settings.model_validate({"control_token": TOKEN})
    check_token(header, Settings())
    check_token(f"bearer {TOKEN}", settings)
    with pytest.raises(ProblemError) as refusal:
        check_token(header, settings)
    assert refusal.value.status == 401
    assert refusal.value.headers == {"WWW-Authenticate": 'Bearer realm="generator"'}


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "json"]
)
def test_only_json_is_read(content_type: str | None) -> None:
    check_media_type("Application/JSON; charset=utf-8")
    with pytest.raises(ProblemError) as refusal:
        check_media_type(content_type)
    assert refusal.value.status == 415
