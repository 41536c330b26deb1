//! Takes out of a picture what tells where and by whom it was made; the picture itself stays as it is, bit for bit.
//!
//! JPEG: application segments but JFIF, ICC profile and Adobe's colour mark, and comments go; which way is up stays, in an EXIF segment
//! of its own. PNG: text, EXIF and time chunks go. WebP: EXIF and XMP chunks go. Other files stay as they are. Pure.

use inspect::images::read_exif;

use super::kind::Kind;

/// What was taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stripped {
    /// Where it was taken.
    Place,
    /// By whom, and whose it is.
    Author,
    /// Other notes: camera, times, comments, editing history.
    Notes,
}

impl Stripped {
    /// Its name.
    pub fn id(self) -> &'static str {
        match self {
            Self::Place => "place",
            Self::Author => "author",
            Self::Notes => "notes",
        }
    }
}

/// The file without it, and what was taken out; nothing when its parts do not fit together.
pub fn strip(kind: Kind, bytes: &[u8]) -> Option<(Vec<u8>, Vec<Stripped>)> {
    let clean = match kind {
        Kind::Jpeg => jpeg(bytes)?,
        Kind::Png => png(bytes)?,
        Kind::WebP => web_p(bytes)?,
        Kind::Gif | Kind::Mp4 | Kind::QuickTime | Kind::WebM | Kind::Mp3 => return Some((bytes.to_vec(), Vec::new())),
    };
    let mut stripped = Vec::new();
    if clean.len() != bytes.len() {
        let said = read_exif(bytes);
        if said.place.is_some() {
            stripped.push(Stripped::Place);
        }
        if said.author.is_some() || said.copyright.is_some() {
            stripped.push(Stripped::Author);
        }
        stripped.push(Stripped::Notes);
    }
    Some((clean, stripped))
}

/// JPEG's markers: start of scan, application segments, comment.
const START_OF_SCAN: u8 = 0xda;

fn jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut clean = bytes.get(..2)?.to_vec();
    if let Some(up) = jpeg_orientation(bytes) {
        clean.extend(exif_with_only(up));
    }
    let mut at = 2;
    loop {
        // Markers may be preceded by any number of fill bytes.
        while bytes.get(at) == Some(&0xff) && bytes.get(at + 1) == Some(&0xff) {
            at += 1;
        }
        if *bytes.get(at)? != 0xff {
            return None;
        }
        let marker = *bytes.get(at + 1)?;
        let length = usize::from(u16::from_be_bytes(bytes.get(at + 2..at + 4)?.try_into().ok()?));
        let segment = bytes.get(at..at + 2 + length)?;
        if length < 2 {
            return None;
        }
        if marker == START_OF_SCAN {
            // Everything from here on is the picture.
            clean.extend(&bytes[at..]);
            return Some(clean);
        }
        let body = &segment[4..];
        let is_colour = match marker {
            0xe0 => body.starts_with(b"JFIF\0"),
            0xe2 => body.starts_with(b"ICC_PROFILE\0"),
            0xee => body.starts_with(b"Adobe"),
            0xe1 | 0xe3..=0xed | 0xef | 0xfe => false,
            _ => true,
        };
        if is_colour {
            clean.extend(segment);
        }
        at += 2 + length;
    }
}

/// Which way is up, as the first EXIF segment says; nothing when it is as usual.
fn jpeg_orientation(bytes: &[u8]) -> Option<u16> {
    let mut at = 2;
    while *bytes.get(at)? == 0xff {
        let marker = *bytes.get(at + 1)?;
        if marker == START_OF_SCAN {
            return None;
        }
        let length = usize::from(u16::from_be_bytes(bytes.get(at + 2..at + 4)?.try_into().ok()?));
        let body = bytes.get(at + 4..(at + 2).checked_add(length)?)?;
        if marker == 0xe1 && body.starts_with(b"Exif\0\0") {
            return orientation(&body[6..]).filter(|up| (2..=8).contains(up));
        }
        at += 2 + length.max(2);
    }
    None
}

/// Tag 0x0112 of the first directory of a TIFF block.
fn orientation(tiff: &[u8]) -> Option<u16> {
    let little = tiff.starts_with(b"II");
    let two = |at: usize| {
        let pair: [u8; 2] = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
    };
    let four = |at: usize| {
        let four: [u8; 4] = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) })
    };
    let directory = four(4)? as usize;
    let count = usize::from(two(directory)?);
    (0..count).find_map(|entry| {
        let at = directory.checked_add(2)?.checked_add(entry * 12)?;
        if two(at)? == 0x0112 { two(at + 8) } else { None }
    })
}

