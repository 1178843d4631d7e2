-- Names: titles, branches and files are found by an index, however rare; titles and names of attachments are among the hits.

-- None of these is a b-tree that begins with owner: as long as a new database has no statistics, the checks of the foreign keys
-- would take it for one look at all chats for each new message.
CREATE INDEX tool_calls_target ON chattui.tool_calls USING gin (owner, chattui.fold(target) gin_trgm_ops);
CREATE INDEX files_named ON chattui.files USING gin (owner, chattui.fold(path) gin_trgm_ops);
CREATE INDEX chats_named ON chattui.chats USING gin (owner, chattui.fold(title) gin_trgm_ops, chattui.fold(git_branch) gin_trgm_ops);
-- search in titles
CREATE INDEX chats_titled ON chattui.chats USING gin (owner, chattui.tsv(title));

-- The chats that fulfil these fields, when they are few and hold at most so many messages, NULL otherwise; how many they hold;
-- and the fields that are left to be tested.
CREATE OR REPLACE FUNCTION chattui.few_chats(p_owner text, p_fields jsonb, p_most bigint, OUT ids bigint[], OUT n bigint, OUT rest jsonb)
LANGUAGE plpgsql STABLE
SET search_path = chattui, pg_temp SET enable_indexscan = on SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  v_field  jsonb;
  v_name   text;
  v_pats   text[];
  v_pat    text;
  v_any    text[];
  v_before bigint[];
  v_most   constant integer := 1000;
BEGIN
  rest := '[]';
  FOR v_field IN SELECT x FROM jsonb_array_elements(p_fields) x LOOP
    IF v_field ? 'not' THEN
      rest := rest || jsonb_build_array(v_field);
      CONTINUE;
    END IF;
    v_pats := ARRAY(SELECT chattui.fold(x) FROM jsonb_array_elements_text(v_field->'pats') x);
    v_any := ARRAY(SELECT jsonb_array_elements_text(v_field->'any'));
    v_name := v_field->>'name';
    ids := '{}';
    IF v_name = 'project' THEN
      v_any := chattui.known_values(p_owner, 'project', v_pats);
      v_pats := chattui.known_values(p_owner, 'repository', v_pats);
      ids := ARRAY(SELECT c.id FROM chattui.chats c WHERE c.owner = p_owner AND (v_before IS NULL OR c.id = ANY (v_before))
                      AND c.project = ANY (v_any) LIMIT v_most + 1);
      ids := ARRAY(SELECT unnest(ids) UNION SELECT c.id FROM chattui.chats c
        WHERE c.owner = p_owner AND (v_before IS NULL OR c.id = ANY (v_before)) AND c.repository = ANY (v_pats) LIMIT v_most + 1);
    ELSIF v_name IN ('title', 'branch') THEN
      FOREACH v_pat IN ARRAY v_pats LOOP
        ids := ids || CASE v_name
          WHEN 'title' THEN ARRAY(SELECT c.id FROM chattui.chats c WHERE c.owner = p_owner AND chattui.fold(c.title) ILIKE v_pat
            AND (v_before IS NULL OR c.id = ANY (v_before)) LIMIT v_most + 1)
          ELSE ARRAY(SELECT c.id FROM chattui.chats c WHERE c.owner = p_owner AND chattui.fold(c.git_branch) ILIKE v_pat
            AND (v_before IS NULL OR c.id = ANY (v_before)) LIMIT v_most + 1)
          END;
      END LOOP;
      ids := ARRAY(SELECT DISTINCT unnest(ids));
    ELSIF v_name = 'chat' THEN
      ids := ARRAY(SELECT c.id FROM chattui.chats c WHERE c.owner = p_owner AND (v_before IS NULL OR c.id = ANY (v_before))
                      AND c.id = ANY (ARRAY(SELECT x::bigint FROM unnest(v_any) x WHERE x ~ '^[1-9][0-9]{0,17}$'))
             UNION SELECT c.id FROM chattui.chats c WHERE c.owner = p_owner AND (v_before IS NULL OR c.id = ANY (v_before))
                      AND c.source_id = ANY (v_any));
    ELSIF v_name = 'source' THEN
      v_any := chattui.known_values(p_owner, 'source', v_pats);
      ids := ARRAY(SELECT c.id FROM chattui.chats c WHERE c.owner = p_owner AND (v_before IS NULL OR c.id = ANY (v_before))
                      AND c.source = ANY (v_any) LIMIT v_most + 1);
    ELSIF v_any <@ '{pinned,archived}' AND v_name = 'is' THEN
      ids := ARRAY(SELECT c.id FROM chattui.chats c WHERE c.owner = p_owner AND (v_before IS NULL OR c.id = ANY (v_before))
                      AND (c.pinned OR c.status = 'archived')
                      AND (('pinned' = ANY (v_any) AND c.pinned) OR ('archived' = ANY (v_any) AND c.status = 'archived')) LIMIT v_most + 1);
    ELSE
      ids := ARRAY(SELECT c.id FROM chattui.chats c WHERE c.owner = p_owner AND (v_before IS NULL OR c.id = ANY (v_before))
                      AND chattui.chat_holds(v_name, v_pats, v_any, c) LIMIT v_most + 1);
    END IF;
    -- a set that is too large is given up: the next field starts anew
    IF cardinality(ids) > v_most THEN
      rest := rest || jsonb_build_array(v_field);
    ELSE
      v_before := ids;
    END IF;
  END LOOP;
  ids := v_before;
  IF ids IS NOT NULL THEN
    n := (SELECT coalesce(sum(c.message_count), 0) FROM chattui.chats c WHERE c.owner = p_owner AND c.id = ANY (ids));
    IF n > p_most THEN
      ids := NULL; n := NULL; rest := p_fields;
    END IF;
  END IF;
