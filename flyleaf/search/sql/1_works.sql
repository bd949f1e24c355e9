-- Which books are editions of one work: those whose keys of main title and main author are equal. To take two works for one is worse than to
-- take one for two, so what is not known to say nothing about the work stays in the key. Examples are in docs/catalogue.md.

-- Words of which a title can consist that says nothing: for these the author's first name is compared, too, and not only its initial.
CREATE FUNCTION search_generic_words() RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $json${
    "a": 1, "an": 1, "and": 1, "for": 1, "from": 1, "in": 1, "my": 1, "of": 1, "on": 1, "the": 1, "to": 1, "vol": 1, "part": 1, "book": 1,
    "best": 1, "collected": 1, "complete": 1, "early": 1, "earlier": 1, "great": 1, "greatest": 1, "introduction": 1, "last": 1, "later": 1, "new": 1, "old": 1, "other": 1,
    "principles": 1, "selected": 1, "selections": 1, "short": 1, "some": 1, "three": 1, "two": 1, "four": 1, "five": 1, "six": 1, "uncollected": 1,
    "autobiography": 1, "autobiographical": 1, "comedies": 1, "correspondence": 1, "diaries": 1, "diary": 1, "drama": 1, "dramas": 1, "essays": 1, "fairy": 1,
    "fiction": 1, "journal": 1, "journals": 1, "lectures": 1, "letters": 1, "life": 1, "major": 1, "memoir": 1, "memoirs": 1, "novel": 1, "novels": 1, "papers": 1, "philosophical": 1,
    "plays": 1, "poem": 1, "poems": 1, "poetical": 1, "poetry": 1, "political": 1, "prose": 1, "sermons": 1, "sonnets": 1, "speeches": 1, "songs": 1, "stories": 1,
    "story": 1, "tales": 1, "tragedies": 1, "works": 1, "world": 1, "writing": 1, "writings": 1, "history": 1, "art": 1, "music": 1, "love": 1,
    "algebra": 1, "biology": 1, "calculus": 1, "chemistry": 1, "dictionary": 1, "economics": 1, "ethics": 1, "geometry": 1, "grammar": 1, "logic": 1, "management": 1,
    "marketing": 1, "mathematics": 1, "philosophy": 1, "physics": 1, "psychology": 1, "sociology": 1, "statistics": 1,
    "auswahl": 1, "briefe": 1, "das": 1, "der": 1, "die": 1, "dramen": 1, "erzahlungen": 1, "essais": 1, "gedichte": 1, "gesammelte": 1, "samtliche": 1, "und": 1, "werke": 1,
    "choisies": 1, "completes": 1, "contes": 1, "de": 1, "et": 1, "la": 1, "le": 1, "les": 1, "lettres": 1, "nouvelles": 1, "oeuvres": 1, "poemes": 1, "poesie": 1, "poesies": 1, "theatre": 1,
    "antologia": 1, "cartas": 1, "completa": 1, "completas": 1, "contos": 1, "cronicas": 1, "cuentos": 1, "diario": 1, "e": 1, "el": 1, "ensaios": 1, "ensayos": 1, "escogidas": 1,
    "las": 1, "los": 1, "memorias": 1, "obra": 1, "obras": 1, "os": 1, "poemas": 1, "poesia": 1, "poesias": 1, "poetica": 1, "reunida": 1, "teatro": 1, "todos": 1, "y": 1,
    "lettere": 1, "opere": 1, "poesie scelte": 1, "racconti": 1, "romanzi": 1}$json$::jsonb;

-- Surnames that so many have that an initial beside them does not say who is meant; and words of names that are no person's.
CREATE FUNCTION search_common_names() RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $json${
    "adams": 1, "ahmed": 1, "alexander": 1, "ali": 1, "allen": 1, "anderson": 1, "bailey": 1, "baker": 1, "barnes": 1, "bell": 1, "bennett": 1, "black": 1, "brooks": 1, "brown": 1,
    "bryant": 1, "butler": 1, "campbell": 1, "carter": 1, "chen": 1, "clark": 1, "clarke": 1, "coleman": 1, "collins": 1, "cook": 1, "cooper": 1, "cox": 1, "cruz": 1, "davies": 1,
    "davis": 1, "diaz": 1, "edwards": 1, "evans": 1, "fernandez": 1, "fischer": 1, "fisher": 1, "flores": 1, "ford": 1, "foster": 1, "fox": 1, "garcia": 1, "gibson": 1, "gomez": 1,
    "gonzales": 1, "gonzalez": 1, "gordon": 1, "graham": 1, "grant": 1, "gray": 1, "green": 1, "greene": 1, "griffin": 1, "hall": 1, "hamilton": 1, "harris": 1, "harrison": 1, "hayes": 1,
    "henderson": 1, "henry": 1, "hernandez": 1, "hill": 1, "howard": 1, "hughes": 1, "hunt": 1, "hunter": 1, "jackson": 1, "james": 1, "jenkins": 1, "johnson": 1, "jones": 1, "jordan": 1,
    "kelly": 1, "kennedy": 1, "khan": 1, "kim": 1, "king": 1, "kumar": 1, "lee": 1, "lewis": 1, "li": 1, "lin": 1, "liu": 1, "long": 1, "lopez": 1, "marshall": 1, "martin": 1, "martinez": 1,
    "mason": 1, "mcdonald": 1, "meyer": 1, "miller": 1, "mitchell": 1, "moore": 1, "morales": 1, "morgan": 1, "morris": 1, "muller": 1, "murphy": 1, "murray": 1, "myers": 1, "nelson": 1,
    "nguyen": 1, "oliveira": 1, "ortiz": 1, "palmer": 1, "parker": 1, "patel": 1, "patterson": 1, "pereira": 1, "perez": 1, "perry": 1, "peterson": 1, "phillips": 1, "powell": 1, "price": 1,
    "ramirez": 1, "reed": 1, "reyes": 1, "reynolds": 1, "richards": 1, "richardson": 1, "rivera": 1, "roberts": 1, "robertson": 1, "robinson": 1, "rodriguez": 1, "rogers": 1, "rose": 1,
    "ross": 1, "russell": 1, "sanchez": 1, "sanders": 1, "santos": 1, "schmidt": 1, "schneider": 1, "schwartz": 1, "scott": 1, "shah": 1, "shaw": 1, "silva": 1, "simmons": 1, "simpson": 1,
    "singh": 1, "smith": 1, "souza": 1, "stevens": 1, "stewart": 1, "stone": 1, "sullivan": 1, "tan": 1, "taylor": 1, "thomas": 1, "thompson": 1, "torres": 1, "turner": 1, "walker": 1,
    "wallace": 1, "wang": 1, "ward": 1, "washington": 1, "watson": 1, "webb": 1, "weber": 1, "west": 1, "white": 1, "williams": 1, "wilson": 1, "wong": 1, "wood": 1, "woods": 1, "wright": 1,
    "wu": 1, "yang": 1, "young": 1, "zhang": 1}$json$::jsonb;
