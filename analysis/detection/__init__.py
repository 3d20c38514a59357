"""Fault detection: residuals against redundancy and models, judged by limits, cumulative sums and variance ratios."""
