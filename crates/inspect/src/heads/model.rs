//! The model file: experts' table, biases, second layer, thresholds.
//!
//! Little-endian: magic `GPHEADS`, format byte, row count `u32`, then `f32` scales and biases a column, the second
//! layer's weights, the thresholds, the table of `i16`, and an FNV-1a checksum of all that stands before it.
//! Reading copies once; a file of another format, a short or an altered one is refused with the reason.

use super::Head;
use super::features::row_of;
use super::stack::Stack;
use crate::tokens::hash_folded;
use std::fmt;

/// Experts, that is columns of the table.
pub const COLUMNS: usize = 16;
/// Rows of the table. Twice as many gained at most .002 on rows kept apart and missed the cache twice as often.
pub const ROWS_MAX: u32 = 1 << 17;

/// What the columns were trained for, in their order.
pub const COLUMN_NAMES: [&str; COLUMNS] = [
    "tweet_offence",
    "abuse",
    "hate_scale",
    "hate_posts",
    "sexism",
    "hate_contrast",
    "hate_tweets",
    "hate_all",
    "threat",
    "sexual",
    "self_harm",
    "profanity",
    "incivility",
    "negative",
    "positive",
    "harassment",
];

const MAGIC: &[u8; 7] = b"GPHEADS";
/// Raise when the layout, the features, the classes or the second layer's inputs change.
const FORMAT: u8 = 5;

/// Why a model file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelError {
    /// It does not begin like a model file.
    NotAModel,
    /// It was written for another version of this crate.
    Format {
        /// What the file says.
        found: u8,
    },
    /// It is shorter or longer than its header says.
    Length {
        /// Bytes the header asks for.
        expected: usize,
        /// Bytes there are.
        found: usize,
    },
    /// A row count of zero or above [`ROWS_MAX`].
    Rows(u32),
    /// Its bytes were altered.
    Checksum,
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModelError::NotAModel => write!(f, "read text model: not a model file; run `make train` to write one"),
            ModelError::Format { found } => {
                write!(f, "read text model: format {found}, this program reads {FORMAT}; run `make train` again")
            }
            ModelError::Length { expected, found } => {
                write!(f, "read text model: {found} bytes instead of {expected}; fetch or train it again")
            }
            ModelError::Rows(rows) => write!(f, "read text model: {rows} rows, allowed are 1 to {ROWS_MAX}"),
            ModelError::Checksum => write!(f, "read text model: checksum differs; fetch or train it again"),
        }
    }
}

impl std::error::Error for ModelError {}

/// A model in memory.
#[derive(Clone, Debug)]
pub struct Model {
    rows: u32,
    /// Tells models apart.
    pub(super) checksum: u64,
    table: Box<[[i16; COLUMNS]]>,
    scales: [f32; COLUMNS],
    pub(super) biases: [f32; COLUMNS],
    pub(super) stack: Stack,
    pub(super) thresholds: [f32; Head::ALL.len()],
}

/// What the trainer hands over: full-precision columns, the second layer and the thresholds.
pub struct Trained<'a> {
    /// One vector of row weights a column, all of one length.
    pub columns: &'a [Vec<f32>; COLUMNS],
    /// One bias a column.
    pub biases: [f32; COLUMNS],
    /// The second layer.
    pub stack: &'a Stack,
    /// One threshold a head.
    pub thresholds: [f32; Head::ALL.len()],
}

/// The column whose words are given as reasons for a head.
pub(super) fn lead_column(head: Head) -> usize {
    match head {
        Head::Offensive => 0,
        Head::IdentityHate => 7,
        Head::Harassment => 15,
        Head::Threat => 8,
        Head::Sexual => 9,
        Head::SelfHarm => 10,
        Head::Profanity => 11,
        Head::Incivility => 12,
    }
}

impl Model {
    /// The row of a feature.
    #[inline]
    pub(super) fn row(&self, feature: u64) -> u32 {
        row_of(feature, self.rows)
    }

    /// The sums of rows.
    #[inline]
    pub(super) fn sum(&self, rows: impl Iterator<Item = u32>) -> [i32; COLUMNS] {
        let mut sums = [0; COLUMNS];
        for row in rows {
            for (sum, weight) in sums.iter_mut().zip(&self.table[row as usize]) {
                *sum += i32::from(*weight);
            }
        }
        sums
    }

