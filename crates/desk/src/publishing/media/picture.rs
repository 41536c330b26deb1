//! A closer look at a picture that was uploaded: a small one for pages, and what is written in it.
//!
//! Invariants: both are derived, a picture without them is as good to send as any; size and memory are bounded before anything is
//! decoded; few are looked at at the same time, and what cannot be looked at now is kept without.

use std::{io::Cursor, sync::Arc, time::Duration};

use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits, codecs::jpeg::JpegEncoder};
use inspect::images::{self, ReadText};
use tokio::sync::Semaphore;

use super::kind::Kind;

/// Reads what is written in pictures, where a recogniser is installed.
pub type TextReader = Arc<dyn ReadText + Send + Sync>;

/// The longer edge of a small picture: twice what a preview shows, for dense screens.
pub const SMALL_EDGE_PX: u32 = 640;
/// Bytes below which a picture that is small already is its own small picture.
const SMALL_BYTES: usize = 64 * 1024;
/// Memory of decoding: the largest picture allowed ([`images::PIXELS_MAX`]) with four bytes a pixel, and working space.
const DECODE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Of a JPEG: no one sees the difference at this size.
const JPEG_QUALITY: u8 = 82;
/// Bytes of recognised text that are kept and looked at: a page of small print has fewer.
const TEXT_BYTES_MAX: usize = 32 * 1024;
/// Pictures looked at at the same time: each takes a core and up to [`DECODE_BYTES_MAX`].
const AT_ONCE: usize = 2;
/// How long a picture waits for its turn: together with reading it stays below what a request may take.
const TURN_MAX: Duration = Duration::from_secs(5);

static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);

/// A small picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail {
    /// Its type: JPEG, or PNG where something shines through.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What a closer look showed.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) thumbnail: Option<Thumbnail>,
    /// Nothing when nobody read it; empty when nothing is written in it.
    pub(super) text: Option<String>,
}

/// Looks at a file; nothing is seen of what is no picture or cannot be looked at now.
pub(super) async fn look_closer(kind: Kind, bytes: Arc<[u8]>, reader: Option<TextReader>) -> Seen {
    if !kind.is_picture() {
        return Seen::default();
    }
    let Ok(Ok(_turn)) = tokio::time::timeout(TURN_MAX, TURNS.acquire()).await else {
        tracing::warn!("too many pictures at once: one is kept without its small picture and text");
        return Seen::default();
    };
    let looked = tokio::task::spawn_blocking(move || Seen {
        thumbnail: thumbnail(kind, &bytes),
        text: reader.and_then(|reader| text(&reader, &bytes)),
    });
    looked.await.unwrap_or_else(|error| {
        tracing::error!(%error, "looking at a picture failed");
        Seen::default()
    })
}

fn text(reader: &TextReader, bytes: &[u8]) -> Option<String> {
    match reader.read_text(bytes) {
        Ok(page) => Some(page.text[..page.text.floor_char_boundary(TEXT_BYTES_MAX)].to_owned()),
        Err(error) => {
            tracing::warn!(%error, "the text of a picture was not read");
            None
        }
    }
}

/// A small picture; nothing where the file is small itself, or cannot be decoded within the limits.
pub fn thumbnail(kind: Kind, bytes: &[u8]) -> Option<Thumbnail> {
    let size = images::check(bytes).ok()?;
    let is_small = size.width <= SMALL_EDGE_PX && size.height <= SMALL_EDGE_PX;
    if is_small && bytes.len() <= SMALL_BYTES {
        return None;
    }
    let whole = decoded(kind, bytes)?;
    let small = if is_small { whole } else { whole.thumbnail(SMALL_EDGE_PX, SMALL_EDGE_PX) };
    let mut encoded = Cursor::new(Vec::new());
    let media_type = if small.color().has_alpha() {
        small.to_rgba8().write_to(&mut encoded, ImageFormat::Png).ok()?;
        Kind::Png.media_type()
    } else {
        small.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut encoded, JPEG_QUALITY)).ok()?;
        Kind::Jpeg.media_type()
    };
    Some(Thumbnail { media_type, bytes: encoded.into_inner() })
}

