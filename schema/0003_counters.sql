-- Counters kept by the database, and the wake-up of every connected program.
--
-- Statement-level triggers see all rows of a COPY at once. A notification carries ids only, because LISTEN has no access
-- control; the channel is one per owner.

CREATE FUNCTION chattui.channel(p_owner text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN 'chattui_' || left(md5(p_owner), 16);

CREATE FUNCTION chattui.count_new_messages() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = chattui, pg_temp AS $$
DECLARE
  r record;
BEGIN
  -- the new rows are read once: an import brings thousands, with all their text
  FOR r IN
    WITH s AS MATERIALIZED (
      SELECT owner, chat_id, chattui.day_of(created_at) AS day, count(*)::integer AS n, max(seq) AS seq,
             count(*) FILTER (WHERE role = 'user' AND kind = 'text' AND thread IS NULL)::integer AS prompts,
             sum(octet_length(content))::bigint AS bytes,
             coalesce(sum(tokens_in), 0) AS tokens_in,
             coalesce(sum(tokens_out), 0) AS tokens_out,
             coalesce(sum(tokens_cached), 0) AS tokens_cached,
             max(created_at) AS last_at
        FROM new_rows GROUP BY 1, 2, 3
    ), of_chats AS MATERIALIZED (
      SELECT owner, chat_id, sum(n)::integer AS n, max(seq) AS seq, sum(prompts)::integer AS prompts,
             sum(bytes)::bigint AS bytes, sum(tokens_in)::bigint AS tokens_in, sum(tokens_out)::bigint AS tokens_out,
             sum(tokens_cached)::bigint AS tokens_cached, max(last_at) AS last_at
        FROM s GROUP BY 1, 2
    ), counted AS (
      UPDATE chattui.chats c
         SET message_count = c.message_count + s.n,
             prompt_count = c.prompt_count + s.prompts,
             byte_count = c.byte_count + s.bytes,
             tokens_in = c.tokens_in + s.tokens_in,
             tokens_out = c.tokens_out + s.tokens_out,
             tokens_cached = c.tokens_cached + s.tokens_cached,
             last_message_at = CASE WHEN c.message_count = 0 THEN s.last_at ELSE greatest(c.last_message_at, s.last_at) END,
             updated_at = now()
        FROM of_chats s WHERE c.owner = s.owner AND c.id = s.chat_id
    ), days AS (
      INSERT INTO chattui.day_counts AS d (owner, day, n)
      SELECT owner, day, sum(n)::integer FROM s GROUP BY 1, 2 ORDER BY 1, 2
          ON CONFLICT (owner, day) DO UPDATE SET n = d.n + excluded.n
    )
    SELECT owner, chat_id, seq, count(*) OVER () AS chats FROM of_chats LIMIT 50
  LOOP
    PERFORM pg_notify(chattui.channel(r.owner), CASE WHEN r.chats > 50 THEN '*' ELSE r.chat_id || ':' || r.seq END);
  END LOOP;
  RETURN NULL;
END $$;

CREATE TRIGGER messages_counted AFTER INSERT ON chattui.messages
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION chattui.count_new_messages();

CREATE FUNCTION chattui.count_gone_messages() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = chattui, pg_temp AS $$
BEGIN
  UPDATE chattui.chats c
     SET message_count = c.message_count - s.n,
         prompt_count = c.prompt_count - s.prompts,
         byte_count = c.byte_count - s.bytes,
         tokens_in = c.tokens_in - s.tokens_in,
         tokens_out = c.tokens_out - s.tokens_out,
         tokens_cached = c.tokens_cached - s.tokens_cached,
         updated_at = now()
    FROM (SELECT owner, chat_id, count(*)::integer AS n,
                 count(*) FILTER (WHERE role = 'user' AND kind = 'text' AND thread IS NULL)::integer AS prompts,
                 sum(octet_length(content))::bigint AS bytes,
                 coalesce(sum(tokens_in), 0) AS tokens_in,
                 coalesce(sum(tokens_out), 0) AS tokens_out,
                 coalesce(sum(tokens_cached), 0) AS tokens_cached
            FROM old_rows GROUP BY owner, chat_id) s
   WHERE c.owner = s.owner AND c.id = s.chat_id;

  UPDATE chattui.day_counts d SET n = d.n - s.n
    FROM (SELECT owner, chattui.day_of(created_at) AS day, count(*)::integer AS n FROM old_rows GROUP BY 1, 2) s
   WHERE d.owner = s.owner AND d.day = s.day;
  RETURN NULL;
END $$;

CREATE TRIGGER messages_uncounted AFTER DELETE ON chattui.messages
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION chattui.count_gone_messages();

-- What a list of chats shows has changed: payload "chat_id:0".
CREATE FUNCTION chattui.tell_chat_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify(chattui.channel(NEW.owner), NEW.id || ':0');
  RETURN NULL;
END $$;

CREATE TRIGGER chats_changed AFTER UPDATE ON chattui.chats FOR EACH ROW
  WHEN (OLD.title IS DISTINCT FROM NEW.title OR OLD.pinned <> NEW.pinned OR OLD.status <> NEW.status OR OLD.tags <> NEW.tags)
  EXECUTE FUNCTION chattui.tell_chat_changed();

CREATE TRIGGER chats_created AFTER INSERT ON chattui.chats FOR EACH ROW
  WHEN (NEW.source = 'chattui') EXECUTE FUNCTION chattui.tell_chat_changed();

INSERT INTO chattui.schema_versions (version, name) VALUES (3, 'counters');
