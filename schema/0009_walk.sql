-- The walk back in time: candidates by the index or one by one, newest first, until the page is full or the time is over.

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

-- What is looked for. fields are of chats, rest is of messages; both are tested candidate by candidate. few, chats: only these.
CREATE TYPE chattui.asked AS (q tsquery, pats text[], phrase text, fields jsonb, rest jsonb, chats bigint[], few chattui.few,
  since timestamptz, anchor text, words text[]);

-- A place in the history: what is older comes next.
CREATE TYPE chattui.place AS (at timestamptz, chat_id bigint, seq integer);

-- Candidates of a cursor, newest first, what the index does not tell tested one by one. tier 0 keeps what holds the phrase,
-- tier 1 what does not. p_q is tested last, and NULL when the index has answered it. The last row has stopped = true when time
-- ran out: everything newer than its position has been looked at.
CREATE FUNCTION chattui.take(p_owner text, p_candidates refcursor, p_asked chattui.asked, p_q tsquery, p_tier integer, p_limit integer,
  p_deadline timestamptz)
RETURNS TABLE (chat_id bigint, seq integer, created_at timestamptz, role chattui.message_role, kind chattui.message_kind,
  snippet text, stopped boolean) LANGUAGE plpgsql STABLE ROWS 20
SET search_path = chattui, pg_temp AS $$
#variable_conflict use_column
DECLARE
  r        record;
  v_chats  jsonb := CASE WHEN p_asked.fields <> '[]' THEN jsonb_build_object('and', p_asked.fields) END;
  v_in     bigint[] := '{}';                              -- chats that were found to be meant, or not
  v_out    bigint[] := '{}';
  v_meant  boolean;
  v_slow   boolean;
  v_reads  boolean := p_asked.pats <> '{}' OR p_asked.phrase IS NOT NULL OR p_asked.rest IS NOT NULL OR p_q IS NOT NULL;
  v_body   text;
  v_flat   text;
  v_got    integer := 0;
  v_seen   integer := 0;
BEGIN
  LOOP
    FETCH p_candidates INTO r;
    EXIT WHEN NOT FOUND;
    v_slow := false;
    IF p_asked.chats IS NOT NULL AND NOT r.chat_id = ANY (p_asked.chats) OR r.chat_id = ANY (v_out) THEN
      v_meant := false;
    ELSIF r.chat_id = ANY (v_in) THEN
      v_meant := true;
    ELSE
      v_slow := v_chats IS NOT NULL;
      v_meant := NOT EXISTS (SELECT FROM chattui.chats x LEFT JOIN chattui.chats u ON u.owner = x.owner AND u.id = x.parent_id
             WHERE x.owner = p_owner AND x.id = r.chat_id AND 'deleted' IN (x.status, u.status))
        AND (v_chats IS NULL OR chattui.holds(p_owner, v_chats, r.chat_id, NULL, NULL, NULL, NULL));
      IF cardinality(v_in) + cardinality(v_out) > 500 THEN
        v_in := '{}'; v_out := '{}';
      END IF;
      IF v_meant THEN v_in := v_in || r.chat_id; ELSE v_out := v_out || r.chat_id; END IF;
    END IF;
    IF v_meant THEN
      v_body := r.content || '';                          -- decompressed once
      v_flat := CASE WHEN NOT v_reads OR octet_length(v_body) = length(v_body) THEN v_body ELSE chattui.fold(v_body) END;
      v_slow := v_slow OR p_asked.rest IS NOT NULL OR p_q IS NOT NULL;
      IF (p_asked.pats = '{}' OR v_flat ILIKE ALL (p_asked.pats))
         AND (p_asked.phrase IS NULL OR (v_flat ILIKE p_asked.phrase) = (p_tier = 0))
         AND (p_asked.rest IS NULL OR chattui.holds(p_owner, p_asked.rest, r.chat_id, ROW(r.seq, r.role, r.kind, r.created_at, r.call_id,
               r.error, r.model, r.content_type)::chattui.said, r.created_at, v_body, v_flat))
         AND (p_q IS NULL OR chattui.tsv(v_body) @@ p_q) THEN
        RETURN QUERY SELECT r.chat_id, r.seq, r.created_at, r.role, r.kind, chattui.snippet_of(v_body, p_asked.anchor, p_asked.words), false;
        v_got := v_got + 1;
        EXIT WHEN v_got >= p_limit;
      END IF;
    END IF;
    v_seen := v_seen + 1;
    IF (v_seen % 16 = 0 OR v_slow) AND clock_timestamp() > p_deadline THEN
      RETURN QUERY SELECT r.chat_id, r.seq, r.created_at, r.role, r.kind, NULL::text, true;
      EXIT;
    END IF;
  END LOOP;
  CLOSE p_candidates;
