-- Search by meaning, an option: nothing of it exists until somebody switches it on (`chattui semantic on`).
--
-- It needs the extension vector (pgvector 0.8 or newer), which a server may lack and which an ordinary role may not create:
-- so this file only has functions, whose bodies name the extension's types when they run, wherever it is installed.

-- Makes room for embeddings. Not SECURITY DEFINER: whoever calls it must be able to create the extension, or have it there,
-- and must own the tables; nobody makes tables in somebody else's name. Harmless when the tables are there.
CREATE FUNCTION chattui.prepare_semantic() RETURNS void LANGUAGE plpgsql
SET search_path = chattui, pg_temp SET client_min_messages = warning AS $$
DECLARE
  v_schema text;
  t        text;
BEGIN
  CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;
  v_schema := (SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'vector');

  -- who has switched it on; chunks: about how many embeddings there are of this owner
  CREATE TABLE IF NOT EXISTS chattui.semantic_settings (
    owner      text COLLATE "C" NOT NULL DEFAULT CURRENT_USER PRIMARY KEY,
    model      text NOT NULL,                             -- what made the vectors: those of another model mean nothing
    chunks     bigint NOT NULL DEFAULT 0,
    switched_at timestamptz NOT NULL DEFAULT now()
  );

  -- A chat of which every message is embedded that it had at that updated_at, which changes with its messages.
  CREATE TABLE IF NOT EXISTS chattui.embedded_chats (
    owner   text COLLATE "C" NOT NULL DEFAULT CURRENT_USER,
    chat_id bigint NOT NULL,
    seen    timestamptz NOT NULL,
    PRIMARY KEY (owner, chat_id),
    FOREIGN KEY (owner, chat_id) REFERENCES chattui.chats (owner, id) ON DELETE CASCADE
  );

  -- One row a chunk of a message, which goes when the message does. at: characters of the message before it. bits are the
  -- signs of the vector: few enough to be read for all chunks of a person, from the key alone; NULL: no word in the message.
  IF to_regclass('chattui.embeddings') IS NULL THEN
    EXECUTE format('CREATE TABLE chattui.embeddings (
      owner   text COLLATE "C" NOT NULL DEFAULT CURRENT_USER,
      chat_id bigint NOT NULL,
      seq     integer NOT NULL,
      at      integer NOT NULL,
      bits    bit(256),
      vector  %s.halfvec(256) STORAGE PLAIN,
      PRIMARY KEY (owner, chat_id, seq, at) INCLUDE (bits),
      FOREIGN KEY (owner, chat_id, seq) REFERENCES chattui.messages (owner, chat_id, seq) ON DELETE CASCADE ON UPDATE CASCADE
    )', v_schema);
  END IF;

  FOREACH t IN ARRAY ARRAY['semantic_settings', 'embedded_chats', 'embeddings'] LOOP
    EXECUTE format('ALTER TABLE chattui.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('DROP POLICY IF EXISTS own ON chattui.%I', t);
    EXECUTE format('CREATE POLICY own ON chattui.%I USING (owner = CURRENT_USER::text) WITH CHECK (owner = CURRENT_USER::text)', t);
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'chattui_user') THEN
      EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON chattui.%I TO chattui_user', t);
    END IF;
  END LOOP;
END $$;

-- Messages of the caller whose meaning is near, the nearest first, a message once; none where it is not switched on.
-- SECURITY DEFINER as search_messages is, and like it sees only what belongs to chattui.me().
--
-- p_vector is the embedding of what was typed, as text. p_query as in search_messages: chats, since, until and node bound the
-- hits; words are what a snippet shows first. Candidates come in the order of the signs of their vectors: all of the person's
-- from the key, when they are few; else from the index embeddings_near, which goes on until there are enough of this person
-- (ivfflat.iterative_scan). IVFFlat and not HNSW: at a million chunks it is built in a minute instead of twenty, takes 54 MB, and
-- costs a new message next to nothing; what it misses more than HNSW is made up for by 60 probes. The best of them are ordered by the vectors themselves. nearness is their cosine.
CREATE FUNCTION chattui.search_meaning(p_query jsonb, p_vector text, p_limit integer DEFAULT 25, p_budget_ms integer DEFAULT 60)
RETURNS TABLE (chat_id bigint, seq integer, created_at timestamptz, role chattui.message_role, kind chattui.message_kind,
  snippet text, nearness float8)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 25
