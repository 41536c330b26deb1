//! The labelled texts: which files are read, what their labels mean, which rows are kept apart.
//!
//! A row's source and label stay with it; `columns` decides what they teach. Rows of validation and development files
//! are never trained on; a training row with the same letters and digits as one of them is dropped. Sets under
//! copyleft or without a licence are read for measurement only.

use crate::templates;
use inspect::heads::Head;
use inspect::heads::classes::ClassTable;
use inspect::heads::features::{self, row_of};
use inspect::heads::model::ROWS_MAX;
use inspect::heads::{Undisguise, WORDS_MAX};
use inspect::tokens::{Tokens, hash_folded};
use std::collections::HashSet;
use std::io::Write;
use std::path::Path;

/// Where a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    Olid,
    OlidVal,
    HatEval,
    HatEvalVal,
    Sentiment,
    SentimentVal,
    Emotion,
    Davidson,
    Hatexplain,
    Measuring,
    MeasuringDev,
    Edos,
    EdosDev,
    Hatemoji,
    HatemojiVal,
    Toxigen,
    GitHub,
    Senti4Sd,
    Valence,
    Template,
    TemplateVal,
    Dynahate,
    Toxicr,
}

/// What a source may be used for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Train,
    Measure,
}

const FILES: &[(Source, Use, &str)] = &[
    (Source::Olid, Use::Train, "tweeteval/offensive/train.tsv"),
    (Source::OlidVal, Use::Measure, "tweeteval/offensive/val.tsv"),
    (Source::HatEval, Use::Train, "tweeteval/hate/train.tsv"),
    (Source::HatEvalVal, Use::Measure, "tweeteval/hate/val.tsv"),
    (Source::Sentiment, Use::Train, "tweeteval/sentiment/train_semeval2017_union.tsv"),
    (Source::SentimentVal, Use::Measure, "tweeteval/sentiment/val.tsv"),
    (Source::Emotion, Use::Train, "tweeteval/emotion/train.tsv"),
    (Source::Davidson, Use::Train, "davidson/train.tsv"),
    (Source::Hatexplain, Use::Train, "hatexplain/train_binary.tsv"),
    (Source::Measuring, Use::Train, "measuring-hate-speech/train.tsv"),
    (Source::MeasuringDev, Use::Measure, "measuring-hate-speech/dev_500.tsv"),
    (Source::Edos, Use::Train, "edos/train.tsv"),
    (Source::EdosDev, Use::Measure, "edos/dev.tsv"),
    (Source::Hatemoji, Use::Train, "hatemoji-build/train.tsv"),
    (Source::HatemojiVal, Use::Measure, "hatemoji-build/validation.tsv"),
    (Source::Toxigen, Use::Train, "toxigen-annotated/train.tsv"),
    (Source::GitHub, Use::Train, "github-incivility/train.tsv"),
    (Source::Senti4Sd, Use::Train, "senti4sd/train.tsv"),
    (Source::Valence, Use::Train, "vader/vader_lexicon.txt"),
    (Source::Dynahate, Use::Measure, "dynahate/train.tsv"),
    (Source::Toxicr, Use::Measure, "toxicr/train.tsv"),
];

/// One text with its label and its features.
pub struct Row {
    pub source: Source,
    /// The source's own label as a small number; see [`label_number`].
    pub label: i8,
    /// Labels that a template states, a head each: -1 unknown, 0, 1.
    pub stated: [i8; Head::ALL.len()],
    pub fold: u8,
    pub text: String,
    /// Bits of every class that occurs.
    pub classes: u32,
    /// Table rows with their counts.
    pub features: Vec<(u32, u8)>,
    /// One over the root of the number of features.
    pub scale: f32,
}

pub struct Corpus {
    pub rows: Vec<Row>,
}

