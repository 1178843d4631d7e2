-- Containers: one history file that holds many chats, as a database does. Which chats an import has brought, and which
-- version of each: only what has changed is read again.

CREATE TABLE chattui.imported_chats (
  owner         text COLLATE "C" NOT NULL DEFAULT CURRENT_USER,
  import_id     bigint NOT NULL,
  source_id     text COLLATE "C" NOT NULL,                -- of the chat: known also when it was left out or taken away here
  chat_id       bigint,
  version       text NOT NULL DEFAULT '',                 -- what its source knows it by; '': to be read again
  message_count integer NOT NULL DEFAULT 0,               -- how many messages came from here
  PRIMARY KEY (owner, import_id, source_id),
  FOREIGN KEY (owner, import_id) REFERENCES chattui.imports (owner, id) ON DELETE CASCADE,
  FOREIGN KEY (owner, chat_id) REFERENCES chattui.chats (owner, id) ON DELETE SET NULL (chat_id)
);
-- which other imports have brought a chat
CREATE INDEX imported_chats_chat ON chattui.imported_chats (owner, chat_id);

ALTER TABLE chattui.imported_chats ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON chattui.imported_chats USING (owner = CURRENT_USER::text) WITH CHECK (owner = CURRENT_USER::text);

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'chattui_user') THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON chattui.imported_chats TO chattui_user;
  END IF;
END $$;

INSERT INTO chattui.schema_versions (version, name) VALUES (14, 'containers');
