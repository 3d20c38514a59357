"""Statistics of each measurement over windows of source time by OPC UA Part 13 (IEC 62541-13): rows in, rows out."""