END $$;

-- The messages that fulfil the rarest of the fields that every hit fulfils, when they are few; NULL when no field is rare.
CREATE OR REPLACE FUNCTION chattui.few_messages(p_owner text, p_rest jsonb) RETURNS chattui.few LANGUAGE plpgsql STABLE
SET search_path = chattui, pg_temp SET enable_indexscan = on SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  v_all   jsonb := CASE WHEN p_rest ? 'and' THEN p_rest->'and' ELSE jsonb_build_array(p_rest) END;
  v_field jsonb;
  v_nr    bigint;
  v_name  text;
  v_pats  text[];
  v_pat   text;
  v_names text[];
  v_more  chattui.few;
  v_some  chattui.few;
  v_best  chattui.few;
  v_least integer := 4001;                                -- more than these are many
BEGIN
  FOR v_field, v_nr IN SELECT x, nr FROM jsonb_array_elements(v_all) WITH ORDINALITY u (x, nr) WHERE x->>'k' = 'field' LOOP
    v_name := v_field->>'name';
    v_pats := ARRAY(SELECT chattui.fold(x) FROM jsonb_array_elements_text(v_field->'pats') x);
    v_some := NULL;
    IF v_name = 'tool' THEN
      v_names := chattui.known_values(p_owner, 'tool', v_pats);
      CONTINUE WHEN v_least <= (SELECT count(*) FROM (SELECT FROM chattui.tool_calls t
        WHERE t.owner = p_owner AND t.name = ANY (v_names) LIMIT v_least) x);
      SELECT coalesce(array_agg(x.chat_id), '{}'), coalesce(array_agg(x.seq), '{}') INTO v_some.chat_ids, v_some.seqs
        FROM (SELECT m.chat_id, m.seq
                FROM (SELECT t.chat_id, t.call_id FROM chattui.tool_calls t
                       WHERE t.owner = p_owner AND t.name = ANY (v_names) LIMIT v_least) t
                JOIN chattui.messages m ON m.owner = p_owner AND m.chat_id = t.chat_id AND m.call_id = t.call_id LIMIT v_least) x;
    ELSIF v_name = 'file' AND NOT EXISTS (SELECT FROM unnest(v_pats) x WHERE length(x) < 5) THEN  -- no three letters, no trigram
      v_some.chat_ids := '{}'; v_some.seqs := '{}';
      FOREACH v_pat IN ARRAY v_pats LOOP
        SELECT array_agg(x.chat_id), array_agg(x.seq) INTO v_more.chat_ids, v_more.seqs
          FROM (SELECT m.chat_id, m.seq
                  FROM (SELECT t.chat_id, t.call_id FROM chattui.tool_calls t
                         WHERE t.owner = p_owner AND chattui.fold(t.target) ILIKE v_pat LIMIT v_least) t
                  JOIN chattui.messages m ON m.owner = p_owner AND m.chat_id = t.chat_id AND m.call_id = t.call_id
                UNION ALL
                SELECT f.chat_id, f.seq FROM chattui.files f
                 WHERE f.owner = p_owner AND chattui.fold(f.path) ILIKE v_pat AND f.seq IS NOT NULL LIMIT v_least) x;
        v_some.chat_ids := v_some.chat_ids || v_more.chat_ids; v_some.seqs := v_some.seqs || v_more.seqs;
      END LOOP;
    ELSIF v_name = 'has' AND v_field->'any' = '["image"]' THEN
      SELECT coalesce(array_agg(x.chat_id), '{}'), coalesce(array_agg(x.seq), '{}') INTO v_some.chat_ids, v_some.seqs
        FROM (SELECT f.chat_id, f.seq FROM chattui.files f
               WHERE f.owner = p_owner AND f.mime LIKE 'image/%' AND f.seq IS NOT NULL LIMIT v_least) x;
    ELSIF v_name = 'has' AND v_field->'any' = '["note"]' THEN
      SELECT coalesce(array_agg(x.chat_id), '{}'), coalesce(array_agg(x.seq), '{}') INTO v_some.chat_ids, v_some.seqs
        FROM (SELECT k.chat_id, m.seq
                FROM (SELECT * FROM chattui.marks k WHERE k.owner = p_owner AND k.note IS NOT NULL LIMIT v_least) k
               CROSS JOIN LATERAL (SELECT chattui.seq_of(k.chat_id, k.source_id, k.seq) AS seq) m WHERE m.seq IS NOT NULL) x;
    ELSIF v_name = 'has' AND v_field->'any' = '["error"]' THEN
      SELECT coalesce(array_agg(x.chat_id), '{}'), coalesce(array_agg(x.seq), '{}') INTO v_some.chat_ids, v_some.seqs
        FROM (SELECT m.chat_id, m.seq FROM chattui.messages m WHERE m.owner = p_owner AND m.error LIMIT v_least) x;
      IF cardinality(v_some.chat_ids) = v_least AND v_best.chat_ids IS NULL THEN
        v_best.failed := true;
        v_best.rest := v_all - (v_nr - 1)::integer;
      END IF;
      v_some.failed := true;
    END IF;
    IF cardinality(v_some.chat_ids) < v_least THEN
      v_least := cardinality(v_some.chat_ids);
      v_best.chat_ids := v_some.chat_ids; v_best.seqs := v_some.seqs; v_best.failed := v_some.failed;
      v_best.rest := v_all - (v_nr - 1)::integer;
    END IF;
  END LOOP;
  v_best.rest := CASE WHEN v_best.rest <> '[]' THEN jsonb_build_object('and', v_best.rest) END;
  RETURN v_best;
