-- The search language: words, phrases, NOT, OR, groups, expressions and fields, understood by the program and handed over as
-- a tree (jsonb). Accents are folded: zurich finds Zürich, and the other way round.
--
-- A tree becomes a lexeme query, which the index answers and which holds for every hit; literal patterns that every hit
-- matches; and the rest, which is tested candidate by candidate.

-- Letters without their accents, in either composition. Positions stay, but for accents that are characters of their own.
CREATE FUNCTION chattui.fold(t text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN octet_length(t) = length(t) OR t !~ '[\u00c0-\u024f\u0300-\u036f\u0370-\u045f\u1e00-\u1fff]' THEN t
            ELSE normalize(regexp_replace(normalize(t, NFD), '[\u0300-\u036f]', '', 'g'), NFC) END;

-- As before (see 0002), accents folded.
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
  part := (SELECT string_agg(m[1], ' ') FROM regexp_matches(words, '([A-Za-z0-9]*[a-z0-9][A-Z][A-Za-z0-9]*)', 'g') m);
  IF part IS NOT NULL THEN
    words := words || ' ' || regexp_replace(part, '([a-z0-9])([A-Z])', '\1 \2', 'g');
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

DROP FUNCTION chattui.search_messages(text, integer, integer, timestamptz, bigint, integer, integer);
DROP FUNCTION chattui.scan(text, text[], timestamptz, bigint, integer, integer, timestamptz, text, text[]);
DROP FUNCTION chattui.walk(text, tsquery, text[], text, integer, bigint, timestamptz, bigint, integer, integer, timestamptz, text, text[]);
DROP FUNCTION chattui.probe(text, integer, integer, tsquery, text[], text, integer, timestamptz, bigint, integer, integer,
  timestamptz, text, text[]);
DROP FUNCTION chattui.parse_query(text, text);
DROP FUNCTION chattui.search_notes(text, text[], integer, timestamptz, bigint, integer);
DROP FUNCTION chattui.note_query(text);

-- One word, name or phrase: its lexemes; a literal pattern where they do not say it all; its words, each of which is in every
-- hit; about how many messages hold it; and to how many words a common prefix was expanded. q is NULL when nothing in it is
-- a word. p_known: the owner has a vocabulary. p_open: the last word may be the beginning of one.
CREATE FUNCTION chattui.leaf(p_owner text, p_term text, p_open boolean, p_known boolean, p_total float8,
  OUT q tsquery, OUT pat text, OUT words text[], OUT est float8, OUT wide integer) LANGUAGE plpgsql STABLE
SET search_path = chattui, pg_temp AS $$
DECLARE
  v_term    text := chattui.fold(p_term);
  v_like    text := '%' || regexp_replace(v_term, '([\\%_])', '\\\1', 'g') || '%';
  v_part    tsquery;
  v_lexemes text[];
  v_n       float8;
  v_run     text;
  i         integer;
BEGIN
  words := '{}';
  wide := 0;
  est := p_total;
  IF v_term ~ '[\u2e80-\u9fff\uac00-\ud7af]' THEN         -- pairs of every run; the rest is left to the literal pattern
    FOR v_run IN SELECT m[1] FROM regexp_matches(v_term, '([\u2e80-\u9fff\uac00-\ud7af]+)', 'g') m LOOP
      FOR i IN 1 .. greatest(1, length(v_run) - 1) LOOP
        v_part := (CASE WHEN length(v_run) = 1 THEN quote_literal(v_run) || ':*' ELSE quote_literal(substr(v_run, i, 2)) END)::tsquery;
        q := CASE WHEN q IS NULL THEN v_part ELSE q && v_part END;
      END LOOP;
    END LOOP;
    IF length(v_term) > 2 THEN
      pat := v_like;
    END IF;
    words := ARRAY[v_term];
    est := p_total / 50;
    RETURN;
  END IF;
  words := ARRAY(SELECT lower(x.token) FROM ts_parse('default', chattui.spread(v_term)) WITH ORDINALITY AS x (kind, token, nr)
                  WHERE x.kind NOT IN (12, 13, 14, 23) ORDER BY x.nr);        -- not blanks, tags, protocols, entities
  IF cardinality(words) > 1 THEN
    pat := v_like;
  END IF;
  FOR i IN 1 .. cardinality(words) LOOP
    v_part := NULL;
    IF p_open AND i = cardinality(words) AND p_known THEN
      SELECT array_agg(x.word), sum(x.n) INTO v_lexemes, v_n
        FROM (SELECT v.word, v.n FROM chattui.words v
               WHERE v.owner = p_owner AND v.word >= words[i] AND v.word < words[i] || chr(1114111)
               ORDER BY v.n DESC LIMIT 40) x;
      IF v_n > p_total / 4 AND i > 1 THEN
        NULL;                                             -- most messages have it, and the literal pattern tests for it
      ELSIF coalesce(v_n, 0) > 2000 THEN
        wide := cardinality(v_lexemes);
        v_part := (SELECT string_agg(quote_literal(x), '|') FROM unnest(v_lexemes || words[i]) x WHERE x !~ '[\\'']')::tsquery;
        est := least(est, v_n);
      ELSE
        v_part := (quote_literal(words[i]) || ':*')::tsquery;
        est := least(est, coalesce(v_n, 0) + p_total / 10000);
      END IF;
    ELSIF p_open AND i = cardinality(words) AND p_total < 20000 THEN
      v_part := (quote_literal(words[i]) || ':*')::tsquery;  -- few messages: any prefix is cheap
    ELSE
      v_n := NULL;
      SELECT v.n INTO v_n FROM chattui.words v WHERE v.owner = p_owner AND v.word = words[i];
      v_part := quote_literal(words[i])::tsquery;
      est := least(est, coalesce(v_n, p_total / 10000));
    END IF;
    q := CASE WHEN q IS NULL THEN v_part WHEN v_part IS NULL THEN q ELSE q && v_part END;
  END LOOP;
END $$;

-- A tree, or with p_not its opposite, as what can be looked for: q and pats and rest hold for exactly the hits. musts are
-- patterns that every hit matches, cheaper to test than lexemes; needs: q cannot hold without some word. is_void: it says
-- nothing (a term without a word). Without the index words are parts of the text.
CREATE FUNCTION chattui.plan(p_owner text, p_node jsonb, p_not boolean, p_known boolean, p_total float8, p_indexed boolean,
  OUT q tsquery, OUT pats text[], OUT rest jsonb, OUT words text[], OUT musts text[], OUT est float8, OUT looks float8,
  OUT wide integer, OUT needs boolean, OUT is_void boolean) LANGUAGE plpgsql STABLE
SET search_path = chattui, pg_temp AS $$
DECLARE
  v_kind  text := p_node->>'k';
  v_leaf  record;
  v_child jsonb;
  c       record;
  v_least float8 := p_total;
  v_share float8 := 1;
  v_forms jsonb := '[]';
  v_some  boolean := false;
  v_exact boolean := true;
  v_open  boolean := false;                               -- an alternative without lexemes
BEGIN
  pats := '{}'; words := '{}'; musts := '{}'; est := p_total; looks := 0; wide := 0; needs := false; is_void := false;
  IF v_kind = 'not' THEN
    SELECT * INTO q, pats, rest, words, musts, est, looks, wide, needs, is_void
      FROM chattui.plan(p_owner, p_node->'of', NOT p_not, p_known, p_total, p_indexed);

  ELSIF v_kind IN ('word', 'phrase') THEN
    SELECT * INTO v_leaf FROM chattui.leaf(p_owner, p_node->>'t', (p_node->>'open')::boolean, p_known, p_total);
    IF v_leaf.q IS NULL THEN
      is_void := true;
      RETURN;
    END IF;
    q := CASE WHEN p_indexed THEN v_leaf.q END;
    pats := array_remove(ARRAY[v_leaf.pat], NULL);
    musts := ARRAY(SELECT '%' || regexp_replace(w, '([\\%_])', '\\\1', 'g') || '%' FROM unnest(v_leaf.words) w);
    IF NOT p_indexed THEN
      pats := pats || musts;
    END IF;
    words := v_leaf.words; est := v_leaf.est; wide := v_leaf.wide; needs := true;
    IF p_not THEN
      IF pats = '{}' THEN
        q := !! q;
      ELSE
        rest := jsonb_build_object('not', jsonb_build_object('q', q::text, 'pats', pats));
        q := NULL; pats := '{}';
      END IF;
      words := '{}'; musts := '{}'; est := p_total - est; wide := 0; needs := false;
    END IF;

  ELSIF v_kind = 'sub' THEN
    pats := ARRAY['%' || regexp_replace(chattui.fold(p_node->>'t'), '([\\%_])', '\\\1', 'g') || '%'];
    words := ARRAY[lower(chattui.fold(p_node->>'t'))];
    est := p_total / 20;
    IF p_not THEN
      rest := jsonb_build_object('not', jsonb_build_object('pats', pats));
      pats := '{}'; words := '{}'; est := p_total;
    END IF;

  ELSIF v_kind IN ('re', 'field') THEN
    rest := CASE WHEN p_not THEN jsonb_build_object('not', p_node) ELSE p_node END;
    est := p_total / 4;

  ELSIF (v_kind = 'and') <> p_not THEN                    -- all of them
    is_void := true;
    FOR v_child IN SELECT x FROM jsonb_array_elements(p_node->'of') x LOOP
      SELECT * INTO c FROM chattui.plan(p_owner, v_child, p_not, p_known, p_total, p_indexed);
      CONTINUE WHEN c.is_void;
      is_void := false;
      q := CASE WHEN q IS NULL THEN c.q WHEN c.q IS NULL THEN q ELSE q && c.q END;
      pats := pats || c.pats; words := words || c.words; musts := musts || c.musts; needs := needs OR c.needs;
      IF c.rest IS NOT NULL THEN
        v_forms := v_forms || jsonb_build_array(c.rest);
      END IF;
      looks := greatest(looks, c.looks, v_least * v_share * c.wide);
      v_share := v_share * sqrt(greatest(v_least, c.est) / p_total);          -- typed apart: damped independence
      v_least := least(v_least, c.est);
    END LOOP;
    est := v_least * v_share;
    rest := CASE jsonb_array_length(v_forms) WHEN 0 THEN NULL WHEN 1 THEN v_forms->0 ELSE jsonb_build_object('and', v_forms) END;

  ELSE                                                    -- any of them
    est := 0;
    needs := true;
    FOR v_child IN SELECT x FROM jsonb_array_elements(p_node->'of') x LOOP
      SELECT * INTO c FROM chattui.plan(p_owner, v_child, p_not, p_known, p_total, p_indexed);
      CONTINUE WHEN c.is_void;
      v_some := true;
      v_open := v_open OR c.q IS NULL;
      v_exact := v_exact AND c.rest IS NULL AND c.pats = '{}' AND c.q IS NOT NULL;
      q := CASE WHEN q IS NULL THEN c.q WHEN c.q IS NULL THEN q ELSE q || c.q END;
      v_forms := v_forms || jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('q', c.q::text, 'pats', c.pats, 'rest', c.rest)));
      words := words || c.words; needs := needs AND c.needs; est := least(p_total, est + c.est);
      looks := looks + c.looks; wide := wide + c.wide;
    END LOOP;
    is_void := NOT v_some;
    IF v_open THEN
      q := NULL; needs := false;
    END IF;
    IF NOT v_exact THEN
      rest := jsonb_build_object('or', v_forms);
    END IF;
  END IF;
