-- The way back from 17. What was archived stays archived, what was purged stays purged; the record of both is lost.
-- `chattui db migrate --down` runs it, and takes the version back in the same transaction.

DROP TRIGGER chats_gone_on_with ON chattui.chats;
DROP FUNCTION chattui.bring_back();
DROP FUNCTION chattui.archive_chats(integer, boolean);
DROP FUNCTION chattui.unarchive_chats(timestamptz);
DROP FUNCTION chattui.purge_deleted(integer, integer, boolean);
DROP FUNCTION chattui.remove_orphans();
DROP TABLE chattui.archived_chats;
DROP TABLE chattui.upkeep_runs;
