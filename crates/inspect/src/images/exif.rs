//! EXIF: place and author of a picture, from JPEG, PNG and WebP (Exif 2.32, TIFF 6).
//!
//! Invariant: follows at most three directories of at most [`ENTRIES_MAX`] entries each, no loop is possible; texts are
//! cut to [`TEXT_MAX`]. It does not read thumbnails or maker notes.

/// Entries read of one directory; cameras write fewer than a hundred.
const ENTRIES_MAX: usize = 512;
/// Bytes of a text that are kept.
const TEXT_MAX: usize = 1024;

/// What EXIF tells about people.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Exif {
    /// Who took the picture.
    pub author: Option<String>,
    /// Who holds the rights.
    pub copyright: Option<String>,
    /// What the camera or a person wrote about it.
    pub description: Option<String>,
    /// Latitude and longitude in degrees, north and east positive.
    pub place: Option<(f64, f64)>,
}

impl Exif {
    /// Everything as text, so that the ordinary pass can look at it too: the author as a name, the place as coordinates.
    pub fn to_text(&self) -> String {
        let author = self.author.iter().map(|author| format!("Name: {author}"));
        let mut lines: Vec<String> = author.chain(self.copyright.clone()).chain(self.description.clone()).collect();
        if let Some((latitude, longitude)) = self.place {
            lines.push(format!("GPS {latitude:.6}, {longitude:.6}"));
        }
        lines.join("\n")
    }
}

/// Reads EXIF from a JPEG, PNG or WebP; pictures without any give an empty answer.
pub fn read_exif(image: &[u8]) -> Exif {
    let tiff = match image {
        [0xff, 0xd8, ..] => segments(image)
            .filter(|(at, _)| image[*at] == 0xe1)
            .find_map(|(at, length)| image.get(at + 3..at + 1 + length)?.strip_prefix(b"Exif\0\0")),
        [0x89, b'P', b'N', b'G', ..] => png_chunk(image, *b"eXIf"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => riff_chunk(image, *b"EXIF"),
        _ => None,
    };
    tiff.and_then(Tiff::new).map(|tiff| tiff.read()).unwrap_or_default()
}

/// JPEG segments: index of the marker byte, and the length that follows it. Fill bytes and markers without a length are
/// passed over, as decoders do: who reads a header differently can be shown another size.
pub(super) fn segments(image: &[u8]) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut at = 2;
    std::iter::from_fn(move || {
        loop {
            match *image.get(at..at + 4)? {
                [0xff, 0xff, ..] => at += 1,
                [0xff, 0x01 | 0xd0..=0xd7, ..] => at += 2,
                [0xff, 0xd8..=0xda, ..] => return None,
                [0xff, _, high, low] => {
                    let length = usize::from(u16::from_be_bytes([high, low])).max(2);
                    let found = (at + 1, length);
                    at += 2 + length;
                    return Some(found);
                }
                _ => return None,
            }
        }
    })
}

fn png_chunk(image: &[u8], wanted: [u8; 4]) -> Option<&[u8]> {
    let mut at = 8;
    loop {
        let length = usize::try_from(u32::from_be_bytes(image.get(at..at + 4)?.try_into().ok()?)).ok()?;
        let kind = image.get(at + 4..at + 8)?;
        let body = image.get(at + 8..at.checked_add(8)?.checked_add(length)?)?;
        if kind == wanted {
            return Some(body);
        }
        at += 12 + length;
    }
}

/// WebP is a RIFF file: chunks of little-endian length, padded to even. Some writers put JPEG's mark before the TIFF.
fn riff_chunk(image: &[u8], wanted: [u8; 4]) -> Option<&[u8]> {
    let mut at = 12_usize;
    loop {
        let kind = image.get(at..at.checked_add(4)?)?;
        let length = usize::try_from(u32::from_le_bytes(image.get(at + 4..at + 8)?.try_into().ok()?)).ok()?;
        let body = image.get(at + 8..(at + 8).checked_add(length)?)?;
        if kind == wanted {
            return Some(body.strip_prefix(b"Exif\0\0").unwrap_or(body));
        }
        at += 8 + length + length % 2;
    }
}

/// A TIFF structure and its byte order.
struct Tiff<'a> {
    bytes: &'a [u8],
    big: bool,
}

/// One directory entry: tag, type, count, and where its value or offset stands.
#[derive(Clone, Copy)]
struct Entry {
    tag: u16,
    kind: u16,
    count: u32,
    value_at: usize,
}

