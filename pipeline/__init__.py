"""The composition root: starts broker, generator, producer and analysis as processes, watches them, and shows them."""
