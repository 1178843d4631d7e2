-- Search: newest first, stopping as soon as the page is full, so that the commonest word costs as little as the rarest.
--
-- One GIN index over (owner, day, 16-day block, lexemes) serves every text search. Equality on (owner, day) or on
-- (owner, block) lets GIN leap-frog a common word's posting list to the wanted days; a range on day, or a prefix of a
-- common word, would read every hit. Hence days and blocks are probed one by one, newest first, and a prefix is expanded
-- to its commonest words by a sampled vocabulary.

CREATE FUNCTION chattui.day_of(t timestamptz) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN floor(extract(epoch FROM t) / 86400)::integer;

-- Separators that PostgreSQL's parser would take as part of a longer token (os.path.join, /usr/lib, a@b, <div>, &amp;, +5)
CREATE FUNCTION chattui.spread(t text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN replace(replace(replace(replace(replace(replace(replace(t, '.', ' '), '/', ' '), '-', ' '), '<', ' '), '@', ' '), '&', ' '), '+', ' ');

-- Lexemes of a text: simple (not stemmed) words; getUserById whole and in parts; Han, kana and hangul as overlapping pairs.
-- Text beyond the caps is not indexed: a tsvector holds at most 1 MiB, and an insert must never fail for its size.
CREATE FUNCTION chattui.tsv(t text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 4000 AS $$
DECLARE
  head  text := left(t, 200000);
  words text := replace(replace(replace(replace(replace(replace(replace(
                  head, '.', ' '), '/', ' '), '-', ' '), '<', ' '), '@', ' '), '&', ' '), '+', ' ');
  part  text;
BEGIN
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

-- fastupdate off: a search never has to read a pending list
CREATE INDEX messages_search ON chattui.messages
  USING gin (owner, chattui.day_of(created_at), (chattui.day_of(created_at) >> 4), chattui.tsv(content)) WITH (fastupdate = off);

-- which days have messages, and how many
CREATE TABLE chattui.day_counts (
  owner text COLLATE "C" NOT NULL,
  day   integer NOT NULL,                                 -- days since 1970-01-01 UTC
  n     integer NOT NULL,
  PRIMARY KEY (owner, day)
);

-- a sampled vocabulary: completes prefixes, helps with typos, estimates how many
CREATE TABLE chattui.words (
  owner text COLLATE "C" NOT NULL,
  word  text COLLATE "C" NOT NULL,
  n     integer NOT NULL,                                 -- messages that hold it, estimated
  PRIMARY KEY (owner, word)
);
CREATE INDEX words_similar ON chattui.words USING gin (word gin_trgm_ops);

-- The person behind this session: also right inside SECURITY DEFINER functions, under SET ROLE and behind a pooler.
CREATE FUNCTION chattui.me() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN current_setting('role') = 'none' THEN SESSION_USER::text ELSE current_setting('role') END;

-- Samples the vocabulary of the caller again: after an import, then about daily. A few seconds at a million messages.
CREATE FUNCTION chattui.refresh_words(p_sample integer DEFAULT 10000) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
SET search_path = chattui, pg_temp AS $$
DECLARE
  v_me    text := chattui.me();
  v_total float8;
  v_count integer;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('chattui.words ' || v_me, 0));
  SELECT coalesce(sum(n), 0) INTO v_total FROM chattui.day_counts WHERE owner = v_me;
  DELETE FROM chattui.words w WHERE w.owner = v_me;
  EXECUTE format(
    $q$INSERT INTO chattui.words SELECT %L, word, ceil(ndoc * %s)::integer FROM ts_stat($i$
         SELECT chattui.tsv(content) FROM (SELECT content FROM chattui.messages TABLESAMPLE SYSTEM (%s) WHERE owner = %L LIMIT %s) s $i$)
       WHERE ndoc >= 3 AND length(word) BETWEEN 2 AND 40$q$,
    v_me, greatest(1, v_total / p_sample), least(100, 130.0 * p_sample / greatest(v_total, 1)), v_me, p_sample);
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;

-- What was typed, as: a lexeme query; literal patterns that a hit must also match (quoted phrases, os.path.join); the bare
-- words as one pattern in which any one character may stand between two words; the estimated number of hits; and how many
-- posting lists are looked into to find all of them, which is what an expanded prefix beside other words costs.
CREATE FUNCTION chattui.parse_query(p_owner text, p_text text,
  OUT q tsquery, OUT pats text[], OUT phrase text, OUT words text[], OUT est float8, OUT looks float8) LANGUAGE plpgsql STABLE
SET search_path = chattui, pg_temp AS $$
DECLARE
  r         record;
  v_text    text := left(p_text, 1000);
  v_total   float8;
  v_open    boolean := v_text !~ '["\s]$';                -- the last word is still being typed
  v_known   boolean := EXISTS (SELECT FROM chattui.words v WHERE v.owner = p_owner);
  v_parts   tsquery[] := '{}';
  v_tokens  text[];
  v_lexemes text[];
  v_n       float8;
  v_group   float8;
  v_least   float8;
  v_share   float8 := 1;
  v_term    text;
  v_run     text;
  v_quoted  boolean := false;
  v_bare    text[] := '{}';
  i         integer;
BEGIN
  pats := '{}';
  words := '{}';
  looks := 0;
  SELECT greatest(1, sum(n)) INTO v_total FROM chattui.day_counts WHERE owner = p_owner;
  v_least := v_total;
  FOR r IN SELECT m[1] AS quoted, m[2] AS bare, row_number() OVER () = count(*) OVER () AS is_last
             FROM regexp_matches(v_text, '"([^"]+)"|([^\s"]+)', 'g') WITH ORDINALITY AS x (m, ord) WHERE ord <= 32 ORDER BY ord LOOP
    v_term := coalesce(r.quoted, r.bare);
    v_quoted := v_quoted OR r.quoted IS NOT NULL;
    v_group := v_total;
    IF v_term ~ '[\u2e80-\u9fff\uac00-\ud7af]' THEN       -- pairs of every run; the rest is left to the literal pattern
      FOR v_run IN SELECT m[1] FROM regexp_matches(v_term, '([\u2e80-\u9fff\uac00-\ud7af]+)', 'g') m LOOP
        FOR i IN 1 .. greatest(1, length(v_run) - 1) LOOP
          v_parts := v_parts || (CASE WHEN length(v_run) = 1 THEN quote_literal(v_run) || ':*'
                                      ELSE quote_literal(substr(v_run, i, 2)) END)::tsquery;
        END LOOP;
      END LOOP;
      IF length(v_term) > 2 THEN
        pats := pats || ('%' || regexp_replace(v_term, '([\\%_])', '\\\1', 'g') || '%');
      END IF;
      words := words || v_term;
      v_bare := v_bare || v_term;
      v_share := v_share * sqrt(least(v_least, v_total / 50) / v_total);
      v_least := least(v_least, v_total / 50);
      CONTINUE;
    END IF;
    v_tokens := ARRAY(SELECT lower(x.token) FROM ts_parse('default', chattui.spread(v_term)) WITH ORDINALITY AS x (kind, token, nr)
                       WHERE x.kind NOT IN (12, 13, 14, 23) ORDER BY x.nr);  -- not blanks, tags, protocols, entities
    CONTINUE WHEN cardinality(v_tokens) = 0;
    words := words || v_tokens;
    v_bare := v_bare || v_term;
    IF cardinality(v_tokens) > 1 THEN
      pats := pats || ('%' || regexp_replace(v_term, '([\\%_])', '\\\1', 'g') || '%');
    END IF;
    FOR i IN 1 .. cardinality(v_tokens) LOOP
      IF r.is_last AND v_open AND i = cardinality(v_tokens) AND v_known THEN
        SELECT array_agg(x.word), sum(x.n) INTO v_lexemes, v_n
          FROM (SELECT v.word, v.n FROM chattui.words v
                 WHERE v.owner = p_owner AND v.word >= v_tokens[i] AND v.word < v_tokens[i] || chr(1114111)
                 ORDER BY v.n DESC LIMIT 40) x;
        IF v_n > v_total / 4 AND i > 1 THEN
          NULL;                                           -- most messages have it, and the literal pattern tests for it
        ELSIF coalesce(v_n, 0) > 2000 THEN
          looks := v_least * v_share * cardinality(v_lexemes);
          v_parts := v_parts || (SELECT string_agg(quote_literal(x), '|')
                                   FROM unnest(v_lexemes || v_tokens[i]) x WHERE x !~ '[\\'']')::tsquery;
          v_group := least(v_group, v_n);
        ELSE
          v_parts := v_parts || (quote_literal(v_tokens[i]) || ':*')::tsquery;
          v_group := least(v_group, coalesce(v_n, 0) + v_total / 10000);
        END IF;
      ELSIF r.is_last AND v_open AND i = cardinality(v_tokens) AND v_total < 20000 THEN
        v_parts := v_parts || (quote_literal(v_tokens[i]) || ':*')::tsquery;  -- few messages: any prefix is cheap
      ELSE
        v_n := NULL;
        SELECT v.n INTO v_n FROM chattui.words v WHERE v.owner = p_owner AND v.word = v_tokens[i];
        v_parts := v_parts || quote_literal(v_tokens[i])::tsquery;
        v_group := least(v_group, coalesce(v_n, v_total / 10000));
      END IF;
    END LOOP;
    v_share := v_share * sqrt(greatest(v_least, v_group) / v_total);          -- typed apart: damped independence
    v_least := least(v_least, v_group);
  END LOOP;
  est := v_least * v_share;
  FOR i IN 1 .. cardinality(v_parts) LOOP
    q := CASE WHEN q IS NULL THEN v_parts[i] ELSE q && v_parts[i] END;
  END LOOP;
  IF cardinality(v_bare) > 1 AND NOT v_quoted THEN
    phrase := '%' || (SELECT string_agg(regexp_replace(x, '([\\%_])', '\\\1', 'g'), '_' ORDER BY ord)
                        FROM unnest(v_bare) WITH ORDINALITY u (x, ord)) || '%';
  END IF;
END $$;

-- A window of the text around the first of the given words that is found. Cheaper than ts_headline, which parses again.
CREATE FUNCTION chattui.snippet_of(t text, p_phrase text, p_words text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  v_low text := lower(left(t, 20000));
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
      v_at := strpos(lower(t), v_word);
      EXIT WHEN v_at > 0;
    END LOOP;
  END IF;
  RETURN substr(t, greatest(1, v_at - 60), 240);
END $$;

-- Candidates of one probe (0 everything, 1 one day, 2 one 16-day block), newest first, literal patterns tested one by one.
-- tier 0 keeps what holds the phrase, tier 1 what does not. The last row has stopped = true when time ran out: everything
-- newer than its position has been looked at.
CREATE FUNCTION chattui.probe(p_owner text, p_scope integer, p_key integer, p_q tsquery, p_pats text[], p_phrase text,
  p_tier integer, p_before timestamptz, p_before_chat bigint, p_before_seq integer, p_limit integer, p_deadline timestamptz,
  p_anchor text, p_words text[])
RETURNS TABLE (chat_id bigint, seq integer, created_at timestamptz, role chattui.message_role, kind chattui.message_kind,
  snippet text, stopped boolean) LANGUAGE plpgsql STABLE ROWS 20
SET search_path = chattui, pg_temp AS $$
#variable_conflict use_column
DECLARE
  c      refcursor;
  r      record;
  v_body text;
  v_got  integer := 0;
  v_seen integer := 0;
BEGIN
  IF p_scope = 0 THEN
    OPEN c FOR SELECT m.chat_id, m.seq, m.created_at, m.role, m.kind, m.content FROM chattui.messages m
      WHERE m.owner = p_owner AND chattui.tsv(m.content) @@ p_q
        AND (m.created_at, m.chat_id, m.seq) < (p_before, p_before_chat, p_before_seq)
      ORDER BY m.created_at DESC, m.chat_id DESC, m.seq DESC;
  ELSIF p_scope = 1 THEN
    OPEN c FOR SELECT m.chat_id, m.seq, m.created_at, m.role, m.kind, m.content FROM chattui.messages m
      WHERE m.owner = p_owner AND chattui.day_of(m.created_at) = p_key AND chattui.tsv(m.content) @@ p_q
        AND (m.created_at, m.chat_id, m.seq) < (p_before, p_before_chat, p_before_seq)
      ORDER BY m.created_at DESC, m.chat_id DESC, m.seq DESC;
  ELSE
    OPEN c FOR SELECT m.chat_id, m.seq, m.created_at, m.role, m.kind, m.content FROM chattui.messages m
      WHERE m.owner = p_owner AND (chattui.day_of(m.created_at) >> 4) = p_key AND chattui.tsv(m.content) @@ p_q
        AND (m.created_at, m.chat_id, m.seq) < (p_before, p_before_chat, p_before_seq)
      ORDER BY m.created_at DESC, m.chat_id DESC, m.seq DESC;
  END IF;
  LOOP
    FETCH c INTO r;
    EXIT WHEN NOT FOUND;
    v_body := r.content || '';                            -- decompressed once
    IF (p_pats = '{}' OR v_body ILIKE ALL (p_pats))
       AND (p_phrase IS NULL OR (v_body ILIKE p_phrase) = (p_tier = 0))
       AND NOT EXISTS (SELECT FROM chattui.chats x LEFT JOIN chattui.chats u ON u.owner = x.owner AND u.id = x.parent_id
             WHERE x.owner = p_owner AND x.id = r.chat_id AND 'deleted' IN (x.status, u.status)) THEN
      RETURN QUERY SELECT r.chat_id, r.seq, r.created_at, r.role, r.kind, chattui.snippet_of(v_body, p_anchor, p_words), false;
      v_got := v_got + 1;
      EXIT WHEN v_got >= p_limit;
    END IF;
    v_seen := v_seen + 1;
    IF v_seen % 16 = 0 AND clock_timestamp() > p_deadline THEN
      RETURN QUERY SELECT r.chat_id, r.seq, r.created_at, r.role, r.kind, NULL::text, true;
      EXIT;
    END IF;
  END LOOP;
  CLOSE c;
END $$;

-- The walk of one tier from a position back in time. p_candidates is the number of hits when they are known to be few.
CREATE FUNCTION chattui.walk(p_owner text, p_q tsquery, p_pats text[], p_phrase text, p_tier integer, p_candidates bigint,
  p_before timestamptz, p_before_chat bigint, p_before_seq integer, p_limit integer, p_deadline timestamptz,
  p_anchor text, p_words text[])
RETURNS TABLE (chat_id bigint, seq integer, created_at timestamptz, role chattui.message_role, kind chattui.message_kind,
  snippet text, stopped boolean) LANGUAGE plpgsql STABLE ROWS 20
SET search_path = chattui, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_top   integer := chattui.day_of(least(p_before, timestamptz '9999-01-01 UTC'));
  v_got   integer := 0;
  v_block integer;
  v_day   integer;
  v_few   bigint;
  v_first boolean := true;
  r       record;
BEGIN
  IF p_candidates IS NOT NULL THEN
    RETURN QUERY SELECT h.* FROM chattui.probe(p_owner, 0, 0, p_q, p_pats, p_phrase, p_tier, p_before, p_before_chat,
      p_before_seq, p_limit, p_deadline, p_anchor, p_words) h;
    RETURN;
  END IF;
  FOR v_block IN SELECT DISTINCT d.day >> 4 FROM chattui.day_counts d WHERE d.owner = p_owner AND d.day <= v_top AND d.n > 0
                  ORDER BY 1 DESC LOOP
    v_few := 300;
    IF NOT v_first THEN
      SELECT count(*) INTO v_few FROM (SELECT FROM chattui.messages m WHERE m.owner = p_owner
        AND (chattui.day_of(m.created_at) >> 4) = v_block AND chattui.tsv(m.content) @@ p_q LIMIT 300) s;
      CONTINUE WHEN v_few = 0;
    END IF;
    v_first := false;
    FOR v_day IN SELECT d.day FROM chattui.day_counts d WHERE d.owner = p_owner AND d.n > 0 AND v_few >= 300
                    AND d.day BETWEEN v_block * 16 AND least(v_top, v_block * 16 + 15)
                  UNION ALL SELECT NULL WHERE v_few < 300 ORDER BY 1 DESC LOOP
      FOR r IN SELECT h.* FROM chattui.probe(p_owner, CASE WHEN v_day IS NULL THEN 2 ELSE 1 END, coalesce(v_day, v_block), p_q,
                 p_pats, p_phrase, p_tier, p_before, p_before_chat, p_before_seq, p_limit - v_got, p_deadline, p_anchor, p_words) h LOOP
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

-- While the index is not there: the newest messages one by one, until the page is full or the time is over.
CREATE FUNCTION chattui.scan(p_owner text, p_pats text[], p_before timestamptz, p_before_chat bigint, p_before_seq integer,
  p_limit integer, p_deadline timestamptz, p_anchor text, p_words text[])
RETURNS TABLE (chat_id bigint, seq integer, created_at timestamptz, role chattui.message_role, kind chattui.message_kind,
  snippet text, stopped boolean) LANGUAGE plpgsql STABLE ROWS 20
SET search_path = chattui, pg_temp SET enable_indexscan = on SET enable_bitmapscan = off SET enable_sort = off AS $$
#variable_conflict use_column
DECLARE
  r      record;
  v_body text;
  v_got  integer := 0;
  v_seen integer := 0;
BEGIN
  FOR r IN SELECT m.chat_id, m.seq, m.created_at, m.role, m.kind, m.content FROM chattui.messages m
            WHERE m.owner = p_owner AND (m.created_at, m.chat_id, m.seq) < (p_before, p_before_chat, p_before_seq)
            ORDER BY m.created_at DESC, m.chat_id DESC, m.seq DESC LOOP
    v_body := r.content || '';
    IF v_body ILIKE ALL (p_pats)
       AND NOT EXISTS (SELECT FROM chattui.chats x LEFT JOIN chattui.chats u ON u.owner = x.owner AND u.id = x.parent_id
             WHERE x.owner = p_owner AND x.id = r.chat_id AND 'deleted' IN (x.status, u.status)) THEN
      RETURN QUERY SELECT r.chat_id, r.seq, r.created_at, r.role, r.kind, chattui.snippet_of(v_body, p_anchor, p_words), false;
      v_got := v_got + 1;
      EXIT WHEN v_got >= p_limit;
    END IF;
    v_seen := v_seen + 1;
    IF v_seen % 16 = 0 AND clock_timestamp() > p_deadline THEN
      RETURN QUERY SELECT r.chat_id, r.seq, r.created_at, r.role, r.kind, NULL::text, true;
      EXIT;
    END IF;
  END LOOP;
END $$;

-- The one entrance of every text search. SECURITY DEFINER because @@ and ILIKE are not leakproof: under a policy the planner
-- could not use the index. It sees only what belongs to chattui.me().
--
-- Messages that hold the bare words as a phrase come first (tier 0), then those that hold all the words (tier 1); newest
-- first in each. Rows with stopped = true are no hits: time ran out in that tier at that position, call again from there.
CREATE FUNCTION chattui.search_messages(p_text text, p_limit integer DEFAULT 20, p_tier integer DEFAULT 0,
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
  v_parsed     record;
  v_candidates bigint;
  v_cap        integer;
  v_anchor     text;
  v_got        integer := 0;
  v_tier       integer;
  r            record;
BEGIN
  SELECT * INTO v_parsed FROM chattui.parse_query(v_me, p_text);
  IF v_parsed.q IS NULL THEN
    RETURN;
  END IF;
  v_anchor := lower(regexp_replace(btrim(coalesce(v_parsed.phrase, v_parsed.pats[1]), '%'), '\\(.)', '\1', 'g'));
  IF v_parsed.phrase IS NOT NULL THEN
    v_anchor := lower(regexp_replace(btrim(p_text), '\s+', ' ', 'g'));
  END IF;

  IF NOT EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('chattui.messages_search') AND indisvalid) THEN
    v_deadline := v_start + p_budget_ms * interval '1 ms';
    FOR r IN SELECT h.* FROM chattui.scan(v_me, v_parsed.pats || ARRAY(SELECT '%' || w || '%' FROM unnest(v_parsed.words) w),
               p_before, p_before_chat, p_before_seq, p_limit, v_deadline, v_anchor, v_parsed.words) h LOOP
      tier := 1; chat_id := r.chat_id; seq := r.seq; created_at := r.created_at; role := r.role; kind := r.kind;
      snippet := r.snippet; stopped := r.stopped; about := v_parsed.est; exact := false;
      RETURN NEXT;
    END LOOP;
    RETURN;
  END IF;

  v_cap := CASE WHEN v_parsed.pats = '{}' THEN 3000 ELSE 1000 END;
  IF v_parsed.est < v_cap AND v_parsed.looks < 10000 THEN -- looks rare: count, the estimate may be wrong
    SELECT count(*) INTO v_candidates FROM (SELECT FROM chattui.messages m
      WHERE m.owner = v_me AND chattui.tsv(m.content) @@ v_parsed.q LIMIT v_cap) s;
    IF v_candidates >= v_cap THEN
      v_candidates := NULL;
    END IF;
  END IF;

  FOR v_tier IN greatest(p_tier, CASE WHEN v_parsed.phrase IS NULL THEN 1 ELSE 0 END) .. 1 LOOP
    v_deadline := v_start + p_budget_ms * (CASE WHEN v_tier = 0 THEN 0.4 ELSE 1 END) * interval '1 ms';
    FOR r IN SELECT h.* FROM chattui.walk(v_me, v_parsed.q, v_parsed.pats, v_parsed.phrase, v_tier, v_candidates,
               CASE WHEN v_tier = p_tier OR v_parsed.phrase IS NULL THEN p_before ELSE 'infinity' END,
               CASE WHEN v_tier = p_tier OR v_parsed.phrase IS NULL THEN p_before_chat ELSE 0 END,
               CASE WHEN v_tier = p_tier OR v_parsed.phrase IS NULL THEN p_before_seq ELSE 0 END,
               p_limit - v_got, v_deadline, v_anchor, v_parsed.words) h LOOP
      tier := v_tier; chat_id := r.chat_id; seq := r.seq; created_at := r.created_at; role := r.role; kind := r.kind;
      snippet := r.snippet; stopped := r.stopped; about := coalesce(v_candidates, v_parsed.est);
      exact := v_candidates IS NOT NULL AND v_parsed.pats = '{}';
      RETURN NEXT;
      IF NOT r.stopped THEN
        v_got := v_got + 1;
      END IF;
    END LOOP;
    EXIT WHEN v_got >= p_limit;
  END LOOP;
END $$;

-- Words of the caller that look like a mistyped one.
CREATE FUNCTION chattui.suggest_words(p_word text, p_limit integer DEFAULT 5) RETURNS TABLE (word text, n integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = chattui, public, extensions, pg_temp AS $$
  SELECT w.word, w.n FROM chattui.words w WHERE w.owner = chattui.me() AND w.word % lower(left(p_word, 100))
   ORDER BY similarity(w.word, lower(left(p_word, 100))) DESC, w.n DESC LIMIT least(p_limit, 20)
$$;

INSERT INTO chattui.schema_versions (version, name) VALUES (2, 'search');
