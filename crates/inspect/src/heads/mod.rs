//! Text heads: how offensive, hateful, harassing, threatening, sexual, self-harming, profane or uncivil a message is,
//! and its sentiment, as calibrated probabilities with published thresholds and the words that weigh most.
//!
//! Two layers. Sixteen linear experts share one table: each feature of the message (see [`features`]) is a row of
//! sixteen `i16`, half a cache line. A small network ([`stack`]) then weighs the experts' sums, their strongest words
//! and a few counts against each other. The weights are made by `make train`; `docs/model-card.md` says from what.
//!
//! Invariants: the same text gives the same numbers on every machine of one architecture; nothing is allocated after
//! warm-up; cost is linear in the words read and those are limited by [`WORDS_MAX`].
//! Not done here: languages that the training data does not hold. [`Heads::assess`] answers "not assessed" for them.

pub mod classes;
pub mod features;
mod memory;
pub mod model;
mod reasons;
mod set_phrases;
pub mod stack;
#[cfg(test)]
mod tests;

pub use crate::disguise::Undisguise;
use crate::language::Language;
use crate::sentiment::faces::Faces;
use crate::tokens::{TokenKind, Tokens};
use classes::{ClassTable, Classes};
use features::{OWN_FEATURES_MAX, WordView};
use memory::{Known, WordMemory};
use model::{COLUMNS, Model, ModelError};
pub use reasons::{REASONS_MAX, Reasons};
use stack::{INPUTS, Inputs};

/// Words of one message that the heads read; what follows is not weighed, so that a book costs what a page costs.
pub const WORDS_MAX: usize = 2_048;

/// What a head looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// Insulting, abusive or vulgar language.
    Offensive,
    /// Hate against people for what they are: origin, religion, sex, orientation, disability.
    IdentityHate,
    /// Bullying aimed at a person.
    Harassment,
    /// Announcing or wishing violence.
    Threat,
    /// Sexual content.
    Sexual,
    /// Somebody speaks of hurting or killing themselves.
    SelfHarm,
    /// Swear words, whoever they are aimed at.
    Profanity,
    /// A tone that colleagues should not use with each other.
    Incivility,
}

impl Head {
    /// Every head, in the order of the report.
    pub const ALL: [Head; 8] = [
        Head::Offensive,
        Head::IdentityHate,
        Head::Harassment,
        Head::Threat,
        Head::Sexual,
        Head::SelfHarm,
        Head::Profanity,
        Head::Incivility,
    ];

    /// The name in reports.
    pub fn id(self) -> &'static str {
        match self {
            Head::Offensive => "offensive",
            Head::IdentityHate => "identity_hate",
            Head::Harassment => "harassment",
            Head::Threat => "threat",
            Head::Sexual => "sexual",
            Head::SelfHarm => "self_harm",
            Head::Profanity => "profanity",
            Head::Incivility => "incivility",
        }
    }
}

/// How a message feels; the three add up to one. Weighed as if the three were equally common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sentiment {
    /// Probability of a negative message.
    pub negative: f32,
    /// Probability of a neutral message.
    pub neutral: f32,
    /// Probability of a positive message.
    pub positive: f32,
}

/// What the heads say of one message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assessment {
    probabilities: [f32; Head::ALL.len()],
    flags: u8,
    /// How it feels.
    pub sentiment: Sentiment,
}

impl Assessment {
    /// A message of numbers, names and addresses, or of nothing.
    const NOTHING_SAID: Assessment = Assessment {
        probabilities: [0.0; Head::ALL.len()],
        flags: 0,
        sentiment: Sentiment { negative: 0.0, neutral: 1.0, positive: 0.0 },
    };

    /// Calibrated probability of a head, 0 to 1.
    pub fn probability(&self, head: Head) -> f32 {
        self.probabilities[head as usize]
    }

    /// Whether the probability reaches the head's published threshold.
    pub fn is_flagged(&self, head: Head) -> bool {
        self.flags & (1 << head as u8) != 0
    }
}

/// Working memory of [`Heads::assess`]; keep one a thread.
#[derive(Clone, Debug, Default)]
pub struct HeadScratch {
    views: Vec<WordView>,
    words: Vec<[f32; COLUMNS]>,
    memory: WordMemory,
    rows: Vec<u32>,
    classed: Vec<(Classes, bool)>,
}

/// The model with its word classes; immutable and shared between threads.
#[derive(Clone, Debug)]
pub struct Heads {
    model: Model,
    classes: ClassTable,
    faces: Faces,
}

impl Heads {
    /// The model that ships with the crate.
    pub fn builtin() -> Result<Heads, ModelError> {
        Heads::read(include_bytes!("../../model/heads.bin"))
    }

    /// A model in the format of [`model`], for instance one that the recipe has just written.
    pub fn read(bytes: &[u8]) -> Result<Heads, ModelError> {
        Ok(Heads { model: Model::read(bytes)?, classes: ClassTable::builtin(), faces: Faces::builtin() })
    }

    /// Whether the heads were trained on this language. Undetermined text is read as English when its letters are
    /// Latin: short messages and slang are rarely determined.
    pub fn supports(language: Language) -> bool {
        matches!(language, Language::English | Language::Undetermined)
    }

