from contracts import schema
from contracts.attack.rules import rules
from contracts.model import GeneratorReading


def test_the_model_that_is_written_by_hand_has_the_contracts_rules() -> None:
    assert rules(GeneratorReading.model_json_schema()) == rules(schema.load("generator_reading").document)