SET search_path = chattui, pg_temp SET jit = off SET work_mem = '32MB' SET max_parallel_workers_per_gather = 0
SET enable_seqscan = off SET enable_sort = on SET enable_bitmapscan = on AS $$
#variable_conflict use_column
DECLARE
  v_me       text := chattui.me();
  v_deadline timestamptz := clock_timestamp() + p_budget_ms * interval '1 ms';
  v_since    timestamptz := coalesce((p_query->>'since')::timestamptz, '-infinity');
  v_until    timestamptz := coalesce((p_query->>'until')::timestamptz, 'infinity');
  v_fields   jsonb := coalesce(p_query->'chats', '[]');
  v_words    text[] := ARRAY(SELECT jsonb_array_elements_text(coalesce(p_query->'words', '[]')));
  v_exact    constant integer := 50000;                   -- so many are read from the key
  v_best     integer := 400;                              -- so many are ordered by the vectors themselves
  v_most     constant integer := 20000;                   -- so many are tested at most
  v_least    constant float8 := 0.15;                     -- farther is not near
  v_schema   text;
  v_chunks   bigint;
  v_plan     record;
  v_rest     jsonb;
  v_chats    bigint[];
  v_period   bigint;
  v_field    jsonb;
  v_left     jsonb := '[]';                               -- of v_rest, what SQL cannot say in a word
  v_tests    text := '';
  v_scan     text;
  v_seen     integer := 0;
  v_ids      bigint[] := '{}';
  v_seqs     integer[] := '{}';
  v_ats      integer[] := '{}';
  r          record;