    /// The probability from which a head is named in a report's flags.
    pub fn threshold(&self, head: Head) -> f32 {
        self.model.thresholds[head as usize]
    }

    /// Weighs the scanned message; `None` means "not assessed", because the language is not supported.
    pub fn assess(&self, tokens: &Tokens, language: Language, scratch: &mut HeadScratch) -> Option<Assessment> {
        if !Heads::supports(language) {
            return None;
        }
        let says = |kind| matches!(kind, TokenKind::Word | TokenKind::Hashtag | TokenKind::Emoji);
        if !tokens.list().iter().take(WORDS_MAX).any(|token| says(token.kind)) {
            scratch.words.clear();
            return Some(Assessment::NOTHING_SAID);
        }
        let inputs = self.inputs(tokens, scratch);
        let outputs = self.model.stack.run(&inputs);
        let mut probabilities = [0.0; Head::ALL.len()];
        let mut flags = 0_u8;
        let profane = sigmoid(outputs[Head::Profanity as usize]) >= self.threshold(Head::Profanity);
        let trust = if profane || !is_short_and_plain(&scratch.views) { 1.0 } else { SHORT_TRUST };
        for head in Head::ALL {
            let mut probability = sigmoid(outputs[head as usize]) * trust;
            if head == Head::Incivility {
                // One swear word in a long comment is still one, and colleagues should not use it.
                probability = probability.max(probabilities[Head::Profanity as usize]);
            }
            probabilities[head as usize] = probability;
            flags |= u8::from(probability >= self.threshold(head)) << head as u8;
        }
        let [negative, neutral, positive] = std::array::from_fn(|class| outputs[Head::ALL.len() + class]);
        let sentiment = self.faces.of(tokens).unwrap_or_else(|| softmax(negative, neutral, positive));
        Some(Assessment { probabilities, flags, sentiment })
    }

    /// The words that weigh most for a head, strongest first. Call it after [`Heads::assess`] on the same tokens.
    pub fn reasons(&self, head: Head, scratch: &HeadScratch) -> Reasons {
        Reasons::strongest(&scratch.words, model::lead_column(head))
    }

    /// What the second layer sees: the trainer builds the same from its own folds.
    pub fn inputs(&self, tokens: &Tokens, scratch: &mut HeadScratch) -> [f32; INPUTS] {
        let HeadScratch { views, words, memory, rows, classed } = scratch;
        words.clear();
        rows.clear();
        memory.belong_to(self.model.checksum);
        let mut totals = [0.0_f32; COLUMNS];
        let mut count = 0_u32;
        features::view_with(tokens, &self.classes.phrases, WORDS_MAX, views, |letters, hash, kind| {
            let known = memory.recall(letters, hash, || self.known(letters, hash, kind));
            count += known.features;
            for (total, sum) in totals.iter_mut().zip(known.sums) {
                *total += sum;
            }
            words.push(known.sums);
            known.classes
        });
        // All rows first: their places in the table are far apart, and the core can then wait for several at a time.
        for at in 0..views.len() {
            features::joint_features(views, at, |feature| rows.push(self.model.row(feature)));
        }
        features::class_features(views, classed, |feature| rows.push(self.model.row(feature)));
        let joint = self.model.scaled(&self.model.sum(rows.iter().copied()));
        count += u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let share = f32_of(count.max(1)).sqrt();
        for column in 0..COLUMNS {
            totals[column] = (totals[column] + joint[column]) / share + self.model.biases[column];
        }
        Inputs { tokens, views, words, totals }.build()
    }

    /// What the model says of a word by itself.
    #[cold]
    fn known(&self, letters: &[u8], hash: u64, kind: TokenKind) -> Known {
        let mut rows = [0_u32; OWN_FEATURES_MAX];
        let mut features = 0;
        features::own_features(letters, hash, kind, |feature| {
            rows[features] = self.model.row(feature);
            features += 1;
        });
        let sums = self.model.scaled(&self.model.sum(rows[..features].iter().copied()));
        Known { classes: self.classes.of(hash), features: u32::try_from(features).unwrap_or(u32::MAX), sums }
    }
}

/// The labelled sets hold almost no message of so few words, so what the layers say of them is mostly their length.
const SHORT_WORDS: usize = 3;
/// Share of a probability that is kept when nothing but the length speaks for it.
const SHORT_TRUST: f32 = 0.4;

/// Few words, and none of them in a class that any head is about.
fn is_short_and_plain(views: &[WordView]) -> bool {
    views.len() <= SHORT_WORDS && !views.iter().any(|view| view.classes.any(Classes::CHARGED))
}

/// Counts here are far below 2^24, where `f32` still holds every whole number.
#[expect(clippy::cast_precision_loss, reason = "counts stay below 2^24")]
pub(crate) fn f32_of(count: u32) -> f32 {
    count as f32
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

fn softmax(negative: f32, neutral: f32, positive: f32) -> Sentiment {
    let top = negative.max(neutral).max(positive);
    let parts = [negative, neutral, positive].map(|x| (x - top).exp());
    let sum: f32 = parts.iter().sum();
    Sentiment { negative: parts[0] / sum, neutral: parts[1] / sum, positive: parts[2] / sum }
}
