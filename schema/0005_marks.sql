-- Marks: bookmarks and notes on messages; what is searched of them, and of the notes and tags of chats.
--
-- A rewritten history is taken out and put in again, with other seqs: a mark is tied to the message's own id, and finds the
-- seq when it is read. A mark whose message is gone is kept, with the first words of what it was put on.

CREATE TABLE chattui.marks (
  owner         text COLLATE "C" NOT NULL DEFAULT CURRENT_USER,
  chat_id       bigint NOT NULL,
  source_id     text COLLATE "C" NOT NULL,                -- chattui.mark_key of the message
  seq           integer NOT NULL,                         -- where the message was when it was last looked for
  bookmarked_at timestamptz,                              -- NULL: not bookmarked
  note          text,
  excerpt       text NOT NULL DEFAULT '',                 -- how the message begins
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (owner, chat_id, source_id),
  CHECK (bookmarked_at IS NOT NULL OR note IS NOT NULL),
  FOREIGN KEY (owner, chat_id) REFERENCES chattui.chats (owner, id) ON DELETE CASCADE
);

-- all bookmarks, the newest first
CREATE INDEX marks_bookmarked ON chattui.marks (owner, bookmarked_at DESC, chat_id DESC, source_id DESC)
  WHERE bookmarked_at IS NOT NULL;
-- search in notes on messages
CREATE INDEX marks_search ON chattui.marks USING gin (owner, chattui.tsv(note)) WHERE note IS NOT NULL;

-- The name by which a mark knows its message.
CREATE FUNCTION chattui.mark_key(p_source_id text, p_seq integer) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(p_source_id, 'seq:' || p_seq);

-- The present seq of a marked message of the caller, NULL when it is gone. Looks first where it was.
CREATE FUNCTION chattui.seq_of(p_chat_id bigint, p_key text, p_seq integer) RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = chattui, pg_temp AS $$
  SELECT coalesce(
    (SELECT m.seq FROM chattui.messages m WHERE m.owner = chattui.me() AND m.chat_id = p_chat_id AND m.seq = p_seq
        AND chattui.mark_key(m.source_id, m.seq) = p_key),
    (SELECT m.seq FROM chattui.messages m WHERE m.owner = chattui.me() AND m.chat_id = p_chat_id
        AND chattui.mark_key(m.source_id, m.seq) = p_key ORDER BY m.seq LIMIT 1))
$$;

