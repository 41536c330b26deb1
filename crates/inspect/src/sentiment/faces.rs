//! What a message of pictures alone says: "👍", "❤️❤️", "😡".
//!
//! The layers learned from tweets, where pictures stand beside words, and say little of them alone. Invariant: nothing is
//! said of a message with words, nor of pictures that nobody reads in one way only.

use crate::heads::Sentiment;
use crate::tokens::{TokenKind, Tokens, hash_word};

const GLAD: &[&str] = &[
    "👍", "❤️", "❤", "🧡", "💛", "💚", "💙", "💜", "🤍", "💕", "💖", "💗", "💞", "😊", "😀", "😃", "😄", "😁", "🙂", "😍", "🥰",
    "😘", "🤗", "😎", "🤩", "🥳", "😻", "🎉", "🎊", "👏", "🙌", "💯", "✅", "🏆", "🌟", "✨", "😂", "🤣", "😅",
];
const SAD: &[&str] = &[
    "👎", "😢", "😭", "😡", "😠", "🤬", "💔", "😞", "😔", "🙁", "☹️", "☹", "😒", "🤮", "🤢", "😤", "😩", "😫", "😟", "😣", "😖",
    "😿",
];
/// The share of the one side when all pictures are on it; the rest is neutral first.
const CLEAR: Sentiment = Sentiment { negative: 0.03, neutral: 0.12, positive: 0.85 };

/// Hashes of pictures that say one thing.
#[derive(Clone, Debug)]
pub(crate) struct Faces {
    glad: Box<[u64]>,
    sad: Box<[u64]>,
}

impl Faces {
    pub(crate) fn builtin() -> Faces {
        let hashes = |faces: &[&str]| faces.iter().map(|face| hash_word(face)).collect();
        Faces { glad: hashes(GLAD), sad: hashes(SAD) }
    }

    /// How a message feels that holds pictures and no word, when they agree.
    pub(crate) fn of(&self, tokens: &Tokens) -> Option<Sentiment> {
        let (mut glad, mut sad) = (false, false);
        for token in tokens.list() {
            match token.kind {
                TokenKind::Emoji => {
                    glad |= self.glad.contains(&token.hash);
                    sad |= self.sad.contains(&token.hash);
                }
                TokenKind::Word | TokenKind::Hashtag => return None,
                TokenKind::Number | TokenKind::Mention | TokenKind::Url => {}
            }
        }
        let Sentiment { negative: least, neutral, positive: most } = CLEAR;
        match (glad, sad) {
            (true, false) => Some(CLEAR),
            (false, true) => Some(Sentiment { negative: most, neutral, positive: least }),
            _ => None,
        }
    }
}
