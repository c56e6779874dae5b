-- A touch of a session that was not there made one without items. It makes nothing any more; what it made goes.
DELETE FROM {schema}.session WHERE newest = '00000000-0000-0000-0000-000000000000' AND items = 0;