-- What a person has written about a chat: its note and its tags, as one text.
CREATE FUNCTION chattui.chat_note(p_description text, p_tags text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN concat_ws(E'\n', nullif(p_description, ''), '#' || nullif(array_to_string(p_tags, ' #'), ''));
END $$;

-- search in notes and tags of chats
CREATE INDEX chats_noted ON chattui.chats USING gin (owner, chattui.tsv(chattui.chat_note(description, tags)))
  WHERE description IS NOT NULL OR tags <> '{}';

-- The lexemes of what was typed; the last word may be unfinished. NULL when nothing in it is a word: then the literal
-- patterns decide alone, as they do for Han, kana and hangul.
CREATE FUNCTION chattui.note_query(p_text text) RETURNS tsquery LANGUAGE plpgsql STABLE
SET search_path = chattui, pg_temp AS $$
DECLARE
  v_terms text[] := ARRAY(SELECT coalesce(m[1], m[2]) FROM regexp_matches(left(p_text, 1000), '"([^"]+)"|([^\s"]+)', 'g')
                            WITH ORDINALITY AS x (m, nr) WHERE nr <= 32 ORDER BY nr);
  v_open  boolean := p_text !~ '["\s]$';
  v_query tsquery;
  v_part  tsquery;
  i       integer;
BEGIN
  FOR i IN 1 .. cardinality(v_terms) LOOP
    CONTINUE WHEN v_terms[i] ~ '[\u2e80-\u9fff\uac00-\ud7af]';
    v_part := (SELECT string_agg(quote_literal(l) || CASE WHEN v_open AND i = cardinality(v_terms) THEN ':*' ELSE '' END, ' & ')
                 FROM unnest(tsvector_to_array(chattui.tsv(v_terms[i]))) l)::tsquery;
    IF v_part IS NOT NULL THEN
      v_query := CASE WHEN v_query IS NULL THEN v_part ELSE v_query && v_part END;
    END IF;
  END LOOP;
  RETURN v_query;
END $$;

-- Notes and tags of the caller that hold all that was typed, the newest first, from a position on. p_pats are literal
-- patterns that must match too. seq is 0 for what belongs to a chat as a whole, and NULL when the message is gone.
-- SECURITY DEFINER for the same reason as search_messages.
CREATE FUNCTION chattui.search_notes(p_text text, p_pats text[], p_limit integer, p_before timestamptz DEFAULT 'infinity',
  p_before_chat bigint DEFAULT 0, p_before_seq integer DEFAULT 0)
RETURNS TABLE (chat_id bigint, seq integer, place integer, noted_at timestamptz, note text)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20 SET search_path = chattui, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_me    text := chattui.me();
  v_query tsquery := chattui.note_query(p_text);
BEGIN
  IF v_query IS NULL AND p_pats = '{}' THEN
    RETURN;
  END IF;
  RETURN QUERY
    SELECT f.chat_id, CASE WHEN f.key IS NULL THEN 0 ELSE chattui.seq_of(f.chat_id, f.key, f.place) END, f.place, f.noted_at, f.note
      FROM (SELECT k.chat_id, k.source_id AS key, k.seq AS place, k.updated_at AS noted_at, k.note
              FROM chattui.marks k
             WHERE k.owner = v_me AND k.note IS NOT NULL
               AND (v_query IS NULL OR chattui.tsv(k.note) @@ v_query) AND (p_pats = '{}' OR k.note ILIKE ALL (p_pats))
            UNION ALL
            SELECT c.id, NULL, 0, c.updated_at, chattui.chat_note(c.description, c.tags)
              FROM chattui.chats c
             WHERE c.owner = v_me AND (c.description IS NOT NULL OR c.tags <> '{}')
               AND (v_query IS NULL OR chattui.tsv(chattui.chat_note(c.description, c.tags)) @@ v_query)
               AND (p_pats = '{}' OR chattui.chat_note(c.description, c.tags) ILIKE ALL (p_pats))) f
     WHERE (f.noted_at, f.chat_id, f.place) < (p_before, p_before_chat, p_before_seq)
       AND NOT EXISTS (SELECT FROM chattui.chats x LEFT JOIN chattui.chats u ON u.owner = x.owner AND u.id = x.parent_id
             WHERE x.owner = v_me AND x.id = f.chat_id AND 'deleted' IN (x.status, u.status))
     ORDER BY f.noted_at DESC, f.chat_id DESC, f.place DESC
     LIMIT p_limit;
END $$;

-- Other programs are told as of any other change of a chat. A seq that was corrected is no change.
CREATE FUNCTION chattui.tell_mark_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify(chattui.channel(coalesce(NEW.owner, OLD.owner)), coalesce(NEW.chat_id, OLD.chat_id) || ':0');
  RETURN NULL;
END $$;

CREATE TRIGGER marks_put AFTER INSERT OR DELETE ON chattui.marks FOR EACH ROW EXECUTE FUNCTION chattui.tell_mark_changed();
CREATE TRIGGER marks_changed AFTER UPDATE ON chattui.marks FOR EACH ROW
  WHEN (OLD.note IS DISTINCT FROM NEW.note OR OLD.bookmarked_at IS DISTINCT FROM NEW.bookmarked_at)
  EXECUTE FUNCTION chattui.tell_mark_changed();
CREATE TRIGGER chats_described AFTER UPDATE ON chattui.chats FOR EACH ROW
  WHEN (OLD.description IS DISTINCT FROM NEW.description) EXECUTE FUNCTION chattui.tell_chat_changed();

ALTER TABLE chattui.marks ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON chattui.marks USING (owner = CURRENT_USER::text) WITH CHECK (owner = CURRENT_USER::text);

REVOKE ALL ON FUNCTION chattui.mark_key(text, integer), chattui.seq_of(bigint, text, integer), chattui.chat_note(text, text[]),
  chattui.note_query(text), chattui.search_notes(text, text[], integer, timestamptz, bigint, integer),
  chattui.tell_mark_changed() FROM PUBLIC;

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'chattui_user') THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON chattui.marks TO chattui_user;
    GRANT EXECUTE ON FUNCTION chattui.mark_key(text, integer), chattui.seq_of(bigint, text, integer),
      chattui.chat_note(text, text[]), chattui.search_notes(text, text[], integer, timestamptz, bigint, integer) TO chattui_user;
  END IF;
END $$;

INSERT INTO chattui.schema_versions (version, name) VALUES (5, 'marks');
