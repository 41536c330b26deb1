//! The fields of the index: what is kept of a message, and no more.
//!
//! Nothing is stored but the id. Positions are kept for words as they are written (phrases); stems only say which messages, and how
//! often. A change here changes [`super::FORMAT`].

use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};

/// Splits a text into folded words, as they are written.
pub(super) const EXACT: &str = "exact";
/// Splits a text into stems; see [`super::document`] for how it learns the language.
pub(super) const STEMS: &str = "stems";

/// Handles of the fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    pub(super) id: Field,
    pub(super) id_high: Field,
    pub(super) id_low: Field,
    pub(super) time: Field,
    pub(super) profile: Field,
    pub(super) network: Field,
    pub(super) finding: Field,
    pub(super) mark: Field,
    pub(super) language: Field,
    pub(super) person: Field,
    pub(super) channel: Field,
    pub(super) exact: Field,
    pub(super) stems: Field,
}

/// Columns, by name.
pub(super) mod column {
    pub(crate) const ID_HIGH: &str = "id_high";
    pub(crate) const ID_LOW: &str = "id_low";
    pub(crate) const TIME: &str = "time";
    pub(crate) const PROFILE: &str = "profile";
    pub(crate) const NETWORK: &str = "network";
    pub(crate) const FINDING: &str = "finding";
}

/// A term in [`Fields::mark`] that says: there is a finding.
pub(super) const ANY_FINDING: &str = "finding";
/// Before a language's code in [`Fields::language`]: stemmed as this language, whether the source said so or not.
pub(super) const STEMMED_AS: char = '~';

impl Fields {
    pub(super) fn schema() -> (Schema, Self) {
        let mut schema = Schema::builder();
        let label = text("raw", IndexRecordOption::Basic).set_fieldnorms(false);
        let name = text(EXACT, IndexRecordOption::WithFreqsAndPositions).set_fieldnorms(false);
        let options = |indexing: TextFieldIndexing| TextOptions::default().set_indexing_options(indexing);
        let fields = Self {
            id: schema.add_bytes_field("id", INDEXED),
            id_high: schema.add_u64_field(column::ID_HIGH, FAST),
            id_low: schema.add_u64_field(column::ID_LOW, FAST),
            time: schema.add_i64_field(column::TIME, FAST),
            profile: schema.add_bytes_field(column::PROFILE, FAST | INDEXED),
            network: schema.add_text_field(column::NETWORK, options(label.clone()).set_fast("raw")),
            finding: schema.add_text_field(column::FINDING, options(label.clone()).set_fast("raw")),
            mark: schema.add_text_field("mark", options(label.clone())),
            language: schema.add_text_field("language", options(label)),
            person: schema.add_text_field("person", options(name.clone())),
            channel: schema.add_text_field("channel", options(name)),
            exact: schema.add_text_field("exact", options(text(EXACT, IndexRecordOption::WithFreqsAndPositions))),
            stems: schema.add_text_field("stems", options(text(STEMS, IndexRecordOption::WithFreqs))),
        };
        (schema.build(), fields)
    }
}

fn text(analyzer: &str, kept: IndexRecordOption) -> TextFieldIndexing {
    TextFieldIndexing::default().set_tokenizer(analyzer).set_index_option(kept)
}
