"""The bridge: follow the stream over HTTP, judge each line, write it to Kafka, lose nothing."""
