"""Series of books: read from titles and cells, and written in the one form that the catalogue stores.

That form is "Discworld #34; City Watch #7": names, with a number where one is known. A number is "3", "0.5" or a range,
"1-3". Reading is careful: a bracket that is not surely a series stays in the title.
"""

from flyleaf.series.cells import UnusableSeriesError, numbered, read_cell, with_series
from flyleaf.series.stored import Series, stored
from flyleaf.series.titles import BRACKETS, read_title

__all__ = ["BRACKETS", "Series", "UnusableSeriesError", "numbered", "read_cell", "read_title", "stored", "with_series"]
