-- Projects and sources are values that are known before the first chat is looked up.

-- The chats that fulfil these fields, when they are few and hold at most so many messages, NULL otherwise; how many they hold;
-- and the fields that are left to be tested. One of projects or sources then carries the values that it means: no chat's own is held
-- against patterns.
CREATE OR REPLACE FUNCTION chattui.few_chats(p_owner text, p_fields jsonb, p_most bigint, OUT ids bigint[], OUT n bigint, OUT rest jsonb)
LANGUAGE plpgsql STABLE
SET search_path = chattui, pg_temp SET enable_indexscan = on SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  v_field  jsonb;
  v_name   text;
  v_pats   text[];
  v_pat    text;
  v_any    text[];
  v_all    jsonb := '[]';                                 -- all fields, with what is known of them
  v_before bigint[];
  v_most   constant integer := 1000;
BEGIN
  rest := '[]';
  FOR v_field IN SELECT x FROM jsonb_array_elements(p_fields) x LOOP
    IF v_field ? 'not' THEN
      rest := rest || jsonb_build_array(v_field);
      v_all := v_all || jsonb_build_array(v_field);
      CONTINUE;
    END IF;
    v_pats := ARRAY(SELECT chattui.fold(x) FROM jsonb_array_elements_text(v_field->'pats') x);
    v_any := ARRAY(SELECT jsonb_array_elements_text(v_field->'any'));
    v_name := v_field->>'name';
    ids := '{}';
    IF v_name = 'project' THEN
      v_any := chattui.known_values(p_owner, 'project', v_pats);
      v_pats := chattui.known_values(p_owner, 'repository', v_pats);
      v_field := v_field || jsonb_build_object('projects', v_any, 'repositories', v_pats);
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
      v_field := v_field || jsonb_build_object('sources', v_any);
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
    v_all := v_all || jsonb_build_array(v_field);
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
      ids := NULL; n := NULL; rest := v_all;
    END IF;
  END IF;
END $$;

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
  v_chats  jsonb;
  v_field  jsonb;
  v_left   jsonb := '[]';                                 -- fields of chats that are tested one by one
  v_projects text[]; v_repositories text[]; v_sources text[];  -- what is known of the others; NULL: any
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
  FOR v_field IN SELECT x FROM jsonb_array_elements(p_asked.fields) x LOOP
    IF v_field ? 'projects' AND v_projects IS NULL THEN
      v_projects := ARRAY(SELECT jsonb_array_elements_text(v_field->'projects'));
      v_repositories := ARRAY(SELECT jsonb_array_elements_text(v_field->'repositories'));
    ELSIF v_field ? 'sources' AND v_sources IS NULL THEN
      v_sources := ARRAY(SELECT jsonb_array_elements_text(v_field->'sources'));
    ELSE
      v_left := v_left || jsonb_build_array(v_field);
    END IF;
  END LOOP;
  v_chats := CASE WHEN v_left <> '[]' THEN jsonb_build_object('and', v_left) END;
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
      v_meant := EXISTS (SELECT FROM chattui.chats x LEFT JOIN chattui.chats u ON u.owner = x.owner AND u.id = x.parent_id
             WHERE x.owner = p_owner AND x.id = r.chat_id AND x.status <> 'deleted' AND u.status IS DISTINCT FROM 'deleted'
               AND (v_sources IS NULL OR x.source = ANY (v_sources))
               AND (v_projects IS NULL OR x.project = ANY (v_projects) OR x.repository = ANY (v_repositories)))
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

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA chattui FROM PUBLIC;

INSERT INTO chattui.schema_versions (version, name) VALUES (19, 'projects');
