-- Replies of models while they are written. A message is added once and never changed: what the counters and the search index
-- rely on. So a reply that is still coming stands here, saved every second, and becomes a message when it ends. When whoever
-- writes it is gone, which the lock on its key tells, the next one who reads the chat makes a message of what came.

CREATE TABLE chattui.replies (
  owner      text COLLATE "C" NOT NULL DEFAULT CURRENT_USER,
  chat_id    bigint NOT NULL,
  key        text COLLATE "C" NOT NULL,                   -- names it for ever, also as a message
  parent_seq integer NOT NULL,                            -- what it answers, or goes on with
  again      boolean NOT NULL DEFAULT false,              -- another answer, beside those there are
  model      text NOT NULL DEFAULT '',
  thinking   text NOT NULL DEFAULT '',
  content    text NOT NULL DEFAULT '',
  began_at   timestamptz NOT NULL DEFAULT now(),
  saved_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (owner, chat_id, key),
  FOREIGN KEY (owner, chat_id) REFERENCES chattui.chats (owner, id) ON DELETE CASCADE
);

ALTER TABLE chattui.replies ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON chattui.replies USING (owner = CURRENT_USER::text) WITH CHECK (owner = CURRENT_USER::text);

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'chattui_user') THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON chattui.replies TO chattui_user;
  END IF;
END $$;

INSERT INTO chattui.schema_versions (version, name) VALUES (18, 'replies');