END $$;

-- Whether a message fulfils a field. p_seq NULL: it is a note, which has nothing of a message but that it is a note.
CREATE FUNCTION chattui.field_holds(p_owner text, p_field jsonb, p_chat bigint, p_seq integer, p_role chattui.message_role,
  p_kind chattui.message_kind, p_at timestamptz, p_body text) RETURNS boolean LANGUAGE plpgsql STABLE
SET search_path = chattui, pg_temp AS $$
DECLARE
  v_name text := p_field->>'name';
  v_any  text[] := ARRAY(SELECT jsonb_array_elements_text(p_field->'any'));
  v_pats text[];
BEGIN
  IF p_field ? 'spans' THEN
    RETURN EXISTS (SELECT FROM jsonb_array_elements(p_field->'spans') s
      WHERE (s->>0 IS NULL OR p_at >= (s->>0)::timestamptz) AND (s->>1 IS NULL OR p_at < (s->>1)::timestamptz));
  END IF;
  IF v_name = 'role' THEN
    RETURN coalesce(p_role::text = ANY (v_any), false);
  ELSIF v_name = 'kind' THEN
    RETURN coalesce(p_kind::text = ANY (v_any), false);
  ELSIF v_name = 'has' THEN
    RETURN coalesce(
      ('note' = ANY (v_any) AND (p_seq IS NULL OR EXISTS (SELECT FROM chattui.marks k
         JOIN chattui.messages m ON m.owner = p_owner AND m.chat_id = p_chat AND m.seq = p_seq
          AND chattui.mark_key(m.source_id, m.seq) = k.source_id
        WHERE k.owner = p_owner AND k.chat_id = p_chat AND k.note IS NOT NULL)))
      OR (p_seq IS NOT NULL AND (
        ('tool' = ANY (v_any) AND p_kind IN ('tool_call', 'tool_result'))
        OR ('code' = ANY (v_any) AND (p_body LIKE '%```%' OR EXISTS (SELECT FROM chattui.messages m
             WHERE m.owner = p_owner AND m.chat_id = p_chat AND m.seq = p_seq AND m.content_type = 'code')))
        OR ('error' = ANY (v_any) AND EXISTS (SELECT FROM chattui.messages m
             WHERE m.owner = p_owner AND m.chat_id = p_chat AND m.seq = p_seq AND m.error))
        OR ('image' = ANY (v_any) AND EXISTS (SELECT FROM chattui.files f
             WHERE f.owner = p_owner AND f.chat_id = p_chat AND f.seq = p_seq AND f.mime LIKE 'image/%')))), false);
  END IF;
  v_pats := ARRAY(SELECT chattui.fold(x) FROM jsonb_array_elements_text(p_field->'pats') x);
  IF v_name = 'model' THEN
    RETURN p_seq IS NOT NULL AND EXISTS (SELECT FROM chattui.messages m
      JOIN chattui.chats c ON c.owner = p_owner AND c.id = p_chat
      WHERE m.owner = p_owner AND m.chat_id = p_chat AND m.seq = p_seq AND coalesce(m.model, c.model) ILIKE ANY (v_pats));
  ELSIF v_name IN ('tool', 'file') THEN
    RETURN p_seq IS NOT NULL AND (
      EXISTS (SELECT FROM chattui.messages m
        JOIN chattui.tool_calls t ON t.owner = p_owner AND t.chat_id = p_chat AND t.call_id = m.call_id
        WHERE m.owner = p_owner AND m.chat_id = p_chat AND m.seq = p_seq
          AND chattui.fold(CASE v_name WHEN 'tool' THEN t.name ELSE t.target END) ILIKE ANY (v_pats))
      OR (v_name = 'file' AND EXISTS (SELECT FROM chattui.files f
        WHERE f.owner = p_owner AND f.chat_id = p_chat AND f.seq = p_seq AND chattui.fold(f.path) ILIKE ANY (v_pats))));
  END IF;
  RETURN EXISTS (SELECT FROM chattui.chats c WHERE c.owner = p_owner AND c.id = p_chat
    AND coalesce(CASE v_name
      WHEN 'source' THEN c.source ILIKE ANY (v_pats)
      WHEN 'project' THEN chattui.fold(c.project) ILIKE ANY (v_pats) OR chattui.fold(c.repository) ILIKE ANY (v_pats)
      WHEN 'agent' THEN c.agent ILIKE ANY (v_pats)
      WHEN 'branch' THEN chattui.fold(c.git_branch) ILIKE ANY (v_pats)
      WHEN 'title' THEN chattui.fold(c.title) ILIKE ANY (v_pats)
      WHEN 'tag' THEN c.tags <> '{}' AND EXISTS (SELECT FROM unnest(c.tags) t WHERE chattui.fold(t) ILIKE ANY (v_pats))
      WHEN 'chat' THEN c.id::text = ANY (v_any) OR c.source_id = ANY (v_any)
      WHEN 'is' THEN ('pinned' = ANY (v_any) AND c.pinned) OR ('archived' = ANY (v_any) AND c.status = 'archived')
        OR ('mine' = ANY (v_any) AND c.source = 'chattui')
        OR ('unread' = ANY (v_any) AND (c.last_accessed_at IS NULL OR c.last_accessed_at < c.last_message_at))
    END, false));