impl Corpus {
    pub fn read(data: &Path, template_folder: &Path) -> Result<Corpus, Box<dyn std::error::Error>> {
        let mut kept_apart = HashSet::new();
        let mut rows = Vec::new();
        let mut ordered: Vec<_> = FILES.iter().collect();
        // What is only measured comes first, so that its texts are known when training rows are read.
        ordered.sort_by_key(|(source, purpose, _)| (*purpose == Use::Train, *source));
        for (source, purpose, name) in ordered {
            let path = data.join(name);
            let content = std::fs::read_to_string(&path).map_err(|error| {
                format!("read {}: {error}; the data folder's README lists what belongs there", path.display())
            })?;
            let mut seen = HashSet::new();
            for line in content.lines().skip(usize::from(*source != Source::Valence)) {
                let Some((label, text)) = parse(*source, line) else {
                    continue;
                };
                let key = letters_and_digits(text);
                if *purpose == Use::Measure {
                    kept_apart.insert(key);
                } else if kept_apart.contains(&key) || !seen.insert(key) {
                    continue;
                }
                rows.push((*source, label, [-1; Head::ALL.len()], text.to_owned()));
            }
        }
        for (source, stated, text) in templates::expand(template_folder)? {
            if source == Source::Template && kept_apart.contains(&letters_and_digits(&text)) {
                continue;
            }
            rows.push((source, 0, stated, text));
        }
        Ok(Corpus { rows: featurise(&rows) })
    }

    pub fn of(&self, source: Source) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.source == source)
    }

    pub fn describe(&self, out: &mut impl Write) -> std::io::Result<()> {
        let mut sources: Vec<Source> = self.rows.iter().map(|row| row.source).collect();
        sources.sort_unstable();
        sources.dedup();
        for source in sources {
            writeln!(out, "{source:?}: {} rows", self.of(source).count())?;
        }
        Ok(())
    }
}

/// Whether rows of a source may be trained on.
pub fn is_trained(source: Source) -> bool {
    source == Source::Template || FILES.iter().any(|(known, purpose, _)| *known == source && *purpose == Use::Train)
}

fn parse(source: Source, line: &str) -> Option<(i8, &str)> {
    let mut fields = line.split('\t');
    let (first, second) = (fields.next()?, fields.next()?);
    match source {
        Source::Edos | Source::EdosDev => {
            let kind = second.chars().next().and_then(|c| c.to_digit(10)).unwrap_or(0);
            Some((i8::try_from(kind).ok()?, fields.next()?))
        }
        Source::GitHub => Some((i8::from(first != "none") + i8::from(first == "Threat"), second)),
        Source::Valence => {
            let valence: f32 = second.parse().ok()?;
            (valence.abs() >= 1.0).then_some((if valence > 0.0 { 2 } else { 0 }, first))
        }
        _ => Some((first.parse().ok()?, second)),
    }
}

fn letters_and_digits(text: &str) -> u64 {
    let folded: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    hash_folded(folded.as_bytes())
}

type Raw = (Source, i8, [i8; Head::ALL.len()], String);

fn featurise(raw: &[Raw]) -> Vec<Row> {
    let table = ClassTable::builtin();
    let chunk = raw.len() / 64 + 1;
    let parts = crate::work::map(raw.len().div_ceil(chunk), |part| {
        let mut tokens = Tokens::new();
        let mut views = Vec::new();
        let mut undisguise = Undisguise::new();
        raw[part * chunk..raw.len().min((part + 1) * chunk)]
            .iter()
            .map(|(source, label, stated, text)| {
                // The engine undoes disguises before the heads see a text.
                let seen = undisguise.undo(text).unwrap_or(text).to_owned();
                tokens.scan(&seen);
                features::view(&tokens, &table, WORDS_MAX, &mut views);
                let mut list = Vec::new();
                features::all_features(&tokens, &views, |feature| {
                    list.push(row_of(feature, ROWS_MAX));
                });
                Row {
                    source: *source,
                    label: *label,
                    stated: *stated,
                    fold: u8::try_from(letters_and_digits(text) >> 20 & 3).expect("two bits"),
                    text: seen,
                    classes: views.iter().fold(0, |bits, view| bits | view.classes.0),
                    scale: 1.0 / f32::from(u16::try_from(list.len().max(1)).unwrap_or(u16::MAX)).sqrt(),
                    features: counted(list),
                }
            })
            .collect::<Vec<_>>()
    });
    parts.into_iter().flatten().collect()
}

fn counted(mut list: Vec<u32>) -> Vec<(u32, u8)> {
    list.sort_unstable();
    let mut features: Vec<(u32, u8)> = Vec::with_capacity(list.len());
    for row in list {
        match features.last_mut() {
            Some((last, count)) if *last == row => *count = count.saturating_add(1),
            _ => features.push((row, 1)),
        }
    }
    features
}