impl<'a> Tiff<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        match bytes.get(..4)? {
            b"II*\0" => Some(Self { bytes, big: false }),
            b"MM\0*" => Some(Self { bytes, big: true }),
            _ => None,
        }
    }

    fn u16(&self, at: usize) -> Option<u16> {
        let two: [u8; 2] = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.big { u16::from_be_bytes(two) } else { u16::from_le_bytes(two) })
    }

    fn u32(&self, at: usize) -> Option<u32> {
        let four: [u8; 4] = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) })
    }

    fn entries(&self, directory: usize) -> impl Iterator<Item = Entry> + '_ {
        let count = usize::from(self.u16(directory).unwrap_or(0)).min(ENTRIES_MAX);
        (0..count).map_while(move |i| {
            let at = directory.checked_add(2 + 12 * i)?;
            Some(Entry { tag: self.u16(at)?, kind: self.u16(at + 2)?, count: self.u32(at + 4)?, value_at: at + 8 })
        })
    }

    fn offset(&self, at: usize) -> Option<usize> {
        usize::try_from(self.u32(at)?).ok()
    }

    fn read(&self) -> Exif {
        let mut exif = Exif::default();
        let Some(first) = self.offset(4) else { return exif };
        for entry in self.entries(first) {
            match entry.tag {
                0x010e => exif.description = self.text(entry),
                0x013b => exif.author = self.text(entry),
                0x8298 => exif.copyright = self.text(entry),
                0x8825 => exif.place = self.offset(entry.value_at).and_then(|at| self.place(at)),
                _ => {}
            }
        }
        exif
    }

    fn text(&self, entry: Entry) -> Option<String> {
        let length = usize::try_from(entry.count).ok()?.min(TEXT_MAX);
        let at = if entry.count <= 4 { entry.value_at } else { self.offset(entry.value_at)? };
        let bytes = self.bytes.get(at..at.checked_add(length)?)?;
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
        (entry.kind == 2 && !text.is_empty()).then(|| text.to_owned())
    }

    fn place(&self, directory: usize) -> Option<(f64, f64)> {
        let (mut latitude, mut longitude) = (None, None);
        let (mut south, mut west) = (false, false);
        for entry in self.entries(directory) {
            let letter = self.bytes.get(entry.value_at).copied();
            match entry.tag {
                1 => south = letter == Some(b'S'),
                2 => latitude = self.degrees(entry),
                3 => west = letter == Some(b'W'),
                4 => longitude = self.degrees(entry),
                _ => {}
            }
        }
        let sign = |negative: bool, value: f64| if negative { -value } else { value };
        let (latitude, longitude) = (sign(south, latitude?), sign(west, longitude?));
        (latitude.abs() <= 90.0 && longitude.abs() <= 180.0).then_some((latitude, longitude))
    }

    /// Degrees, minutes and seconds as three fractions.
    fn degrees(&self, entry: Entry) -> Option<f64> {
        let at = self.offset(entry.value_at)?;
        let fraction = |i: usize| {
            let at = at.checked_add(8 * i)?;
            let (above, below) = (self.u32(at)?, self.u32(at.checked_add(4)?)?);
            (below != 0).then(|| f64::from(above) / f64::from(below))
        };
        (entry.kind == 5 && entry.count == 3).then_some(())?;
        Some(fraction(0)? + fraction(1)? / 60.0 + fraction(2)? / 3600.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A little-endian EXIF with an author and a place, inside a JPEG.
    fn sample() -> Vec<u8> {
        let mut tiff = b"II*\0\x08\0\0\0\x02\0".to_vec();
        let entry = |tag: u16, kind: u16, count: u32, value: u32| {
            [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat()
        };
        tiff.extend(entry(0x013b, 2, 8, 38));
        tiff.extend(entry(0x8825, 4, 1, 46));
        tiff.extend([0; 4]);
        tiff.extend(b"Ann Lee\0");
        tiff.extend([4, 0]);
        tiff.extend(entry(1, 2, 2, u32::from(b'N')));
        tiff.extend(entry(2, 5, 3, 100));
        tiff.extend(entry(3, 2, 2, u32::from(b'W')));
        tiff.extend(entry(4, 5, 3, 124));
        tiff.extend([0; 4]);
        for (above, below) in [(52u32, 1u32), (30, 1), (36, 1), (13, 1), (0, 1), (0, 1)] {
            tiff.extend(above.to_le_bytes());
            tiff.extend(below.to_le_bytes());
        }
        let length = u16::try_from(tiff.len() + 8).expect("small").to_be_bytes();
        [&[0xff, 0xd8, 0xff, 0xe1][..], &length, b"Exif\0\0", &tiff].concat()
    }

    #[test]
    fn author_and_place_are_read() {
        let exif = read_exif(&sample());
        assert_eq!(exif.author.as_deref(), Some("Ann Lee"));
        let (latitude, longitude) = exif.place.expect("a place");
        assert!((latitude - 52.51).abs() < 1e-9 && (longitude + 13.0).abs() < 1e-9, "{latitude} {longitude}");
        assert_eq!(exif.to_text(), "Name: Ann Lee\nGPS 52.510000, -13.000000");
    }

    #[test]
    fn webp_and_png_carry_the_same() {
        let jpeg = sample();
        let tiff = &jpeg[12..];
        let length = u32::try_from(tiff.len()).expect("small");
        let webp = [b"RIFF\0\0\0\0WEBPVP8X\x03\0\0\0abc\0EXIF", &length.to_le_bytes()[..], tiff].concat();
        let png = [b"\x89PNG\r\n\x1a\n\0\0\0\x02IHDRab\0\0\0\0", &length.to_be_bytes()[..], b"eXIf", tiff, &[0; 4]].concat();
        assert_eq!(read_exif(&webp), read_exif(&jpeg));
        assert_eq!(read_exif(&png), read_exif(&jpeg));
    }

    #[test]
    fn cut_or_changed_files_never_panic() {
        let whole = sample();
        for length in 0..whole.len() {
            let _ = read_exif(&whole[..length]);
        }
        for at in 0..whole.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut changed = whole.clone();
                changed[at] = value;
                let _ = read_exif(&changed);
                let _ = super::super::check(&changed);
            }
        }
    }
}
