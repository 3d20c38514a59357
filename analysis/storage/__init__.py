"""What the analysis keeps over a restart: files that survive a crash, and snapshots named by the batch."""
