"""The streaming queries, assembled: sources, batches, sinks."""
