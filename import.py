"""`python import.py [FILE]`: import a catalogue of books. The code is in flyleaf/importing."""

import sys

from flyleaf.importing import main

if __name__ == "__main__":
    sys.exit(main())
