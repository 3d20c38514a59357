"""From a record of Kafka to a judged reading: decode its bytes, check the rules of the contract, tell its outcome."""
