"""The SCADA record and everything that defines it: schemas, renderings, validation, encodings and compatibility.

``schema``, ``framing``, ``topics`` and ``errors`` need nothing beyond the standard library; they ship with the
Spark job. ``judge``, ``avro``, ``reading`` and ``model`` use the validators and codecs of the services. ``attack`` is
what the tests throw at all of them.
"""
