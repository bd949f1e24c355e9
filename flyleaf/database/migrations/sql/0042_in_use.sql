-- Revision 0042. Its index reads all readings.

--- long
DROP INDEX CONCURRENTLY IF EXISTS readings_of_shelved_book

--- long
CREATE INDEX CONCURRENTLY readings_of_shelved_book ON readings (shelved_book_id)
