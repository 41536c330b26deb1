//! Text recognised in a picture, with the place of every word.
//!
//! Invariant: regions are in the order of the text and cover it; a finding's bytes lead to the boxes of its words.

use std::ops::Range;

/// Words of one page that are kept; a page of small print has a few thousand.
const WORDS_MAX: usize = 20_000;
/// Words that the recogniser itself doubts more than this (percent) are left out.
const CONFIDENCE_MIN: f32 = 30.0;

/// A rectangle of a picture, in pixels from the top left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// From the left.
    pub left: u32,
    /// From the top.
    pub top: u32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl Region {
    /// The smallest rectangle around both.
    fn with(self, other: Self) -> Self {
        let (left, top) = (self.left.min(other.left), self.top.min(other.top));
        let right = self.left.saturating_add(self.width).max(other.left.saturating_add(other.width));
        let bottom = self.top.saturating_add(self.height).max(other.top.saturating_add(other.height));
        Self { left, top, width: right - left, height: bottom - top }
    }
}

/// Recognised text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The text, words with spaces, lines with line ends.
    pub text: String,
    words: Vec<(Range<usize>, Region)>,
}

impl Page {
    /// The rectangle around the words of a stretch of the text.
    pub fn region(&self, span: Range<usize>) -> Option<Region> {
        let touched = self.words.iter().filter(|(word, _)| word.start < span.end && span.start < word.end);
        touched.map(|(_, region)| *region).reduce(Region::with)
    }
}

/// Reads tesseract's table form (`tsv`): level, page, block, paragraph, line, word, left, top, width, height,
/// confidence, text. Lines that do not fit are passed over.
pub fn parse_tsv(tsv: &str) -> Page {
    let mut page = Page::default();
    let mut last_line = None;
    for row in tsv.lines().take(WORDS_MAX) {
        let fields: Vec<&str> = row.split('\t').collect();
        let [level, number, block, paragraph, line, _, left, top, width, height, confidence, text] = fields[..] else { continue };
        let text = text.trim();
        if level != "5" || text.is_empty() || confidence.parse::<f32>().is_ok_and(|c| c < CONFIDENCE_MIN) {
            continue;
        }
        let (Ok(left), Ok(top), Ok(width), Ok(height)) = (left.parse(), top.parse(), width.parse(), height.parse()) else {
            continue;
        };
        let place = (number, block, paragraph, line);
        if !page.text.is_empty() {
            page.text.push(if last_line == Some(place) { ' ' } else { '\n' });
        }
        last_line = Some(place);
        let start = page.text.len();
        page.text.push_str(text);
        page.words.push((start..page.text.len(), Region { left, top, width, height }));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Inspector, Message, Scratch};

    #[test]
    fn a_finding_in_a_picture_has_a_place_there() {
        let tsv = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n\
                   1\t1\t0\t0\t0\t0\t0\t0\t640\t480\t-1\t\n\
                   5\t1\t1\t1\t1\t1\t10\t10\t40\t12\t96.1\tcard\n\
                   5\t1\t1\t1\t1\t2\t60\t10\t50\t12\t95.0\t4111\n5\t1\t1\t1\t1\t3\t120\t10\t50\t12\t95.0\t1111\n\
                   5\t1\t1\t1\t1\t4\t180\t11\t50\t12\t95.0\t1111\n5\t1\t1\t1\t1\t5\t240\t10\t50\t14\t95.0\t1111\n\
                   5\t1\t1\t1\t2\t1\t10\t40\t30\t12\t3.0\tsmudge\n5\t1\t1\t1\t2\t2\t10\t40\t30\t12\t88\tthanks\n";
        let page = parse_tsv(tsv);
        assert_eq!(page.text, "card 4111 1111 1111 1111\nthanks");
        let inspector = Inspector::compile(&Config { heads: false, ..Config::default() }).expect("compiles");
        let mut scratch = Scratch::new();
        let image_texts = [page.text.as_str()];
        let message = Message { image_texts: &image_texts, ..Message::default() };
        let report = inspector.inspect(&message, &mut scratch);
        let region = page.region(report.findings()[0].range());
        assert_eq!(region, Some(Region { left: 60, top: 10, width: 230, height: 14 }));
    }

    #[test]
    fn broken_tables_give_what_can_be_read() {
        assert_eq!(parse_tsv("5\tx\n\t\t\t\n5\t1\t1\t1\t1\t1\t-4\t0\t1\t1\t90\tno").text, "");
    }
}
