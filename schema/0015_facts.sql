-- What is known of a message is tested before its text is read, and what tool it belongs to by the query that brings it.

-- Patterns of the tool's name that every hit fulfils; NULL when any tool will do, or none.
CREATE FUNCTION chattui.tool_patterns(p_rest jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE
RETURN (SELECT ARRAY(SELECT chattui.fold(x) FROM jsonb_array_elements_text(f->'pats') x)
          FROM jsonb_array_elements(CASE WHEN p_rest ? 'and' THEN p_rest->'and' WHEN p_rest IS NOT NULL THEN jsonb_build_array(p_rest) END) f
         WHERE f->>'k' = 'field' AND f->>'name' = 'tool' LIMIT 1);

-- Candidates of a cursor, newest first, what the index does not tell tested one by one. tier 0 keeps what holds the phrase,
-- tier 1 what does not. p_q is tested last, and NULL when the index has answered it. The last row has stopped = true when time
-- ran out: everything newer than its position has been looked at. What is known of a message is tested before its text is read.
CREATE OR REPLACE FUNCTION chattui.take(p_owner text, p_candidates refcursor, p_asked chattui.asked, p_q tsquery, p_tier integer, p_limit integer,
  p_deadline timestamptz)
RETURNS TABLE (chat_id bigint, seq integer, created_at timestamptz, role chattui.message_role, kind chattui.message_kind,
  snippet text, stopped boolean) LANGUAGE plpgsql STABLE ROWS 20
SET search_path = chattui, pg_temp AS $$
#variable_conflict use_column
DECLARE
  r        record;
  v_chats  jsonb := CASE WHEN p_asked.fields <> '[]' THEN jsonb_build_object('and', p_asked.fields) END;
  v_facts  jsonb := '[]';                                 -- of the rest, what is known of a message before its text is read
  v_rest   jsonb := '[]';                                 -- and what is not
  v_in     bigint[] := '{}';                              -- chats that were found to be meant, or not
  v_out    bigint[] := '{}';
  v_meant  boolean;
  v_known  boolean;
  v_slow   boolean;
  v_reads  boolean := p_asked.pats <> '{}' OR p_asked.phrase IS NOT NULL OR p_q IS NOT NULL;
  v_body   text;
  v_flat   text;
  v_got    integer := 0;
  v_seen   integer := 0;
BEGIN
  SELECT coalesce(jsonb_agg(x) FILTER (WHERE y.of_facts), '[]'), coalesce(jsonb_agg(x) FILTER (WHERE NOT y.of_facts), '[]') INTO v_facts, v_rest
    FROM jsonb_array_elements(CASE WHEN p_asked.rest ? 'and' THEN p_asked.rest->'and'
                                   WHEN p_asked.rest IS NOT NULL THEN jsonb_build_array(p_asked.rest) END) x,
         LATERAL (SELECT coalesce(x->>'k' = 'field' AND NOT (x->>'name' = 'has' AND x->'any' ? 'code'), false) AS of_facts) y;
  v_facts := CASE WHEN v_facts <> '[]' THEN jsonb_build_object('and', v_facts) END;
  v_rest := CASE WHEN v_rest <> '[]' THEN jsonb_build_object('and', v_rest) END;
  v_reads := v_reads OR v_rest IS NOT NULL;
  LOOP
    FETCH p_candidates INTO r;
    EXIT WHEN NOT FOUND;
    v_slow := false;
    v_known := r.chat_id = ANY (v_in);
    v_meant := v_known OR NOT (p_asked.chats IS NOT NULL AND NOT r.chat_id = ANY (p_asked.chats) OR r.chat_id = ANY (v_out));
    IF v_meant AND v_facts IS NOT NULL THEN
      v_meant := chattui.holds(p_owner, v_facts, r.chat_id,
        ROW(r.seq, r.role, r.kind, r.created_at, r.call_id, r.error, r.model, r.content_type)::chattui.said, r.created_at, NULL, NULL);
    END IF;
    IF v_meant AND NOT v_known THEN                       -- a chat is looked up once, for the first of its messages that may be one
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
      v_slow := v_slow OR v_rest IS NOT NULL OR p_q IS NOT NULL;
      IF (p_asked.pats = '{}' OR v_flat ILIKE ALL (p_asked.pats))
         AND (p_asked.phrase IS NULL OR (v_flat ILIKE p_asked.phrase) = (p_tier = 0))
         AND (v_rest IS NULL OR chattui.holds(p_owner, v_rest, r.chat_id, ROW(r.seq, r.role, r.kind, r.created_at, r.call_id,
               r.error, r.model, r.content_type)::chattui.said, r.created_at, v_body, v_flat))
         AND (p_q IS NULL OR chattui.tsv(v_body) @@ p_q) THEN
        RETURN QUERY SELECT r.chat_id, r.seq, r.created_at, r.role, r.kind, chattui.snippet_of(v_body, p_asked.anchor, p_asked.words), false;
        v_got := v_got + 1;
        EXIT WHEN v_got >= p_limit;
      END IF;
    END IF;
    v_seen := v_seen + 1;
    IF (v_seen % 16 = 0 OR v_slow OR v_facts IS NOT NULL) AND clock_timestamp() > p_deadline THEN
      RETURN QUERY SELECT r.chat_id, r.seq, r.created_at, r.role, r.kind, NULL::text, true;
      EXIT;
    END IF;
  END LOOP;
  CLOSE p_candidates;
END $$;

-- Hits of one probe: 0 rows that are known, 1 one day, 2 one 16-day block. Chats are not named in these queries: by the index on chats
-- each of their messages would be parsed. OFFSET 0: a call is looked up for its message, never all calls at once.
CREATE OR REPLACE FUNCTION chattui.probe(p_owner text, p_scope integer, p_key integer, p_rows tid[], p_asked chattui.asked, p_tier integer, p_from chattui.place,
  p_limit integer, p_deadline timestamptz)
RETURNS TABLE (chat_id bigint, seq integer, created_at timestamptz, role chattui.message_role, kind chattui.message_kind,
  snippet text, stopped boolean) LANGUAGE plpgsql STABLE ROWS 20
SET search_path = chattui, pg_temp AS $$
#variable_conflict use_column
DECLARE
  c      refcursor;
  v_tool text[] := chattui.tool_patterns(p_asked.rest);
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
       AND (v_tool IS NULL OR m.call_id IS NOT NULL AND EXISTS (SELECT FROM chattui.tool_calls t
             WHERE t.owner = m.owner AND t.chat_id = m.chat_id AND t.call_id = m.call_id AND chattui.fold(t.name) ILIKE ANY (v_tool) OFFSET 0))
     ORDER BY m.created_at DESC, m.chat_id DESC, m.seq DESC;
  ELSE
    OPEN c FOR SELECT m.chat_id, m.seq, m.created_at, m.role, m.kind, m.call_id, m.error, m.model, m.content_type, m.content
      FROM chattui.messages m
      WHERE m.owner = p_owner AND (chattui.day_of(m.created_at) >> 4) = p_key AND chattui.tsv(m.content) @@ p_asked.q
       AND (m.created_at, m.chat_id, m.seq) < (p_from.at, p_from.chat_id, p_from.seq) AND m.created_at >= p_asked.since
       AND (v_tool IS NULL OR m.call_id IS NOT NULL AND EXISTS (SELECT FROM chattui.tool_calls t
             WHERE t.owner = m.owner AND t.chat_id = m.chat_id AND t.call_id = m.call_id AND chattui.fold(t.name) ILIKE ANY (v_tool) OFFSET 0))
     ORDER BY m.created_at DESC, m.chat_id DESC, m.seq DESC;
  END IF;
  RETURN QUERY SELECT h.* FROM chattui.take(p_owner, c, p_asked, NULL, p_tier, p_limit, p_deadline) h;
END $$;

-- Hits among a few messages, those that failed, the messages of some chats, or all, one by one.
CREATE OR REPLACE FUNCTION chattui.scan(p_owner text, p_asked chattui.asked, p_tier integer, p_from chattui.place, p_limit integer, p_deadline timestamptz)
RETURNS TABLE (chat_id bigint, seq integer, created_at timestamptz, role chattui.message_role, kind chattui.message_kind,
  snippet text, stopped boolean) LANGUAGE plpgsql STABLE ROWS 20
SET search_path = chattui, pg_temp SET enable_indexscan = on SET enable_bitmapscan = off SET enable_sort = on AS $$
#variable_conflict use_column
DECLARE
  c       refcursor;
  v_asked chattui.asked := p_asked;
  v_tool  text[] := chattui.tool_patterns(p_asked.rest);
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
       AND (v_tool IS NULL OR m.call_id IS NOT NULL AND EXISTS (SELECT FROM chattui.tool_calls t
             WHERE t.owner = m.owner AND t.chat_id = m.chat_id AND t.call_id = m.call_id AND chattui.fold(t.name) ILIKE ANY (v_tool) OFFSET 0))
       ORDER BY m.created_at DESC, m.chat_id DESC, m.seq DESC;
    END IF;
  END IF;
  RETURN QUERY SELECT h.* FROM chattui.take(p_owner, c, v_asked, p_asked.q, p_tier, p_limit, p_deadline) h;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA chattui FROM PUBLIC;

INSERT INTO chattui.schema_versions (version, name) VALUES (15, 'facts');
