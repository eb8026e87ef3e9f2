"""Golds: ROIs with a known answer. Pure parts (`distorting`, `expected`), and the job that makes them (`making`)."""