    /// Sums in the scale of the columns' weights.
    #[expect(clippy::cast_precision_loss, reason = "what is lost above 2^24 is far below a weight's own rounding")]
    pub(super) fn scaled(&self, sums: &[i32; COLUMNS]) -> [f32; COLUMNS] {
        let mut scaled = [0.0; COLUMNS];
        for column in 0..COLUMNS {
            scaled[column] = sums[column] as f32 * self.scales[column];
        }
        scaled
    }

    /// Reads a model file.
    pub fn read(bytes: &[u8]) -> Result<Model, ModelError> {
        let mut reader = Reader { bytes };
        if reader.take(MAGIC.len()) != Some(MAGIC) {
            return Err(ModelError::NotAModel);
        }
        match reader.take(1) {
            Some(&[FORMAT]) => {}
            other => {
                return Err(ModelError::Format { found: other.map_or(0, |bytes| bytes[0]) });
            }
        }
        let rows = reader.take(4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        if rows == 0 || rows > ROWS_MAX {
            return Err(ModelError::Rows(rows));
        }
        let expected = file_bytes(rows);
        if bytes.len() != expected {
            return Err(ModelError::Length { expected, found: bytes.len() });
        }
        let (content, checksum) = bytes.split_at(expected - 8);
        let computed = hash_folded(content);
        if computed.to_le_bytes() != checksum {
            return Err(ModelError::Checksum);
        }
        let scales = reader.floats();
        let biases = reader.floats();
        let stack = Stack::from_flat(&reader.float_list(Stack::FLAT));
        let thresholds = reader.floats();
        let table = reader
            .bytes
            .chunks_exact(COLUMNS * 2)
            .map(|row| std::array::from_fn(|i| i16::from_le_bytes([row[2 * i], row[2 * i + 1]])))
            .collect();
        Ok(Model { rows, checksum: computed, table, scales, biases, stack, thresholds })
    }

    /// Writes a model file; weights are rounded to 1/32,767 of their column's largest.
    pub fn write(trained: &Trained<'_>) -> Vec<u8> {
        let rows = u32::try_from(trained.columns[0].len()).expect("the trainer's tables are at most ROWS_MAX rows");
        let mut bytes = Vec::with_capacity(file_bytes(rows));
        bytes.extend_from_slice(MAGIC);
        bytes.push(FORMAT);
        bytes.extend_from_slice(&rows.to_le_bytes());
        let scales: [f32; COLUMNS] = std::array::from_fn(|column| {
            let largest = trained.columns[column].iter().fold(0.0_f32, |top, weight| top.max(weight.abs()));
            (largest / f32::from(i16::MAX)).max(f32::MIN_POSITIVE)
        });
        for value in scales.iter().chain(&trained.biases).chain(&trained.stack.to_flat()).chain(&trained.thresholds) {
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        for row in 0..rows as usize {
            for (column, scale) in trained.columns.iter().zip(scales) {
                #[expect(clippy::cast_possible_truncation, reason = "the quotient lies within ±32,767 by construction")]
                let weight = (column[row] / scale).round() as i16;
                bytes.extend_from_slice(&weight.to_le_bytes());
            }
        }
        bytes.extend_from_slice(&hash_folded(&bytes).to_le_bytes());
        bytes
    }
}

fn file_bytes(rows: u32) -> usize {
    let floats = 2 * COLUMNS + Stack::FLAT + Head::ALL.len();
    MAGIC.len() + 1 + 4 + 4 * floats + rows as usize * COLUMNS * 2 + 8
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(head)
    }

    /// The length was checked before the first call.
    fn float_list(&mut self, count: usize) -> Vec<f32> {
        let bytes = self.take(count * 4).unwrap_or(&[]);
        bytes.chunks_exact(4).map(|raw| f32::from_le_bytes([raw[0], raw[1], raw[2], raw[3]])).collect()
    }

    fn floats<const N: usize>(&mut self) -> [f32; N] {
        let list = self.float_list(N);
        std::array::from_fn(|index| list.get(index).copied().unwrap_or(0.0))
    }
}
