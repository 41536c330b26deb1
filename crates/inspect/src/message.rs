//! What is inspected: one message with its zones.
//!
//! Invariant: a [`Message`] only borrows; nothing here copies text. It does not say where the message came from.

/// The part of a message in which something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Zone {
    /// The body that people read.
    Text,
    /// Description of a picture or film.
    AltText,
    /// Target of a link.
    Link,
    /// Text recognised inside a picture.
    ImageText,
}

impl Zone {
    /// The zone as lists name it.
    pub(crate) fn for_lists(self) -> crate::lexicon::Zone {
        match self {
            Self::Text => crate::lexicon::Zone::Text,
            Self::AltText => crate::lexicon::Zone::Alt,
            Self::Link => crate::lexicon::Zone::Link,
            Self::ImageText => crate::lexicon::Zone::Image,
        }
    }

    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::AltText => "alt_text",
            Self::Link => "link",
            Self::ImageText => "image_text",
        }
    }
}

/// A message as it is handed to [`crate::Inspector::inspect`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Message<'a> {
    /// The body.
    pub text: &'a str,
    /// Alternative texts, one for each picture.
    pub alt_texts: &'a [&'a str],
    /// Link targets that do not stand in the body.
    pub links: &'a [&'a str],
    /// Text recognised in pictures, one for each picture.
    pub image_texts: &'a [&'a str],
}

impl<'a> Message<'a> {
    /// A message that is nothing but a body.
    pub fn from_text(text: &'a str) -> Self {
        Self { text, ..Self::default() }
    }

    /// Every part with its zone and its index inside that zone, the body last.
    pub fn parts(&self) -> impl Iterator<Item = (Zone, usize, &'a str)> + use<'a> {
        let zone = |zone, parts: &'a [&'a str]| parts.iter().enumerate().map(move |(index, text)| (zone, index, *text));
        zone(Zone::AltText, self.alt_texts)
            .chain(zone(Zone::Link, self.links))
            .chain(zone(Zone::ImageText, self.image_texts))
            .chain(std::iter::once((Zone::Text, 0, self.text)))
    }

    /// The text of one part, or nothing when the message has no such part.
    pub fn part(&self, zone: Zone, index: usize) -> Option<&'a str> {
        match zone {
            Zone::Text => (index == 0).then_some(self.text),
            Zone::AltText => self.alt_texts.get(index).copied(),
            Zone::Link => self.links.get(index).copied(),
            Zone::ImageText => self.image_texts.get(index).copied(),
        }
    }
}
