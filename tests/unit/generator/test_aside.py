"""Answers beside the simulation: bounded, and nobody works for those who have left."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from generator.aside import MOST_WAITING, Aside, BusyError
from generator.run import Run
from generator.settings import Settings
from generator.yardstick import StoppedError, Yardstick


async def stays() -> bool:
    return False


async def leaves() -> bool:
    return True


@pytest.fixture
def aside(tmp_path: Path) -> Iterator[Aside]:
    run = Run(Settings.model_validate({"seed": 4, "start": "2026-01-01T10:00:00Z", "state_dir": tmp_path}))
    run.accept("f", {"fault": {"id": "f", "generator": "G1", "kind": "lubrication_wear"}})
    aside = Aside("test", run, lambda: False)
    yield aside
    aside.close()
    run.close()


def test_no_more_wait_than_may(aside: Aside) -> None:
    async def crowd() -> None:
        release = Event()
        waiting = [asyncio.create_task(aside.ask(lambda _: release.wait(), stays)) for _ in range(MOST_WAITING)]
        one_more = asyncio.create_task(aside.ask(lambda _: True, stays))
        await asyncio.sleep(0)
        release.set()
        with pytest.raises(BusyError):
            await one_more
        assert await asyncio.gather(*waiting) == [True] * MOST_WAITING
        assert await aside.ask(lambda _: "next", stays) == "next"

    asyncio.run(crowd())


def test_the_work_ends_when_whoever_asked_has_left(aside: Aside) -> None:
    def forever(yardstick: Yardstick) -> None:
        for scan in range(1, 10**9):
            list(yardstick.labels(scan))

    async def leave() -> None:
        with pytest.raises(StoppedError):
            await aside.ask(forever, leaves)
        assert len(await aside.ask(lambda yardstick: list(yardstick.labels(5)), stays)) == 1

    asyncio.run(leave())
