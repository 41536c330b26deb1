//! The detectors of a configuration, and the order in which they look at one view of a text.
//!
//! Invariant: immutable once compiled. What the first pass did not point at (a chunk, a known word) is not looked at.

use super::Context;
use super::shapes::{self, ShapeTable};
use crate::config::Config;
use crate::custom::{self, Compiled};
use crate::kinds::{self, index};
use crate::scan::{AT, COLON, Chunk, DIGIT, DOT, LONG_CHUNK};
use crate::secrets::SecretTable;
use crate::vocabulary;
use crate::words::{KINDS_MAX, Role, WordHit, WordTable, WordTableBuilder};

/// Compiled detectors.
#[derive(Debug)]
pub(crate) struct Detectors {
    pub words: WordTable,
    pub custom: Vec<Compiled>,
    /// The kinds that are on, a bit each.
    pub enabled: [u64; KINDS_MAX / 64],
    shapes: ShapeTable,
    secrets: SecretTable,
}

impl Detectors {
    /// Compiles the kinds that a configuration chooses, and those that it defines.
    pub(crate) fn compile(config: &Config, custom: Vec<Compiled>) -> Self {
        let mut enabled = [0u64; KINDS_MAX / 64];
        for (number, kind) in kinds::ALL.iter().enumerate() {
            if config.chooses(kind.id, kind.group) {
                enabled[number / 64] |= 1 << (number % 64);
            }
        }
        let is_on = |number: u16| enabled[usize::from(number) / 64] >> (number % 64) & 1 == 1;
        let mut words = WordTableBuilder::default();
        for (number, kind) in (0u16..).zip(kinds::ALL.iter()) {
            if is_on(number) {
                for word in kind.words.iter().flat_map(|(_, list)| list.iter()) {
                    words.support(word, number);
                }
            }
        }
        for concept in vocabulary::concepts::CONCEPTS {
            let of_concept = (0u16..).zip(kinds::ALL.iter()).filter(|(_, kind)| concept.kinds.contains(&kind.id));
            for (number, _) in of_concept.filter(|(number, _)| is_on(*number)) {
                for word in concept.words.iter().copied().flatten() {
                    words.support_weakly(word, number);
                }
            }
        }
        for (number, kind) in (kinds::ALL.len()..).zip(&config.custom) {
            for word in &kind.words {
                words.support(word, u16::try_from(number).expect("fewer than KINDS_MAX kinds"));
            }
        }
        vocabulary::add(&mut words);
        Self { words: words.build(), custom, enabled, shapes: ShapeTable::build(is_on), secrets: SecretTable::build() }
    }

    pub(crate) fn is_on(&self, number: u16) -> bool {
        self.enabled[usize::from(number) / 64] >> (number % 64) & 1 == 1
    }

    /// Runs every detector over one view of a text.
    pub(crate) fn view(&self, context: &mut Context<'_>) {
        for i in 0..context.scan.chunks.len() {
            let chunk = context.scan.chunks[i];
            self.chunk(context, chunk);
        }
        for i in 0..context.scan.hits.len() {
            let hit = context.scan.hits[i];
            if let Some(role) = hit.role {
                announced(context, role, hit);
            }
        }
        if context.is_on(index::person) {
            kinds::person::lines(context);
        }
        if context.is_on(index::secret) {
            SecretTable::scan_blocks(context);
        }
        for kind in &self.custom {
            custom::scan(context, kind);
        }
    }

    fn chunk(&self, context: &mut Context<'_>, chunk: Chunk) {
        let has = |class| chunk.classes & class != 0;
        if has(DIGIT) {
            shapes::scan_chunk(context, &self.shapes, chunk);
            digits(context, chunk);
        }
        if has(AT) && context.is_on(index::email_address) {
            kinds::email_address::scan(context, chunk);
        }
        if has(COLON) && has(DIGIT) && context.is_on(index::ip_address) {
            kinds::ip_address::scan_v6(context, chunk);
        }
        if has(DIGIT | COLON) && context.is_on(index::mac_address) {
            kinds::mac_address::scan(context, chunk);
        }
        if has(DOT | COLON) && context.is_on(index::url) {
            kinds::url::scan(context, chunk);
        }
        if has(DIGIT) && (chunk.end - chunk.start) as usize >= 26 {
            if context.is_on(index::crypto) {
                kinds::crypto::scan(context, chunk);
            }
            if context.is_on(index::uuid) {
                kinds::uuid::scan(context, chunk);
            }
        }
        if (chunk.end - chunk.start) as usize >= LONG_CHUNK && context.is_on(index::secret) {
            self.secrets.scan_chunk(context, chunk);
        }
    }
}

