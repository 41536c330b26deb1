//! The lists in use, replaced while messages are looked up.

use super::Lexicon;
use std::sync::{Arc, PoisonError, RwLock};

/// Holds the lexicon in use. A look-up keeps the one it began with; the next one gets the new one.
#[derive(Debug)]
pub struct LexiconSlot {
    current: RwLock<Arc<Lexicon>>,
}

impl LexiconSlot {
    /// Starts with these lists.
    pub fn new(lexicon: Lexicon) -> LexiconSlot {
        LexiconSlot { current: RwLock::new(Arc::new(lexicon)) }
    }

    /// The lists in use.
    pub fn current(&self) -> Arc<Lexicon> {
        // The lock guards one pointer, which no panic can leave half written.
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Uses other lists from now on; gives back the old ones.
    pub fn swap(&self, lexicon: Lexicon) -> Arc<Lexicon> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut current, Arc::new(lexicon))
    }
}
