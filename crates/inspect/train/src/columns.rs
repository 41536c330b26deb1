//! What each row teaches: labels of the experts (columns) and of the second layer (outputs), with weights.
//!
//! Sets disagree on what hate or offence is; an expert learns one set's view, the second layer weighs the views.
//! Where no set has a label (sexual, self-harm, threat, profanity between colleagues) templates and word classes
//! give weak ones; the model card says so.

use crate::data::{Row, Source};
use inspect::heads::Head;
use inspect::heads::classes::Classes;

/// A label and how much the row counts.
pub type Label = Option<(bool, f32)>;

const NEGATIVE: usize = 8;
const NEUTRAL: usize = 9;
const POSITIVE: usize = 10;

/// The label of a row for an expert.
pub fn of_column(row: &Row, column: usize) -> Label {
    let label = row.label;
    match column {
        0 => only(row, Source::Olid, label == 1),
        1 => only(row, Source::Davidson, label < 2),
        2 => only(row, Source::Measuring, label == 1),
        3 => only(row, Source::Hatexplain, label == 1),
        4 => only(row, Source::Edos, label > 0),
        5 => match row.source {
            Source::Hatemoji | Source::Toxigen => Some((label == 1, 1.0)),
            Source::Template => stated(row, Head::IdentityHate, 0.5),
            _ => None,
        },
        6 => hate_tweet(row),
        7 => of_output(row, Head::IdentityHate as usize),
        8 => of_output(row, Head::Threat as usize),
        9 => of_output(row, Head::Sexual as usize),
        10 => of_output(row, Head::SelfHarm as usize),
        11 => of_output(row, Head::Profanity as usize),
        12 => of_output(row, Head::Incivility as usize),
        13 => feeling(row, 0),
        14 => feeling(row, 2),
        15 => of_output(row, Head::Harassment as usize),
        _ => None,
    }
}

/// The label of a row for an output of the second layer.
pub fn of_output(row: &Row, output: usize) -> Label {
    match output {
        0 => offensive(row),
        1 => identity_hate(row),
        2 => harassment(row),
        3 => threat(row),
        4 => sexual(row),
        5 => self_harm(row),
        6 => profanity(row),
        7 => incivility(row),
        NEGATIVE => sentiment(row, 0),
        NEUTRAL => sentiment(row, 1),
        POSITIVE => sentiment(row, 2),
        _ => None,
    }
}

fn only(row: &Row, source: Source, label: bool) -> Label {
    (row.source == source).then_some((label, 1.0))
}

fn stated(row: &Row, head: Head, weight: f32) -> Label {
    match row.stated[head as usize] {
        -1 => None,
        value => Some((value == 1, weight)),
    }
}

/// Heads that templates alone teach have few positive rows; these count more.
fn rare(row: &Row, head: Head) -> Label {
    stated(row, head, 1.0).map(|(yes, weight)| (yes, if yes { 4.0 } else { weight }))
}

fn has(row: &Row, classes: Classes) -> bool {
    Classes(row.classes).any(classes)
}

fn offensive(row: &Row) -> Label {
    match row.source {
        Source::Olid => Some((row.label == 1, 1.0)),
        Source::Template => stated(row, Head::Offensive, 0.1),
        _ => None,
    }
}

fn identity_hate(row: &Row) -> Label {
    match row.source {
        Source::Measuring | Source::Hatemoji | Source::Toxigen => Some((row.label == 1, 1.0)),
        Source::Hatexplain => Some((row.label == 1, 0.5)),
        Source::Edos => Some((row.label > 0, 0.5)),
        Source::Davidson if row.label != 1 => Some((row.label == 0, 0.5)),
        Source::HatEval => hate_tweet(row).map(|(label, _)| (label, 0.5)),
        Source::Template => stated(row, Head::IdentityHate, 1.0),
        _ => None,
    }
}

/// That set counts almost every swear word about a woman as hate, which no other set does: rows with swear
/// words are left to the others.
fn hate_tweet(row: &Row) -> Label {
    let swears = has(row, Classes(Classes::PROFANE.0 | Classes::SLUR.0));
    (row.source == Source::HatEval && !swears).then_some((row.label == 1, 1.0))
}

