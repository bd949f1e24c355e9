-- Revision 0003. A column that comes with a check makes PostgreSQL read all readers while nobody else may.

--- short
ALTER TABLE readers
    ADD COLUMN IF NOT EXISTS language text,
    ADD COLUMN IF NOT EXISTS theme    text;
ALTER TABLE readers
    DROP CONSTRAINT IF EXISTS readers_language_check,
    DROP CONSTRAINT IF EXISTS readers_theme_check,
    ADD CONSTRAINT readers_language_check CHECK (language IN ('en', 'pt-BR', 'es')) NOT VALID,
    ADD CONSTRAINT readers_theme_check CHECK (theme IN ('auto', 'light', 'dark')) NOT VALID;
COMMENT ON COLUMN readers.language IS 'null where none was chosen: the browser says it then';
COMMENT ON COLUMN readers.theme IS 'null where none was chosen: shown as auto, what the browser prefers';

--- long
ALTER TABLE readers VALIDATE CONSTRAINT readers_language_check

--- long
ALTER TABLE readers VALIDATE CONSTRAINT readers_theme_check
