-- Snapshots of the state of a chat: taken now and then while it changes, or by a person, with a name. The old ones are thinned.
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

REVOKE ALL ON FUNCTION chattui.thin_snapshots(integer, integer, integer, boolean) FROM PUBLIC;

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'chattui_user') THEN
    GRANT EXECUTE ON FUNCTION chattui.thin_snapshots(integer, integer, integer, boolean) TO chattui_user;
  END IF;
END $$;

INSERT INTO chattui.schema_versions (version, name) VALUES (19, 'states');
