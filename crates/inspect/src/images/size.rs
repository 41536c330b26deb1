//! Width and height from the first bytes of a picture.
//!
//! Invariant: reads headers only; anything odd is `None`.

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

/// The size that the header of a JPEG, PNG, GIF, WebP or BMP states.
pub fn read_size(image: &[u8]) -> Option<Size> {
    let big16 = |at: usize| Some(u32::from(u16::from_be_bytes(image.get(at..at + 2)?.try_into().ok()?)));
    let big32 = |at: usize| Some(u32::from_be_bytes(image.get(at..at + 4)?.try_into().ok()?));
    let little16 = |at: usize| Some(u32::from(u16::from_le_bytes(image.get(at..at + 2)?.try_into().ok()?)));
    let little32 = |at: usize| Some(u32::from_le_bytes(image.get(at..at + 4)?.try_into().ok()?));
    match image {
        // A recogniser reads what it does not take for a picture as a list of file names, so the whole mark must be there.
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', _, _, _, _, b'I', b'H', b'D', b'R', ..] => {
            Some(Size { width: big32(16)?, height: big32(20)? })
        }
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Size { width: little16(6)?, height: little16(8)? }),
        [b'B', b'M', ..] => Some(Size { width: little32(18)?, height: little32(22)?.cast_signed().unsigned_abs() }),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => web_p(image),
        [0xff, 0xd8, 0xff, ..] => {
            let (at, _) = super::exif::segments(image).find(|(at, _)| is_frame(image[*at]))?;
            Some(Size { height: big16(at + 4)?, width: big16(at + 6)? })
        }
        _ => None,
    }
}

/// Start-of-frame markers of JPEG: all of 0xc0 to 0xcf but tables and the arithmetic extension.
fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

fn web_p(image: &[u8]) -> Option<Size> {
    let three = |at: usize| Some(u32::from_le_bytes([*image.get(at)?, *image.get(at + 1)?, *image.get(at + 2)?, 0]));
    let two = |at: usize| Some(u32::from(u16::from_le_bytes([*image.get(at)?, *image.get(at + 1)?])) & 0x3fff);
    match image.get(12..16)? {
        b"VP8X" => Some(Size { width: three(24)? + 1, height: three(27)? + 1 }),
        b"VP8 " => Some(Size { width: two(26)?, height: two(28)? }),
        b"VP8L" => {
            let bits = u32::from_le_bytes(image.get(21..25)?.try_into().ok()?);
            Some(Size { width: (bits & 0x3fff) + 1, height: (bits >> 14 & 0x3fff) + 1 })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_tell_the_size_and_broken_ones_nothing() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend([0, 0, 2, 0x80, 0, 0, 1, 0xe0]);
        assert_eq!(read_size(&png), Some(Size { width: 640, height: 480 }));
        let jpeg = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc0, 0, 11, 8, 1, 0xe0, 2, 0x80, 1, 0, 0, 0];
        assert_eq!(read_size(&jpeg), Some(Size { width: 640, height: 480 }));
        assert_eq!(read_size(b"GIF89a\x80\x02\xe0\x01"), Some(Size { width: 640, height: 480 }));
        for length in 0..png.len() - 8 {
            assert_eq!(read_size(&png[..length]), None);
        }
    }

    #[test]
    fn a_header_that_decoders_read_differently_shows_no_smaller_size() {
        let frame = |marker: u8, width: u8| [0xff, marker, 0, 11, 8, 0, 1, width, 0, 1, 0, 0, 0];
        let start: &[u8] = &[0xff, 0xd8];
        let large = Some(Size { width: 0xfa00, height: 1 });
        for hidden in [&[0xff, 0xff, 0xff][..], &[0xff, 0x01], &[0xff, 0xd3]] {
            let jpeg = [start, hidden, &frame(0xc2, 0xfa), &frame(0xc0, 1)].concat();
            assert_eq!(read_size(&jpeg), large, "{hidden:02x?}");
        }
        assert_eq!(read_size(b"GIF8 \n/etc/passwd\n"), None, "a recogniser would read this as a list of files");
        assert_eq!(read_size(b"\x89PNG/etc/passwd\n/etc/passwd"), None);
        assert_eq!(read_size(b"\xff\xd8/etc/passwd"), None);
    }
}
