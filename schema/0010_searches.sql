-- Searches: what was looked for last, and what was given a name to be looked for again.

CREATE TABLE chattui.searches (
  owner    text COLLATE "C" NOT NULL DEFAULT CURRENT_USER,
  query    text COLLATE "C" NOT NULL,
  name     text,                                          -- NULL: not saved, only remembered
  used_at  timestamptz NOT NULL DEFAULT now(),
  saved_at timestamptz,
  PRIMARY KEY (owner, query),
  CHECK (length(query) BETWEEN 1 AND 500),                -- it is a key of an index
  CHECK ((name IS NULL) = (saved_at IS NULL))
);

-- the last ones, newest first
CREATE INDEX searches_recent ON chattui.searches (owner, used_at DESC);

ALTER TABLE chattui.searches ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON chattui.searches USING (owner = CURRENT_USER::text) WITH CHECK (owner = CURRENT_USER::text);

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'chattui_user') THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON chattui.searches TO chattui_user;
  END IF;
END $$;

INSERT INTO chattui.schema_versions (version, name) VALUES (10, 'searches');