END $$;

-- Hits of one probe: 0 rows that are known, 1 one day, 2 one 16-day block. Chats are not named in these queries: by the index on chats
-- each of their messages would be parsed.
CREATE FUNCTION chattui.probe(p_owner text, p_scope integer, p_key integer, p_rows tid[], p_asked chattui.asked, p_tier integer, p_from chattui.place,
  p_limit integer, p_deadline timestamptz)
RETURNS TABLE (chat_id bigint, seq integer, created_at timestamptz, role chattui.message_role, kind chattui.message_kind,
  snippet text, stopped boolean) LANGUAGE plpgsql STABLE ROWS 20
SET search_path = chattui, pg_temp AS $$
#variable_conflict use_column
DECLARE
  c refcursor;
BEGIN
  IF p_scope = 0 THEN                                     -- OFFSET 0: by nothing but their places
    OPEN c FOR SELECT m.chat_id, m.seq, m.created_at, m.role, m.kind, m.call_id, m.error, m.model, m.content_type, m.content
      FROM (SELECT * FROM chattui.messages x WHERE x.ctid = ANY (p_rows) OFFSET 0) m
     WHERE m.owner = p_owner AND (m.created_at, m.chat_id, m.seq) < (p_from.at, p_from.chat_id, p_from.seq)
       AND m.created_at >= p_asked.since
     ORDER BY m.created_at DESC, m.chat_id DESC, m.seq DESC;
  ELSIF p_scope = 1 THEN
    OPEN c FOR SELECT m.chat_id, m.seq, m.created_at, m.role, m.kind, m.call_id, m.error, m.model, m.content_type, m.content
      FROM chattui.messages m
      WHERE m.owner = p_owner AND chattui.day_of(m.created_at) = p_key AND chattui.tsv(m.content) @@ p_asked.q
       AND (m.created_at, m.chat_id, m.seq) < (p_from.at, p_from.chat_id, p_from.seq) AND m.created_at >= p_asked.since
     ORDER BY m.created_at DESC, m.chat_id DESC, m.seq DESC;
  ELSE
    OPEN c FOR SELECT m.chat_id, m.seq, m.created_at, m.role, m.kind, m.call_id, m.error, m.model, m.content_type, m.content
      FROM chattui.messages m
      WHERE m.owner = p_owner AND (chattui.day_of(m.created_at) >> 4) = p_key AND chattui.tsv(m.content) @@ p_asked.q
       AND (m.created_at, m.chat_id, m.seq) < (p_from.at, p_from.chat_id, p_from.seq) AND m.created_at >= p_asked.since
     ORDER BY m.created_at DESC, m.chat_id DESC, m.seq DESC;
  END IF;
  RETURN QUERY SELECT h.* FROM chattui.take(p_owner, c, p_asked, NULL, p_tier, p_limit, p_deadline) h;
END $$;

-- Hits among a few messages, those that failed, the messages of some chats, or all, one by one.
CREATE FUNCTION chattui.scan(p_owner text, p_asked chattui.asked, p_tier integer, p_from chattui.place, p_limit integer, p_deadline timestamptz)
RETURNS TABLE (chat_id bigint, seq integer, created_at timestamptz, role chattui.message_role, kind chattui.message_kind,
  snippet text, stopped boolean) LANGUAGE plpgsql STABLE ROWS 20
