from typing import Any

from analysis.progress import Progress, Tally


def report(query: str, batch: int = 0, **changes: Any) -> dict[str, Any]:
    """What Spark 4.2 reported of a batch, cut to what is read."""
    source = {
        "description": "KafkaV2[Subscribe[scada.readings.v1]]",
        "startOffset": None,
        "endOffset": {"scada.readings.v1": {"0": 600, "1": 900}},
        "latestOffset": {"scada.readings.v1": {"0": 600, "1": 950}},
        "numInputRows": 1500,
    }
    given: dict[str, Any] = {
        "name": query,
        "batchId": batch,
        "numInputRows": 1500,
        "durationMs": {"addBatch": 446, "triggerExecution": 613},
        "stateOperators": [],
        "sources": [source],
    }
    return given | changes


def test_an_event_says_what_a_batch_did() -> None:
    tally = Tally({"accepted": 1490, "late": 10}, {"historian": 995.0, "monitor": 999.0}, {"historian": 4096})
    assert Progress(tally, lambda: 1000.0).event(report("historian", batch=7)) == {
        "event": "progress",
        "query": "historian",
        "batch": 7,
        "input_rows": 1500,
        "records_total": 1500,
        "outcomes": {"accepted": 1490, "late": 10},
        "lag": 50,
        "lag_s": 5.0,
        "state_bytes": 4096,
        "duration_ms": 613,
    }


def test_at_the_end_of_the_topic_there_is_no_lag_however_old_its_records_are() -> None:
    ends = {"scada.readings.v1": {"0": 600}}
    found = Progress(Tally(appended={"monitor": 0.0}), lambda: 1000.0).event(
        report("monitor", sources=[{"endOffset": ends, "latestOffset": ends}])
    )
    assert (found["lag"], found["lag_s"]) == (0, 0.0)


def test_only_readings_are_counted_among_the_sources_of_a_query() -> None:
    offsets = {"scada.readings.v1": {"0": 600}, "scada.operator-actions.v1": {"0": 7}}
    kafka = {"endOffset": offsets, "latestOffset": offsets}
    ticks = {"endOffset": 12, "latestOffset": None}
    found = Progress(Tally()).event(report("monitor", sources=[kafka, ticks]))
    assert (found["records_total"], found["lag"]) == (600, 0)


def test_a_batch_without_offsets_has_processed_nothing() -> None:
    sources = [{"endOffset": None, "latestOffset": None}]
    event = Progress(Tally()).event(report("monitor", sources=sources, durationMs={}))
    assert (event["records_total"], event["lag"], event["duration_ms"]) == (0, 0, 0)
