//! The door on both engines, one file a subject.

mod sessions;
