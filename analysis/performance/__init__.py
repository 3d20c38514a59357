"""How well the plant and its alarm system have done: in batch, over the historian and the transitions of the alarms."""