SET search_path = chattui, pg_temp SET enable_indexscan = on SET enable_bitmapscan = off SET enable_sort = on AS $$
#variable_conflict use_column
DECLARE
  c       refcursor;
  v_asked chattui.asked := p_asked;
BEGIN
  IF (p_asked.few).chat_ids IS NOT NULL THEN
    v_asked.rest := (p_asked.few).rest;
    OPEN c FOR SELECT m.chat_id, m.seq, m.created_at, m.role, m.kind, m.call_id, m.error, m.model, m.content_type, m.content
      FROM (SELECT DISTINCT x.chat_id, x.seq FROM unnest((p_asked.few).chat_ids, (p_asked.few).seqs) x (chat_id, seq)) f
      JOIN chattui.messages m ON m.chat_id = f.chat_id AND m.seq = f.seq
      WHERE m.owner = p_owner
       AND (m.created_at, m.chat_id, m.seq) < (p_from.at, p_from.chat_id, p_from.seq) AND m.created_at >= p_asked.since
     ORDER BY m.created_at DESC, m.chat_id DESC, m.seq DESC;
  ELSIF p_asked.chats IS NOT NULL THEN
    OPEN c FOR SELECT m.chat_id, m.seq, m.created_at, m.role, m.kind, m.call_id, m.error, m.model, m.content_type, m.content
      FROM chattui.messages m
      WHERE m.owner = p_owner AND m.chat_id = ANY (p_asked.chats)
       AND (m.created_at, m.chat_id, m.seq) < (p_from.at, p_from.chat_id, p_from.seq) AND m.created_at >= p_asked.since
     ORDER BY m.created_at DESC, m.chat_id DESC, m.seq DESC;
  ELSE
    PERFORM set_config('enable_sort', 'off', true);
    IF (p_asked.few).failed THEN
      v_asked.rest := (p_asked.few).rest;
      OPEN c FOR SELECT m.chat_id, m.seq, m.created_at, m.role, m.kind, m.call_id, m.error, m.model, m.content_type, m.content
        FROM chattui.messages m
        WHERE m.owner = p_owner AND m.error
         AND (m.created_at, m.chat_id, m.seq) < (p_from.at, p_from.chat_id, p_from.seq) AND m.created_at >= p_asked.since
       ORDER BY m.created_at DESC, m.chat_id DESC, m.seq DESC;
    ELSE
      OPEN c FOR SELECT m.chat_id, m.seq, m.created_at, m.role, m.kind, m.call_id, m.error, m.model, m.content_type, m.content
        FROM chattui.messages m
        WHERE m.owner = p_owner
         AND (m.created_at, m.chat_id, m.seq) < (p_from.at, p_from.chat_id, p_from.seq) AND m.created_at >= p_asked.since
       ORDER BY m.created_at DESC, m.chat_id DESC, m.seq DESC;
    END IF;
  END IF;
  RETURN QUERY SELECT h.* FROM chattui.take(p_owner, c, v_asked, p_asked.q, p_tier, p_limit, p_deadline) h;
END $$;

-- The walk of one tier from a place back in time. p_rows are the rows that q finds when they are known to be few.
CREATE FUNCTION chattui.walk(p_owner text, p_asked chattui.asked, p_tier integer, p_rows tid[], p_from chattui.place,
  p_limit integer, p_deadline timestamptz)
RETURNS TABLE (chat_id bigint, seq integer, created_at timestamptz, role chattui.message_role, kind chattui.message_kind,
  snippet text, stopped boolean) LANGUAGE plpgsql STABLE ROWS 20
SET search_path = chattui, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_top   integer := chattui.day_of(least(p_from.at, timestamptz '9999-01-01 UTC'));
  v_end   integer := chattui.day_of(greatest(p_asked.since, timestamptz '0001-01-01 UTC'));
  v_q     tsquery := p_asked.q;
  v_got   integer := 0;
  v_block integer;
  v_day   integer;
  v_few   bigint;
  v_first boolean := true;
  r       record;
