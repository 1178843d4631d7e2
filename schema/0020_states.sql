-- Snapshots of the state of a chat: taken now and then while it changes, or by a person, with a name. The old ones are thinned.
--
-- And the search finds chats by the issue that they work on, and by their branch.
--
-- A row of chattui.snapshots with kind 'state' is one; its data is what domain/snapshots.py describes.

ALTER TABLE chattui.snapshots ADD COLUMN name text;       -- given by a person: kept for ever

-- the snapshots of a chat, the newest first; and those that go with a chat
CREATE INDEX snapshots_of_chat ON chattui.snapshots (owner, chat_id, kind, id DESC) WHERE chat_id IS NOT NULL;

-- Removes the caller's snapshots of chats that have no name and are not worth keeping: those of the last p_all days are
-- kept, the last one of each hour for p_hourly days, the last one of each day for p_daily days. NULL is for ever. With
-- p_dry_run they are only counted.
CREATE FUNCTION chattui.thin_snapshots(p_all integer, p_hourly integer, p_daily integer, p_dry_run boolean DEFAULT false)
RETURNS integer LANGUAGE plpgsql SET search_path = chattui, pg_temp AS $$
DECLARE
  v_ids   bigint[];
  v_count integer;
BEGIN
  IF p_all < 0 OR p_hourly < 0 OR p_daily < 0 THEN
    RAISE EXCEPTION 'thin_snapshots takes numbers of days, 0 or more' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT array_agg(s.id), count(*) INTO v_ids, v_count
    FROM (SELECT x.id, x.created_at,
                 row_number() OVER (PARTITION BY x.chat_id, date_trunc('hour', x.created_at, 'UTC') ORDER BY x.id DESC) AS of_hour,
                 row_number() OVER (PARTITION BY x.chat_id, date_trunc('day', x.created_at, 'UTC') ORDER BY x.id DESC) AS of_day
            FROM chattui.snapshots x
           WHERE x.owner = CURRENT_USER::text AND x.kind = 'state' AND x.name IS NULL) s
   WHERE s.created_at < now() - p_all * interval '1 day'
     AND CASE WHEN p_hourly IS NULL OR s.created_at >= now() - p_hourly * interval '1 day' THEN s.of_hour > 1
              WHEN p_daily IS NULL OR s.created_at >= now() - p_daily * interval '1 day' THEN s.of_day > 1
              ELSE true END;
  IF NOT p_dry_run THEN
    DELETE FROM chattui.snapshots x WHERE x.owner = CURRENT_USER::text AND x.id = ANY (v_ids);
  END IF;
  RETURN v_count;
END $$;

