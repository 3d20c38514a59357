"""What operators do: read an action from its record, and apply it to an alarm."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from analysis.alarms.alarm import ACK, NORMAL, RTN_UNACK, UNACK, Alarm
from analysis.alarms.database import BY_ID
from analysis.alarms.transition import Transition
from contracts.errors import ContractError
from contracts.schema import TIMESTAMP

SIZE_LIMIT: Final = 4096
"""Bytes of an action's record."""

LONGEST_SHELVING: Final = 8 * 3600 * 1_000_000
"""Microseconds of plant time for which an alarm may be shelved at most."""

ACTIONS: Final = ("ACKNOWLEDGE", "SHELVE", "UNSHELVE", "OUT_OF_SERVICE", "IN_SERVICE")

_FIELDS: Final = (
    *("id", "stream_id", "site", "generator_id", "alarm_id"),
    *("action", "transition", "by", "reason", "until", "time"),
)
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_TEXT: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]*")
_TIMESTAMP: Final = re.compile(TIMESTAMP)
_MOST: Final = 2**53 - 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Action(NamedTuple):
    """What an operator does about one alarm (contract ``operator_action``).

    Attributes:
        id: given by the client; an id that has been seen has no further effect.
        stream_id: the run.
        site: the plant.
        generator_id: the set; None for an alarm of the site.
        alarm_id: row of the master alarm database.
        action: one of ``ACTIONS``.
        transition: of ACKNOWLEDGE: number of the newest transition that the operator has seen; else None.
        by: who.
        reason: why; empty only of ACKNOWLEDGE, UNSHELVE and IN_SERVICE.
        until: of SHELVE: its end in plant time, in microseconds since 1970 in UTC; else None.
        time: when the operator acted, by the operator's clock, likewise.
    """

    id: str
    stream_id: str
    site: str
    generator_id: str | None
    alarm_id: str
    action: str
    transition: int | None
    by: str
    reason: str
    until: int | None
    time: int


class Refusal(NamedTuple):
    """Why a record is no action: the field, the rule that it breaks, and the value, cut to a bounded length."""

    field: str
    rule: str
    value: str


def parse(value: bytes | None) -> Action | Refusal:
    """An action from the value of a record of ``scada.operator-actions.v1``.

    Nothing in it can be trusted to name an alarm, so a refusal is no transition: whoever reads the topic logs it.
    """
    try:
        return _action(_object(value))
    except ContractError as error:
        return Refusal(error.field, error.rule, error.shown_value)


