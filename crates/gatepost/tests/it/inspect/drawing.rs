//! Pictures for tests: text drawn in black on white with a font that Debian's package `fonts-dejavu-core` brings, so that
//! no picture of anybody else lies in this repository.

use std::io::Cursor;

use ab_glyph::{Font as _, FontVec, PxScale, ScaleFont as _, point};
use image::{GrayImage, ImageFormat, Luma};

const FONT: &str = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";
/// Height of a line of text in pixels: that of a scan at 300 dpi.
const LINE: f32 = 44.0;
const MARGIN: f32 = 40.0;

/// A page with these lines.
pub(super) fn page(lines: &[&str]) -> GrayImage {
    let bytes = std::fs::read(FONT).unwrap_or_else(|error| panic!("{FONT}: {error}; install fonts-dejavu-core"));
    let font = FontVec::try_from_vec(bytes).expect("a font");
    let scaled = font.as_scaled(PxScale::from(LINE));
    let mut page = GrayImage::from_pixel(1200, 120 + 64 * u32::try_from(lines.len()).expect("few lines"), Luma([255]));
    let mut top = MARGIN;
    for line in lines {
        let mut left = MARGIN;
        for letter in line.chars() {
            let glyph = scaled.scaled_glyph(letter);
            let id = glyph.id;
            let mut glyph = glyph;
            glyph.position = point(left, top + scaled.ascent());
            left += scaled.h_advance(id);
            let Some(outline) = font.outline_glyph(glyph) else { continue };
            let corner = outline.px_bounds().min;
            outline.draw(|x, y, ink| {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "ink is 0 to 1, places lie on the page"
                )]
                let (x, y, grey) = (corner.x as u32 + x, corner.y as u32 + y, 255 - (ink.clamp(0.0, 1.0) * 255.0) as u8);
                page.put_pixel(x, y, Luma([grey]));
            });
        }
        top += 64.0;
    }
    page
}

/// The file that holds a page.
pub(super) fn encode(page: &GrayImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    page.write_to(&mut file, format).expect("a page can be written");
    file.into_inner()
}

/// A JPEG with who took it, and where, put behind its first two bytes.
pub(super) fn with_exif(jpeg: &[u8], author: &str) -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat()
    };
    let length = u32::try_from(author.len()).expect("a short name");
    let gps = 38 + length;
    let mut tiff = b"II*\0\x08\0\0\0\x02\0".to_vec();
    tiff.extend(entry(0x013b, 2, length, 38));
    tiff.extend(entry(0x8825, 4, 1, gps));
    tiff.extend([0; 4]);
    tiff.extend(author.as_bytes());
    tiff.extend([4, 0]);
    tiff.extend(entry(1, 2, 2, u32::from(b'N')));
    tiff.extend(entry(2, 5, 3, gps + 54));
    tiff.extend(entry(3, 2, 2, u32::from(b'E')));
    tiff.extend(entry(4, 5, 3, gps + 78));
    tiff.extend([0; 4]);
    for (above, below) in [(52u32, 1u32), (31, 1), (123, 10), (13, 1), (24, 1), (178, 10)] {
        tiff.extend(above.to_le_bytes());
        tiff.extend(below.to_le_bytes());
    }
    let length = u16::try_from(tiff.len() + 8).expect("small").to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, b"Exif\0\0", &tiff, &jpeg[2..]].concat()
}
