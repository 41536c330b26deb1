//! Which language a message is written in.

/// A language, or undetermined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// German.
    German,
    /// Too short or too mixed to tell.
    Undetermined,
}
