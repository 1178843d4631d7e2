-- Raw records: what an import read and did not understand, as its history file has it, so that nothing is lost with the file.

CREATE TABLE chattui.raw_records (
  owner     text COLLATE "C" NOT NULL DEFAULT CURRENT_USER,
  import_id bigint NOT NULL,                      -- the history file
  digest    bytea NOT NULL,                       -- SHA-256 of the record, of a long one of its beginning: the same one is kept once
  chat_id   bigint,                               -- NULL until its chat has a message
  line      bigint NOT NULL,                      -- from 1 in the file; in a container the number of the record in its chat
  part      integer NOT NULL,                     -- from 0: the records that share a line
  what      text NOT NULL,                        -- why it is kept
  size      bigint NOT NULL,                      -- bytes of the whole record
  data      bytea NOT NULL,                       -- the record, of a long one the beginning; zlib
  met_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (owner, import_id, digest),
  FOREIGN KEY (owner, import_id) REFERENCES chattui.imports (owner, id) ON DELETE CASCADE,
  FOREIGN KEY (owner, chat_id) REFERENCES chattui.chats (owner, id) ON DELETE CASCADE
);
-- those of a chat, in the order of the file
CREATE INDEX raw_records_chat ON chattui.raw_records (owner, chat_id, line);
-- it is compressed already
ALTER TABLE chattui.raw_records ALTER COLUMN data SET STORAGE EXTERNAL;

ALTER TABLE chattui.raw_records ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON chattui.raw_records USING (owner = CURRENT_USER::text) WITH CHECK (owner = CURRENT_USER::text);

DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'chattui_user') THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON chattui.raw_records TO chattui_user;
  END IF;
END $$;

INSERT INTO chattui.schema_versions (version, name) VALUES (16, 'raw');
