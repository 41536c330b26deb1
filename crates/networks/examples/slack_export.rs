//! Writes a Slack export of any size, for benches: `slack_export MESSAGES FILE`. Constant memory; the same numbers give the same file.
//!
//! Fifty channels, a thousand people, a day file for every 400 messages of a channel; replies, edits, reactions, links and mentions
//! as an office has them. All text is made from a list of plain words below.

use std::{
    fs::File,
    io::{BufWriter, Write},
};

use networks::numbers::Numbers;
use zip::{ZipWriter, write::SimpleFileOptions};

const CHANNELS: u64 = 50;
const PEOPLE: u64 = 1_000;
const DAY_MESSAGES: u64 = 400;
/// 2 January 2020, in seconds.
const BEGIN: u64 = 1_577_923_200;

const WORDS: &str = "the a we you they this that report plan meeting customer invoice release build server ticket review draft budget \
team office project deadline question answer idea update change number page table chart market price order contract sample result \
morning today tomorrow week month please thanks great sorry maybe already never always again before after with without from into \
about need want think know see send read write check fix move open close start stop wait call ask tell help show find";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(messages), Some(path)) = (arguments.next(), arguments.next()) else {
        return Err("usage: slack_export MESSAGES FILE".into());
    };
    let messages: u64 = messages.parse()?;
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let mut zip = ZipWriter::new(BufWriter::new(File::create(path)?));
    let options = SimpleFileOptions::default().compression_level(Some(6));
    zip.start_file("users.json", options)?;
    list(&mut zip, PEOPLE, |at| {
        format!(r#"{{"id":"U{at:05}","name":"person{at}","real_name":"Person {at}","profile":{{"display_name":"person {at}"}}}}"#)
    })?;
    zip.start_file("channels.json", options)?;
    list(&mut zip, CHANNELS, |at| format!(r#"{{"id":"C{at:05}","name":"channel-{at}","members":[]}}"#))?;
    let mut numbers = Numbers::new(7);
    let per_channel = messages.div_ceil(CHANNELS);
    let mut left = messages;
    for channel in 0..CHANNELS {
        let mut in_channel = per_channel.min(left);
        left -= in_channel;
        let (mut day, mut thread) = (0, None);
        while in_channel > 0 {
            let count = DAY_MESSAGES.min(in_channel);
            in_channel -= count;
            zip.start_file(format!("channel-{channel}/{}.json", date(day)), options)?;
            list(&mut zip, count, |at| message(&mut numbers, &words, BEGIN + day * 86_400 + at * 100, at, &mut thread))?;
            day += 1;
        }
    }
    zip.finish()?.flush()?;
    Ok(())
}

fn list(out: &mut impl Write, count: u64, mut element: impl FnMut(u64) -> String) -> std::io::Result<()> {
    out.write_all(b"[\n")?;
    for at in 0..count {
        let comma = if at + 1 == count { "\n" } else { ",\n" };
        out.write_all((element(at) + comma).as_bytes())?;
    }
    out.write_all(b"]")
}

/// A date in a calendar of 28-day months, which is all that a file's name needs.
fn date(day: u64) -> String {
    format!("{}-{:02}-{:02}", 2020 + day / 336, day / 28 % 12 + 1, day % 28 + 1)
}

fn message(numbers: &mut Numbers, words: &[&str], seconds: u64, at: u64, thread: &mut Option<String>) -> String {
    let ts = format!("{seconds}.{at:06}");
    let mut text = String::new();
    for place in 0..6 + numbers.below(24) {
        if place > 0 {
            text.push(' ');
        }
        match numbers.below(60) {
            0 => text.push_str(&format!("<@U{:05}>", numbers.below(PEOPLE))),
            1 => text.push_str(&format!("<https://example.test/{}|page {}>", numbers.below(10_000), numbers.below(100))),
            2 => text.push_str(&numbers.below(100_000).to_string()),
            _ => {
                let word: &&str = numbers.pick(words);
                text.push_str(word);
            }
        }
    }
    let user = numbers.below(PEOPLE);
    let blocks = format!(
        r#""blocks":[{{"type":"rich_text","block_id":"b{at}","elements":[{{"type":"rich_text_section","elements":[{{"type":"text","text":"{text}"}}]}}]}}]"#
    );
    let mut fields = format!(
        r#""client_msg_id":"{:016x}","type":"message","text":"{text}","user":"U{user:05}","ts":"{ts}","team":"T1",{blocks}"#,
        numbers.next()
    );
    match numbers.below(20) {
        0 => {
            fields.push_str(&format!(r#","thread_ts":"{ts}","reply_count":2"#));
            *thread = Some(ts);
        }
        1..=4 => {
            if let Some(thread) = thread {
                fields.push_str(&format!(r#","thread_ts":"{thread}""#));
            }
        }
        5 => fields.push_str(&format!(r#","edited":{{"user":"U{user:05}","ts":"{}.000000"}}"#, seconds + 60)),
        _ => {}
    }
    format!("    {{{fields}}}")
}
