import pytest

from contracts.errors import VALUE_LIMIT, ContractError


def test_an_error_names_field_rule_and_value() -> None:
    assert str(ContractError("voltage_v", "must be at most 400", 1250.0)) == "voltage_v must be at most 400, got 1250.0"


def test_an_error_about_the_whole_record_says_record() -> None:
    assert str(ContractError("", "must be JSON", b"{")) == "record must be JSON, got b'{'"


@pytest.mark.parametrize("value", ["x" * 1_000_000, b"\xff" * 1_000_000, [["x" * 1000]] * 1000, {"k": "x" * 1_000_000}])
def test_a_hostile_value_is_shown_cut(value: object) -> None:
    shown = ContractError("f", "r", value).shown_value
    assert len(shown) == VALUE_LIMIT
    assert shown.endswith("…")


def test_a_hostile_field_name_is_cut_and_can_be_written_anywhere() -> None:
    text = str(ContractError("\ud800" + "x" * 1_000_000, "is not a field of the contract", 1))
    assert text.startswith("\\ud800xxx")
    assert text.encode()
    assert len(text) < 2 * VALUE_LIMIT
