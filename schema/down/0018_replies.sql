-- The way back from 18. Answers that were cut off while they were being written are lost; messages stay.

DROP TABLE chattui.replies;
