-- The way back from 20. Snapshots of chats are lost, those with a name too; chats, their places and messages stay.

DROP FUNCTION chattui.thin_snapshots(integer, integer, integer, boolean);
DROP FUNCTION chattui.search_facts(jsonb, integer);
DROP INDEX chattui.chats_issues;
DROP FUNCTION chattui.issue_text(jsonb);
DELETE FROM chattui.snapshots WHERE kind = 'state';
DROP INDEX chattui.snapshots_of_chat;
ALTER TABLE chattui.snapshots DROP COLUMN name;
