//! The application without a face: one folder per subject, each with operations, pure rules and SQL.