BEGIN
  IF p_rows IS NOT NULL THEN
    RETURN QUERY SELECT h.* FROM chattui.probe(p_owner, 0, 0, p_rows, p_asked, p_tier, p_from, p_limit, p_deadline) h;
    RETURN;
  END IF;
  IF p_asked.chats IS NOT NULL THEN
    v_top := least(v_top, (SELECT max(chattui.day_of(c.last_message_at)) FROM chattui.chats c
                            WHERE c.owner = p_owner AND c.id = ANY (p_asked.chats)));
  END IF;
  FOR v_block IN SELECT DISTINCT d.day >> 4 FROM chattui.day_counts d
                  WHERE d.owner = p_owner AND d.day <= v_top AND d.day >= v_end AND d.n > 0
                  ORDER BY 1 DESC LOOP
    v_few := 300;
    IF NOT v_first THEN
      SELECT count(*) INTO v_few FROM (SELECT FROM chattui.messages m WHERE m.owner = p_owner
        AND (chattui.day_of(m.created_at) >> 4) = v_block AND chattui.tsv(m.content) @@ v_q LIMIT 300) s;
      CONTINUE WHEN v_few = 0;
    END IF;
    v_first := false;
    FOR v_day IN SELECT d.day FROM chattui.day_counts d WHERE d.owner = p_owner AND d.n > 0 AND v_few >= 300
                    AND d.day BETWEEN greatest(v_end, v_block * 16) AND least(v_top, v_block * 16 + 15)
                  UNION ALL SELECT NULL WHERE v_few < 300 ORDER BY 1 DESC LOOP
      FOR r IN SELECT h.* FROM chattui.probe(p_owner, CASE WHEN v_day IS NULL THEN 2 ELSE 1 END, coalesce(v_day, v_block), NULL, p_asked,
                 p_tier, p_from, p_limit - v_got, p_deadline) h LOOP
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
  v_until      timestamptz := coalesce((p_query->>'until')::timestamptz, 'infinity');
  v_indexed    boolean := EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('chattui.messages_search')
                                     AND indisvalid);
  v_known      boolean := EXISTS (SELECT FROM chattui.words v WHERE v.owner = v_me);
  v_total      float8;
  v_plan       record;
  v_asked      chattui.asked;
  v_few        chattui.few;
  v_of_few     bigint;
  v_of_chats   bigint;
  v_scans      boolean;
  v_bounded    boolean;
  v_about      float8;
  v_rows       tid[];
  v_cap        integer;
  v_got        integer := 0;
  v_tier       integer;
  v_here       boolean;
  v_from       chattui.place;
  r            record;
