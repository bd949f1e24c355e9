-- How text is read: the same functions for books and for queries.
--
-- These files are run in a schema of their own, which is first on the search path: see flyleaf/search/schema.py.

-- One row a letter outside ASCII, filled from AnyAscii by schema.py. `latin` is in lower case; an ideograph's has
-- a space on either side, so that each is a word of its own; a mark that only modifies its neighbour has ''.
CREATE TABLE search_letters (
    letter text COLLATE "C" PRIMARY KEY,
    latin  text NOT NULL
);

CREATE FUNCTION search_latin(string text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    plain text := unaccent(string);
BEGIN
    IF octet_length(plain) = length(plain) THEN
        RETURN plain;
    END IF;
    plain := normalize(plain, NFKC);
    IF plain ~ '[ぁ-ヿ]' THEN  -- no spaces part Japanese words, but hiragana, katakana and Latin letters do
        plain := regexp_replace(plain, '([ァ-ヿ])(?=[ぁ-ゟA-Za-z0-9])|([ぁ-ゟ])(?=[ァ-ヿA-Za-z0-9])|([A-Za-z0-9])(?=[ぁ-ヿ])', '\1\2\3 ', 'g');
    END IF;
    RETURN (SELECT string_agg(CASE WHEN character <= '~' THEN character ELSE coalesce(latin, ' ') END, '' ORDER BY place)
              FROM unnest(string_to_array(unaccent(plain), NULL)) WITH ORDINALITY AS characters (character, place)
              LEFT JOIN search_letters ON letter = character COLLATE "C");
END $$;
COMMENT ON FUNCTION search_latin IS 'without accents, other scripts transliterated: ''Łódź'' Lodz, ''Толстой'' tolstoy';

-- replace() for the common marks is five times as fast as the regular expression, which is left for the rare ones.
CREATE FUNCTION search_key(string text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    plain text := lower(CASE WHEN octet_length(string) = length(string) THEN string ELSE search_latin(string) END COLLATE "C");
BEGIN
    IF plain ~ '[^a-z0-9 ]' COLLATE "C" THEN
        IF plain ~ '[a-z0-9][+#]' COLLATE "C" THEN  -- C++ and A+, but not 1+1; C#, but not (Dune#1)
            plain := regexp_replace(plain, '([a-z0-9])\+\+(?![a-z0-9+])' COLLATE "C", '\1 plus plus ', 'g');
            plain := regexp_replace(plain, '([a-z0-9])\+(?![a-z0-9+])' COLLATE "C", '\1 plus ', 'g');
            plain := regexp_replace(plain, '\m([a-z])#' COLLATE "C", '\1 sharp ', 'g');
        END IF;
        plain := replace(replace(replace(replace(replace(replace(plain, '''', ''), '.', ' '), ',', ' '), ':', ' '), '-', ' '), '&', ' and ');
        IF plain ~ '[^a-z0-9 ]' COLLATE "C" THEN
            plain := regexp_replace(replace(plain, '`', ''), '[^a-z0-9]+' COLLATE "C", ' ', 'g');
        END IF;
    END IF;
    WHILE strpos(plain, '  ') > 0 LOOP
        plain := replace(plain, '  ', ' ');
    END LOOP;
    RETURN btrim(plain);
END $$;
COMMENT ON FUNCTION search_key IS 'words of a to z and 0 to 9 with single spaces; & is and; C++ c plus plus; C# c sharp; apostrophes are dropped';

-- Not "t": it is a sound of Chinese, as in "t'ai chi".
CREATE FUNCTION search_title_key(title text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF title LIKE '%''%' OR title LIKE '%`%' OR octet_length(title) > length(title) AND title ~ '[’‘ʼ´]' THEN
        title := regexp_replace(title, '(?<![\w''’‘ʼ`´])([cdjlmns]|(?:jus|lors|puis|quoi)?qu|un|quest|quell|sant|d?all|dell|nell|sull)[''’‘ʼ`´](?=[^ ''’‘ʼ`´])(?!s\M)', '\1 ', 'gi');
    END IF;
    RETURN search_key(title);
END $$;
COMMENT ON FUNCTION search_title_key IS 'the key of a title, in which an elided word is one of its own: d une, l etranger; but obrien, since that is a name';

-- These two are not strict: a strict CASE would not be inlined, and a call takes twice as long as all that is in it.
CREATE FUNCTION search_bare(key text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN replace(CASE WHEN key ~ '^(the|an?|l|l[aeo]s?|un|une|der|die|das|den|det|ein|eine|el|il|gli|het|een|os?|as|um|uma|en|et) .' THEN substr(key, strpos(key, ' ') + 1)
                    ELSE key END, ' ', '');
COMMENT ON FUNCTION search_bare IS 'a key without its leading article and without spaces: equal however the words are run together';

CREATE FUNCTION search_start(key text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN left(search_bare(key), 60);
COMMENT ON FUNCTION search_start IS 'the same, cut at 60';

-- Extra words ------------------------------------------------------------------------------------------------------

CREATE FUNCTION search_spelled(n integer) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    units constant text[] := '{one,two,three,four,five,six,seven,eight,nine,ten,eleven,twelve,thirteen,fourteen,fifteen,sixteen,seventeen,eighteen,nineteen}'::text[];
    tens  constant text[] := '{ten,twenty,thirty,forty,fifty,sixty,seventy,eighty,ninety}'::text[];
BEGIN
    RETURN CASE WHEN n < 20 THEN units[n]
                WHEN n < 100 THEN concat_ws(' ', tens[n / 10], units[n % 10])
                WHEN n % 1000 = 0 THEN search_spelled(n / 1000) || ' thousand'
                WHEN n % 100 = 0 THEN search_spelled(n / 100) || ' hundred'
                WHEN n BETWEEN 2000 AND 2099 THEN 'two thousand ' || search_spelled(n % 100)
                ELSE concat_ws(' ', search_spelled(n / 100), search_spelled(n % 100)) END;
END $$;
COMMENT ON FUNCTION search_spelled IS 'a number as it is said: 22 twenty two, 1984 nineteen eighty four, 100 one hundred';

-- Only the keys count, which a jsonb finds by halving: ten times as fast as a regular expression, and it is asked of every title.
CREATE FUNCTION search_number_words() RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $json${
    "i": 1, "ii": 1, "iii": 1, "iv": 1, "v": 1, "vi": 1, "vii": 1, "viii": 1, "ix": 1, "x": 1, "xi": 1, "xii": 1, "xiii": 1, "xiv": 1,
    "xv": 1, "xvi": 1, "xvii": 1, "xviii": 1, "xix": 1, "xx": 1, "one": 1, "two": 1, "three": 1, "four": 1, "five": 1, "six": 1, "seven": 1,
    "eight": 1, "nine": 1, "ten": 1, "eleven": 1, "twelve": 1, "thirteen": 1, "fourteen": 1, "fifteen": 1, "sixteen": 1, "seventeen": 1,
    "eighteen": 1, "nineteen": 1, "twenty": 1, "thirty": 1, "forty": 1, "fifty": 1, "sixty": 1, "seventy": 1, "eighty": 1, "ninety": 1,
    "hundred": 1, "thousand": 1}$json$::jsonb;
COMMENT ON FUNCTION search_number_words IS 'the words without digits that search_numerals reads';

CREATE FUNCTION search_numerals(key text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    romans constant text[] := '{i,ii,iii,iv,v,vi,vii,viii,ix,x,xi,xii,xiii,xiv,xv,xvi,xvii,xviii,xix,xx}'::text[];
    names  constant text[] := '{one,two,three,four,five,six,seven,eight,nine,ten,eleven,twelve,thirteen,fourteen,fifteen,sixteen,seventeen,eighteen,nineteen,twenty}'::text[];
    tens   constant text[] := '{ten,twenty,thirty,forty,fifty,sixty,seventy,eighty,ninety}'::text[];
    extra  text := '';
    word   text;
    said   int;  -- the number that the words so far say
    n      int;
BEGIN
    FOREACH word IN ARRAY string_to_array(key, ' ') LOOP
        IF word > ':' COLLATE "C" AND NOT search_number_words() ? word THEN  -- digits stand before the colon
            said := NULL;
            CONTINUE;
        END IF;
        n := coalesce(array_position(romans, word), array_position(names, word), CASE WHEN word ~ '^[1-9][0-9]{0,4}$' THEN word::int END);
        IF n <= 20 THEN
            extra := concat_ws(' ', extra, n, romans[n], names[n]);
        ELSIF n IS NOT NULL OR word = '000' THEN
            extra := concat_ws(' ', extra, coalesce(search_spelled(n), 'thousand'));
        END IF;
        n := coalesce(array_position(names, word), 10 * array_position(tens, word));
        said := CASE WHEN word = 'hundred' THEN coalesce(nullif(said, 0), 1) * 100
                     WHEN word = 'thousand' THEN coalesce(nullif(said, 0), 1) * 1000
                     WHEN n IS NULL THEN NULL
                     WHEN said % 100 = 0 OR (said % 100 >= 20 AND said % 10 = 0 AND n < 10) THEN said + n
                     WHEN said BETWEEN 10 AND 20 AND n >= 10 THEN said * 100 + n
                     ELSE n END;
        IF said BETWEEN 21 AND 99999 THEN
            extra := concat_ws(' ', extra, said);
        ELSIF said > 99999 THEN
            said := NULL;
        END IF;
    END LOOP;
    RETURN extra;
END $$;
COMMENT ON FUNCTION search_numerals IS
    'numbers in their other forms: ''henry v'' gives 5 v five, ''catch 22'' twenty two, ''nineteen eighty four'' 19 1980 1984';

CREATE FUNCTION search_initials(key text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(replace(run[1], ' ', ''), ' '), '') FROM regexp_matches(key, '\m[a-z0-9](?: [a-z0-9])+\M', 'g') AS runs (run)
$$;
COMMENT ON FUNCTION search_initials IS 'single letters in a row as one word: ''j r r tolkien'' gives jrr, ''u s a'' usa';

CREATE FUNCTION search_romanised(key text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF key !~ '(o[ij]|[iy][ijy]|ski|off|eff|[aeo][yj]e|tch|tsch|[aou]e|( |^)ye)' COLLATE "C" THEN  -- one expression is quicker than eight
        RETURN key;
    END IF;
    key := regexp_replace(key, 't(s?)ch', 'ch', 'g');
    key := regexp_replace(key, '\mye', 'e', 'g');
    key := regexp_replace(key, '([aeo])[yj]e', '\1e', 'g');
    key := regexp_replace(key, '([oe])ff\M', '\1v', 'g');
    key := regexp_replace(key, 'o[ij]\M', 'oy', 'g');
    key := regexp_replace(key, 'ski\M', 'sky', 'g');
    key := regexp_replace(key, '(?<=[a-z]{3})[iy][ijy]\M', 'y', 'g');
    RETURN regexp_replace(key, '(?<![gq])([aou])e(?!l?\M)', '\1', 'g');
END $$;
COMMENT ON FUNCTION search_romanised IS
    'one spelling for the common romanisations of names: tolstoi, tolstoj and tolstoy are tolstoy; kaestner is kastner, as Kästner is';

CREATE FUNCTION search_title_words(title_key text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    words text := title_key;
BEGIN
    IF search_number_words() ?| string_to_array(title_key, ' ') OR title_key ~ '[0-9]' COLLATE "C" THEN
        words := words || ' ' || search_numerals(title_key);
    END IF;
    IF ' ' || title_key || ' ' LIKE '% _ _ %' THEN
        words := words || ' ' || search_initials(title_key);
    END IF;
    RETURN words;
END $$;

CREATE FUNCTION search_author_words(author_key text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    names text[] := string_to_array(author_key, ' ');
    words text   := author_key;
    given text   := '';
    roman text   := search_romanised(author_key);
BEGIN
    FOR n IN 1 .. least(cardinality(names) - 1, 4) LOOP
        given := given || left(names[n], 1);
        words := words || ' ' || left(names[n], 1);
    END LOOP;
    words := words || ' ' || given;
    IF roman <> author_key THEN
        words := words || ' ' || roman;
    END IF;
    RETURN words;
END $$;

-- The two are called apart where an author has many titles. A key has no sign that means something in a tsvector, and a cast takes half
-- the time of an array.
CREATE FUNCTION search_words(title_words text, author_words text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (title_words || ' ' || author_words)::tsvector;
COMMENT ON FUNCTION search_words(text, text) IS
    'every word under which a work is found: of the title and the author, and numerals, initials and romanisations';
