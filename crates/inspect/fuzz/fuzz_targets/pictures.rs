//! `cargo fuzz run pictures`: headers, EXIF and recognised tables of any bytes. No panic, and a size that is allowed.
#![no_main]

use inspect::images::{PIXELS_MAX, check, parse_tsv, read_exif};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(size) = check(bytes) {
        assert!(u64::from(size.width) * u64::from(size.height) <= PIXELS_MAX);
    }
    let exif = read_exif(bytes);
    if let Some((latitude, longitude)) = exif.place {
        assert!(latitude.abs() <= 90.0 && longitude.abs() <= 180.0);
    }
    assert!(exif.to_text().len() <= 16_384);
    let page = parse_tsv(&String::from_utf8_lossy(bytes));
    let _ = page.region(0..page.text.len());
});
