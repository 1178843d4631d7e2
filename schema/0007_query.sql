-- The search language: words, phrases, NOT, OR, groups, expressions and fields, understood by the program and handed over as
-- a tree (jsonb).
--
-- A tree becomes a lexeme query, which the index answers and which holds for every hit; literal patterns that every hit
-- matches; and the rest, which is tested candidate by candidate.

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
  OUT q tsquery, OUT pats text[], OUT rest jsonb, OUT words text[], OUT musts text[], OUT est float8, OUT rarest float8, OUT looks float8,
  OUT wide integer, OUT needs boolean, OUT is_void boolean) LANGUAGE plpgsql STABLE
SET search_path = chattui, pg_temp AS $$
DECLARE
  v_kind  text := p_node->>'k';
  v_leaf  record;
  v_child jsonb;
  c       record;
  v_least float8 := p_total;
  v_rarest float8 := p_total;
  v_share float8 := 1;
  v_forms jsonb := '[]';
  v_some  boolean := false;
  v_exact boolean := true;
  v_open  boolean := false;                               -- an alternative without lexemes
BEGIN
  pats := '{}'; words := '{}'; musts := '{}'; est := p_total; rarest := p_total; looks := 0; wide := 0; needs := false; is_void := false;
  IF v_kind = 'not' THEN
    SELECT * INTO q, pats, rest, words, musts, est, rarest, looks, wide, needs, is_void
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
    words := v_leaf.words; est := v_leaf.est; rarest := v_leaf.est; wide := v_leaf.wide; needs := true;
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
      v_rarest := least(v_rarest, c.rarest);
    END LOOP;
    est := v_least * v_share; rarest := v_rarest;
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
      words := words || c.words; needs := needs AND c.needs; est := least(p_total, est + c.est); rarest := est;
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

-- Whether a chat fulfils a field of chats.
CREATE FUNCTION chattui.chat_holds(p_name text, p_pats text[], p_any text[], c chattui.chats) RETURNS boolean LANGUAGE sql STABLE
RETURN coalesce(CASE p_name
      WHEN 'source' THEN c.source ILIKE ANY (p_pats)
      WHEN 'project' THEN chattui.fold(c.project) ILIKE ANY (p_pats) OR chattui.fold(c.repository) ILIKE ANY (p_pats)
      WHEN 'agent' THEN c.agent ILIKE ANY (p_pats)
      WHEN 'branch' THEN chattui.fold(c.git_branch) ILIKE ANY (p_pats)
      WHEN 'title' THEN chattui.fold(c.title) ILIKE ANY (p_pats)
      WHEN 'tag' THEN c.tags <> '{}' AND EXISTS (SELECT FROM unnest(c.tags) t WHERE chattui.fold(t) ILIKE ANY (p_pats))
      WHEN 'chat' THEN c.id::text = ANY (p_any) OR c.source_id = ANY (p_any)
      WHEN 'is' THEN ('pinned' = ANY (p_any) AND c.pinned) OR ('archived' = ANY (p_any) AND c.status = 'archived')
        OR ('mine' = ANY (p_any) AND c.source = 'chattui')
        OR ('unread' = ANY (p_any) AND (c.last_accessed_at IS NULL OR c.last_accessed_at < c.last_message_at))
    END, false);

-- A message as fields see it, without its text. NULL: a note, which has nothing of a message but that it is a note.
CREATE TYPE chattui.said AS (seq integer, role chattui.message_role, kind chattui.message_kind, created_at timestamptz, call_id text,
  error boolean, model text, content_type chattui.content_type);

-- Whether a message fulfils a field.
CREATE FUNCTION chattui.field_holds(p_owner text, p_field jsonb, p_chat bigint, p_said chattui.said, p_at timestamptz, p_body text)
RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = chattui, pg_temp AS $$
DECLARE
  v_name text := p_field->>'name';
  v_any  text[];
  v_pats text[];