def _object(value: bytes | None) -> dict[str, Any]:
    if value is None or len(value) > SIZE_LIMIT:
        raise ContractError("", f"must be JSON of at most {SIZE_LIMIT} bytes", value)
    try:
        found = json.loads(value.decode(), object_pairs_hook=_members, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise ContractError("", "must be JSON in UTF-8 with each name once", value) from None
    if not isinstance(found, dict):
        raise ContractError("", "must be an object", found)
    for name in _FIELDS:
        if name not in found:
            raise ContractError(name, "must be given", None)
    for name in found:
        if name not in _FIELDS:
            raise ContractError(name, "must not be there", found[name])
    return found


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is given twice")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _action(found: dict[str, Any]) -> Action:
    for name in ("stream_id", "site", "generator_id"):
        if name != "generator_id" or found[name] is not None:
            _must(_is_text(found[name], _IDENTIFIER), name, "must be an identifier of at most 64 characters", found)
    _must(_is_text(found["id"], _ID), "id", "must be an identifier of at most 64 characters", found)
    definition = BY_ID.get(found["alarm_id"]) if isinstance(found["alarm_id"], str) else None
    _must(definition is not None, "alarm_id", "must be a row of the master alarm database", found)
    of_site = definition is not None and definition.scope == "site"
    _must(of_site == (found["generator_id"] is None), "generator_id", "must be null of a site's alarms only", found)
    action = found["action"]
    _must(isinstance(action, str) and action in ACTIONS, "action", f"must be one of {', '.join(ACTIONS)}", found)
    _must(_is_text(found["by"], _TEXT, 1, 64), "by", "must be text of 1 to 64 characters", found)
    least = 1 if action in {"SHELVE", "OUT_OF_SERVICE"} else 0
    _must(_is_text(found["reason"], _TEXT, least, 200), "reason", f"must be text of {least} to 200 characters", found)
    number = found["transition"]
    if action == "ACKNOWLEDGE":
        is_number = isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= _MOST
        _must(is_number, "transition", f"must be an integer from 1 to {_MOST}", found)
    else:
        _must(number is None, "transition", "must be null of all but ACKNOWLEDGE", found)
    if action != "SHELVE":
        _must(found["until"] is None, "until", "must be null of all but SHELVE", found)
    until = _instant("until", found) if action == "SHELVE" else None
    return Action(**(found | {"until": until, "time": _instant("time", found)}))


def _must(is_so: bool, field: str, rule: str, found: dict[str, Any]) -> None:
    if not is_so:
        raise ContractError(field, rule, found[field])


def _is_text(value: Any, pattern: re.Pattern[str], least: int = 0, most: int = 64) -> bool:
    return isinstance(value, str) and least <= len(value) <= most and pattern.fullmatch(value) is not None


def _instant(field: str, found: dict[str, Any]) -> int:
    value = found[field]
    rule = "must be RFC 3339 in UTC, to the microsecond, from 2000 to 2099"
    # `$` also matches before a line feed at the end, which is refused by the length.
    _must(isinstance(value, str) and len(value) <= 27 and not value.endswith("\n"), field, rule, found)
    _must(_TIMESTAMP.search(value) is not None, field, rule, found)
    try:
        return (datetime.fromisoformat(value) - _EPOCH) // timedelta(microseconds=1)
    except ValueError:
        raise ContractError(field, rule, value) from None


def apply(action: Action, alarm: Alarm, time: int) -> list[Transition]:
    """What the action makes of the alarm, at that plant time; nothing where it is so already.

    What breaks a rule that depends on the alarm is told as REFUSED with the rule as reason: the operator sees why.
    """
    match action.action:
        case "ACKNOWLEDGE":
            return _acknowledge(action, alarm, time)
        case "SHELVE":
            return _shelve(action, alarm, time)
        case "UNSHELVE" if alarm.shelved_until is not None:
            alarm.shelved_until = None
            return [_told("UNSHELVED", action, alarm, time)]
        case "OUT_OF_SERVICE" if not alarm.is_out_of_service:
            alarm.is_out_of_service = True
            return [_told("OUT_OF_SERVICE", action, alarm, time)]
        case "IN_SERVICE" if alarm.is_out_of_service:
            alarm.is_out_of_service = False
            return [_told("IN_SERVICE", action, alarm, time)]
    return []


def _acknowledge(action: Action, alarm: Alarm, time: int) -> list[Transition]:
    seen = action.transition or 0
    if seen > alarm.number:
        return [_refused(action, alarm, time, f"transition {seen} has not happened, the last is {alarm.number}")]
    if alarm.state not in {UNACK, RTN_UNACK}:
        return []
    if seen < alarm.called:
        return [_refused(action, alarm, time, f"transition {seen} is older than the last annunciation, {alarm.called}")]
    return [_told("ACKNOWLEDGED", action, alarm, time, ACK if alarm.state == UNACK else NORMAL)]


def _shelve(action: Action, alarm: Alarm, time: int) -> list[Transition]:
    until = action.until or 0
    if not time < until <= time + LONGEST_SHELVING:
        return [_refused(action, alarm, time, "until must be after the newest reading, by at most 8 h")]
    if alarm.shelved_until == until:
        return []
    alarm.shelved_until = until
    return [alarm.tell("SHELVED", time, by=action.by, reason=action.reason, until=until)]


def _told(event: str, action: Action, alarm: Alarm, time: int, state: str | None = None) -> Transition:
    return alarm.tell(event, time, state, by=action.by, reason=action.reason or None)


def _refused(action: Action, alarm: Alarm, time: int, rule: str) -> Transition:
    return alarm.tell("REFUSED", time, by=action.by, reason=f"{action.action}: {rule}")
