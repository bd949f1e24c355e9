-- Revision 0020. It copies the attempts while it locks them, which takes milliseconds once the expired ones are gone.

--- batches
DELETE FROM attempts
 WHERE key IN (SELECT key
                 FROM attempts
                WHERE kept_until < now()
                ORDER BY kept_until
                LIMIT 5000
                  FOR UPDATE SKIP LOCKED)

--- short
ALTER TABLE attempts SET LOGGED