END $$;

-- The name of an attachment: its path begins with its message and its number there.
CREATE FUNCTION chattui.name_of(p_path text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(p_path, '^[0-9]+-[0-9]+-', '');

-- The newest titles that a plan finds, but those that are only how the chat begins: there its first message is found. Few are read
-- from the index and sorted; of many, the newest chats have some.
CREATE FUNCTION chattui.titles_with(p_owner text, p_q tsquery, p_pats text[], p_rest jsonb, p_since timestamptz, p_until timestamptz, p_limit integer)
RETURNS TABLE (chat_id bigint, said_at timestamptz, title text) LANGUAGE plpgsql STABLE ROWS 5
SET search_path = chattui, pg_temp SET plan_cache_mode = force_custom_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  c       refcursor;
  v_said  constant chattui.said := ROW(0, NULL, NULL, NULL, NULL, NULL, NULL, NULL);  -- neither a message nor a note
  v_most  constant integer := 1000;
  v_looks constant integer := 20;
  v_ids   bigint[];
  v_found integer := 0;
BEGIN
  PERFORM set_config('enable_indexscan', 'off', true);
  v_ids := ARRAY(SELECT x.id FROM chattui.chats x WHERE x.owner = p_owner AND chattui.tsv(x.title) @@ p_q LIMIT v_most + 1);
  PERFORM set_config('enable_indexscan', 'on', true);
  IF cardinality(v_ids) <= v_most THEN
    OPEN c FOR SELECT x.id, x.last_message_at, x.title FROM chattui.chats x
      WHERE x.owner = p_owner AND x.id = ANY (v_ids) AND x.status <> 'deleted'
      ORDER BY x.last_message_at DESC, x.id DESC LIMIT v_looks;
  ELSE
    OPEN c FOR SELECT x.id, x.last_message_at, x.title FROM chattui.chats x
      WHERE x.owner = p_owner AND x.status = 'active' AND NOT x.pinned AND x.parent_id IS NULL AND (x.message_count > 0 OR x.source = 'chattui')
        AND chattui.tsv(x.title) @@ p_q
      ORDER BY x.last_message_at DESC, x.id DESC LIMIT v_looks;
  END IF;
  LOOP
    FETCH c INTO chat_id, said_at, title;
    EXIT WHEN NOT FOUND OR v_found >= p_limit;
    IF said_at >= p_since AND said_at < p_until AND (p_pats = '{}' OR chattui.fold(title) ILIKE ALL (p_pats))
       AND (p_rest IS NULL OR chattui.holds(p_owner, p_rest, chat_id, v_said, said_at, title, chattui.fold(title)))
       AND NOT EXISTS (SELECT FROM chattui.messages m WHERE m.owner = p_owner AND m.chat_id = titles_with.chat_id AND m.seq <= 3
             AND starts_with(regexp_replace(ltrim(left(m.content, 400), E' \t\r\n'), E'[ \t\r\n]+', ' ', 'g'), rtrim(left(title, 60), '… ')))
       AND NOT EXISTS (SELECT FROM chattui.chats h JOIN chattui.chats u ON u.owner = h.owner AND u.id = h.parent_id
             WHERE h.owner = p_owner AND h.id = titles_with.chat_id AND u.status = 'deleted') THEN
      v_found := v_found + 1;
      RETURN NEXT;
    END IF;
  END LOOP;
  CLOSE c;
END $$;

-- What stands beside messages: notes and tags (the newest first, and on from a place), then, at the beginning, the newest few titles
-- and names of attachments. found_in: note, title or file.
CREATE FUNCTION chattui.search_beside(p_query jsonb, p_limit integer, p_before timestamptz DEFAULT 'infinity',
  p_before_chat bigint DEFAULT 0, p_before_seq integer DEFAULT 0)
RETURNS TABLE (found_in text, chat_id bigint, seq integer, place integer, found_at timestamptz, body text)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20 SET search_path = chattui, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_me    text := chattui.me();
  v_since timestamptz := coalesce((p_query->>'since')::timestamptz, '-infinity');
  v_until timestamptz := coalesce((p_query->>'until')::timestamptz, 'infinity');
  v_plan  record;
  v_rest  jsonb;
  v_some  text[];                                         -- of these patterns a name has one at least
  v_few   constant integer := 5;
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
    SELECT 'note', f.chat_id, CASE WHEN f.key IS NULL THEN 0 ELSE chattui.seq_of(f.chat_id, f.key, f.place) END, f.place, f.noted_at, f.note
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
  IF p_before < 'infinity' OR v_plan.q IS NULL OR NOT v_plan.needs OR length(array_to_string(v_plan.words, '')) < 2 THEN
    RETURN;
  END IF;
  RETURN QUERY
    SELECT 'title', t.chat_id, 0, 0, t.said_at, t.title
      FROM chattui.titles_with(v_me, v_plan.q, v_plan.pats, v_rest, v_since, v_until, v_few) t;
  v_some := ARRAY(SELECT '%' || regexp_replace(w, '([\\%_])', '\\\1', 'g') || '%' FROM unnest(v_plan.words) w);
  IF EXISTS (SELECT FROM unnest(v_some) w WHERE length(w) < 5) THEN   -- no three letters, no trigram
    RETURN;
  END IF;
  RETURN QUERY
    SELECT 'file', n.chat_id, coalesce(n.seq, 0), 0, n.said_at, n.name
      FROM (SELECT f.chat_id, f.seq, coalesce(m.created_at, c.last_message_at) AS said_at, chattui.name_of(f.path) AS name,
                   ROW(coalesce(f.seq, 0), m.role, m.kind, m.created_at, m.call_id, m.error, m.model, m.content_type)::chattui.said AS said
              FROM (SELECT x.chat_id, x.seq, x.path FROM chattui.files x
                     WHERE x.owner = v_me AND chattui.fold(x.path) ILIKE ANY (v_some)
                       AND (v_plan.musts = '{}' OR chattui.fold(x.path) ILIKE ALL (v_plan.musts)) LIMIT 200) f
              JOIN chattui.chats c ON c.owner = v_me AND c.id = f.chat_id
              LEFT JOIN chattui.chats u ON u.owner = v_me AND u.id = c.parent_id
              LEFT JOIN chattui.messages m ON m.owner = v_me AND m.chat_id = f.chat_id AND m.seq = f.seq
             WHERE c.status <> 'deleted' AND u.status IS DISTINCT FROM 'deleted') n
     WHERE n.said_at >= v_since AND n.said_at < v_until AND chattui.tsv(n.name) @@ v_plan.q
       AND (v_plan.pats = '{}' OR chattui.fold(n.name) ILIKE ALL (v_plan.pats))
       AND (v_rest IS NULL OR chattui.holds(v_me, v_rest, n.chat_id, n.said, n.said_at, n.name, chattui.fold(n.name)))
     ORDER BY n.said_at DESC, n.chat_id DESC
     LIMIT v_few;
END $$;

DROP FUNCTION chattui.search_notes(jsonb, integer, timestamptz, bigint, integer);
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA chattui FROM PUBLIC;

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'chattui_user') THEN
    GRANT EXECUTE ON FUNCTION chattui.search_beside(jsonb, integer, timestamptz, bigint, integer) TO chattui_user;
  END IF;
END $$;

INSERT INTO chattui.schema_versions (version, name) VALUES (13, 'names');
