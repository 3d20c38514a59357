"""The alarms of one site: those of its bus, the silence of its sets, and the silence of its gateway."""

from collections.abc import Iterable
from typing import Any

from analysis.alarms.alarm import NEVER, Alarm, Source
from analysis.alarms.database import BY_ID, COMM_LOSS, GATEWAY_SILENT, OF_SITES, Definition
from analysis.alarms.generator_set import GeneratorSet
from analysis.alarms.interval import SLOWEST_SCAN
from analysis.alarms.transition import Transition


class Site:
    """One site: its sets, its own alarms, and when it was heard.

    Attributes:
        source: the site.
        sets: its sets by ``generator_id``.
        alarms: its own alarms that have ever left their initial state, by ``alarm_id``.
        time: newest source time of a live reading of any of its sets.
        due: source time from which its alarms must be looked at even if no set's masks change.
        heard: newest server time of a reading of any of its sets.
        silence_due: server time from which the silence of its sets must be looked at.
        appended: newest time at which Kafka took a reading of it, by the wall clock.
        is_live: whether a tick has found it reporting, so that its silence means something.
        back: when Kafka took the first reading after the silence of its gateway; None if there was none.
        is_gateway_silent: whether its gateway is silent, or has not been back for long enough.
        actions: ids of the last operator actions, the oldest first.
    """

    __slots__ = (
        *("source", "sets", "alarms", "time", "due", "heard", "silence_due", "appended", "is_live", "back"),
        *("is_gateway_silent", "actions"),
    )

    def __init__(self, source: Source) -> None:
        self.source = source
        self.sets: dict[str, GeneratorSet] = {}
        self.alarms: dict[str, Alarm] = {}
        self.time = 0
        self.due = NEVER
        self.heard = 0
        self.silence_due = 0
        self.appended = 0
        self.is_live = False
        self.back: int | None = None
        self.is_gateway_silent = False
        self.actions: list[str] = []

    def alarm(self, definition: Definition) -> Alarm:
        """The site's alarm of that row, in its initial state if nothing has moved it yet."""
        found = self.alarms.get(definition.alarm_id)
        return found or self.alarms.setdefault(definition.alarm_id, Alarm(self.source, definition))

    def step(self, measured: dict[str, float | None]) -> list[Transition]:
        """Move the alarms of the bus by the votes of the sets.

        Every set measures the same bus, and has one vote: its last live reading, unless it is silent or could not tell.
        A condition holds where it holds for at least half of them, and is over where it is over for more than half.
        So of three sets or more, one wrong instrument neither raises nor hides an alarm.

        Args:
            measured: the measurements of the reading that moves them.
        """
        votes = [one.masks for one in self.sets.values() if one.masks is not None and not one.is_silent]
        found: list[Transition] = []
        due = NEVER
        for row in OF_SITES:
            able = [masks for masks in votes if masks[2] >> row.bit & 1]
            limit, clear, enabled = (sum(masks[place] >> row.bit & 1 for masks in able) for place in (0, 1, 3))
            is_known = bool(able)
            is_enabled = is_known and 2 * enabled >= len(able)
            is_on = is_enabled and 2 * limit >= len(able)
            alarm = self.alarm(row) if is_on else self.alarms.get(row.alarm_id)
            if alarm is None:
                continue
            found += alarm.step(
                self.time,
                is_on=is_on,
                is_off=is_known and 2 * clear > len(able),
                is_known=is_known,
                is_by_design=alarm.is_by_design if not is_known else not is_enabled,
                measured=measured.get(row.measurement or ""),
            )
            due = min(due, alarm.due(is_known=is_known))
        gateway = self.alarms.get(GATEWAY_SILENT.alarm_id)
        if gateway is not None:
            found += gateway.expire(self.time)
            due = min(due, gateway.due())
        self.due = due
        return found

    def silences(self) -> list[Transition]:
        """Judge the silence of each set against the newest reading of the site.

        To be called when a reading with a newer server time comes, before it is taken: all readings that the server had
        at the time before are then known, so that the sets that a scan names last are not silent meanwhile.
        """
        found: list[Transition] = []
        changed = False
        due = NEVER
        for one in self.sets.values():
            limit = one.heard + self._limit(one)
            is_silent = self.heard > limit
            changed |= is_silent != one.is_silent
            one.is_silent = is_silent
            alarm = one.alarm(COMM_LOSS) if is_silent else one.alarms.get(COMM_LOSS.alarm_id)
            if alarm is not None:
                found += alarm.step(
                    self.heard,
                    is_on=is_silent,
                    is_off=not is_silent,
                    is_by_design=self.is_gateway_silent or one.is_muted(self.heard),
                    since=limit if is_silent else one.back,
                )
                due = min(due, alarm.due())
                if one.is_muted(self.heard):
                    due = min(due, one.muted_until)
            if not is_silent:
                due = min(due, limit + 1)
        self.silence_due = due
        return found + (self.step({}) if changed else [])

    def hear(self, one: GeneratorSet, server_time: int, appended: int) -> list[Transition]:
        """Take that a set has reported, whatever it says.

        Args:
            one: the set.
            server_time: when the server had the reading.
            appended: when Kafka took it, by the wall clock.
        """
        found: list[Transition] = []
        if server_time > self.heard:
            if self.heard >= self.silence_due:
                found = self.silences()
            self.heard = server_time
        self.appended = max(self.appended, appended)
        if one.is_silent:
            one.is_silent = False
            one.back = server_time
            self.silence_due = 0
            found += self.step({})
        one.heard = max(one.heard, server_time)
        if self.is_gateway_silent:
            found += self._hear_gateway(server_time, appended)
        return found

    def expects(self, one: GeneratorSet) -> None:
        """Take that a set reports at another interval than before."""
        self.silence_due = min(self.silence_due, one.heard + self._limit(one) + 1)

    @staticmethod
    def _limit(one: GeneratorSet) -> int:
        return round((COMM_LOSS.limit or 0) * one.interval.value)

    def tick(self, now: int) -> list[Transition]:
        """Tell by the wall clock whether the gateway is silent."""
        interval = min((one.interval.value for one in self.sets.values()), default=SLOWEST_SCAN)
        limit = round((GATEWAY_SILENT.limit or 0) * interval)
        silence = now - self.appended
        if silence <= limit:
            self.is_live = True
        elif self.is_live and silence - limit >= GATEWAY_SILENT.on_delay:
            self.is_live = False
            self.back = None
            self.is_gateway_silent = True
            self.silence_due = 0
            alarm = self.alarm(GATEWAY_SILENT)
            if not alarm.is_active:
                return [alarm.raised(self.heard)]
        return []

    def _hear_gateway(self, server_time: int, appended: int) -> list[Transition]:
        """Take that the gateway reports, which was silent: it is back once it has done so for the off-delay."""
        if self.back is None:
            self.back = appended
        if appended - self.back < GATEWAY_SILENT.off_delay:
            return []
        self.is_gateway_silent = False
        self.silence_due = 0
        alarm = self.alarm(GATEWAY_SILENT)
        return [alarm.returned(server_time)] if alarm.is_active else []

    def dump(self) -> dict[str, Any]:
        """Its state as a JSON value."""
        return {
            "stream_id": self.source.stream_id,
            "site": self.source.site,
            "sets": [one.dump() for one in self.sets.values()],
            "alarms": {name: alarm.dump() for name, alarm in self.alarms.items()},
            "times": [self.time, self.due, self.heard, self.silence_due, self.appended, self.back],
            "is_live": self.is_live,
            "is_gateway_silent": self.is_gateway_silent,
            "actions": self.actions.copy(),
        }

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> "Site":
        """The site that `dump` gave this."""
        stream_id, name = dumped["stream_id"], dumped["site"]
        site = cls(Source(stream_id, name, None))
        site.sets = dict(_sets(stream_id, name, dumped["sets"]))
        site.alarms = {key: Alarm.load(site.source, BY_ID[key], alarm) for key, alarm in dumped["alarms"].items()}
        site.time, site.due, site.heard, site.silence_due, site.appended, site.back = dumped["times"]
        site.is_live = dumped["is_live"]
        site.is_gateway_silent = dumped["is_gateway_silent"]
        site.actions = list(dumped["actions"])
        return site


def _sets(stream_id: str, site: str, dumped: Iterable[dict[str, Any]]) -> Iterable[tuple[str, GeneratorSet]]:
    for one in dumped:
        name = one["generator_id"]
        yield name, GeneratorSet.load(Source(stream_id, site, name), one)
