"""Fault injection: test what happens to the site and its readers when something breaks (`make faults`)."""
