"""What the tests throw at the readers of the contract: a corpus of cases, generated records, and mutated contracts.

Part of the package, not of the tests, so that another project's reader of the record can be attacked in the same way.
"""
