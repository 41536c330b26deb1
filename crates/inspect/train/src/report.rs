//! Scores on rows that no weight was trained on.

use crate::data::{Corpus, Row, Source};
use inspect::heads::{Head, HeadScratch, Heads};
use inspect::language::{Language, LanguageDetector};
use inspect::tokens::Tokens;
use std::io::Write;

/// Logistic of the outputs.
pub fn probabilities_of<const N: usize>(outputs: &[f32; N]) -> [f32; N] {
    outputs.map(|x| 1.0 / (1.0 + (-x).exp()))
}

/// Macro F1 of the two classes at a threshold.
pub fn macro_f1_at(pairs: &[(f32, bool)], threshold: f32) -> f32 {
    let (yes, no) = f1_at(pairs, threshold);
    f32::midpoint(yes, no)
}

/// F1 of the positive and of the negative class.
#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
pub fn f1_at(pairs: &[(f32, bool)], threshold: f32) -> (f32, f32) {
    let mut cells = [[0_usize; 2]; 2];
    for (probability, wanted) in pairs {
        cells[usize::from(*wanted)][usize::from(*probability >= threshold)] += 1;
    }
    let f1 = |right: usize, wrong: usize| 2.0 * right as f32 / (2 * right + wrong).max(1) as f32;
    let wrong = cells[0][1] + cells[1][0];
    (f1(cells[1][1], wrong), f1(cells[0][0], wrong))
}

/// Prints a line a set.
pub fn held_out(corpus: &Corpus, bytes: &[u8], out: &mut impl Write) -> Result<(), Box<dyn std::error::Error>> {
    let heads = Heads::read(bytes)?;
    let yes = |row: &Row| row.label > 0;
    let stated = |head: Head| move |row: &Row| row.stated[head as usize] == 1;
    writeln!(out, "{:<34} {:>6} {:>7} {:>7} {:>7} {:>9}", "set and head", "rows", "macroF1", "F1", "acc", "best at")?;
    for (source, head) in [
        (Source::OlidVal, Head::Offensive),
        (Source::HatEvalVal, Head::IdentityHate),
        (Source::HatEval, Head::IdentityHate),
        (Source::MeasuringDev, Head::IdentityHate),
        (Source::EdosDev, Head::IdentityHate),
        (Source::HatemojiVal, Head::IdentityHate),
        (Source::Dynahate, Head::IdentityHate),
        (Source::Toxicr, Head::Incivility),
    ] {
        line(corpus, &heads, source, head, &yes, out)?;
    }
    for head in Head::ALL {
        line(corpus, &heads, Source::TemplateVal, head, &stated(head), out)?;
    }
    sentiment(corpus, &heads, out)?;
    Ok(())
}

fn line(
    corpus: &Corpus,
    heads: &Heads,
    source: Source,
    head: Head,
    wanted: &dyn Fn(&Row) -> bool,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let mut tokens = Tokens::new();
    let mut scratch = HeadScratch::default();
    let detector = LanguageDetector::builtin();
    let mut silent = 0;
    let pairs: Vec<(f32, bool)> = corpus
        .of(source)
        .filter(|row| source != Source::TemplateVal || row.stated[head as usize] >= 0)
        .map(|row| {
            tokens.scan(&row.text);
            let assessment = heads.assess(&tokens, detector.detect(&tokens), &mut scratch);
            silent += u32::from(assessment.is_none());
            (assessment.map_or(0.0, |assessment| assessment.probability(head)), wanted(row))
        })
        .collect();
    let at = heads.threshold(head);
    let (f1, _) = f1_at(&pairs, at);
    let right = pairs.iter().filter(|(probability, wanted)| (*probability >= at) == *wanted).count();
    let (best, best_at) = (1..40)
        .map(|step| f32::from(u8::try_from(step).expect("small")) * 0.025)
        .map(|threshold| (macro_f1_at(&pairs, threshold), threshold))
        .fold((0.0, 0.0), |a, b| if b.0 > a.0 { b } else { a });
    let name = format!("{source:?} {}", head.id());
    let rows = pairs.len().max(1);
    #[expect(clippy::cast_precision_loss, reason = "counts of rows")]
    let accuracy = right as f32 / rows as f32;
    writeln!(out, "{name:<34} {rows:>6} {:>7.4} {f1:>7.4} {accuracy:>7.4} {best:.4}@{best_at:.3}", macro_f1_at(&pairs, at))
}

fn sentiment(corpus: &Corpus, heads: &Heads, out: &mut impl Write) -> std::io::Result<()> {
    let mut tokens = Tokens::new();
    let mut scratch = HeadScratch::default();
    let mut cells = [[0_u32; 3]; 3];
    for row in corpus.of(Source::SentimentVal) {
        tokens.scan(&row.text);
        let feeling = heads.assess(&tokens, Language::English, &mut scratch).expect("English is supported").sentiment;
        let parts = [feeling.negative, feeling.neutral, feeling.positive];
        let answer = (0..3).fold(0, |best, class| if parts[class] > parts[best] { class } else { best });
        cells[usize::try_from(row.label).unwrap_or(0)][answer] += 1;
    }
    let recalls: Vec<f64> = (0..3).map(|c| f64::from(cells[c][c]) / f64::from(cells[c].iter().sum::<u32>().max(1))).collect();
    writeln!(out, "SentimentVal: recall {recalls:.4?}, macro {:.4}", recalls.iter().sum::<f64>() / 3.0)
}
