-- The way back from 18. Replies that were being written, or whose writer is gone and that nobody has read since, are lost.
-- `chattui db migrate --down` runs it, and takes the version back in the same transaction.

DROP TABLE chattui.replies;
