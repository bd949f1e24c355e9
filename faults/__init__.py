"""What happens to the site and its readers when something breaks: `make faults`, or python -m faults."""