/// The picture, the right way up; of one that moves, where it begins.
fn decoded(kind: Kind, bytes: &[u8]) -> Option<DynamicImage> {
    let format = match kind {
        Kind::Jpeg => ImageFormat::Jpeg,
        Kind::Png => ImageFormat::Png,
        Kind::Gif => ImageFormat::Gif,
        Kind::WebP => ImageFormat::WebP,
        Kind::Mp4 | Kind::QuickTime | Kind::WebM | Kind::Mp3 => return None,
    };
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODE_BYTES_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    let up = decoder.orientation().ok()?;
    let mut picture = DynamicImage::from_decoder(decoder).ok()?;
    picture.apply_orientation(up);
    Some(picture)
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, ImageFormat, RgbImage, RgbaImage};
    use inspect::images::{Page, ReadTextError, read_size};
    use proptest::prelude::*;

    use super::*;

    fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).expect("encodes");
        bytes.into_inner()
    }

    #[test]
    fn a_large_picture_becomes_a_small_one_of_the_same_shape() {
        let photo = encoded(&DynamicImage::ImageRgb8(RgbImage::new(1600, 400)), ImageFormat::Jpeg);
        let small = thumbnail(Kind::Jpeg, &photo).expect("a small picture");
        let size = read_size(&small.bytes).expect("a picture");
        assert_eq!((small.media_type, size.width, size.height), ("image/jpeg", 640, 160));
        let shape = encoded(&DynamicImage::ImageRgba8(RgbaImage::new(800, 800)), ImageFormat::Png);
        assert_eq!(
            thumbnail(Kind::Png, &shape).expect("a small picture").media_type,
            "image/png",
            "what shines through stays so"
        );
    }

    #[test]
    fn a_small_file_is_its_own_small_picture() {
        let icon = encoded(&DynamicImage::ImageRgb8(RgbImage::new(20, 20)), ImageFormat::Png);
        assert_eq!(thumbnail(Kind::Png, &icon), None);
    }

    #[test]
    fn a_picture_that_claims_to_be_huge_is_not_decoded() {
        let mut icon = encoded(&DynamicImage::ImageRgb8(RgbImage::new(20, 20)), ImageFormat::Png);
        icon[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
        assert_eq!(thumbnail(Kind::Png, &icon), None);
    }

    proptest! {
        #[test]
        fn broken_pictures_yield_nothing_and_never_panic(at in 33..2_000usize, byte: u8) {
            let mut photo = encoded(&DynamicImage::ImageRgb8(RgbImage::new(700, 40)), ImageFormat::Jpeg);
            let at = at % photo.len();
            photo[at] = byte;
            let _ = thumbnail(Kind::Jpeg, &photo);
        }
    }

    struct Says(Result<&'static str, ReadTextError>);

    impl ReadText for Says {
        fn read_text(&self, _image: &[u8]) -> Result<Page, ReadTextError> {
            let row = |word: &str| format!("5\t1\t1\t1\t1\t1\t0\t0\t9\t9\t99\t{word}\n");
            self.0.clone().map(|words| images::parse_tsv(&words.split(' ').map(row).collect::<String>()))
        }
    }

    #[tokio::test]
    async fn what_is_written_in_a_picture_is_read_and_what_cannot_be_read_is_told_from_nothing() {
        let icon: Arc<[u8]> = encoded(&DynamicImage::ImageRgb8(RgbImage::new(20, 20)), ImageFormat::Png).into();
        let read = |kind, says| look_closer(kind, icon.clone(), Some(Arc::new(Says(says)) as TextReader));
        assert_eq!(read(Kind::Png, Ok("call us")).await.text.as_deref(), Some("call us"));
        assert_eq!(read(Kind::Png, Err(ReadTextError::TimedOut)).await.text, None);
        assert_eq!(read(Kind::Mp4, Ok("call us")).await.text, None, "no picture");
        assert_eq!(look_closer(Kind::Png, icon.clone(), None).await.text, None, "no recogniser");
    }
}
