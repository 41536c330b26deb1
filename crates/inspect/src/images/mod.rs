//! What a picture says: text recognised in it, and where and by whom it was taken.
//!
//! Recognition itself is behind [`ReadText`]: this crate does no I/O, so the executable brings a recogniser (tesseract as
//! a subprocess) or says that there is none. Recognised text goes through the same pass as any other text
//! ([`crate::Message::image_texts`]); [`Page::region`] leads a finding back to a place in the picture.
//!
//! Invariant: sizes are checked before any recogniser sees a picture, from the header alone; a hostile picture is refused
//! or yields nothing, it never panics and never costs more than its bytes.

mod exif;
mod page;
mod size;

pub use exif::{Exif, read_exif};
pub use page::{Page, Region, parse_tsv};
pub use size::{Size, read_size};

/// Bytes of a picture that is looked at; networks allow far less.
pub const IMAGE_BYTES_MAX: usize = 32 << 20;
/// Width times height that a recogniser may be given: a page scanned at 600 dpi.
pub const PIXELS_MAX: u64 = 40_000_000;

/// Recognises text in pictures.
pub trait ReadText {
    /// The text of a picture whose size has been checked by [`check`].
    fn read_text(&self, image: &[u8]) -> Result<Page, ReadTextError>;
}

/// Why no text was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadTextError {
    /// No recogniser is installed.
    Absent,
    /// Not a picture of a known format, or a broken one.
    NotAnImage,
    /// More bytes or pixels than allowed.
    TooLarge,
    /// The recogniser took too long and was ended.
    TimedOut,
    /// The recogniser failed.
    Failed(String),
}

impl std::fmt::Display for ReadTextError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent => f.write_str("no text recogniser is installed; install tesseract-ocr to read pictures"),
            Self::NotAnImage => f.write_str("not a JPEG, PNG, GIF, WebP or BMP picture"),
            Self::TooLarge => write!(f, "the picture has more than {} MiB or {PIXELS_MAX} pixels", IMAGE_BYTES_MAX >> 20),
            Self::TimedOut => f.write_str("the text recogniser took too long; the picture was not read"),
            Self::Failed(problem) => write!(f, "the text recogniser failed: {problem}"),
        }
    }
}

impl std::error::Error for ReadTextError {}

/// Refuses what must not reach a recogniser.
pub fn check(image: &[u8]) -> Result<Size, ReadTextError> {
    if image.len() > IMAGE_BYTES_MAX {
        return Err(ReadTextError::TooLarge);
    }
    let size = read_size(image).ok_or(ReadTextError::NotAnImage)?;
    let pixels = u64::from(size.width) * u64::from(size.height);
    if pixels == 0 {
        return Err(ReadTextError::NotAnImage);
    }
    if pixels > PIXELS_MAX { Err(ReadTextError::TooLarge) } else { Ok(size) }
}