END $$;

-- Whether a candidate fulfils the rest of a plan. p_flat is p_body without accents.
CREATE FUNCTION chattui.holds(p_owner text, p_rest jsonb, p_chat bigint, p_seq integer, p_role chattui.message_role,
  p_kind chattui.message_kind, p_at timestamptz, p_body text, p_flat text) RETURNS boolean LANGUAGE plpgsql STABLE
SET search_path = chattui, pg_temp AS $$
DECLARE
  v_child jsonb;
BEGIN
  IF p_rest ? 'and' THEN
    FOR v_child IN SELECT x FROM jsonb_array_elements(p_rest->'and') x LOOP
      IF NOT chattui.holds(p_owner, v_child, p_chat, p_seq, p_role, p_kind, p_at, p_body, p_flat) THEN
        RETURN false;
      END IF;
    END LOOP;
    RETURN true;
  ELSIF p_rest ? 'or' THEN
    FOR v_child IN SELECT x FROM jsonb_array_elements(p_rest->'or') x LOOP
      IF chattui.holds(p_owner, v_child, p_chat, p_seq, p_role, p_kind, p_at, p_body, p_flat) THEN
        RETURN true;
      END IF;
    END LOOP;
    RETURN false;
  ELSIF p_rest ? 'not' THEN
    RETURN NOT chattui.holds(p_owner, p_rest->'not', p_chat, p_seq, p_role, p_kind, p_at, p_body, p_flat);
  ELSIF p_rest->>'k' = 'field' THEN
    RETURN chattui.field_holds(p_owner, p_rest, p_chat, p_seq, p_role, p_kind, p_at, p_body);
  ELSIF p_rest->>'k' = 're' THEN
    RETURN regexp_like(p_body, p_rest->>'t', 'in');
  END IF;
  RETURN p_flat ILIKE ALL (ARRAY(SELECT jsonb_array_elements_text(p_rest->'pats')))
     AND (p_rest->'rest' IS NULL
          OR chattui.holds(p_owner, p_rest->'rest', p_chat, p_seq, p_role, p_kind, p_at, p_body, p_flat))
     AND (p_rest->>'q' IS NULL OR chattui.tsv(p_body) @@ (p_rest->>'q')::tsquery);