-- The issue that a chat works on, on one line; empty where there is none.
CREATE FUNCTION chattui.issue_text(p_settings jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN concat_ws(' ', CASE WHEN p_settings->'issue'->>'number' ~ '^[0-9]+$' THEN '#' ELSE '' END || nullif(p_settings->'issue'->>'number', ''),
  nullif(p_settings->'issue'->>'title', ''), nullif(p_settings->'issue'->>'url', ''));

-- search in issues; few chats have one
CREATE INDEX chats_issues ON chattui.chats USING gin (owner, chattui.tsv(chattui.issue_text(settings))) WHERE settings ? 'issue';

-- The newest few chats of the caller whose issue, and whose branch, a query finds. found_in: issue or branch. A branch of hundreds
-- of chats tells none of them apart: it is not told. What a query asks of messages, neither fulfils.
-- SECURITY DEFINER for the same reason as search_beside.
CREATE FUNCTION chattui.search_facts(p_query jsonb, p_limit integer DEFAULT 5)
RETURNS TABLE (found_in text, chat_id bigint, found_at timestamptz, body text)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 5 SET search_path = chattui, pg_temp SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  v_me    text := chattui.me();
  v_since timestamptz := coalesce((p_query->>'since')::timestamptz, '-infinity');
  v_until timestamptz := coalesce((p_query->>'until')::timestamptz, 'infinity');
  v_said  constant chattui.said := ROW(0, NULL, NULL, NULL, NULL, NULL, NULL, NULL);  -- neither a message nor a note
  v_most  constant integer := 200;
  v_plan  record;
  v_rest  jsonb;
  v_some  text[];
  v_ids   bigint[];
BEGIN
  SELECT * INTO v_plan FROM chattui.plan(v_me, p_query->'node', false, false, 1, true);
  IF v_plan.is_void IS NOT FALSE OR v_plan.q IS NULL OR NOT v_plan.needs OR length(array_to_string(v_plan.words, '')) < 2 THEN
    RETURN;
  END IF;
  v_rest := jsonb_build_object('and', coalesce(p_query->'chats', '[]')
              || CASE WHEN v_plan.rest IS NULL THEN '[]' ELSE jsonb_build_array(v_plan.rest) END);
  IF v_rest->'and' = '[]' THEN
    v_rest := NULL;
  END IF;
  v_some := ARRAY(SELECT '%' || regexp_replace(w, '([\\%_])', '\\\1', 'g') || '%' FROM unnest(v_plan.words) w);
  IF NOT EXISTS (SELECT FROM unnest(v_some) w WHERE length(w) < 5) THEN   -- no three letters, no trigram
    v_ids := ARRAY(SELECT x.id FROM chattui.chats x
                    WHERE x.owner = v_me AND chattui.fold(x.git_branch) ILIKE ANY (v_some)
                      AND (v_plan.musts = '{}' OR chattui.fold(x.git_branch) ILIKE ALL (v_plan.musts)) LIMIT v_most + 1);
  END IF;
  RETURN QUERY
    SELECT f.found_in, f.chat_id, f.found_at, f.body
      FROM (SELECT n.*, row_number() OVER (PARTITION BY n.found_in ORDER BY n.found_at DESC, n.chat_id DESC) AS nr
              FROM (SELECT 'issue' AS found_in, c.id AS chat_id, c.last_message_at AS found_at, chattui.issue_text(c.settings) AS body
                      FROM chattui.chats c
                     WHERE c.owner = v_me AND c.settings ? 'issue' AND chattui.tsv(chattui.issue_text(c.settings)) @@ v_plan.q
                    UNION ALL
                    SELECT 'branch', c.id, c.last_message_at, c.git_branch
                      FROM chattui.chats c
                     WHERE c.owner = v_me AND c.id = ANY (v_ids) AND cardinality(v_ids) <= v_most AND chattui.tsv(c.git_branch) @@ v_plan.q) n
             WHERE n.found_at >= v_since AND n.found_at < v_until
               AND (v_plan.pats = '{}' OR chattui.fold(n.body) ILIKE ALL (v_plan.pats))
               AND (v_rest IS NULL OR chattui.holds(v_me, v_rest, n.chat_id, v_said, n.found_at, n.body, chattui.fold(n.body)))
               AND NOT EXISTS (SELECT FROM chattui.chats x LEFT JOIN chattui.chats u ON u.owner = x.owner AND u.id = x.parent_id
                     WHERE x.owner = v_me AND x.id = n.chat_id AND 'deleted' IN (x.status, u.status))) f
     WHERE f.nr <= p_limit
     ORDER BY f.found_in DESC, f.nr;
END $$;

REVOKE ALL ON FUNCTION chattui.thin_snapshots(integer, integer, integer, boolean), chattui.issue_text(jsonb),
  chattui.search_facts(jsonb, integer) FROM PUBLIC;

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'chattui_user') THEN
    GRANT EXECUTE ON FUNCTION chattui.thin_snapshots(integer, integer, integer, boolean), chattui.issue_text(jsonb),
      chattui.search_facts(jsonb, integer) TO chattui_user;
  END IF;
END $$;

INSERT INTO chattui.schema_versions (version, name) VALUES (20, 'states');
