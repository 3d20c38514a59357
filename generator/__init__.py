"""The plant as a stream: a deterministic simulation behind an HTTP application."""
