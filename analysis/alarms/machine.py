"""The alarm machine: readings in log order, operator actions and ticks of the clock in, transitions out (ISA-18.2).

The state is bounded: per set and site one alarm for each row of the database, eight distances and one journal entry for
each row; per site the ids of its last 64 actions. What grows is the number of sets and sites that have ever reported.
"""

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_
from typing import Any, Final

from analysis.alarms import actions
from analysis.alarms.actions import Action
from analysis.alarms.alarm import NORMAL, Source
from analysis.alarms.database import BY_ID, MASKS, NAMES, OF_SITES
from analysis.alarms.generator_set import GeneratorSet
from analysis.alarms.site import Site
from analysis.alarms.transition import Transition
from analysis.place import Place

REMEMBERED_ACTIONS: Final = 64
"""Ids of operator actions that are remembered per site."""

_MASKS: Final = len(MASKS)
_BUS: Final = sum(1 << row.bit for row in OF_SITES)


class Alarms:
    """The alarms of all streams."""

    def __init__(self) -> None:
        self._sites: dict[tuple[str, str], Site] = {}
        # A derived index: one look-up for each reading.
        self._index: dict[tuple[str, str, str], tuple[Site, GeneratorSet]] = {}

    def read(self, place: Place, values: tuple[Any, ...]) -> list[Transition]:
        """Take the next reading of the log.

        Args:
            place: where it stands.
            values: what `analysis.alarms.conditions.columns` says of it, in that order.
        """
        stream_id, site_name, generator_id, _, time, server_time, appended, historical, outcome = place
        known = self._index.get((stream_id, site_name, generator_id))
        if known is None:
            known = self._add(stream_id, site_name, generator_id, server_time)
        site, one = known
        found = site.hear(one, server_time, appended)
        newest = one.newest
        if historical or outcome != "accepted" or time < newest:
            return found + one.store(time, values)
        if newest and time > newest and one.interval.add(time - newest):
            site.expects(one)
        one.newest = time
        site.time = max(site.time, time)
        before = one.masks
        masks: tuple[int, ...] = values[:_MASKS]
        is_changed = masks != before
        if is_changed or time >= one.due:
            found += one.read(time, values)
        if time >= site.due or (is_changed and (before is None or _differ(before, masks) & _BUS)):
            found += site.step(dict(zip(NAMES, values, strict=True)))
        return found

    def _add(self, stream_id: str, site_name: str, generator_id: str, server_time: int) -> tuple[Site, GeneratorSet]:
        site = self._sites.get((stream_id, site_name))
        if site is None:
            site = self._sites[stream_id, site_name] = Site(Source(stream_id, site_name, None))
        one = site.sets[generator_id] = GeneratorSet(Source(stream_id, site_name, generator_id))
        one.heard = server_time
        site.expects(one)
        known = self._index[stream_id, site_name, generator_id] = (site, one)
        return known

    def act(self, action: Action) -> list[Transition]:
        """Apply what an operator does; nothing if it has been applied before, or is so already."""
        definition = BY_ID[action.alarm_id]
        site = self._sites.get((action.stream_id, action.site))
        one = site.sets.get(action.generator_id) if site and action.generator_id is not None else None
        if site is None or (action.generator_id is not None and one is None):
            return [_unknown(action)]
        if action.id in site.actions:
            return []
        site.actions = [*site.actions[1 - REMEMBERED_ACTIONS :], action.id]
        # Whatever is pending may have changed: the next reading looks anew.
        site.due = site.silence_due = 0
        if one is None:
            return actions.apply(action, site.alarm(definition), max(site.time, site.heard))
        one.due = 0
        return actions.apply(action, one.alarm(definition), max(one.newest, site.heard))

    def tick(self, now: int) -> list[Transition]:
        """Tell which gateways are silent at that time of the wall clock, in microseconds since 1970 in UTC."""
        return [transition for site in self._sites.values() for transition in site.tick(now)]

    def dump(self) -> list[Any]:
        """The whole state as a JSON value."""
        return [site.dump() for site in self._sites.values()]

    @classmethod
    def load(cls, dumped: list[Any]) -> "Alarms":
        """The machine that `dump` gave this."""
        alarms = cls()
        for one in dumped:
            site = Site.load(one)
            stream_id, name = site.source.stream_id, site.source.site
            alarms._sites[stream_id, name] = site
            alarms._index |= {(stream_id, name, key): (site, found) for key, found in site.sets.items()}
        return alarms


def transitions(readings: Iterable[tuple[Place, tuple[Any, ...]]]) -> Iterator[Transition]:
    """The transitions that readings in log order make, from nothing: in batch what the stream gave, but for actions."""
    alarms = Alarms()
    for place, values in readings:
        yield from alarms.read(place, values)


def _differ(before: tuple[int, ...], after: tuple[int, ...]) -> int:
    """Mask of the alarms of which two readings say different things."""
    return reduce(or_, (was ^ now for was, now in zip(before[:4], after[:4], strict=True)))


def _unknown(action: Action) -> Transition:
    definition = BY_ID[action.alarm_id]
    return Transition(
        stream_id=action.stream_id,
        site=action.site,
        generator_id=action.generator_id,
        alarm_id=action.alarm_id,
        revision=definition.revision,
        number=0,
        time=action.time,
        event="REFUSED",
        state=NORMAL,
        previous_state=NORMAL,
        suppression="NONE",
        priority=definition.priority,
        annunciated=False,
        limit=definition.limit,
        by=action.by,
        reason=f"{action.action}: nothing has been heard of this set or site",
    )
