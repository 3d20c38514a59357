from typing import Any

from analysis.progress import Progress


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


def ingested(rejected: int, late: int, skewed: int) -> dict[str, Any]:
    return {"observedMetrics": {"outcomes": {"rejected": rejected, "late": late, "skewed": skewed}}}


def test_an_event_says_what_a_batch_did() -> None:
    assert Progress().event(report("ingest", batch=7, **ingested(1, 2, 3))) == {
        "event": "progress",
        "query": "ingest",
        "batch": 7,
        "input_rows": 1500,
        "records_total": 1500,
        "rejected": 1,
        "late": 2,
        "skewed": 3,
        "duplicates": 0,
        "dropped": 0,
        "lag": 50,
        "duration_ms": 613,
    }


def test_counts_add_up_over_batches_and_queries() -> None:
    progress = Progress()
    state = [
        {"numRowsDroppedByWatermark": 0, "customMetrics": {"rocksdbCommitCount": 1}},
        {"numRowsDroppedByWatermark": 2, "customMetrics": {"numDroppedDuplicateRows": 5}},
    ]
    progress.event(report("ingest", **ingested(1, 0, 0)))
    progress.event(report("aggregate", stateOperators=state))
    progress.event(report("aggregate", batch=1, stateOperators=state))
    event = progress.event(report("ingest", batch=1, **ingested(2, 1, 0)))
    counts = {name: event[name] for name in ("rejected", "late", "skewed", "duplicates", "dropped")}
    assert counts == {"rejected": 3, "late": 1, "skewed": 0, "duplicates": 10, "dropped": 4}


def test_a_batch_without_offsets_has_processed_nothing() -> None:
    event = Progress().event(report("ingest", sources=[{"endOffset": None, "latestOffset": None}], durationMs={}))
    assert (event["records_total"], event["lag"], event["duration_ms"]) == (0, 0, 0)