BEGIN
  v_schema := (SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'vector');
  IF v_schema IS NULL OR p_vector IS NULL OR to_regclass('chattui.embeddings') IS NULL THEN
    RETURN;
  END IF;
  EXECUTE 'SELECT s.chunks FROM chattui.semantic_settings s WHERE s.owner = $1' INTO v_chunks USING v_me;
  IF v_chunks IS NULL THEN
    RETURN;
  END IF;
  SELECT * INTO v_plan FROM chattui.plan(v_me, coalesce(p_query->'node', '{"k": "and", "of": []}'), false, false, 1, true);
  IF v_fields <> '[]' THEN
    SELECT x.ids, x.rest INTO v_chats, v_fields FROM chattui.few_chats(v_me, v_fields, 20000) x;
    IF v_chats = '{}' THEN
      RETURN;
    END IF;
  END IF;

  -- What bounds the hits as conditions on a candidate's message m and chat c, the cheap ones first.
  IF v_since > '-infinity' OR v_until < 'infinity' THEN
    v_tests := ' AND m.created_at >= $4 AND m.created_at < $5';
    v_period := (SELECT coalesce(sum(d.n), 0) FROM chattui.day_counts d WHERE d.owner = v_me
      AND d.day >= chattui.day_of(greatest(v_since, timestamptz '0001-01-01 UTC'))
      AND d.day <= chattui.day_of(least(v_until, timestamptz '9999-01-01 UTC')));
  END IF;
  v_rest := CASE WHEN v_plan.rest IS NULL THEN '[]' WHEN v_plan.rest ? 'and' THEN v_plan.rest->'and'
                 ELSE jsonb_build_array(v_plan.rest) END;
  FOR v_field IN SELECT x FROM jsonb_array_elements(v_rest) x LOOP
    IF v_field->>'k' = 'field' AND v_field->>'name' IN ('role', 'kind') THEN
      v_tests := v_tests || format(' AND m.%I::text = ANY (%L)', v_field->>'name',
        ARRAY(SELECT jsonb_array_elements_text(v_field->'any')));
    ELSE
      v_left := v_left || jsonb_build_array(v_field);
    END IF;
  END LOOP;
  FOR v_field IN SELECT x FROM jsonb_array_elements(v_fields) x LOOP
    v_tests := v_tests || format(' AND %schattui.chat_holds(%L, %L, %L, c)', CASE WHEN v_field ? 'not' THEN 'NOT ' ELSE '' END,
      coalesce(v_field->'not', v_field)->>'name',
      ARRAY(SELECT chattui.fold(x) FROM jsonb_array_elements_text(coalesce(v_field->'not', v_field)->'pats') x),
      ARRAY(SELECT jsonb_array_elements_text(coalesce(v_field->'not', v_field)->'any')));
  END LOOP;
  IF v_left <> '[]' THEN
    v_tests := v_tests || format(' AND chattui.holds($1, %L, m.chat_id, ROW(m.seq, m.role, m.kind, m.created_at, m.call_id,
      m.error, m.model, m.content_type)::chattui.said, m.created_at, m.content, chattui.fold(m.content))', jsonb_build_object('and', v_left));
  END IF;
  IF v_plan.pats <> '{}' THEN
    v_tests := v_tests || format(' AND chattui.fold(m.content) ILIKE ALL (%L)', v_plan.pats);
  END IF;
  IF v_plan.q IS NOT NULL THEN
    v_tests := v_tests || format(' AND chattui.tsv(m.content) @@ %L::tsquery', v_plan.q);
  END IF;
  IF v_tests <> '' THEN
    v_best := 150;
  END IF;

  v_scan := format('SELECT e.chat_id, e.seq, e.at FROM chattui.embeddings e
    WHERE e.owner = $1 AND e.bits IS NOT NULL %%s ORDER BY e.bits OPERATOR(%s.<~>) %s.binary_quantize($2::%s.halfvec(256))::bit(256)
    LIMIT %s', v_schema, v_schema, v_schema, CASE WHEN v_tests = '' THEN v_best ELSE v_most END);
  IF v_chats IS NOT NULL THEN
    v_scan := format(v_scan, 'AND e.chat_id = ANY ($3)');
  ELSIF v_period <= 5000 THEN
    v_scan := format(v_scan, 'AND (e.chat_id, e.seq) IN (SELECT m.chat_id, m.seq FROM chattui.messages m
      WHERE m.owner = $1 AND m.created_at >= $4 AND m.created_at < $5)');
  ELSE
    v_scan := format(v_scan, '');
    IF v_chunks > v_exact AND to_regclass('chattui.embeddings_near') IS NOT NULL THEN
      PERFORM set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true),
        set_config('ivfflat.probes', '60', true), set_config('ivfflat.iterative_scan', 'relaxed_order', true),
        set_config('ivfflat.max_probes', '200', true);
    END IF;
  END IF;
  IF v_tests = '' THEN
    v_scan := 'SELECT s.*, true AS holds FROM (' || v_scan || ') s';
  ELSE                                                    -- one candidate after the other, in their order
    v_scan := 'SELECT s.*, t.holds FROM (' || v_scan || ') s CROSS JOIN LATERAL (
      SELECT coalesce(true' || v_tests || ', false) AS holds FROM chattui.messages m
        JOIN chattui.chats c ON c.owner = m.owner AND c.id = m.chat_id
       WHERE m.owner = $1 AND m.chat_id = s.chat_id AND m.seq = s.seq LIMIT 1) t';
  END IF;
  FOR r IN EXECUTE v_scan USING v_me, p_vector, v_chats, v_since, v_until LOOP
    IF r.holds THEN
      v_ids := v_ids || r.chat_id; v_seqs := v_seqs || r.seq; v_ats := v_ats || r.at;
    END IF;
    v_seen := v_seen + 1;
    EXIT WHEN cardinality(v_ids) >= v_best OR (v_seen % 32 = 0 AND clock_timestamp() > v_deadline);
  END LOOP;

  PERFORM set_config('enable_sort', 'on', true);
  RETURN QUERY EXECUTE format('
    SELECT x.chat_id, x.seq, m.created_at, m.role, m.kind,
           chattui.snippet_of(substr(m.content, x.at + 1, 1000), NULL, $5), x.nearness
      FROM (SELECT DISTINCT ON (c.chat_id, c.seq) c.chat_id, c.seq, c.at, 1 - (e.vector OPERATOR(%s.<=>) $6::%s.halfvec(256)) AS nearness
              FROM unnest($2, $3, $4) AS c (chat_id, seq, at)
              JOIN chattui.embeddings e ON e.owner = $1 AND e.chat_id = c.chat_id AND e.seq = c.seq AND e.at = c.at
             ORDER BY c.chat_id, c.seq, nearness DESC) x
      JOIN chattui.messages m ON m.owner = $1 AND m.chat_id = x.chat_id AND m.seq = x.seq
     WHERE x.nearness >= $7
       AND NOT EXISTS (SELECT FROM chattui.chats h LEFT JOIN chattui.chats u ON u.owner = h.owner AND u.id = h.parent_id
             WHERE h.owner = $1 AND h.id = x.chat_id AND ''deleted'' IN (h.status, u.status))
     ORDER BY x.nearness DESC, m.created_at DESC, x.chat_id DESC, x.seq DESC
     LIMIT $8', v_schema, v_schema) USING v_me, v_ids, v_seqs, v_ats, v_words, p_vector, v_least, p_limit;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA chattui FROM PUBLIC;

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'chattui_user') THEN
    GRANT EXECUTE ON FUNCTION chattui.search_meaning(jsonb, text, integer, integer) TO chattui_user;
  END IF;
END $$;

INSERT INTO chattui.schema_versions (version, name) VALUES (12, 'semantic');
