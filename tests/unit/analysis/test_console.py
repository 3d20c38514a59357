from typing import Any

from analysis.console import table


def row(generator: str, **changes: Any) -> dict[str, Any]:
    figures = {
        "stream_id": "run-1",
        "generator_id": generator,
        "Records": 120,
        "RecordsOnline": 118,
        "AvgPowerOutput": 101.25,
        "MinPowerOutput": -3.0,
        "MaxPowerOutput": 149.96,
        "AvgVoltage": 230.0,
        "AvgFuelLevel": 79.94,
        "FaultAlarmsCount": 2,
    }
    return figures | changes


def test_the_table_is_aligned_in_the_order_of_the_plant() -> None:
    rows = [row("G10"), row("G2", AvgPowerOutput=None, MinPowerOutput=None, MaxPowerOutput=None, AvgVoltage=None)]
    assert table(rows).splitlines() == [
        "generator  records  online  avg kW  min kW  max kW  avg V  fuel %  alarms",
        "       G2      120     118       -       -       -      -    79.9       2",
        "      G10      120     118   101.2    -3.0   150.0  230.0    79.9       2",
    ]