/// Scanners that begin at a digit (or the sign before it).
fn digits(context: &mut Context<'_>, chunk: Chunk) {
    let end = chunk.end as usize;
    let mut at = chunk.start as usize;
    while at < end {
        let byte = context.bytes[at];
        if !byte.is_ascii_digit() {
            at += 1;
            continue;
        }
        let mut start = at;
        while at < end && context.bytes[at].is_ascii_digit() {
            at += 1;
        }
        context.steps += (at - start) as u64 + 4;
        if context.is_on(index::date_time) {
            kinds::date_time::scan(context, start);
        }
        if context.is_on(index::ip_address) {
            kinds::ip_address::scan_v4(context, start);
        }
        if context.is_on(index::coordinates) {
            kinds::coordinates::scan(context, start);
        }
        if context.is_on(index::age) {
            kinds::age::scan(context, start, at);
        }
        if context.is_on(index::street_address) {
            kinds::street_address::compound(context, start, at);
        }
        if context.is_on(index::phone_number) {
            if start > 0 && context.bytes[start - 1] == b'(' {
                start -= 1;
                if start > 1 && context.bytes[start - 2..start] == *b"+ " {
                    start -= 2;
                }
            }
            if start > 0 && context.bytes[start - 1] == b'+' {
                start -= 1;
            } else if start > 1 && context.bytes[start - 2..start] == *b"+ " {
                start -= 2;
            }
            if let Some(stop) = kinds::phone_number::scan(context, start) {
                at = at.max(stop.min(end));
            }
        }
    }
}

/// Scanners that a known word announces.
fn announced(context: &mut Context<'_>, role: Role, hit: WordHit) {
    let (start, end) = (hit.start as usize, hit.end as usize);
    match role {
        Role::Month(_) | Role::Weekday | Role::BeforeYear if context.is_on(index::date_time) => {
            kinds::date_time::word(context, role, start, end);
        }
        Role::Honorific
        | Role::Introduction
        | Role::Closing
        | Role::WeakIntroduction
        | Role::Greeting
        | Role::NameField
        | Role::Relation
        | Role::Credit
            if context.is_on(index::person) =>
        {
            kinds::person::word(context, role, end);
        }
        Role::LivesAt => {
            if context.is_on(index::person) {
                kinds::person::before(context, start);
            }
            if context.is_on(index::street_address) {
                kinds::street_address::cue(context, end);
            }
        }
        Role::AddressCue if context.is_on(index::street_address) => kinds::street_address::cue(context, end),
        Role::Dwelling if context.is_on(index::street_address) => kinds::street_address::dwelling(context, start, end),
        Role::FieldPost if context.is_on(index::street_address) => kinds::street_address::field_post(context, start, end),
        Role::Street if context.is_on(index::street_address) => kinds::street_address::word(context, start, end),
        Role::PostBox if context.is_on(index::street_address) => kinds::street_address::post_box(context, start, end),
        Role::Special if context.is_on(index::special_category) => kinds::special_category::word(context, start, end),
        Role::BankCode if context.is_on(index::swift_bic) => kinds::swift_bic::word(context, end),
        Role::Nationality if context.is_on(index::nrp) => kinds::nrp::word(context, start, end),
        Role::Secret if context.is_on(index::secret) => {
            let word = &*context.words.entry(hit.entry).text;
            crate::secrets::announced::value(context, word, start, end);
        }
        Role::Program if context.is_on(index::secret) => {
            let name = &*context.words.entry(hit.entry).text;
            crate::secrets::command_line::value(context, name, end);
        }
        _ => {}
    }
}
