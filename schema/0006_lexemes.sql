-- What a text is found by: words without their accents, names whole and in parts.

-- Letters without their accents, in either composition. Positions stay, but for accents that are characters of their own.
CREATE FUNCTION chattui.fold(t text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN octet_length(t) = length(t) OR t !~ '[\u00c0-\u024f\u0300-\u036f\u0370-\u045f\u1e00-\u1fff]' THEN t
            ELSE normalize(regexp_replace(normalize(t, NFD), '[\u0300-\u036f]', '', 'g'), NFC) END;

-- As before (see 0002), accents folded; and of getUserById also its ends, UserById and ById, of HTTPServer its Server, of
-- v1.2 its 1: each begins what somebody types. Longer runs of letters than a name has are no names (base64).
CREATE OR REPLACE FUNCTION chattui.tsv(t text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 4000 AS $$
DECLARE
  head  text := left(t, 200000);
  words text;
  part  text;
BEGIN
  IF octet_length(head) > length(head) THEN
    head := chattui.fold(head);
  END IF;
  words := replace(replace(replace(replace(replace(replace(replace(
             head, '.', ' '), '/', ' '), '-', ' '), '<', ' '), '@', ' '), '&', ' '), '+', ' ');
  part := (SELECT string_agg(m[1], ' ')
             FROM regexp_matches(words, '([A-Za-z0-9]*(?:[a-z0-9][A-Z]|[A-Z][A-Z][a-z]|[vV][0-9])[A-Za-z0-9]*)', 'g') m
            WHERE length(m[1]) <= 60);
  IF part IS NOT NULL THEN
    part := left(regexp_replace(regexp_replace(part, '([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])', '\1\3-\2\4', 'g'),
                                '\m([vV])([0-9])', '\1-\2', 'g'), 60000);
    words := words || ' ' || replace(part, '-', ' ');
    FOR i IN 1 .. 6 LOOP                                  -- without their first part, without their first two, …
      part := regexp_replace(part, '(^| )[^- ]*-', '\1', 'g');
      EXIT WHEN strpos(part, '-') = 0;
      words := words || ' ' || replace(part, '-', '');
    END LOOP;
  END IF;
  IF octet_length(head) > length(head) AND head ~ '[\u2e80-\u9fff\uac00-\ud7af]' THEN
    part := regexp_replace(left(head, 40000), '[^\u2e80-\u9fff\uac00-\ud7af]+', ' ', 'g');
    words := regexp_replace(words, '[\u2e80-\u9fff\uac00-\ud7af]+', ' ', 'g')
          || ' ' || regexp_replace(part, '([^ ]{2})', '\1 ', 'g')
          || ' ' || regexp_replace(regexp_replace(part, '(^| )[^ ]', ' ', 'g'), '([^ ]{2})', '\1 ', 'g');
  END IF;
  RETURN to_tsvector('pg_catalog.simple', words);
END $$;

-- The lexemes are others now. Where there are messages the program builds the index again, in the background: a search
-- looks through the newest messages meanwhile.
DO $$ BEGIN
  IF EXISTS (SELECT FROM chattui.messages) THEN
    DROP INDEX IF EXISTS chattui.messages_search;
  END IF;
END $$;
REINDEX INDEX chattui.marks_search;
REINDEX INDEX chattui.chats_noted;

INSERT INTO chattui.schema_versions (version, name) VALUES (6, 'lexemes');
