"""What holds for every tier: hypothesis draws the same examples on every run, unless a run is there to explore.

A test that fails by a draw fails a stranger's first run. Exploring is for the ``nightly-…`` environments, which name a
profile of their own on the command line; what they find becomes an example of its test.
"""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, print_blob=True)
settings.load_profile("repeatable")