/// Tweets of no known abuse, as background for heads that only templates teach.
fn background(row: &Row, suspicious: Classes) -> Label {
    let calm = matches!(row.source, Source::Sentiment | Source::Emotion | Source::Senti4Sd | Source::GitHub);
    (calm && !has(row, suspicious)).then_some((false, 0.3))
}

fn harassment(row: &Row) -> Label {
    let aimed = has(row, Classes::YOU) && has(row, Classes(Classes::INSULT.0 | Classes::PROFANE.0));
    match row.source {
        Source::Template => stated(row, Head::Harassment, 1.0),
        Source::Olid if row.label == 1 && aimed => Some((true, 0.3)),
        Source::Olid if row.label == 0 => Some((false, 0.5)),
        Source::Davidson if row.label == 2 => Some((false, 0.5)),
        _ => background(row, Classes(Classes::INSULT.0 | Classes::PROFANE.0)),
    }
}

fn threat(row: &Row) -> Label {
    match row.source {
        Source::Template => stated(row, Head::Threat, 1.0),
        Source::Edos => Some((row.label == 1, 0.7)),
        Source::GitHub if row.label == 2 => Some((true, 1.0)),
        Source::Davidson | Source::Olid if !has(row, Classes::VIOLENCE) => Some((false, 0.3)),
        _ => background(row, Classes::VIOLENCE),
    }
}

fn sexual(row: &Row) -> Label {
    match row.source {
        Source::Template => rare(row, Head::Sexual),
        Source::Davidson | Source::Olid if !has(row, Classes::SEXUAL) => Some((false, 0.3)),
        Source::Davidson if has(row, Classes::SEXUAL) && has(row, Classes::PROFANE) => Some((true, 0.1)),
        _ => background(row, Classes::SEXUAL),
    }
}

fn self_harm(row: &Row) -> Label {
    match row.source {
        Source::Template => rare(row, Head::SelfHarm),
        Source::Davidson | Source::Olid if !has(row, Classes::SELF_HARM) => Some((false, 0.3)),
        _ => background(row, Classes::SELF_HARM),
    }
}

/// A word list says yes; the experts' character grams then reach spellings that the list lacks.
fn profanity(row: &Row) -> Label {
    match row.source {
        Source::Template => stated(row, Head::Profanity, 1.0),
        Source::Olid | Source::Davidson | Source::Sentiment | Source::Emotion | Source::GitHub | Source::Senti4Sd => {
            Some((has(row, Classes(Classes::PROFANE.0 | Classes::SLUR.0)), 0.5))
        }
        _ => None,
    }
}

/// Words that are uncivil wherever they stand give weak labels; those that depend on whom they are aimed at give none,
/// so that only templates and the labelled project threads teach them.
fn incivility(row: &Row) -> Label {
    if row.source == Source::Template {
        return stated(row, Head::Incivility, 1.0);
    }
    let depends = has(row, Classes::BELITTLING);
    match row.source {
        Source::GitHub | Source::Senti4Sd if has(row, Classes::UNPROFESSIONAL) => Some((true, 1.0)),
        Source::GitHub | Source::Senti4Sd if !depends => Some((false, 1.0)),
        Source::Davidson | Source::Olid if has(row, Classes::UNPROFESSIONAL) => Some((true, 0.2)),
        _ if !depends => background(row, Classes::UNPROFESSIONAL),
        _ => None,
    }
}

fn feeling(row: &Row, wanted: i8) -> Label {
    match row.source {
        Source::Sentiment => Some((row.label == wanted, 1.0)),
        Source::Senti4Sd => Some((row.label == wanted, 0.3)),
        Source::Valence => Some((row.label == wanted, 0.5)),
        Source::Emotion => Some((if wanted == 0 { matches!(row.label, 0 | 3) } else { matches!(row.label, 1 | 2) }, 0.3)),
        _ => None,
    }
}

fn sentiment(row: &Row, wanted: i8) -> Label {
    match row.source {
        Source::Sentiment => Some((row.label == wanted, 1.0)),
        _ => None,
    }
}
