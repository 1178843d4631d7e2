-- What bounds a search: few chats, few messages. Rare values of fields are found by an index, never by walking to them.

-- What is rare is found by an index: walking to it would read the whole history. No trigrams of titles and of what tools were
-- called on: a chat's row is written anew with each batch of its messages, and such an index halves the speed of an import.
CREATE INDEX tool_calls_name ON chattui.tool_calls (owner, name);
CREATE INDEX messages_calls ON chattui.messages (owner, chat_id, call_id) WHERE call_id IS NOT NULL;
CREATE INDEX messages_failed ON chattui.messages (owner, created_at DESC, chat_id DESC, seq DESC) WHERE error;
CREATE INDEX files_images ON chattui.files (owner, chat_id, seq) WHERE mime LIKE 'image/%';
CREATE INDEX chats_source ON chattui.chats (source, owner);  -- owner not first: the foreign keys' checks would take it
CREATE INDEX chats_project ON chattui.chats (owner, project) WHERE project IS NOT NULL;
CREATE INDEX chats_repository ON chattui.chats (owner, repository) WHERE repository IS NOT NULL;
CREATE INDEX chats_kept ON chattui.chats (owner) WHERE pinned OR status = 'archived';

-- Messages that a search is bounded by, these or all that failed; and what is left to be tested of them.
CREATE TYPE chattui.few AS (chat_ids bigint[], seqs integer[], failed boolean, rest jsonb);

-- The values of a tool's name, or of a chat's source, project or repository, that match one of the patterns: the index is asked
-- once for each value that there is.
CREATE FUNCTION chattui.known_values(p_owner text, p_what text, p_pats text[]) RETURNS text[] LANGUAGE plpgsql STABLE
SET search_path = chattui, pg_temp SET enable_indexscan = on SET enable_sort = off AS $$
DECLARE
  v_last  text;
  v_found text[] := '{}';
BEGIN
  LOOP
    IF p_what = 'tool' THEN
      v_last := (SELECT t.name FROM chattui.tool_calls t WHERE t.owner = p_owner AND (v_last IS NULL OR t.name > v_last)
                  ORDER BY t.name LIMIT 1);
    ELSIF p_what = 'project' THEN
      v_last := (SELECT c.project FROM chattui.chats c WHERE c.owner = p_owner AND (v_last IS NULL OR c.project > v_last)
                  AND c.project IS NOT NULL ORDER BY c.project LIMIT 1);
    ELSIF p_what = 'repository' THEN
      v_last := (SELECT c.repository FROM chattui.chats c WHERE c.owner = p_owner AND (v_last IS NULL OR c.repository > v_last)
                  AND c.repository IS NOT NULL ORDER BY c.repository LIMIT 1);
    ELSE
      v_last := (SELECT c.source FROM chattui.chats c WHERE c.owner = p_owner AND (v_last IS NULL OR c.source > v_last)
                  ORDER BY c.source LIMIT 1);
    END IF;
    EXIT WHEN v_last IS NULL;
    IF chattui.fold(v_last) ILIKE ANY (p_pats) THEN
      v_found := v_found || v_last;
    END IF;
  END LOOP;
  RETURN v_found;
END $$;

-- The chats that fulfil these fields, when they are few and hold at most so many messages, NULL otherwise; how many they hold;
-- and the fields that are left to be tested.
CREATE FUNCTION chattui.few_chats(p_owner text, p_fields jsonb, p_most bigint, OUT ids bigint[], OUT n bigint, OUT rest jsonb) LANGUAGE plpgsql STABLE
SET search_path = chattui, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  v_field  jsonb;
  v_name   text;
  v_pats   text[];
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
    ELSIF v_name = 'chat' THEN
      ids := ARRAY(SELECT c.id FROM chattui.chats c WHERE c.owner = p_owner AND (v_before IS NULL OR c.id = ANY (v_before))
                      AND c.id = ANY (ARRAY(SELECT x::bigint FROM unnest(v_any) x WHERE x ~ '^[0-9]{1,18}$'))
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
CREATE FUNCTION chattui.few_messages(p_owner text, p_rest jsonb) RETURNS chattui.few LANGUAGE plpgsql STABLE
SET search_path = chattui, pg_temp SET enable_indexscan = on SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  v_all   jsonb := CASE WHEN p_rest ? 'and' THEN p_rest->'and' ELSE jsonb_build_array(p_rest) END;
  v_field jsonb;
  v_nr    bigint;
  v_name  text;
  v_pats  text[];
  v_names text[];
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

INSERT INTO chattui.schema_versions (version, name) VALUES (8, 'rare');