END $$;

-- A window of the text around the first of the given words that is found. Cheaper than ts_headline, which parses again.
CREATE OR REPLACE FUNCTION chattui.snippet_of(t text, p_phrase text, p_words text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_low text := lower(chattui.fold(left(t, 20000)));
  v_at  integer := 0;
  v_word text;
BEGIN
  IF p_phrase IS NOT NULL THEN
    v_at := strpos(v_low, p_phrase);
  END IF;
  IF v_at = 0 THEN
    FOREACH v_word IN ARRAY p_words LOOP
      v_at := strpos(v_low, v_word);
      EXIT WHEN v_at > 0;
    END LOOP;
  END IF;
  IF v_at = 0 AND length(t) > 20000 THEN
    FOREACH v_word IN ARRAY p_words LOOP
      v_at := strpos(lower(chattui.fold(t)), v_word);
      EXIT WHEN v_at > 0;
    END LOOP;
  END IF;
  RETURN substr(t, greatest(1, v_at - 60), 240);
END $$;

-- Candidates of one probe (0 everything, 1 one day, 2 one 16-day block), newest first, what the index does not tell tested
-- one by one. tier 0 keeps what holds the phrase, tier 1 what does not. The last row has stopped = true when time ran out:
-- everything newer than its position has been looked at.
CREATE FUNCTION chattui.probe(p_owner text, p_scope integer, p_key integer, p_q tsquery, p_pats text[], p_rest jsonb, p_phrase text,
  p_tier integer, p_since timestamptz, p_before timestamptz, p_before_chat bigint, p_before_seq integer, p_limit integer,
  p_deadline timestamptz, p_anchor text, p_words text[])
RETURNS TABLE (chat_id bigint, seq integer, created_at timestamptz, role chattui.message_role, kind chattui.message_kind,
  snippet text, stopped boolean) LANGUAGE plpgsql STABLE ROWS 20
SET search_path = chattui, pg_temp AS $$
#variable_conflict use_column
DECLARE
  c      refcursor;
  r      record;
  v_body text;
  v_flat text;
  v_got  integer := 0;
  v_seen integer := 0;
BEGIN
  IF p_scope = 0 THEN
    OPEN c FOR SELECT m.chat_id, m.seq, m.created_at, m.role, m.kind, m.content FROM chattui.messages m
      WHERE m.owner = p_owner AND chattui.tsv(m.content) @@ p_q
        AND (m.created_at, m.chat_id, m.seq) < (p_before, p_before_chat, p_before_seq) AND m.created_at >= p_since
      ORDER BY m.created_at DESC, m.chat_id DESC, m.seq DESC;
  ELSIF p_scope = 1 THEN
    OPEN c FOR SELECT m.chat_id, m.seq, m.created_at, m.role, m.kind, m.content FROM chattui.messages m
      WHERE m.owner = p_owner AND chattui.day_of(m.created_at) = p_key AND chattui.tsv(m.content) @@ p_q
        AND (m.created_at, m.chat_id, m.seq) < (p_before, p_before_chat, p_before_seq) AND m.created_at >= p_since
      ORDER BY m.created_at DESC, m.chat_id DESC, m.seq DESC;
  ELSE
    OPEN c FOR SELECT m.chat_id, m.seq, m.created_at, m.role, m.kind, m.content FROM chattui.messages m
      WHERE m.owner = p_owner AND (chattui.day_of(m.created_at) >> 4) = p_key AND chattui.tsv(m.content) @@ p_q
        AND (m.created_at, m.chat_id, m.seq) < (p_before, p_before_chat, p_before_seq) AND m.created_at >= p_since
      ORDER BY m.created_at DESC, m.chat_id DESC, m.seq DESC;
  END IF;
  LOOP
    FETCH c INTO r;
    EXIT WHEN NOT FOUND;
    v_body := r.content || '';                            -- decompressed once
    v_flat := CASE WHEN p_pats = '{}' AND p_phrase IS NULL AND p_rest IS NULL OR octet_length(v_body) = length(v_body) THEN v_body
                   ELSE chattui.fold(v_body) END;
    IF (p_pats = '{}' OR v_flat ILIKE ALL (p_pats))
       AND (p_phrase IS NULL OR (v_flat ILIKE p_phrase) = (p_tier = 0))
       AND (p_rest IS NULL OR chattui.holds(p_owner, p_rest, r.chat_id, r.seq, r.role, r.kind, r.created_at, v_body, v_flat))
       AND NOT EXISTS (SELECT FROM chattui.chats x LEFT JOIN chattui.chats u ON u.owner = x.owner AND u.id = x.parent_id
             WHERE x.owner = p_owner AND x.id = r.chat_id AND 'deleted' IN (x.status, u.status)) THEN
      RETURN QUERY SELECT r.chat_id, r.seq, r.created_at, r.role, r.kind, chattui.snippet_of(v_body, p_anchor, p_words), false;
      v_got := v_got + 1;
      EXIT WHEN v_got >= p_limit;
    END IF;
    v_seen := v_seen + 1;
    IF (v_seen % 16 = 0 OR p_rest IS NOT NULL) AND clock_timestamp() > p_deadline THEN
      RETURN QUERY SELECT r.chat_id, r.seq, r.created_at, r.role, r.kind, NULL::text, true;
      EXIT;
    END IF;
  END LOOP;
  CLOSE c;
END $$;

-- The messages of some chats, or all, one by one, newest first, until the page is full or the time is over. p_q is tested last.
CREATE FUNCTION chattui.scan(p_owner text, p_chats bigint[], p_q tsquery, p_pats text[], p_rest jsonb, p_phrase text, p_tier integer,
  p_since timestamptz, p_before timestamptz, p_before_chat bigint, p_before_seq integer, p_limit integer, p_deadline timestamptz,
  p_anchor text, p_words text[])
RETURNS TABLE (chat_id bigint, seq integer, created_at timestamptz, role chattui.message_role, kind chattui.message_kind,
  snippet text, stopped boolean) LANGUAGE plpgsql STABLE ROWS 20
SET search_path = chattui, pg_temp SET enable_indexscan = on SET enable_bitmapscan = off SET enable_sort = on AS $$
#variable_conflict use_column
DECLARE
  c      refcursor;
  r      record;
  v_body text;
  v_flat text;
  v_got  integer := 0;
  v_seen integer := 0;
BEGIN
  IF p_chats IS NULL THEN
    PERFORM set_config('enable_sort', 'off', true);
    OPEN c FOR SELECT m.chat_id, m.seq, m.created_at, m.role, m.kind, m.content FROM chattui.messages m
      WHERE m.owner = p_owner AND (m.created_at, m.chat_id, m.seq) < (p_before, p_before_chat, p_before_seq)
        AND m.created_at >= p_since
      ORDER BY m.created_at DESC, m.chat_id DESC, m.seq DESC;
  ELSE
    OPEN c FOR SELECT m.chat_id, m.seq, m.created_at, m.role, m.kind, m.content FROM chattui.messages m
      WHERE m.owner = p_owner AND m.chat_id = ANY (p_chats)
        AND (m.created_at, m.chat_id, m.seq) < (p_before, p_before_chat, p_before_seq) AND m.created_at >= p_since
      ORDER BY m.created_at DESC, m.chat_id DESC, m.seq DESC;
  END IF;
  LOOP
    FETCH c INTO r;
    EXIT WHEN NOT FOUND;
    v_body := r.content || '';
    v_flat := CASE WHEN octet_length(v_body) = length(v_body) THEN v_body ELSE chattui.fold(v_body) END;
    IF (p_pats = '{}' OR v_flat ILIKE ALL (p_pats))
       AND (p_phrase IS NULL OR (v_flat ILIKE p_phrase) = (p_tier = 0))
       AND (p_rest IS NULL OR chattui.holds(p_owner, p_rest, r.chat_id, r.seq, r.role, r.kind, r.created_at, v_body, v_flat))
       AND (p_q IS NULL OR chattui.tsv(v_body) @@ p_q)
       AND NOT EXISTS (SELECT FROM chattui.chats x LEFT JOIN chattui.chats u ON u.owner = x.owner AND u.id = x.parent_id
             WHERE x.owner = p_owner AND x.id = r.chat_id AND 'deleted' IN (x.status, u.status)) THEN
      RETURN QUERY SELECT r.chat_id, r.seq, r.created_at, r.role, r.kind, chattui.snippet_of(v_body, p_anchor, p_words), false;
      v_got := v_got + 1;
      EXIT WHEN v_got >= p_limit;
    END IF;
    v_seen := v_seen + 1;
    IF (v_seen % 16 = 0 OR p_rest IS NOT NULL) AND clock_timestamp() > p_deadline THEN
      RETURN QUERY SELECT r.chat_id, r.seq, r.created_at, r.role, r.kind, NULL::text, true;
      EXIT;
    END IF;
  END LOOP;
  CLOSE c;
END $$;

-- The walk of one tier from a position back in time. p_candidates is the number of hits of p_q when they are known to be few.
CREATE FUNCTION chattui.walk(p_owner text, p_q tsquery, p_pats text[], p_rest jsonb, p_phrase text, p_tier integer,
  p_candidates bigint, p_since timestamptz, p_before timestamptz, p_before_chat bigint, p_before_seq integer, p_limit integer,
  p_deadline timestamptz, p_anchor text, p_words text[])
RETURNS TABLE (chat_id bigint, seq integer, created_at timestamptz, role chattui.message_role, kind chattui.message_kind,
  snippet text, stopped boolean) LANGUAGE plpgsql STABLE ROWS 20
SET search_path = chattui, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_top   integer := chattui.day_of(least(p_before, timestamptz '9999-01-01 UTC'));
  v_end   integer := chattui.day_of(greatest(p_since, timestamptz '0001-01-01 UTC'));
  v_got   integer := 0;
  v_block integer;
  v_day   integer;
  v_few   bigint;
  v_first boolean := true;
  r       record;
BEGIN
  IF p_candidates IS NOT NULL THEN
    RETURN QUERY SELECT h.* FROM chattui.probe(p_owner, 0, 0, p_q, p_pats, p_rest, p_phrase, p_tier, p_since, p_before,
      p_before_chat, p_before_seq, p_limit, p_deadline, p_anchor, p_words) h;
    RETURN;
  END IF;
  FOR v_block IN SELECT DISTINCT d.day >> 4 FROM chattui.day_counts d
                  WHERE d.owner = p_owner AND d.day <= v_top AND d.day >= v_end AND d.n > 0
                  ORDER BY 1 DESC LOOP
    v_few := 300;
    IF NOT v_first THEN
      SELECT count(*) INTO v_few FROM (SELECT FROM chattui.messages m WHERE m.owner = p_owner
        AND (chattui.day_of(m.created_at) >> 4) = v_block AND chattui.tsv(m.content) @@ p_q LIMIT 300) s;
      CONTINUE WHEN v_few = 0;
    END IF;
    v_first := false;
    FOR v_day IN SELECT d.day FROM chattui.day_counts d WHERE d.owner = p_owner AND d.n > 0 AND v_few >= 300
                    AND d.day BETWEEN greatest(v_end, v_block * 16) AND least(v_top, v_block * 16 + 15)
                  UNION ALL SELECT NULL WHERE v_few < 300 ORDER BY 1 DESC LOOP
      FOR r IN SELECT h.* FROM chattui.probe(p_owner, CASE WHEN v_day IS NULL THEN 2 ELSE 1 END, coalesce(v_day, v_block), p_q,
                 p_pats, p_rest, p_phrase, p_tier, p_since, p_before, p_before_chat, p_before_seq, p_limit - v_got, p_deadline,
                 p_anchor, p_words) h LOOP
        chat_id := r.chat_id; seq := r.seq; created_at := r.created_at; role := r.role; kind := r.kind;
        snippet := r.snippet; stopped := r.stopped;
        RETURN NEXT;
        IF r.stopped THEN
          RETURN;
        END IF;
        v_got := v_got + 1;
      END LOOP;
      IF v_got >= p_limit THEN
        RETURN;
      END IF;
      IF clock_timestamp() > p_deadline THEN
        chat_id := 0; seq := 0; role := NULL; kind := NULL; snippet := NULL; stopped := true;
        created_at := to_timestamp(coalesce(v_day, v_block * 16) * 86400.0);
        RETURN NEXT;
        RETURN;
      END IF;
    END LOOP;
  END LOOP;
END $$;

-- The chats that fulfil all these fields, when they are few and hold few messages; NULL otherwise, or when there is no field.
CREATE FUNCTION chattui.few_chats(p_owner text, p_fields jsonb, OUT ids bigint[], OUT n bigint) LANGUAGE plpgsql STABLE
SET search_path = chattui, pg_temp AS $$
DECLARE
  v_field  jsonb;
  v_name   text;
  v_pats   text[];
  v_any    text[];
  v_before bigint[];
  v_most   constant integer := 500;
BEGIN
  FOR v_field IN SELECT x FROM jsonb_array_elements(p_fields) x WHERE NOT x ? 'not' LOOP
    v_pats := ARRAY(SELECT chattui.fold(x) FROM jsonb_array_elements_text(v_field->'pats') x);
    v_any := ARRAY(SELECT jsonb_array_elements_text(v_field->'any'));
    v_name := v_field->>'name';
    -- a set that is too large is given up: the next field starts anew
    ids := ARRAY(SELECT c.id FROM chattui.chats c WHERE c.owner = p_owner AND (v_before IS NULL OR c.id = ANY (v_before))
    AND coalesce(CASE v_name
      WHEN 'source' THEN c.source ILIKE ANY (v_pats)
      WHEN 'project' THEN chattui.fold(c.project) ILIKE ANY (v_pats) OR chattui.fold(c.repository) ILIKE ANY (v_pats)
      WHEN 'agent' THEN c.agent ILIKE ANY (v_pats)
      WHEN 'branch' THEN chattui.fold(c.git_branch) ILIKE ANY (v_pats)
      WHEN 'title' THEN chattui.fold(c.title) ILIKE ANY (v_pats)
      WHEN 'tag' THEN c.tags <> '{}' AND EXISTS (SELECT FROM unnest(c.tags) t WHERE chattui.fold(t) ILIKE ANY (v_pats))
      WHEN 'chat' THEN c.id::text = ANY (v_any) OR c.source_id = ANY (v_any)
      WHEN 'is' THEN ('pinned' = ANY (v_any) AND c.pinned) OR ('archived' = ANY (v_any) AND c.status = 'archived')
        OR ('mine' = ANY (v_any) AND c.source = 'chattui')
        OR ('unread' = ANY (v_any) AND (c.last_accessed_at IS NULL OR c.last_accessed_at < c.last_message_at))
    END, false) LIMIT v_most + 1);
    v_before := CASE WHEN cardinality(ids) > v_most THEN v_before ELSE ids END;
  END LOOP;
  ids := v_before;
  IF ids IS NOT NULL THEN
    n := (SELECT coalesce(sum(c.message_count), 0) FROM chattui.chats c WHERE c.owner = p_owner AND c.id = ANY (ids));
    IF n > 20000 THEN
      ids := NULL; n := NULL;
    END IF;
  END IF;
END $$;

-- The one entrance of every text search. SECURITY DEFINER because @@ and ILIKE are not leakproof: under a policy the planner
-- could not use the index. It sees only what belongs to chattui.me().
--
-- p_query is what was typed, understood by the program: {"node": tree, "chats": [fields of chats], "since", "until": times,
-- "phrase": the bare words as one pattern in which any one character may stand between two words, "anchor": what a snippet
-- shows first}. A tree is {"k": word | phrase | sub | re, "t": text}, {"k": field, "name", "any", "pats" | "spans"},
-- {"k": and | or, "of": [trees]} or {"k": "not", "of": tree}.
--
-- Messages that hold the bare words as a phrase come first (tier 0), then those that hold all the words (tier 1); newest
-- first in each. Rows with stopped = true are no hits: time ran out in that tier at that position, call again from there.
CREATE FUNCTION chattui.search_messages(p_query jsonb, p_limit integer DEFAULT 20, p_tier integer DEFAULT 0,
  p_before timestamptz DEFAULT 'infinity', p_before_chat bigint DEFAULT 0, p_before_seq integer DEFAULT 0,
  p_budget_ms integer DEFAULT 80)
RETURNS TABLE (tier integer, chat_id bigint, seq integer, created_at timestamptz, role chattui.message_role,
  kind chattui.message_kind, snippet text, stopped boolean, about float8, exact boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = chattui, pg_temp SET jit = off SET work_mem = '32MB' SET max_parallel_workers_per_gather = 0
SET enable_seqscan = off SET enable_indexscan = off AS $$
#variable_conflict use_column
DECLARE
  v_me         text := chattui.me();
  v_start      timestamptz := clock_timestamp();
  v_deadline   timestamptz;
  v_since      timestamptz := coalesce((p_query->>'since')::timestamptz, '-infinity');
  v_until      timestamptz := coalesce((p_query->>'until')::timestamptz, 'infinity');
  v_anchor     text := chattui.fold(p_query->>'anchor');
  v_phrase     text := chattui.fold(p_query->>'phrase');
  v_fields     jsonb := coalesce(p_query->'chats', '[]');
  v_indexed    boolean := EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('chattui.messages_search')
                                     AND indisvalid);
  v_known      boolean := EXISTS (SELECT FROM chattui.words v WHERE v.owner = v_me);
  v_total      float8;
  v_chats      bigint[];
  v_of_chats   bigint;
  v_scans      boolean;
  v_plan       record;
  v_rest       jsonb;
  v_about      float8;
  v_candidates bigint;
  v_cap        integer;
  v_got        integer := 0;
  v_tier       integer;
  v_from       timestamptz;
  r            record;
BEGIN
  SELECT greatest(1, sum(n)) INTO v_total FROM chattui.day_counts WHERE owner = v_me;
  SELECT * INTO v_plan FROM chattui.plan(v_me, coalesce(p_query->'node', '{"k": "and", "of": []}'), false, v_known, v_total, v_indexed);
  IF v_plan.is_void AND v_fields = '[]' AND v_since = '-infinity' AND v_until = 'infinity' THEN
    RETURN;
  END IF;
  v_rest := v_plan.rest;
  v_about := v_plan.est;
  IF v_fields <> '[]' THEN
    SELECT x.ids, x.n INTO v_chats, v_of_chats FROM chattui.few_chats(v_me, v_fields) x;
    IF v_chats = '{}' THEN
      RETURN;
    END IF;
    v_rest := jsonb_build_object('and', v_fields || CASE WHEN v_rest IS NULL THEN '[]' ELSE jsonb_build_array(v_rest) END);
    v_about := least(v_about, coalesce(v_of_chats, v_total / 4));
  END IF;
  IF NOT v_indexed THEN
    v_phrase := NULL;
  END IF;

  v_cap := CASE WHEN v_plan.pats = '{}' THEN 3000 ELSE 1000 END;
  v_scans := NOT v_indexed OR v_plan.q IS NULL OR NOT v_plan.needs OR coalesce(v_of_chats < v_plan.est, false);
  IF NOT v_scans AND v_plan.est < v_cap AND v_plan.looks < 10000 THEN -- looks rare: count, the estimate may be wrong
    SELECT count(*) INTO v_candidates FROM (SELECT FROM chattui.messages m
      WHERE m.owner = v_me AND chattui.tsv(m.content) @@ v_plan.q LIMIT v_cap) s;
    IF v_candidates >= v_cap THEN
      v_candidates := NULL;
    END IF;
  END IF;
  v_scans := v_scans OR (v_candidates IS NULL AND v_chats IS NOT NULL);

  FOR v_tier IN greatest(p_tier, CASE WHEN v_phrase IS NULL THEN 1 ELSE 0 END) .. 1 LOOP
    v_deadline := v_start + p_budget_ms * (CASE WHEN v_tier = 0 THEN 0.4 ELSE 1 END) * interval '1 ms';
    v_from := CASE WHEN v_tier = p_tier OR v_phrase IS NULL THEN p_before ELSE 'infinity' END;
    FOR r IN
      SELECT h.* FROM chattui.walk(v_me, v_plan.q, v_plan.pats, v_rest, v_phrase, v_tier, v_candidates, v_since,
        least(v_from, v_until),
        CASE WHEN v_from < v_until THEN p_before_chat ELSE 0 END, CASE WHEN v_from < v_until THEN p_before_seq ELSE 0 END,
        p_limit - v_got, v_deadline, v_anchor, v_plan.words) h WHERE NOT v_scans
      UNION ALL
      SELECT h.* FROM chattui.scan(v_me, v_chats, v_plan.q, v_plan.pats || CASE WHEN v_indexed THEN v_plan.musts ELSE '{}' END, v_rest,
        v_phrase, v_tier, v_since, least(v_from, v_until),
        CASE WHEN v_from < v_until THEN p_before_chat ELSE 0 END, CASE WHEN v_from < v_until THEN p_before_seq ELSE 0 END,
        p_limit - v_got, v_deadline, v_anchor, v_plan.words) h WHERE v_scans
    LOOP
      tier := v_tier; chat_id := r.chat_id; seq := r.seq; created_at := r.created_at; role := r.role; kind := r.kind;
      snippet := r.snippet; stopped := r.stopped;
      about := CASE WHEN v_candidates IS NULL THEN v_about ELSE least(v_candidates, v_of_chats) END;
      exact := v_candidates IS NOT NULL AND v_plan.pats = '{}' AND v_rest IS NULL AND v_since = '-infinity' AND v_until = 'infinity';
      RETURN NEXT;
      IF NOT r.stopped THEN
        v_got := v_got + 1;
      END IF;
    END LOOP;
    EXIT WHEN v_got >= p_limit;
  END LOOP;
END $$;

-- Notes and tags of the caller that hold all that was typed, the newest first, from a position on. p_query as in
-- search_messages. seq is 0 for what belongs to a chat as a whole, and NULL when the message is gone. SECURITY DEFINER for
-- the same reason as search_messages.
CREATE FUNCTION chattui.search_notes(p_query jsonb, p_limit integer, p_before timestamptz DEFAULT 'infinity',
  p_before_chat bigint DEFAULT 0, p_before_seq integer DEFAULT 0)
RETURNS TABLE (chat_id bigint, seq integer, place integer, noted_at timestamptz, note text)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20 SET search_path = chattui, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_me    text := chattui.me();
  v_since timestamptz := coalesce((p_query->>'since')::timestamptz, '-infinity');
  v_until timestamptz := coalesce((p_query->>'until')::timestamptz, 'infinity');
  v_plan  record;
  v_rest  jsonb;
BEGIN
  SELECT * INTO v_plan FROM chattui.plan(v_me, p_query->'node', false, false, 1, true);
  IF v_plan.is_void IS NOT FALSE THEN
    RETURN;
  END IF;
  v_rest := jsonb_build_object('and', coalesce(p_query->'chats', '[]')
              || CASE WHEN v_plan.rest IS NULL THEN '[]' ELSE jsonb_build_array(v_plan.rest) END);
  IF v_rest->'and' = '[]' THEN
    v_rest := NULL;
  END IF;
  RETURN QUERY
    SELECT f.chat_id, CASE WHEN f.key IS NULL THEN 0 ELSE chattui.seq_of(f.chat_id, f.key, f.place) END, f.place, f.noted_at, f.note
      FROM (SELECT k.chat_id, k.source_id AS key, k.seq AS place, k.updated_at AS noted_at, k.note
              FROM chattui.marks k
             WHERE k.owner = v_me AND k.note IS NOT NULL AND (v_plan.q IS NULL OR chattui.tsv(k.note) @@ v_plan.q)
            UNION ALL
            SELECT c.id, NULL, 0, c.updated_at, chattui.chat_note(c.description, c.tags)
              FROM chattui.chats c
             WHERE c.owner = v_me AND (c.description IS NOT NULL OR c.tags <> '{}')
               AND (v_plan.q IS NULL OR chattui.tsv(chattui.chat_note(c.description, c.tags)) @@ v_plan.q)) f
     WHERE (f.noted_at, f.chat_id, f.place) < (p_before, p_before_chat, p_before_seq)
       AND f.noted_at >= v_since AND f.noted_at < v_until
       AND (v_plan.pats = '{}' OR chattui.fold(f.note) ILIKE ALL (v_plan.pats))
       AND (v_rest IS NULL OR chattui.holds(v_me, v_rest, f.chat_id, NULL, NULL, NULL, f.noted_at, f.note, chattui.fold(f.note)))
       AND NOT EXISTS (SELECT FROM chattui.chats x LEFT JOIN chattui.chats u ON u.owner = x.owner AND u.id = x.parent_id
             WHERE x.owner = v_me AND x.id = f.chat_id AND 'deleted' IN (x.status, u.status))
     ORDER BY f.noted_at DESC, f.chat_id DESC, f.place DESC
     LIMIT p_limit;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA chattui FROM PUBLIC;

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'chattui_user') THEN
    GRANT EXECUTE ON FUNCTION chattui.fold(text),
      chattui.search_messages(jsonb, integer, integer, timestamptz, bigint, integer, integer),
      chattui.search_notes(jsonb, integer, timestamptz, bigint, integer) TO chattui_user;
  END IF;
END $$;

INSERT INTO chattui.schema_versions (version, name) VALUES (6, 'query');
