//! Synthetic sentences: what the labelled sets hold too little of.
//!
//! A template file has sections `[+head -head …]` that state labels, slot lines `name = a | b | c`, and sentences
//! with `{slot}`. Each sentence is expanded with as many draws as its slots allow, at most [`DRAWS_MAX`]. Sentences
//! whose number leaves a rest of zero by [`HELD_OUT_EVERY`] are kept apart, with all their expansions, to measure on.

use crate::data::Source;
use crate::work::Random;
use inspect::heads::Head;
use std::collections::{HashMap, HashSet};
use std::path::Path;

const DRAWS_MAX: usize = 24;
/// Draws of a sentence without slots: it still varies in spelling and trimmings.
const FIXED_DRAWS: usize = 6;
const HELD_OUT_EVERY: usize = 8;
type Stated = [i8; Head::ALL.len()];
type Sentence = (Source, Stated, String);

pub fn expand(folder: &Path) -> Result<Vec<Sentence>, Box<dyn std::error::Error>> {
    let mut files: Vec<_> = std::fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    let contents = files.iter().map(std::fs::read_to_string).collect::<Result<Vec<_>, _>>()?;
    let slots = slots(&contents);
    let mut random = Random(7);
    let mut rows = Vec::new();
    let mut number = 0;
    for (path, content) in files.iter().zip(&contents) {
        let mut stated = [-1; Head::ALL.len()];
        for (line_number, line) in (1..).zip(content.lines()) {
            let at = || format!("{}:{line_number}", path.display());
            if line.trim().is_empty() || line.starts_with('#') || slot_line(line).is_some() {
                continue;
            }
            if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                stated = labels(header).ok_or_else(|| format!("{}: unknown head in {header:?}", at()))?;
                continue;
            }
            number += 1;
            let source = if number % HELD_OUT_EVERY == 0 { Source::TemplateVal } else { Source::Template };
            let mut drawn = HashSet::new();
            let draws = if line.contains('{') { DRAWS_MAX } else { FIXED_DRAWS };
            for _ in 0..draws {
                let text = fill(line, &slots, &mut random).map_err(|name| format!("{}: no slot {name:?}", at()))?;
                let text = vary(decorate(text, &mut random), &mut random);
                if drawn.insert(text.clone()) {
                    rows.push((source, stated, text));
                }
            }
        }
    }
    Ok(rows)
}

/// `name = a | b`: the name is one word.
fn slot_line(line: &str) -> Option<(&str, &str)> {
    let (name, values) = line.split_once(" = ")?;
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then_some((name, values))
}

fn slots(contents: &[String]) -> HashMap<String, Vec<String>> {
    let lines = contents.iter().flat_map(|content| content.lines()).filter_map(slot_line);
    let mut slots: HashMap<String, Vec<String>> = HashMap::new();
    for (name, values) in lines {
        slots.entry(name.to_owned()).or_default().extend(values.split('|').map(|value| value.trim().to_owned()));
    }
    slots
}

fn labels(header: &str) -> Option<Stated> {
    let mut stated = [-1; Head::ALL.len()];
    for word in header.split_whitespace() {
        let (sign, name) = word.split_at(1);
        let value = i8::from(sign == "+");
        if name == "rest" {
            for slot in stated.iter_mut().filter(|slot| **slot < 0) {
                *slot = value;
            }
            continue;
        }
        let head = Head::ALL.into_iter().find(|head| head.id() == name)?;
        stated[head as usize] = value;
    }
    Some(stated)
}

/// Replaces slots until none is left; a slot's value may hold slots.
fn fill(line: &str, slots: &HashMap<String, Vec<String>>, random: &mut Random) -> Result<String, String> {
    let mut text = line.to_owned();
    while let Some(open) = text.find('{') {
        let close = text[open..].find('}').map(|offset| open + offset).ok_or_else(|| text.clone())?;
        let name = text[open + 1..close].to_owned();
        let values = slots.get(&name).ok_or(name)?;
        text.replace_range(open..=close, &values[random.below(values.len())]);
    }
    Ok(text)
}

/// What people put around a sentence, whatever it says.
fn decorate(text: String, random: &mut Random) -> String {
    const BEFORE: [&str; 10] = ["honestly ", "tbh ", "idk, ", "guys ", "So ", "Well, ", "ok ", "And ", "hey, ", "btw "];
    const AFTER: [&str; 8] = [" tbh", " lol", " you know", " #justsaying", " and that's it", " today", "!!", " ..."];
    match random.below(8) {
        0 => format!("{}{text}", BEFORE[random.below(BEFORE.len())]),
        1 => format!("{}{}", text.trim_end_matches('.'), AFTER[random.below(AFTER.len())]),
        _ => text,
    }
}

/// Writing habits: capitals, a missing full stop, a mention in front, and now and then a disguised spelling.
fn vary(text: String, random: &mut Random) -> String {
    match random.below(20) {
        0 | 1 => text.to_lowercase(),
        2 | 3 => text.trim_end_matches('.').to_owned(),
        4 | 5 => format!("@user {text}"),
        6 => text.to_uppercase(),
        7..=10 => text.to_lowercase().trim_end_matches(['.', '!']).to_owned(),
        11 => disguise_letters(&text, random),
        12 => drop_or_swap(&text, random),
        13 => join_or_split(&text, random),
        _ => text,
    }
}

/// Digits and signs for letters.
fn disguise_letters(text: &str, random: &mut Random) -> String {
    let swap = |c: char| match c.to_ascii_lowercase() {
        'a' => '4',
        'e' => '3',
        'i' => '1',
        'o' => '0',
        's' => '5',
        _ => c,
    };
    let share = 1 + random.below(3);
    text.chars().map(|c| if random.below(3) < share { swap(c) } else { c }).collect()
}

/// A typing slip in one or two long words.
fn drop_or_swap(text: &str, random: &mut Random) -> String {
    let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    for _ in 0..2 {
        let index = random.below(words.len());
        let mut letters: Vec<char> = words[index].chars().collect();
        if letters.len() >= 4 {
            let at = 1 + random.below(letters.len() - 3);
            if random.below(2) == 0 {
                letters.remove(at);
            } else {
                letters.swap(at, at + 1);
            }
            words[index] = letters.into_iter().collect();
        }
    }
    words.join(" ")
}

/// Missing spaces, between two words or all; or spaces between letters, of one word or all.
fn join_or_split(text: &str, random: &mut Random) -> String {
    let spaced = |word: &str| word.chars().map(String::from).collect::<Vec<_>>().join(" ");
    let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let index = random.below(words.len());
    match random.below(4) {
        0 if index + 1 < words.len() => {
            let next = words.remove(index + 1);
            words[index].push_str(&next);
        }
        1 if words.len() <= 6 => return words.concat(),
        2 => {
            return words.iter().map(|word| spaced(word)).collect::<Vec<_>>().join("  ");
        }
        _ => words[index] = spaced(&words[index]),
    }
    words.join(" ")
}
