//! One module per social network or chat platform behind one trait; an importer per export format.
//!
//! No database and no decisions here. See ARCHITECTURE.md.
