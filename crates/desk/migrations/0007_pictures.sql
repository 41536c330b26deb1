-- Pictures on posts: what is written in them, and a small one of each for pages.

-- What the recogniser read in a picture; null where nobody read it (no recogniser, no picture, too large).
ALTER TABLE media ADD COLUMN image_text TEXT;

-- Derived: can be made again from the file, goes with its last upload.
CREATE TABLE media_thumbnails (
    digest BYTEA PRIMARY KEY,
    media_type TEXT NOT NULL,
    bytes BYTEA NOT NULL
);
