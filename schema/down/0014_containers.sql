-- The way back from 14. Containers are read whole again at the next import; what they brought stays.

DROP TABLE chattui.imported_chats;
