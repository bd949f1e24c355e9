"""Files and standard input: their bytes unpacked, and decoded to text."""
