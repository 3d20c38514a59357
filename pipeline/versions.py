"""The versions of what runs on Java, in one place. Python's own dependencies are pinned in ``requirements.txt``."""

from typing import Final

JAVA: Final = 17
"""Oldest Java that both the broker and Spark run on."""

KAFKA: Final = "4.3.1"
LOG4J: Final = "2.25.4"
"""The Log4j that this Kafka brings. What binds it to Kafka's logging interface is not among Kafka's dependencies."""

KAFKA_PACKAGES: Final = (
    f"org.apache.kafka:kafka_2.13:{KAFKA}",
    f"org.apache.logging.log4j:log4j-slf4j-impl:{LOG4J}",
)
"""What the broker is started from."""

SPARK: Final = "4.2.0"
"""The newest PySpark for which a Kafka connector is published (docs/adr/0005)."""

CONNECTOR: Final = SPARK
AVRO: Final = "4.1.1"
"""The Avro module is not published for Spark 4.2.0; that of 4.1.1 works there, and the Spark tests show it."""

SPARK_PACKAGES: Final = (
    f"org.apache.spark:spark-sql-kafka-0-10_2.13:{CONNECTOR}",
    f"org.apache.spark:spark-avro_2.13:{AVRO}",
)
"""What ``spark-submit --packages`` takes for the analysis."""
