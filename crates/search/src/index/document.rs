//! A message in the form the engine takes it. Texts are held once, though two fields read them.

use tantivy::schema::{
    Field,
    document::{Document, ReferenceValue, ReferenceValueLeaf, Value},
};

use super::{
    analyzers::tagged,
    fields::{ANY_FINDING, Fields, STEMMED_AS},
};
use crate::{
    language::Language,
    message::{Mark, Message},
};

/// Bytes of names, labels and kinds that are indexed; longer ones are cut. The engine refuses terms of 64 KiB.
const LABEL_BYTES_MAX: usize = 256;
/// Texts, names and kinds of one message: what has more is not a message.
const VALUES_MAX: usize = 64;

/// A message, taken apart.
pub(super) struct Indexed {
    texts: Vec<String>,
    values: Vec<(Field, Piece)>,
}

enum Piece {
    /// One of the texts.
    Text(usize),
    Label(String),
    Fixed(&'static str),
    Bytes([u8; 16]),
    High(u64),
    Time(i64),
}

impl Indexed {
    pub(super) fn new(message: &Message, fields: &Fields, fallback: Option<Language>) -> Self {
        let stemmed = match &message.language {
            Some(tag) => Language::of_tag(tag),
            None => Language::of_script(&message.text).or(fallback),
        };
        let mut indexed = Self { texts: Vec::with_capacity(4), values: Vec::with_capacity(24) };
        let (high, low) = halves(message.id.0);
        indexed.put(fields.id, Piece::Bytes(message.id.0));
        indexed.put(fields.id_high, Piece::High(high));
        indexed.put(fields.id_low, Piece::High(low));
        indexed.put(fields.time, Piece::Time(message.time_ms));
        indexed.put(fields.profile, Piece::Bytes(message.profile.0));
        indexed.put(fields.network, Piece::Label(cut(message.network.to_lowercase())));
        indexed.labels(message, fields);
        if let Some(tag) = &message.language {
            let main = tag.split(['-', '_']).next().unwrap_or_default();
            indexed.put(fields.language, Piece::Label(cut(main.to_ascii_lowercase())));
        }
        if let Some(language) = stemmed {
            indexed.put(fields.language, Piece::Label(format!("{STEMMED_AS}{}", language.code())));
        }
        for name in message.person.iter().take(VALUES_MAX) {
            indexed.text(tagged(name, None), &[fields.person]);
        }
        for name in message.channel.iter().take(VALUES_MAX) {
            indexed.text(tagged(name, None), &[fields.channel]);
        }
        for text in std::iter::once(&message.text).chain(&message.also).take(VALUES_MAX) {
            indexed.text(tagged(text, stemmed), &[fields.exact, fields.stems]);
        }
        indexed
    }

    fn labels(&mut self, message: &Message, fields: &Fields) {
        for mark in Mark::ALL.iter().filter(|mark| message.marks.has(**mark)) {
            self.put(fields.mark, Piece::Fixed(mark.id()));
        }
        if !message.findings.is_empty() {
            self.put(fields.mark, Piece::Fixed(ANY_FINDING));
        }
        let mut kinds = message.findings.clone();
        kinds.sort_unstable();
        kinds.dedup();
        for kind in kinds.into_iter().take(VALUES_MAX) {
            self.put(fields.finding, Piece::Label(cut(kind.to_lowercase())));
        }
    }

    fn put(&mut self, field: Field, piece: Piece) {
        self.values.push((field, piece));
    }

    fn text(&mut self, text: String, fields: &[Field]) {
        let place = self.texts.len();
        self.texts.push(text);
        self.values.extend(fields.iter().map(|field| (*field, Piece::Text(place))));
    }
}

/// An id as two numbers, high half first.
pub(super) fn halves(id: [u8; 16]) -> (u64, u64) {
    let number = u128::from_be_bytes(id);
    #[expect(clippy::cast_possible_truncation, reason = "the halves of a number")]
    let halves = ((number >> 64) as u64, number as u64);
    halves
}

/// The id that was taken apart into halves.
pub(super) fn whole(high: u64, low: u64) -> [u8; 16] {
    (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
}

fn cut(mut label: String) -> String {
    label.truncate(label.floor_char_boundary(LABEL_BYTES_MAX));
    label
}

/// A value, borrowed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Leaf<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
    Unsigned(u64),
    Signed(i64),
}

impl<'a> Value<'a> for Leaf<'a> {
    type ArrayIter = std::iter::Empty<Self>;
    type ObjectIter = std::iter::Empty<(&'a str, Self)>;

    fn as_value(&self) -> ReferenceValue<'a, Self> {
        ReferenceValue::Leaf(match *self {
            Self::Text(text) => ReferenceValueLeaf::Str(text),
            Self::Bytes(bytes) => ReferenceValueLeaf::Bytes(bytes),
            Self::Unsigned(number) => ReferenceValueLeaf::U64(number),
            Self::Signed(number) => ReferenceValueLeaf::I64(number),
        })
    }
}

/// The values of a message, one after the other.
pub(super) struct Leaves<'a> {
    of: &'a Indexed,
    at: usize,
}

impl<'a> Iterator for Leaves<'a> {
    type Item = (Field, Leaf<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let of = self.of;
        let (field, piece) = of.values.get(self.at)?;
        self.at += 1;
        Some((
            *field,
            match piece {
                Piece::Text(place) => Leaf::Text(&of.texts[*place]),
                Piece::Label(label) => Leaf::Text(label),
                Piece::Fixed(label) => Leaf::Text(label),
                Piece::Bytes(bytes) => Leaf::Bytes(bytes),
                Piece::High(number) => Leaf::Unsigned(*number),
                Piece::Time(time_ms) => Leaf::Signed(*time_ms),
            },
        ))
    }
}

impl Document for Indexed {
    type Value<'a> = Leaf<'a>;
    type FieldsValuesIter<'a> = Leaves<'a>;

    fn iter_fields_and_values(&self) -> Leaves<'_> {
        Leaves { of: self, at: 0 }
    }
}
