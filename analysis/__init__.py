"""Spark Structured Streaming over the readings on Kafka: alarms, health, detections, statistics and the historian.

Pure functions from DataFrame to DataFrame or to Column, and pure machines over rows; `queries` assembles them and `job`
runs them. Imports pyspark and the standard-library
part of `contracts` only, so that the two packages in a zip are all that a cluster needs:
``python -m zipfile -c analysis.zip analysis contracts`` and ``spark-submit --py-files analysis.zip analysis/job.py``.
"""