BEGIN
  IF p_field ? 'spans' THEN
    RETURN EXISTS (SELECT FROM jsonb_array_elements(p_field->'spans') s
      WHERE (s->>0 IS NULL OR p_at >= (s->>0)::timestamptz) AND (s->>1 IS NULL OR p_at < (s->>1)::timestamptz));
  ELSIF v_name = 'role' THEN
    RETURN coalesce(p_field->'any' ? p_said.role::text, false);
  ELSIF v_name = 'kind' THEN
    RETURN coalesce(p_field->'any' ? p_said.kind::text, false);
  ELSIF v_name = 'has' THEN
    RETURN coalesce(
      (p_field->'any' ? 'tool' AND p_said.kind IN ('tool_call', 'tool_result'))
      OR (p_field->'any' ? 'error' AND p_said.error)
      OR (p_field->'any' ? 'code' AND p_said.seq IS NOT NULL AND (p_said.content_type = 'code' OR p_body LIKE '%```%'))
      OR (p_field->'any' ? 'image' AND EXISTS (SELECT FROM chattui.files f
             WHERE f.owner = p_owner AND f.chat_id = p_chat AND f.seq = p_said.seq AND f.mime LIKE 'image/%'))
      OR (p_field->'any' ? 'note' AND (p_said.seq IS NULL OR EXISTS (SELECT FROM chattui.marks k
             JOIN chattui.messages m ON m.owner = p_owner AND m.chat_id = p_chat AND m.seq = p_said.seq
              AND chattui.mark_key(m.source_id, m.seq) = k.source_id
            WHERE k.owner = p_owner AND k.chat_id = p_chat AND k.note IS NOT NULL))), false);
  ELSIF v_name = 'tool' AND p_said.call_id IS NULL OR v_name IN ('model', 'tool', 'file') AND p_said.seq IS NULL THEN
    RETURN false;
  END IF;
  v_pats := ARRAY(SELECT chattui.fold(x) FROM jsonb_array_elements_text(p_field->'pats') x);
  IF v_name = 'model' THEN
    RETURN coalesce(coalesce(p_said.model, (SELECT c.model FROM chattui.chats c WHERE c.owner = p_owner AND c.id = p_chat))
                    ILIKE ANY (v_pats), false);
  ELSIF v_name = 'tool' THEN
    RETURN EXISTS (SELECT FROM chattui.tool_calls t
      WHERE t.owner = p_owner AND t.chat_id = p_chat AND t.call_id = p_said.call_id AND chattui.fold(t.name) ILIKE ANY (v_pats));
  ELSIF v_name = 'file' THEN
    RETURN EXISTS (SELECT FROM chattui.tool_calls t
        WHERE t.owner = p_owner AND t.chat_id = p_chat AND t.call_id = p_said.call_id AND chattui.fold(t.target) ILIKE ANY (v_pats))
      OR EXISTS (SELECT FROM chattui.files f
        WHERE f.owner = p_owner AND f.chat_id = p_chat AND f.seq = p_said.seq AND chattui.fold(f.path) ILIKE ANY (v_pats));
  END IF;
  v_any := ARRAY(SELECT jsonb_array_elements_text(p_field->'any'));
  RETURN EXISTS (SELECT FROM chattui.chats c WHERE c.owner = p_owner AND c.id = p_chat AND chattui.chat_holds(v_name, v_pats, v_any, c));
END $$;

-- Whether a candidate fulfils the rest of a plan. p_flat is p_body without accents.
CREATE FUNCTION chattui.holds(p_owner text, p_rest jsonb, p_chat bigint, p_said chattui.said, p_at timestamptz, p_body text, p_flat text)
RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = chattui, pg_temp AS $$
DECLARE
  v_child jsonb;
BEGIN
  IF p_rest->>'k' = 'field' THEN
    RETURN chattui.field_holds(p_owner, p_rest, p_chat, p_said, p_at, p_body);
  ELSIF p_rest ? 'and' THEN
    FOR v_child IN SELECT x FROM jsonb_array_elements(p_rest->'and') x LOOP
      IF NOT chattui.holds(p_owner, v_child, p_chat, p_said, p_at, p_body, p_flat) THEN
        RETURN false;
      END IF;
    END LOOP;
    RETURN true;
  ELSIF p_rest ? 'or' THEN
    FOR v_child IN SELECT x FROM jsonb_array_elements(p_rest->'or') x LOOP
      IF chattui.holds(p_owner, v_child, p_chat, p_said, p_at, p_body, p_flat) THEN
        RETURN true;
      END IF;
    END LOOP;
    RETURN false;
  ELSIF p_rest ? 'not' THEN
    RETURN NOT chattui.holds(p_owner, p_rest->'not', p_chat, p_said, p_at, p_body, p_flat);
  ELSIF p_rest->>'k' = 're' THEN
    RETURN regexp_like(p_body, p_rest->>'t', 'in');
  END IF;
  RETURN p_flat ILIKE ALL (ARRAY(SELECT jsonb_array_elements_text(p_rest->'pats')))
     AND (p_rest->'rest' IS NULL OR chattui.holds(p_owner, p_rest->'rest', p_chat, p_said, p_at, p_body, p_flat))
     AND (p_rest->>'q' IS NULL OR chattui.tsv(p_body) @@ (p_rest->>'q')::tsquery);
END $$;

INSERT INTO chattui.schema_versions (version, name) VALUES (7, 'query');
