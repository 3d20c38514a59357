"""What `scada` says when it cannot go on."""


class PipelineError(Exception):
    """One clear message for an operator: what is wrong, and what to do about it."""
