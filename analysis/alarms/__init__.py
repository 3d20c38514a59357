"""Alarms by ISA-18.2: conditions as bit masks by Spark, a state machine over them, and what operators do."""
