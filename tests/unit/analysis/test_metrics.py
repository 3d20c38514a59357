from http import HTTPStatus
from typing import Any

import pytest
import urllib3
from prometheus_client.parser import text_string_to_metric_families

from analysis import metrics

EVENTS: dict[str, dict[str, Any]] = {
    "monitor": {"batch": 7, "input_rows": 10, "records_total": 600, "lag": 3, "lag_s": 0.4, "duration_ms": 420},
    "historian": {
        "batch": 2,
        "records_total": 500,
        "lag": 103,
        "lag_s": 7.5,
        "outcomes": {"accepted": 490, "late": 10},
    },
}


def samples(text: str) -> dict[tuple[str, str], float]:
    """By name and label, as Prometheus' own parser reads them."""
    return {
        (sample.name, *sample.labels.values()): sample.value  # type: ignore[misc]  # one label each
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_prometheus_reads_what_each_query_has_told() -> None:
    found = samples(metrics.text(EVENTS))
    assert found["scada_analysis_records_total", "monitor"] == 600
    assert found["scada_analysis_lag_seconds", "historian"] == 7.5
    assert found["scada_analysis_lag_records", "historian"] == 103
    assert found["scada_analysis_outcomes_total", "late"] == 10
    assert ("scada_analysis_batch_milliseconds", "historian") not in found


def test_before_the_first_batch_there_are_none() -> None:
    assert metrics.text({}) == ""


@pytest.mark.parametrize(("path", "status"), [("/metrics", HTTPStatus.OK), ("/", HTTPStatus.NOT_FOUND)])
def test_they_are_served_on_loopback(path: str, status: HTTPStatus) -> None:
    with metrics.served(0, lambda: EVENTS) as port, urllib3.PoolManager(retries=False) as http:
        answer = http.request("GET", f"http://127.0.0.1:{port}{path}")
        assert answer.status == status
        assert (b"scada_analysis_records_total" in answer.data) == (status == HTTPStatus.OK)
