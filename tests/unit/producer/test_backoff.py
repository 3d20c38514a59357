import itertools

from producer.backoff import pauses


def test_pauses_double_to_a_bound() -> None:
    assert list(itertools.islice(pauses(draw=lambda: 0.0), 8)) == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]


def test_chance_shortens_each_by_at_most_a_half() -> None:
    shortest = list(itertools.islice(pauses(draw=lambda: 1.0), 8))
    assert shortest == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_two_clients_do_not_come_back_together() -> None:
    assert list(itertools.islice(pauses(), 5)) != list(itertools.islice(pauses(), 5))
