//! What a file is, from its bytes alone. Pure; anything odd is nothing.

use inspect::images::read_size;

/// A kind of file that some network takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// GIF.
    Gif,
    /// WebP.
    WebP,
    /// MPEG-4.
    Mp4,
    /// `QuickTime`.
    QuickTime,
    /// `WebM`.
    WebM,
    /// MPEG layer 3.
    Mp3,
}

impl Kind {
    /// Whether it is a picture, still or moving.
    pub fn is_picture(self) -> bool {
        matches!(self, Self::Jpeg | Self::Png | Self::Gif | Self::WebP)
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
            Self::Mp4 => "video/mp4",
            Self::QuickTime => "video/quicktime",
            Self::WebM => "video/webm",
            Self::Mp3 => "audio/mpeg",
        }
    }
}

/// What the first bytes of a file tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looks {
    /// What it is.
    pub kind: Kind,
    /// Width and height of a picture.
    pub size: Option<(u32, u32)>,
    /// How long it plays, where that is easily told.
    pub duration_ms: Option<u64>,
}

/// Looks at a file.
pub fn look(bytes: &[u8]) -> Option<Looks> {
    let kind = match bytes {
        [0xff, 0xd8, 0xff, ..] => Kind::Jpeg,
        [0x89, b'P', b'N', b'G', ..] => Kind::Png,
        [b'G', b'I', b'F', b'8', ..] => Kind::Gif,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Kind::WebP,
        [_, _, _, _, b'f', b't', b'y', b'p', b'q', b't', b' ', b' ', ..] => Kind::QuickTime,
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Kind::Mp4,
        [0x1a, 0x45, 0xdf, 0xa3, ..] => Kind::WebM,
        [b'I', b'D', b'3', ..] | [0xff, 0xfb | 0xf3 | 0xf2, ..] => Kind::Mp3,
        _ => return None,
    };
    let is_picture = kind.is_picture();
    let size = read_size(bytes).map(|size| (size.width, size.height)).filter(|(width, height)| *width > 0 && *height > 0);
    if is_picture && size.is_none() {
        return None;
    }
    let duration_ms = if matches!(kind, Kind::Mp4 | Kind::QuickTime) { duration_ms(bytes) } else { None };
    Some(Looks { kind, size: size.filter(|_| is_picture), duration_ms })
}

/// Boxes of one level that are looked at: a file has a handful.
const BOXES_MAX: usize = 1_000;

/// The body of the first box of a name among those that follow one another (ISO/IEC 14496-12, section 4.2).
fn find_box(mut bytes: &[u8], name: [u8; 4]) -> Option<&[u8]> {
    for _ in 0..BOXES_MAX {
        let length = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
        let found = bytes.get(4..8)?;
        let (start, length) = match length {
            0 => (8, bytes.len()),
            1 => (16, usize::try_from(u64::from_be_bytes(bytes.get(8..16)?.try_into().ok()?)).ok()?),
            length => (8, length as usize),
        };
        if length < start {
            return None;
        }
        if found == name.as_slice() {
            return bytes.get(start..length.min(bytes.len()));
        }
        bytes = bytes.get(length..)?;
    }
    None
}

/// The time that a movie header states (section 8.2.2).
fn duration_ms(bytes: &[u8]) -> Option<u64> {
    let header = find_box(find_box(bytes, *b"moov")?, *b"mvhd")?;
    let big32 = |at: usize| Some(u64::from(u32::from_be_bytes(header.get(at..at + 4)?.try_into().ok()?)));
    let (scale, length) = match header.first()? {
        0 => (big32(12)?, big32(16)?),
        _ => (big32(20)?, u64::from_be_bytes(header.get(24..32)?.try_into().ok()?)),
    };
    length.checked_mul(1_000)?.checked_div(scale)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Kind, look};

    fn boxed(name: [u8; 4], body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
        [&length[..], &name, body].concat()
    }

    #[test]
    fn a_movie_says_how_long_it_plays() {
        let mut header = vec![0; 12];
        header.extend(1_000u32.to_be_bytes());
        header.extend(2_500u32.to_be_bytes());
        let movie = [boxed(*b"ftyp", b"isom"), boxed(*b"free", b"x"), boxed(*b"moov", &boxed(*b"mvhd", &header))].concat();
        let looks = look(&movie).unwrap();
        assert_eq!((looks.kind, looks.duration_ms), (Kind::Mp4, Some(2_500)));
    }

    #[test]
    fn what_a_file_is_called_does_not_matter() {
        for other in [&b"<svg/>"[..], b"%PDF-1.7", b"MZ", b"", b"\xff\xd8\xff"] {
            assert_eq!(look(other), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_at(bytes in prop::collection::vec(any::<u8>(), 0..200), head in 0..4usize) {
            let head: &[u8] = [&b""[..], b"\0\0\0\x08ftyp", b"\xff\xd8\xff", b"RIFF____WEBP"][head];
            let _ = look(&[head, &bytes[..]].concat());
        }
    }
}
