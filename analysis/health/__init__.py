"""Health of sensors and sources: what the readings tell of themselves, whatever the plant does."""
