from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.partition import partition_of


@pytest.mark.parametrize(
    ("site", "crc_32"),
    [
        ("123456789", 0xCBF43926),  # the check value of CRC-32/ISO-HDLC in the catalogue of CRC algorithms
        ("The quick brown fox jumps over the lazy dog", 0x414FA339),
        ("a", 0xE8B7BE43),
        ("", 0),
    ],
)
def test_a_site_goes_where_its_crc_32_says(site: str, crc_32: int) -> None:
    assert partition_of(site, 1 << 32) == crc_32
    assert [partition_of(site, count) for count in (1, 2, 4, 7)] == [0, crc_32 % 2, crc_32 % 4, crc_32 % 7]


@given(st.text(), st.integers(1, 1000))
def test_every_site_has_a_partition_that_there_is(site: str, count: int) -> None:
    assert 0 <= partition_of(site, count) < count


def test_the_sites_of_a_large_fleet_share_four_partitions_evenly() -> None:
    assert Counter(partition_of(f"S{number}", 4) for number in range(1, 101)) == {0: 25, 1: 25, 2: 25, 3: 25}
