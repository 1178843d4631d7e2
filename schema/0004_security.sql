-- Row-level security: one role per person, nobody sees what is not theirs.
--
-- A person is a role that is a member of chattui_user:  CREATE ROLE ann LOGIN PASSWORD '…' IN ROLE chattui_user;
-- The tables' owner is not subject to the policies (no FORCE): the functions marked SECURITY DEFINER rely on that, and
-- filter by chattui.me() themselves.

DO $$ BEGIN
  CREATE ROLE chattui_user NOLOGIN;
EXCEPTION
  WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
END $$;

DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['chats', 'messages', 'tool_calls', 'blobs', 'files', 'imports', 'snapshots', 'day_counts', 'words'] LOOP
    EXECUTE format('ALTER TABLE chattui.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY own ON chattui.%I USING (owner = CURRENT_USER::text) WITH CHECK (owner = CURRENT_USER::text)', t);
  END LOOP;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA chattui FROM PUBLIC;

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'chattui_user') THEN
    GRANT USAGE ON SCHEMA chattui TO chattui_user;
    GRANT SELECT, INSERT, UPDATE, DELETE ON chattui.chats, chattui.messages, chattui.tool_calls, chattui.blobs, chattui.files,
      chattui.imports, chattui.snapshots TO chattui_user;
    GRANT SELECT ON chattui.day_counts, chattui.words, chattui.schema_versions TO chattui_user;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA chattui TO chattui_user;
    -- the functions that take an owner as an argument are not among these
    GRANT EXECUTE ON FUNCTION chattui.me(), chattui.day_of(timestamptz), chattui.tsv(text), chattui.channel(text),
      chattui.search_messages(text, integer, integer, timestamptz, bigint, integer, integer),
      chattui.suggest_words(text, integer), chattui.refresh_words(integer) TO chattui_user;
  END IF;
END $$;

INSERT INTO chattui.schema_versions (version, name) VALUES (4, 'security');