BEGIN
  v_asked.since := coalesce((p_query->>'since')::timestamptz, '-infinity');
  v_asked.fields := coalesce(p_query->'chats', '[]');
  v_asked.anchor := chattui.fold(p_query->>'anchor');
  v_asked.phrase := CASE WHEN v_indexed THEN chattui.fold(p_query->>'phrase') END;
  SELECT greatest(1, sum(n)) INTO v_total FROM chattui.day_counts WHERE owner = v_me;
  SELECT * INTO v_plan FROM chattui.plan(v_me, coalesce(p_query->'node', '{"k": "and", "of": []}'), false, v_known, v_total, v_indexed);
  v_bounded := v_asked.fields <> '[]' OR v_plan.rest IS NOT NULL OR v_asked.since > '-infinity' OR v_until < 'infinity';
  IF v_plan.is_void AND NOT v_bounded THEN
    RETURN;
  END IF;
  v_asked.q := v_plan.q; v_asked.pats := v_plan.pats; v_asked.rest := v_plan.rest; v_asked.words := v_plan.words;
  v_about := v_plan.est;
  IF v_asked.fields <> '[]' THEN
    SELECT x.ids, x.n, x.rest INTO v_asked.chats, v_of_chats, v_asked.fields 
      FROM chattui.few_chats(v_me, v_asked.fields, CASE WHEN v_plan.q IS NOT NULL AND v_plan.needs AND v_indexed THEN 1e15 ELSE 20000 END::bigint) x;
    IF v_asked.chats = '{}' THEN
      RETURN;
    END IF;
    v_about := least(v_about, coalesce(v_of_chats, v_total / 4));
  END IF;
  IF v_asked.rest IS NOT NULL THEN
    v_few := chattui.few_messages(v_me, v_asked.rest);
    IF v_few.failed AND v_plan.est > v_total / 50 THEN    -- what failed, newest first, is read until the page is full
      v_few.chat_ids := NULL;
    END IF;
    v_of_few := cardinality(v_few.chat_ids);
    v_asked.few := v_few;
    IF v_of_few = 0 THEN
      RETURN;
    END IF;
    v_about := least(v_about, v_of_few);
  END IF;

  -- reading what is bounded costs less than the hits of a common word do
  v_scans := NOT v_indexed OR v_plan.q IS NULL OR NOT v_plan.needs OR coalesce(v_of_few < v_plan.est * 2, false)
    OR (v_of_chats <= 5000 AND least(v_of_chats, p_limit * v_total / greatest(1, v_plan.est)) * 12 < v_plan.est)
    OR (coalesce(v_few.failed, false) AND v_few.chat_ids IS NULL AND v_plan.est > least(5000, v_total / 50));
  v_scans := coalesce(v_scans, false);
  v_cap := CASE WHEN v_plan.pats = '{}' THEN 3000 ELSE 1000 END;
  -- few hits are all found first: how many is told, and the estimate may be wrong. Not where that means to go through long
  -- lists for hits enough to be met on the way, or where most messages are hits (any index would do for the planner then).
  IF NOT v_scans AND v_plan.est < v_cap AND v_plan.looks < 10000 AND v_plan.est < v_total / 2
     AND (v_plan.rarest < 20000 OR v_plan.est < 2 * p_limit) THEN
    v_rows := ARRAY(SELECT m.ctid FROM chattui.messages m WHERE m.owner = v_me AND chattui.tsv(m.content) @@ v_plan.q LIMIT v_cap);
    IF cardinality(v_rows) = v_cap THEN
      v_rows := NULL;
    END IF;
    v_about := coalesce(least(cardinality(v_rows), v_of_chats, v_of_few), v_about);
  END IF;
  IF v_scans AND v_indexed THEN
    v_asked.pats := v_asked.pats || v_plan.musts;
  END IF;

  FOR v_tier IN greatest(p_tier, CASE WHEN v_asked.phrase IS NULL THEN 1 ELSE 0 END) .. 1 LOOP
    v_deadline := v_start + p_budget_ms * (CASE WHEN v_tier = 0 THEN 0.4 ELSE 1 END) * interval '1 ms';
    v_here := (v_tier = p_tier OR v_asked.phrase IS NULL) AND p_before < v_until;
    v_from := CASE WHEN v_here THEN ROW(p_before, p_before_chat, p_before_seq) ELSE ROW(v_until, 0, 0) END;
    FOR r IN
      SELECT h.* FROM chattui.walk(v_me, v_asked, v_tier, v_rows, v_from, p_limit - v_got, v_deadline) h WHERE NOT v_scans
      UNION ALL
      SELECT h.* FROM chattui.scan(v_me, v_asked, v_tier, v_from, p_limit - v_got, v_deadline) h WHERE v_scans
    LOOP
      tier := v_tier; chat_id := r.chat_id; seq := r.seq; created_at := r.created_at; role := r.role; kind := r.kind;
      snippet := r.snippet; stopped := r.stopped; about := v_about;
      exact := v_rows IS NOT NULL AND v_plan.pats = '{}' AND NOT v_bounded;
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
       AND (v_rest IS NULL OR chattui.holds(v_me, v_rest, f.chat_id, NULL, f.noted_at, f.note, chattui.fold(f.note)))
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

INSERT INTO chattui.schema_versions (version, name) VALUES (9, 'walk');
