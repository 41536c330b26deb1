//! A generated corpus: words by Zipf's law with English endings, people and channels of a company. The same messages for every engine.

use search::{Mark, Marks, Message, ProfileKey, RecordId};

/// 2020-01-01T00:00Z.
const BEGIN_MS: i64 = 1_577_836_800_000;
const STEMS: usize = 30_000;
const PEOPLE: u64 = 2_000;
const CHANNELS: u64 = 300;
pub const PROFILES: u8 = 8;
const NETWORKS: [&str; 3] = ["slack", "mastodon", "bluesky"];
const ENDINGS: [&str; 6] = ["", "", "", "s", "ed", "ing"];
const SYLLABLES: [&str; 40] = [
    "ba", "co", "di", "fu", "ga", "ho", "ji", "ka", "lo", "mi", "nu", "pa", "ro", "si", "tu", "va", "wo", "xi", "yu", "za",
    "ben", "cor", "dal", "fen", "gor", "hal", "jun", "kel", "lam", "mor", "nel", "por", "ral", "sen", "tor", "val", "wen", "zor",
    "bri", "sta",
];

/// Numbers that look random and are the same every time (xorshift).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// Makes messages, one after the other in time.
pub struct Corpus {
    dice: Dice,
    stems: Vec<String>,
    /// Chances summed up, to pick a stem by.
    chances: Vec<f64>,
    pub made: u64,
}

impl Corpus {
    pub fn new() -> Self {
        let mut total = 0.0;
        let chances = (1..=STEMS).map(|rank| {
            #[expect(clippy::cast_precision_loss, reason = "ranks are small")]
            let chance = 1.0 / (rank as f64 + 2.7).powf(1.05);
            total += chance;
            total
        });
        let chances = chances.collect();
        Self { dice: Dice::new(0x5eed_1234_5678_9abc), stems: (0..STEMS).map(stem).collect(), chances, made: 0 }
    }

    /// The stem of a rank: 0 is the most frequent.
    pub fn stem(&self, rank: usize) -> &str {
        &self.stems[rank]
    }

    fn pick(&mut self) -> usize {
        #[expect(clippy::cast_precision_loss, reason = "any number will do")]
        let at = (self.dice.next() >> 11) as f64 / (1_u64 << 53) as f64 * self.chances[STEMS - 1];
        self.chances.partition_point(|chance| *chance < at).min(STEMS - 1)
    }

    fn text(&mut self) -> String {
        // Mostly short, sometimes long; 13 words on average, as in a chat.
        let words = 2 + self.dice.below(12) + if self.dice.below(6) == 0 { self.dice.below(50) } else { 0 };
        let mut text = String::with_capacity(96);
        for place in 0..words {
            if place > 0 {
                text.push_str(if self.dice.below(12) == 0 { ", " } else { " " });
            }
            let rank = self.pick();
            text.push_str(&self.stems[rank]);
            // The most frequent words have no endings, as in a language.
            if rank > 100 {
                text.push_str(ENDINGS[usize::try_from(self.dice.below(6)).unwrap_or(0)]);
            }
        }
        text.push('.');
        text
    }

    pub fn message(&mut self) -> Message {
        self.made += 1;
        let number = self.made;
        let person = self.dice.below(PEOPLE);
        let channel = self.dice.below(self.dice.0 % CHANNELS + 1);
        let profile = u8::try_from(channel % u64::from(PROFILES)).unwrap_or(0);
        let has_finding = self.dice.below(20) == 0;
        let marks = Marks::default()
            .with_if(Mark::Reply, self.dice.below(3) == 0)
            .with_if(Mark::Link, self.dice.below(10) == 0)
            .with_if(Mark::Edited, self.dice.below(30) == 0);
        Message {
            id: RecordId((u128::from(number) << 64 | u128::from(self.dice.next())).to_be_bytes()),
            profile: ProfileKey([profile; 16]),
            network: NETWORKS[usize::from(profile % 3)].to_owned(),
            channel: vec![format!("channel-{channel}"), format!("C{channel:08X}")],
            person: vec![format!("person{person}"), format!("U{person:08X}")],
            time_ms: BEGIN_MS + i64::try_from(number).unwrap_or(0) * 17_000,
            language: None,
            text: self.text(),
            also: Vec::new(),
            findings: if has_finding { vec!["email".to_owned()] } else { Vec::new() },
            marks,
        }
    }
}

fn stem(rank: usize) -> String {
    let (mut rest, mut stem) = (rank + 40, String::new());
    while rest > 0 {
        stem.push_str(SYLLABLES[rest % SYLLABLES.len()]);
        rest /= SYLLABLES.len();
    }
    stem.push('k');
    stem
}