/// An EXIF segment that says nothing but which way is up.
fn exif_with_only(up: u16) -> Vec<u8> {
    let mut segment = vec![0xff, 0xe1, 0, 34];
    segment.extend(b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01");
    segment.extend(up.to_be_bytes());
    segment.extend([0, 0, 0, 0, 0, 0]);
    segment
}

fn png(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut clean = bytes.get(..8)?.to_vec();
    let mut at = 8;
    loop {
        let length = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize;
        let name = bytes.get(at + 4..at + 8)?;
        let end = at.checked_add(12)?.checked_add(length)?;
        let chunk = bytes.get(at..end)?;
        if !matches!(name, b"tEXt" | b"zTXt" | b"iTXt" | b"eXIf" | b"tIME") {
            clean.extend(chunk);
        }
        if name == b"IEND" {
            // What hangs behind the end is no part of the picture.
            return Some(clean);
        }
        at = end;
    }
}

fn web_p(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut clean = bytes.get(..12)?.to_vec();
    let mut at = 12;
    while at < bytes.len() {
        let name = bytes.get(at..at + 4)?;
        let length = u32::from_le_bytes(bytes.get(at + 4..at + 8)?.try_into().ok()?) as usize;
        let end = at.checked_add(8)?.checked_add(length)?;
        let padded = (end + (length & 1)).min(bytes.len());
        let chunk = bytes.get(at..end)?;
        match name {
            b"EXIF" | b"XMP " => {}
            b"VP8X" => {
                let flags = clean.len() + 8;
                clean.extend(&bytes[at..padded]);
                // Bits 3 and 2: "has EXIF", "has XMP".
                *clean.get_mut(flags)? &= !0b0000_1100;
            }
            _ => {
                clean.extend(chunk);
                clean.extend(&bytes[end..padded]);
            }
        }
        at = padded;
    }
    let length = u32::try_from(clean.len().checked_sub(8)?).ok()?;
    clean[4..8].copy_from_slice(&length.to_le_bytes());
    Some(clean)
}

#[cfg(test)]
mod tests {
    use inspect::images::read_exif;
    use proptest::prelude::*;

    use super::{Stripped, exif_with_only, orientation, strip};
    use crate::publishing::media::kind::{Kind, look};

    fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
        [&[0xff, marker][..], &length, body].concat()
    }

    /// A TIFF block with an author and which way is up.
    fn exif() -> Vec<u8> {
        let mut tiff = b"Exif\0\0II*\0\x08\0\0\0\x02\0".to_vec();
        tiff.extend(b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0");
        tiff.extend(b"\x3b\x01\x02\0\x04\0\0\0Ann\0");
        tiff.extend([0; 4]);
        tiff
    }

    fn jpeg() -> Vec<u8> {
        let frame = segment(0xc0, &[8, 0, 1, 0, 1, 1, 1, 0x11, 0]);
        let parts = [
            vec![0xff, 0xd8],
            segment(0xe0, b"JFIF\0rest"),
            segment(0xe1, &exif()),
            segment(0xfe, b"made by Ann"),
            segment(0xe2, b"ICC_PROFILE\0x"),
            frame,
            segment(0xda, &[1, 1, 0, 0, 63, 0]),
            b"picture\xff\xd9".to_vec(),
        ];
        parts.concat()
    }

    #[test]
    fn a_photograph_loses_author_and_comment_and_keeps_which_way_is_up() {
        let picture = jpeg();
        assert_eq!(read_exif(&picture).author.as_deref(), Some("Ann"));
        let (clean, stripped) = strip(Kind::Jpeg, &picture).unwrap();
        assert_eq!(stripped, [Stripped::Author, Stripped::Notes]);
        assert_eq!(read_exif(&clean).author, None);
        let has = |what: &[u8]| clean.windows(what.len()).any(|window| window == what);
        assert!(!has(b"Ann") && has(b"ICC_PROFILE") && has(b"JFIF") && clean.ends_with(b"picture\xff\xd9"));
        assert_eq!(orientation(&exif_with_only(6)[10..]), Some(6));
        assert!(has(&exif_with_only(6)), "it would lie on its side");
        assert_eq!(strip(Kind::Jpeg, &clean).unwrap(), (clean.clone(), vec![]), "nothing is left to take out");
        assert!(look(&clean).is_some());
    }

    #[test]
    fn png_and_web_p_lose_their_notes() {
        let chunk =
            |name: &[u8; 4], body: &[u8]| [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], name, body, &[0; 4]].concat();
        let head = b"\x89PNG\r\n\x1a\n".to_vec();
        let png =
            [head.clone(), chunk(b"IHDR", &[0; 13]), chunk(b"tEXt", b"Author\0Ann"), chunk(b"IEND", b""), b"behind".to_vec()];
        let (clean, stripped) = strip(Kind::Png, &png.concat()).unwrap();
        assert_eq!(clean, [head, chunk(b"IHDR", &[0; 13]), chunk(b"IEND", b"")].concat());
        assert_eq!(stripped, [Stripped::Notes]);
        let riff = |name: &[u8; 4], body: &[u8]| {
            let pad = vec![0; body.len() & 1];
            [name, &u32::try_from(body.len()).unwrap().to_le_bytes()[..], body, &pad].concat()
        };
        let body = |flags: u8, more: &[u8]| {
            let chunks = [riff(b"VP8X", &[flags, 0, 0, 0, 0, 0, 0, 0, 0, 0]), riff(b"VP8 ", b"pic"), more.to_vec()].concat();
            [b"RIFF", &u32::try_from(chunks.len() + 4).unwrap().to_le_bytes()[..], b"WEBP", &chunks].concat()
        };
        let (clean, _) = strip(Kind::WebP, &body(0b1100, &riff(b"EXIF", b"where"))).unwrap();
        assert_eq!(clean, body(0, b""));
    }

    proptest! {
        #[test]
        fn a_broken_picture_is_refused_or_cleaned_and_never_panics(
            cut in 0..120usize, place in 0..120usize, byte in any::<u8>(), kind in 0..3usize,
        ) {
            let mut picture = jpeg();
            let length = picture.len();
            picture[place % length] = byte;
            picture.truncate(length - cut % length);
            let _ = strip([Kind::Jpeg, Kind::Png, Kind::WebP][kind], &picture);
        }
    }
}