CREATE FUNCTION search_bodies() RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $json${
    "academy": 1, "agency": 1, "association": 1, "authors": 1, "board": 1, "books": 1, "bureau": 1, "center": 1, "centre": 1, "church": 1, "college": 1, "commission": 1, "committee": 1,
    "company": 1, "conference": 1, "congress": 1, "corporation": 1, "council": 1, "department": 1, "editors": 1, "federation": 1, "foundation": 1, "group": 1, "guides": 1, "inc": 1,
    "institut": 1, "institute": 1, "instituto": 1, "international": 1, "library": 1, "limited": 1, "llc": 1, "ltd": 1, "magazine": 1, "ministry": 1, "museum": 1, "national": 1, "nations": 1,
    "office": 1, "organisation": 1, "organization": 1, "press": 1, "project": 1, "publications": 1, "publishers": 1, "publishing": 1, "school": 1, "service": 1, "services": 1, "society": 1,
    "staff": 1, "states": 1, "studio": 1, "studios": 1, "team": 1, "union": 1, "universidad": 1, "universidade": 1, "universitat": 1, "universite": 1, "university": 1}$json$::jsonb;

-- Title ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION search_makes_another_work(name text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN name ~* '\m(graphic|manga|comics?|annotated|norton critical|abridged|adapt\w*|retold|retelling|readers|bookworms|level|stage \d|classic starts|stepping stones?|illustrated classics|simplified|disney|bilingual|screenplay|libretto|summary|workbook|marvel)\M';
COMMENT ON FUNCTION search_makes_another_work IS 'whether a bracket or a series says that it is another work than the title''s: (Graphic Novel), (Penguin Readers, Level 5)';

-- A closing bracket, by what is in it: null where it may be a part of the title or make another work of it; else what of it stays, which is
-- the number of a volume that bears the name of its series, and otherwise nothing.
CREATE FUNCTION search_bracket(main text, inside text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    series text[];
BEGIN
    IF search_makes_another_work(inside) THEN
        RETURN NULL;
    END IF;
    IF inside ~ '#\s*\d' THEN  -- (Dune, #1), (Discworld, #34; City Watch, #7), (The Selection, #0.4, 0.5), (Harry Potter, #5, Part 1)
        series := regexp_match(inside, '^([^#]*?)[\s,:–-]*#\s*([^;]*)(?:;.*)?$');
        IF inside ~* '\m(part|pt|vol|volume)\M\.?\s*#?\s*\d' THEN
            RETURN CASE WHEN series[1] <> '' THEN ' ' || series[1] || ' ' || series[2] END;
        END IF;
    ELSE  -- (Inspector Morse Mysteries Book 8), (Tintenwelt, Band 1), (Discworld 34)
        series := regexp_match(split_part(inside, ';', 1),
            '^\s*(.*[[:alpha:]].*?)[\s,:–-]*(?:(?:\mn[º°o]\.?|\m(?:no|nr|num|vol|volume|book|bk|part|pt|tome|tomo|t|band|bd|buch|teil|livro|libro|livre|deel|boek|bok|bog|kirja|del|volumen|volum|parte|knjiga|том|книга)\.?)\s*(\d[\d.,]*(?:\s*[-–&+]\s*\d[\d.]*)?|[ivx]+|one|two|three|four|five|six|seven|eight|nine|ten|um|dois|três|uno|dos|tres|un|deux|trois|eins|zwei|drei)|[\s,]\s*(\d{1,3}(?:\.\d+)?))\s*$', 'i');
        series := ARRAY[series[1], coalesce(series[2], series[3])];
        IF search_key(series[1]) ~ '^(the )?(vol|volume|book|part|band|tome|series|no|of|number|edition)s?$' THEN
            RETURN NULL;  -- (Volume 2)
        END IF;
    END IF;
    IF series[1] IS NOT NULL THEN
        RETURN CASE WHEN search_bare(search_title_key(series[1])) = search_bare(search_title_key(main)) AND series[2] !~* '^(1|i|one|um|uno|un|eins)$' THEN ' ' || series[2] ELSE '' END;
    END IF;
    IF inside ~* '^(complete (and|&) )?unabridged$' THEN
        RETURN '';
    END IF;
    IF inside ~* '\m(box\w*|set|omnibus|vizbig|\d-in-\d|collections?|bundle|complete|books \d|\d+ books|volumes|part|guide|companion|study|teacher''?s?|student|critical|notes|illustrated|cards?|journal|activity|coloring|play|plays|script|selections?|excerpts?|novelization|tales?|anthology|golden|parallel|dual|young|junior|kids?|children''?s?)\M' THEN
        RETURN NULL;
    END IF;
    -- Of editions and formats, of series without a number, and what a subtitle says of any book.
    IF inside ~* '\m(edition|editions|edição|edición|édition|ausgabe|ed|revised|version|reprint|reissue|paperbacks?|hardcover|hardback|softcover|board book|kindle|ebook|e-book|audio\w*|large print|movie tie-?in|film tie-?in|media tie-?in|tie-?in|classics?|klassiker|clássicos|clásicos|library|thrift|international|contemporaries|perennial\w*|everyman\w*|signet|bantam|puffin|penguin|vintage|virago|nyrb\w*|oprah\w*|pulitzer|booker|newbery|award|award-winning|prize|winner|bestsellers?|arden|folger|reclam|suhrkamp|insel|rororo|dtv|gallimard|folio|poche|pocket|bolsillo|bolso|tascabili|einaudi|mondadori|adelphi|feltrinelli|anagrama|alfaguara|cátedra|l&pm|electronic resource|sound recording|text|unabridged|beginner books?|i can read( books?)?)\M|\mp\.s\.'
       OR inside ~* '[[:alpha:]].*\m(series|trilogy|saga|cycle|chronicles?|quartet|quintet|sequence|universe|mystery|mysteries|thrillers?|novels?|trilogie|trilogía|trilogia|série|serie|reihe|zyklus|beginner books)\s*$'
       OR search_says_nothing(inside) THEN
        RETURN '';
    END IF;
    RETURN NULL;
END $$;

-- "a novel", "roman", "poems", "a history of the Incas" and their like: what a subtitle says that any book of the kind may bear. PostgreSQL
-- keeps 32 regular expressions compiled, so these are few, and the long ones are read of subtitles that begin as they do.
CREATE FUNCTION search_says_nothing(subtitle text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    start text := lower(split_part(subtitle, ' ', 1));
BEGIN
    RETURN subtitle ~* '^\W*(?:(?:an?|the|un|une|una|um|uma|ein|eine|il|la|le|o|en|et) )?(?:(?:short|new|true|love|historical|histórica|histórico|historischer|historique|policier|policial|policíaca) )?(?:novels?|novella|roman|romans|romane|román|romaani|romanas|romanzo|romanzi|romances?|novelas?|nouvelles?|novelle|novellen|noveller|récits?|memoirs?|poems?|poetry|verse|stories|story collection|essays?|essais?|ensaios?|ensayos?|erzählung|erzählungen|gedichte|gedichten|poésies?|poèmes|poemas?|poemes|poesías?|poesias?|poesie|dikt|digte|cuentos|contos|relatos|racconti|contes|memórias|memorias|mémoires|erinnerungen|autobiografie|autobiographie|autobiografía|autobiografia|biographie|biografie|biografía|biografia|mythistorēma|powieść|regény|versek|haiku|kriminalroman|krimi|thriller|роман|повесть|рассказы|стихи|стихотворения)(?: policier| histórica| histórico| historique| policial| policíaca)?\W*$'
        OR CASE WHEN start IN ('a', 'an') THEN
            subtitle ~* '^an? (?!.*\m(?:graphic|illustrated|comic|complete|screen|film|movie|abridged|photo\w*|reader|musical|stage|radio)\M|.*(?:&|and) ["“])(?:[\w''’.-]+,? ){0,5}(?:novels?|novella|memoir|mystery|thriller|romance|western|tale|story|fable|parable|legend|saga|(?:auto)?biography|(?:tragi)?comedy|tragedy|history|study|account|chronicle|investigation|inquiry|exploration|meditation|report|episode|life|journey|reminiscence|testimony|elegy|manifesto|satire|introduction(?= to )|book(?= (?:about|for|of) ))(?: (?:of|in|into|about|from|for|through|to|on|with|without|at) [^:;/]+)?\W*$'
        WHEN start IN ('the', 'how', 'why', 'author''s') THEN
            subtitle ~* '^(?:the (?!.*\m(?:graphic|illustrated|comic|screen|film|movie|photo\w*|musical|stage|radio)\M)(?:(?:(?:[\w-]+ ){0,3}true story|(?:(?:untold|inside|real|secret|amazing|incredible|extraordinary|remarkable) )?(?:story|history|(?:auto)?biography|memoirs?|confessions|saga)) of [^:;/]+|(?:\w+ )?(?:auto)?biography|(?:art|science|power) of (?:(?:[\w-]+ )?\w+ing (?:[\w-]+ ){0,5}[\w-]+|(?:[^\s:;/]+ ){4,}[^\s:;/]+)|(?:complete|original|restored|corrected|definitive|\d{4}) text)|(?:how|why) (?!to\M|i\M)(?:\S+ ){4,}\S+|(?:the )?author''s preferred text)\W*$'
        WHEN start IN ('ein', 'eine', 'die', 'uma', 'una', 'la', 'based', 'one') THEN
            subtitle ~* '^(?:one \w+[''’]s (?:search|journey|story|life) [^:;/]+|die (?:wahre )?geschichte (?:der|des|von|einer|eines) [^:;/]+|la (?:verdadera )?historia de[l ][^:;/]+|(?:ein|eine) (?:[\w-]+ )?(?:[\w-]*roman|erzählung|novelle|bericht|märchen|tragödie|komödie|geschichte|biographie|biografie|liebesgeschichte)(?: für \w+)?|(?:uma|una) (?:auto)?biograf[ií]a|based on a true story)\W*$'
        ELSE false END;
END $$;

-- Keys of words without which no subtitle says nothing.
CREATE FUNCTION search_kinds() RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $json${
    "novel": 1, "novels": 1, "novella": 1, "roman": 1, "romans": 1, "romane": 1, "romaani": 1, "romanas": 1, "romanzo": 1, "romanzi": 1, "romance": 1, "romances": 1,
    "novela": 1, "novelas": 1, "nouvelle": 1, "nouvelles": 1, "novelle": 1, "novellen": 1, "noveller": 1, "recit": 1, "recits": 1, "memoir": 1, "memoirs": 1, "poem": 1, "poems": 1,
    "poetry": 1, "verse": 1, "story": 1, "stories": 1, "collection": 1, "essay": 1, "essays": 1, "essai": 1, "essais": 1, "ensaio": 1, "ensaios": 1, "ensayo": 1, "ensayos": 1,
    "erzahlung": 1, "erzahlungen": 1, "gedichte": 1, "gedichten": 1, "poesie": 1, "poesies": 1, "poemes": 1, "poema": 1, "poemas": 1, "poesia": 1, "poesias": 1, "dikt": 1, "digte": 1,
    "cuentos": 1, "contos": 1, "relatos": 1, "racconti": 1, "contes": 1, "memorias": 1, "memoires": 1, "erinnerungen": 1, "autobiografie": 1, "autobiographie": 1, "autobiografia": 1,
    "biographie": 1, "biografie": 1, "biografia": 1, "mythistorema": 1, "powiesc": 1, "regeny": 1, "versek": 1, "haiku": 1, "kriminalroman": 1, "krimi": 1, "thriller": 1, "povest": 1,
    "rasskazy": 1, "stikhi": 1, "stihi": 1, "stihotvoreniya": 1, "mystery": 1, "western": 1, "tale": 1, "fable": 1, "parable": 1, "autobiography": 1, "biography": 1, "comedy": 1, "tragedy": 1,
    "tragicomedy": 1, "tragodie": 1, "komodie": 1, "journey": 1, "legend": 1, "saga": 1, "history": 1, "study": 1, "account": 1, "chronicle": 1, "investigation": 1, "inquiry": 1, "exploration": 1, "meditation": 1, "report": 1,
    "reminiscence": 1, "testimony": 1, "elegy": 1, "manifesto": 1, "satire": 1, "introduction": 1, "search": 1, "historia": 1, "histoire": 1, "episode": 1, "art": 1, "life": 1, "confessions": 1, "how": 1, "why": 1, "power": 1, "science": 1, "text": 1, "uncensored": 1, "uncut": 1, "bericht": 1, "marchen": 1, "geschichte": 1, "liebesgeschichte": 1}$json$::jsonb;

-- Keys of words that a volume's number stands behind.
CREATE FUNCTION search_volume_words() RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $json${
    "vol": 1, "vols": 1, "volume": 1, "volumes": 1, "part": 1, "parts": 1, "pt": 1, "book": 1, "books": 1, "bk": 1, "bks": 1, "no": 1, "number": 1, "tome": 1, "tomo": 1, "band": 1, "bd": 1, "teil": 1,
    "livre": 1, "livro": 1, "libro": 1}$json$::jsonb;

-- Keys of words without which a title, unless it ends with a bracket or an article, has nothing to be taken away: most have none.
CREATE FUNCTION search_signs() RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN search_kinds() || search_volume_words() || $json${
    "or": 1, "ou": 1, "oder": 1, "anniversary": 1, "ed": 1, "edition": 1, "edicao": 1, "edicion": 1, "edizione": 1, "auflage": 1, "ausgabe": 1, "expanded": 1, "revised": 1, "updated": 1}$json$::jsonb;

-- Keys of the articles that may stand behind a comma: Hobbit, The.
CREATE FUNCTION search_articles() RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $json${
    "the": 1, "a": 1, "an": 1, "der": 1, "die": 1, "das": 1, "le": 1, "la": 1, "les": 1, "el": 1, "los": 1, "las": 1, "il": 1, "lo": 1, "gli": 1, "o": 1, "os": 1, "as": 1,
    "um": 1, "uma": 1, "un": 1, "una": 1, "une": 1, "ein": 1, "eine": 1, "het": 1, "een": 1}$json$::jsonb;

-- "2nd ed.", "25th Anniversary Edition", "Edição comemorativa", "The Deluxe Edition", behind a comma, a colon or a dash.
CREATE FUNCTION search_without_edition(main text, words text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF words && '{anniversary,ed,edition,expanded,revised,updated}' THEN
        main := regexp_replace(main, '^(.*\S)(?:\s*[,:;/–—-]\s*|\s+(?=\d))(?:(?:the|completely|fully|and|&|newly|\d+(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|revised|rev\.?|updated|expanded|enlarged|(?:bi|tri)?centennial|centenary|anniversary|new|deluxe|collector''?s''?|special|definitive|(?:complete (?:and|&) )?(?:uncut|unabridged)|uncensored|restored|original|corrected|paperback|hardcover|kindle|large[- ]print|international|limited|signed|(?:movie |media |film )?tie-in|(?:one|single)-volume|commemorative|gift|penguin|vintage|oxford)[\s,]+)*(?:edition|ed\.?|(?:revised|updated|expanded)(?: edition)?|\d+(?:st|nd|rd|th) anniversary)\s*$', '\1', 'i');
    END IF;
    IF words && '{edicao,edicion,edizione,auflage,ausgabe}' THEN
        main := regexp_replace(main, '^(.*\S)(?:\s*[,:;/–—-]\s*|\s+(?=\d))(?:\d+[.ªºa°]*\s*)?(?:(?:edição|edición|edizione)(?: (?:e|y|especial|comemorativa|conmemorativa|revis[at]\w*|ampliada|definitiva|limitada|integral|speciale|integrale|de (?:luxo|lujo|bolso|bolsillo)))*|(?:neue |überarbeitete |vollständige )?(?:auflage|ausgabe))\s*$', '\1', 'i');
    END IF;
    RETURN main;
END $$;

-- What is left of a title without the signs of its edition and series. Volumes and all other subtitles stay.
CREATE FUNCTION search_main_title(title text, words text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    main  text := title;
    parts text[];
    stays text;
    tail  text;
    kept  text := '';
BEGIN
    FOR n IN 1 .. 3 LOOP
        EXIT WHEN right(rtrim(main, ' .,:;'), 1) NOT IN (')', ']');
        parts := regexp_match(main, '^(.*\S)\s*[[(]([^][()]*)[])]\W*$');
        EXIT WHEN parts IS NULL;
        stays := search_bracket(parts[1], parts[2]);
        EXIT WHEN stays IS NULL;
        main := parts[1];
        kept := stays || kept;
    END LOOP;
    main := search_without_edition(main, words);
    IF search_kinds() ?| words OR words && '{book}' THEN
        FOR n IN 1 .. 2 LOOP
            tail := split_part(replace(replace(translate(main, ';/–—', '::::'), ' - ', ' : '), '. ', ': '), ':', -1);
            EXIT WHEN length(tail) = length(main) OR left(tail, 1) <> ' ' OR NOT (search_says_nothing(btrim(tail)) OR words && '{book}' AND tail ~* '^\s*book ([\divx]+|one|two|three|four|five|six|seven|eight|nine|ten) (of|in) (?!(two|three|four|five|\d+)\M)\S');
            main := rtrim(left(main, length(main) - length(tail) - 1));
        END LOOP;
        IF main LIKE '%, %' AND search_articles() ?| words THEN
            parts := regexp_match(main, '^(.*\S),\s+((?:an?|the|ein|un|une|una|um|uma)\s+[^,]+)$', 'i');
            IF search_says_nothing(parts[2]) THEN
                main := parts[1];
            END IF;
        END IF;
    END IF;
    main := search_without_edition(main, words);
    IF words && '{or,ou,oder}' THEN  -- Walden; or, Life in the woods
        main := regexp_replace(main, '^(.*?\w)(?:\s*[;:,]\s*(?:or|ou|oder),?|\s+or,)\s+[^:;(]+(?:: an? [^:;(]+)?$', '\1', 'i');
    END IF;
    IF main LIKE '%, %' AND search_articles() ?| words THEN  -- Hobbit, The
        main := regexp_replace(main, ',\s+(the|an?|der|die|das|le|la|les|el|los|las|il|lo|gli|o|os|as|um|uma|un|una|une|ein|eine|het|een)(?=\s*$|\s*[:;(])', '', 'i');
    END IF;
    RETURN main || kept;
END $$;

-- "vol 3" and "volume iii" are one, and so are "part one" and "part 1".
CREATE FUNCTION search_volumes(key text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    romans constant text[] := '{i,ii,iii,iv,v,vi,vii,viii,ix,x,xi,xii,xiii,xiv,xv,xvi,xvii,xviii,xix,xx}'::text[];
    names  constant text[] := '{one,two,three,four,five,six,seven,eight,nine,ten,eleven,twelve}'::text[];
    words  text[]          := string_to_array(key, ' ');
    number text;
BEGIN
    FOR n IN 1 .. cardinality(words) LOOP
        number := words[n + 1];
        CONTINUE WHEN NOT (search_volume_words() || '{"pts": 1, "numbers": 1, "nos": 1, "tomes": 1, "tomos": 1}') ? words[n];
        number := coalesce(array_position(romans, number), array_position(names, number))::text;
        IF number IS NULL AND words[n + 1] ~ '^[0-9]{1,4}$' THEN
            number := words[n + 1]::int::text;
        END IF;
        IF number IS NOT NULL THEN
            words[n + 1] := number;
            words[n] := CASE WHEN words[n] ~ '^v' THEN 'vol' WHEN words[n] ~ '^p' THEN 'part' WHEN words[n] ~ '^b(oo)?k' THEN 'book' WHEN words[n] ~ '^n' THEN 'no' ELSE words[n] END;
        END IF;
    END LOOP;
    RETURN array_to_string(words, ' ');
END $$;

-- Words that are spelled in two ways, and numbers as words: "Slaughterhouse-Five" is "Slaughterhouse 5", "World War II" "World War Two".
CREATE FUNCTION search_respellings() RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $json${
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    "hundred": 100, "thousand": 1000, "000": 1000,
    "ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "xi": "11", "xii": "12", "xiii": "13", "xiv": "14", "xv": "15", "xvi": "16",
    "first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th", "sixth": "6th", "seventh": "7th", "eighth": "8th", "ninth": "9th", "tenth": "10th",
    "armour": "armor", "behaviour": "behavior", "catalogue": "catalog", "centre": "center", "colour": "color", "colours": "colors", "defence": "defense", "dialogue": "dialog",
    "dr": "doctor", "favourite": "favorite", "fibre": "fiber", "flavour": "flavor", "flavours": "flavors", "glamour": "glamor", "grey": "gray", "harbour": "harbor", "honour": "honor",
    "honourable": "honorable", "humour": "humor", "jewellery": "jewelry", "judgement": "judgment", "labour": "labor", "marvellous": "marvelous", "mr": "mister", "neighbour": "neighbor",
    "neighbours": "neighbors", "neighbourhood": "neighborhood", "organisation": "organization", "parlour": "parlor", "plough": "plow", "programme": "program", "pyjamas": "pajamas",
    "rumour": "rumor", "saviour": "savior", "sceptic": "skeptic", "st": "saint", "storey": "story", "theatre": "theater", "traveller": "traveler", "travellers": "travelers",
    "travelling": "traveling", "tyre": "tire", "valour": "valor", "vapour": "vapor", "vs": "versus"}$json$::jsonb;

CREATE FUNCTION search_respelled(key text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    respelled text := '';
    said      int;  -- the number that the words so far say
    word      text;
    other     jsonb;
    n         int;
BEGIN
    FOREACH word IN ARRAY string_to_array(key, ' ') LOOP
        other := search_respellings() -> word;
        n := CASE WHEN jsonb_typeof(other) = 'number' THEN other::int WHEN said IS NULL AND word ~ '^[1-9][0-9]{0,2}$' THEN word::int END;
        IF said IS NOT NULL AND n >= 100 AND said < n THEN  -- two thousand, 20 000
            said := said * n;
        ELSIF said IS NOT NULL AND n < 100 AND (said % 100 = 0 OR said % 100 >= 20 AND said % 10 = 0 AND n < 10) THEN  -- two hundred five, eighty four
            said := said + n;
        ELSIF said BETWEEN 10 AND 20 AND n BETWEEN 10 AND 99 THEN  -- nineteen eighty
            said := said * 100 + n;
        ELSIF said IS NOT NULL OR n IS NOT NULL THEN
            respelled := concat_ws(' ', respelled, said);
            said := n;
        END IF;
        IF n IS NULL THEN
            respelled := respelled || ' ' || coalesce(other #>> '{}', word);
        END IF;
    END LOOP;
    RETURN btrim(concat_ws(' ', respelled, said));
END $$;

-- One that begins with a star says too little for an initial to tell who wrote it. It is asked of every title: what is quick to see comes first.
CREATE FUNCTION search_work_title(title text, title_key text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    key        text   := title_key;
    words      text[] := string_to_array(title_key, ' ');
    main       text;
    is_generic boolean;  -- as far as the first word tells
BEGIN
    IF search_signs() ?| words OR (strpos(title, ')') > 0 OR strpos(title, ']') > 0) AND right(rtrim(title, ' .,:;'), 1) IN (')', ']')
       OR strpos(title, ', ') > 0 AND search_articles() ?| words AND title ~* ',\s+(the|an?|der|die|das|le|la|les|el|los|las|il|lo|gli|os?|as|um|uma|un|una|une|ein|eine|het|een)\s*($|[:;(])' THEN
        main := search_main_title(title, words);
        IF main <> title THEN
            key := coalesce(nullif(search_title_key(main), ''), title_key);
        END IF;
        IF search_volume_words() ?| words THEN
            key := search_volumes(key);
        END IF;
        words := string_to_array(key, ' ');
    END IF;
    main := CASE WHEN search_respellings() ?| words THEN search_respelled(key) ELSE key END;
    main := search_bare(main);  -- inlined only for a variable
    is_generic := search_generic_words() ? words[1];
    IF is_generic AND key ~ '[0-9]' THEN
        words := string_to_array(regexp_replace(key, '(?<=.) [0-9]+\M', '', 'g'), ' ');
    END IF;
    IF length(main) <= 5 OR is_generic AND search_generic_words() ?& words
       OR (is_generic OR words[1] = 'handbook') AND key ~ '^(the |a |an )?(history of|introduction to|principles of|dictionary of|handbook of) (the )?[a-z]+$' THEN
        RETURN '*' || main;
    END IF;
    RETURN main;
END $$;
COMMENT ON FUNCTION search_work_title IS 'the main title as it is compared: ''The Two Towers (The Lord of the Rings, #2)'' twotowers';

-- Imports move a series from the title to books.series, where the same is asked of it: a title that is its series' is that of every volume.
CREATE FUNCTION search_volume_of_series(work_title text, series text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    part   text;
    name   text;
    number text;
BEGIN
    FOREACH part IN ARRAY string_to_array(series, '; ') LOOP
        name := regexp_replace(part, ' #[^#]*$', '');
        number := replace(search_key(substr(part, length(name) + 1)), ' ', '');
        IF search_makes_another_work(name) THEN
            RETURN replace(search_title_key(name), ' ', '') || number;
        ELSIF number NOT IN ('', '1') AND search_bare(search_respelled(search_title_key(name))) = ltrim(work_title, '*') THEN
            RETURN number;
        END IF;
    END LOOP;
    RETURN '';
END $$;

-- Author -----------------------------------------------------------------------------------------------------------

-- The first of several, without dates and roles, and with the surname last.
CREATE FUNCTION search_main_author(author text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    name  text := author;
    first text;
    given text;
    short text[];
BEGIN
    IF author ~ '[][();/|]' THEN
        name := regexp_replace(name, '\s*[[(][^][()]*[])]', '', 'g');  -- (Author), (John Ronald Reuel)
        name := coalesce(nullif(btrim(substring(name FROM '^[^;/|]*')), ''), author);
    END IF;
    IF name ~* '\mby\M|\m(from|par|von|por|de|di) ' THEN
        name := regexp_replace(name, '^(written |edited |compiled |story and pictures |text |words )?by\s+', '', 'i');
        name := regexp_replace(name, '^(.*\w)\W+(translat\w*|transl\.?|trans\.?|tr\.|trad\.|illustrat\w*|illus\.?|ill\.|edited|ed\.|introduc\w*|narrated|read|foreword|preface|afterword|übersetzt|traduit|traducido|traduzido|traducción|tradução|pictures|drawings|photographs)(\s+from [\w ]+)?\s+(by|from|von|par|por|de|di|aus)\M.*$', '\1', 'i');
    END IF;
    IF name ~ '[0-9]' THEN
        name := regexp_replace(name, '[\s,]+(?:\m(?:b|d|ca|fl)\.?|\m(?:born|active|approximately))?\s*\d{3,4}\??\s*[-–]?\s*(?:\d{3,4})?\??(\s*(?:B\.?\s?C\.?|A\.?\s?D\.?))?\W*$', '', 'i');
    END IF;
    IF name ~* ' (and|und|with) |&' THEN
        short := regexp_match(name, '^\s*(\S.*?)\s*(?:&|\m(?:and|und|with)\M)\s*(\S.*)$', 'i');
        IF short IS NOT NULL THEN  -- "Will and Ariel Durant" share a surname
            name := CASE WHEN short[1] ~ '^\w+$' THEN short[1] || ' ' || regexp_replace(short[2], '^.*\s', '') ELSE short[1] END;
        END IF;
    END IF;
    IF name ~ ',' THEN
        first := btrim(split_part(name, ',', 1));
        given := btrim(split_part(name, ',', 2));
        IF given = '' OR given ~* '^(jr|sr|ii|iii|iv|ph\.?\s?d|m\.?\s?d|esq|editor|author)\.?$' THEN
            name := first;
        ELSIF lower(first) IN ('aeschylus', 'aesop', 'aristophanes', 'aristotle', 'colette', 'dante', 'epictetus', 'euripides', 'hergé', 'herodotus', 'hesiod', 'homer', 'horace', 'laozi',
                               'molière', 'osho', 'ovid', 'plato', 'plutarch', 'rumi', 'saki', 'seneca', 'sophocles', 'stendhal', 'sappho', 'thucydides', 'unknown', 'anonymous', 'various', 'virgil', 'voltaire') THEN
            name := first;
        ELSIF first ~* '^((d[aeiou]s?|del|della|di|du|el|al|la|le|los|van|von|der|den|ten|ter|st\.?|saint|mc|mac|o|bin|ibn|abu)[ ''’-]+)*[^ ]+$'
              OR first !~ '^\S\.' AND given ~* '^[^ ]+(\s+\S\.?)*$' OR given ~* ' (de|da|do|von|van|of|di|del|von der|van der)$' AND given ~ '^\S+( \S+)?( \S+)?$' THEN
            name := given || ' ' || first;
        ELSE
            name := first;
        END IF;
    END IF;
    RETURN name;
END $$;

CREATE FUNCTION search_joints() RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN '{"and": 1, "by": 1, "und": 1, "with": 1}'::jsonb;
CREATE FUNCTION search_titles_of_names() RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $json${
    "sir": 1, "dr": 1, "mr": 1, "mrs": 1, "ms": 1, "miss": 1, "lady": 1, "lord": 1, "saint": 1, "st": 1, "prof": 1, "professor": 1, "rev": 1, "dame": 1, "graf": 1, "count": 1, "baron": 1,
    "jr": 1, "sr": 1, "pere": 1, "ii": 1, "iii": 1, "iv": 1, "phd": 1, "md": 1, "esq": 1}$json$::jsonb;

-- Names under which an author is known, too: full names of those known by one, names of other languages, pen names.
CREATE FUNCTION search_other_names() RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $json${
    "choderlos de laclos": "pierre choderlos de laclos", "grimm brothers": "brothers grimm", "jacob ludwig carl grimm": "jacob grimm",
    "grimm": "brothers grimm", "dante alighieri": "dante", "alighieri": "dante", "francois marie arouet de voltaire": "voltaire", "francois marie arouet": "voltaire",
    "laozi": "lao tzu", "lao tse": "lao tzu", "lao zi": "lao tzu", "sunzi": "sun tzu", "sun tse": "sun tzu", "sun zi": "sun tzu", "sun wu": "sun tzu",
    "kongzi": "confucius", "chuang tzu": "zhuangzi", "zhuang zhou": "zhuangzi", "chuang tse": "zhuangzi", "mengzi": "mencius",
    "miguel de cervantes saavedra": "miguel de cervantes", "cervantes": "miguel de cervantes", "miguel cervantes": "miguel de cervantes",
    "jean baptiste moliere": "moliere", "jean baptiste poquelin moliere": "moliere", "jean baptiste poquelin": "moliere", "samuel clemens": "mark twain",
    "samuel langhorne clemens": "mark twain", "samuel l clemens": "mark twain", "vergil": "virgil", "publius vergilius maro": "virgil", "virgilio": "virgil",
    "publius ovidius naso": "ovid", "ovidio": "ovid", "quintus horatius flaccus": "horace", "horacio": "horace", "marcus tullius cicero": "cicero", "ciceron": "cicero",
    "gaius julius caesar": "julius caesar", "caius julius caesar": "julius caesar", "caesar": "julius caesar", "lucius annaeus seneca": "seneca", "titus livius": "livy",
    "publius cornelius tacitus": "tacitus", "cornelius tacitus": "tacitus", "st augustine": "augustine", "saint augustine": "augustine", "augustine of hippo": "augustine",
    "st augustine of hippo": "augustine", "saint augustine of hippo": "augustine", "aurelius augustinus": "augustine", "aurelius augustine": "augustine",
    "st thomas aquinas": "thomas aquinas", "saint thomas aquinas": "thomas aquinas", "aquinas": "thomas aquinas", "homero": "homer", "homere": "homer", "homeros": "homer",
    "homerus": "homer", "omero": "homer", "platon": "plato", "platao": "plato", "platone": "plato", "aristoteles": "aristotle", "aristote": "aristotle", "esopo": "aesop",
    "aesopus": "aesop", "esope": "aesop", "charles lutwidge dodgson": "lewis carroll", "charles dodgson": "lewis carroll", "eric arthur blair": "george orwell",
    "eric blair": "george orwell", "karen blixen": "isak dinesen", "mary ann evans": "george eliot", "marian evans": "george eliot", "dr seuss": "seuss",
    "theodor seuss geisel": "seuss", "theodor geisel": "seuss", "theodor s geisel": "seuss", "marie henri beyle": "stendhal", "henri beyle": "stendhal",
    "h h munro": "saki", "hector hugh munro": "saki", "william sydney porter": "o henry", "currer bell": "charlotte bronte", "ellis bell": "emily bronte",
    "acton bell": "anne bronte", "richard bachman": "stephen king", "shakespeare": "william shakespeare", "joaquim maria machado de assis": "machado de assis",
    "j m machado de assis": "machado de assis", "machado assis": "machado de assis", "jose maria eca de queiros": "eca de queiros",
    "jose maria de eca de queiros": "eca de queiros", "eca de queiroz": "eca de queiros", "jalal al din rumi": "rumi", "jalaluddin rumi": "rumi",
    "mawlana jalal al din rumi": "rumi", "jelaluddin rumi": "rumi", "dalai lama xiv": "dalai lama", "dalai lama xiv bstan dzin rgya mtsho": "dalai lama",
    "his holiness the dalai lama": "dalai lama", "thich nhat hanh": "nhat hanh", "unknown": "anonymous", "anon": "anonymous", "anonym": "anonymous",
    "anonimo": "anonymous", "unknown author": "anonymous", "author unknown": "anonymous"}$json$::jsonb;

CREATE FUNCTION search_short_names() RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $json${
    "andy": "andrew", "bill": "william", "bob": "robert", "chris": "christopher", "dan": "daniel", "dave": "david", "geoff": "geoffrey", "greg": "gregory",
    "jeff": "jeffrey", "jim": "james", "joe": "joseph", "ken": "kenneth", "matt": "matthew", "mike": "michael", "nick": "nicholas", "pete": "peter", "rob": "robert",
    "ron": "ronald", "sam": "samuel", "tim": "timothy", "tom": "thomas", "tony": "anthony", "will": "william"}$json$::jsonb;

-- Surnames that stand first where a name is written as in its own country: "Liu Cixin" is "Cixin Liu".
CREATE FUNCTION search_first_surnames() RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $json${
    "cao": 1, "deng": 1, "gao": 1, "guo": 1, "huang": 1, "jiang": 1, "liang": 1, "liu": 1, "lu": 1, "luo": 1, "mao": 1, "mo": 1, "qian": 1, "shen": 1, "wang": 1, "wu": 1,
    "xu": 1, "yan": 1, "yang": 1, "yu": 1, "zhang": 1, "zhao": 1, "zheng": 1, "zhou": 1, "zhu": 1, "abe": 1, "akutagawa": 1, "arakawa": 1, "dazai": 1, "endo": 1,
    "fujimoto": 1, "higashino": 1, "inoue": 1, "isayama": 1, "kawabata": 1, "kawakami": 1, "kirino": 1, "kishimoto": 1, "kobayashi": 1, "kubo": 1, "matsumoto": 1,
    "mishima": 1, "miyabe": 1, "miyazaki": 1, "murakami": 1, "natsume": 1, "ogawa": 1, "otomo": 1, "suzuki": 1, "takahashi": 1, "takeuchi": 1, "tanaka": 1, "tanizaki": 1,
    "tezuka": 1, "togashi": 1, "toriyama": 1, "urasawa": 1, "watanabe": 1, "yamamoto": 1, "yoshimoto": 1}$json$::jsonb;

-- Two keys of the author with a bar between: surname and initial; and surname and first name, which titles that say nothing are compared by.
CREATE FUNCTION search_work_author(author text, author_key text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    key     text := author_key;
    names   text[] := string_to_array(author_key, ' ');
    given   text;
    surname text;
BEGIN
    IF author <> translate(author, '][,();/|&0123456789', '') OR search_joints() ?| names THEN
        IF author ~* '\m(retold|adapted|abridged|adaptation|simplified)\M' THEN
            RETURN key || '|' || key;
        END IF;
        key := coalesce(nullif(search_key(search_main_author(author)), ''), key);
    END IF;
    key := coalesce(search_other_names() ->> key, key);
    names := string_to_array(search_romanised(key), ' ');
    IF cardinality(names) = 2 AND search_first_surnames() ? names[1] AND (names[1] > names[2] OR NOT search_first_surnames() ? names[2]) THEN
        names := ARRAY[names[2], names[1]];
    END IF;
    IF search_titles_of_names() ?| names THEN
        WHILE cardinality(names) > 1 AND search_titles_of_names() ? names[1] LOOP
            names := names[2:];
        END LOOP;
        WHILE cardinality(names) > 1 AND search_titles_of_names() ? names[cardinality(names)] LOOP
            names := names[: cardinality(names) - 1];
        END LOOP;
    END IF;
    IF coalesce(cardinality(names), 0) < 2 OR search_bodies() ?| names THEN
        key := coalesce(array_to_string(names, ' '), '');
        RETURN key || '|' || key;
    END IF;
    surname := names[cardinality(names)];
    IF cardinality(names) > 2 AND names[cardinality(names) - 1] IN ('le', 'la', 'mc', 'mac', 'o', 'al', 'el', 'st', 'saint', 'ben', 'bin', 'abu', 'abd') THEN
        surname := names[cardinality(names) - 1] || surname;
    END IF;
    given := names[1];
    FOR n IN 2 .. cardinality(names) - 1 LOOP
        EXIT WHEN length(given) >= n OR length(names[n]) > 1;
        given := given || names[n];  -- t s eliot
    END LOOP;
    given := coalesce(search_short_names() ->> given, given);
    RETURN CASE WHEN search_common_names() ? surname THEN given ELSE left(given, 1) END || ' ' || surname || '|' || given || ' ' || surname;
END $$;
COMMENT ON FUNCTION search_work_author IS '''Tolkien, J. R. R., 1892-1973'' is ''j tolkien|jrr tolkien''';

-- Work -------------------------------------------------------------------------------------------------------------

-- Not strict, so that it is inlined: see search_bare().
CREATE FUNCTION search_work_id(work_title text, work_author text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ('x' || left(md5(work_title || '|' || CASE WHEN work_title LIKE '*%' THEN split_part(work_author, '|', 2) ELSE split_part(work_author, '|', 1) END), 16))::bit(64)::bigint;
COMMENT ON FUNCTION search_work_id IS 'books of one main title and main author are editions of one work: 64 bits of MD5, which no server version changes';

CREATE FUNCTION search_work_of(title text, author text, series text DEFAULT NULL) RETURNS bigint LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    work_title text := search_work_title(title, search_title_key(title));
BEGIN
    RETURN search_work_id(work_title || coalesce(search_volume_of_series(work_title, series), ''), search_work_author(author, search_key(author)));
END $$;
COMMENT ON FUNCTION search_work_of IS 'the work that the rule says a book is an edition of; people may have decided otherwise: search_corrected()';
