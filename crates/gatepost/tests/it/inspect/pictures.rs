//! `--images`: text in pictures is read and judged like any other, and no picture can do harm.

use image::{GrayImage, ImageFormat, Luma};
use serde_json::Value;

use super::{drawing, file, kinds, lines};
use crate::program::{Place, answer};

/// What `gatepost inspect --images` says of one file.
fn inspect(place: &Place, name: &str, content: impl AsRef<[u8]>) -> (i32, Value) {
    let path = file(place, name, content);
    let answer = place.gatepost(&["inspect", "--images", &path]);
    let line = lines(&answer).pop().unwrap_or_else(|| panic!("no line: {answer:?}"));
    (answer.code, line)
}

/// The middle of a finding in the picture.
fn middle(finding: &Value) -> (u64, u64) {
    let side = |name: &str| finding["region"][name].as_u64().unwrap_or_else(|| panic!("no {name}: {finding}"));
    (side("left") + side("width") / 2, side("top") + side("height") / 2)
}

#[test]
fn text_in_a_picture_is_found_where_it_stands() {
    let place = Place::new();
    let page = drawing::page(&["Minutes of the meeting", "card 4111 1111 1111 1111", "write to olive.owner@example.com"]);
    for (name, format) in [("page.png", ImageFormat::Png), ("page.jpg", ImageFormat::Jpeg)] {
        let (code, line) = inspect(&place, name, drawing::encode(&page, format));
        assert_eq!((code, line["not_read"].clone()), (1, Value::Null), "{line}");
        assert_eq!(kinds(&line), ["CREDIT_CARD", "EMAIL_ADDRESS"], "{line}");
        let (card, mail) = (middle(&line["findings"][0]), middle(&line["findings"][1]));
        // The second and the third line of text: 64 pixels each, below a margin of 40.
        assert!((104..168).contains(&card.1) && (168..232).contains(&mail.1), "{line}");
        assert!(card.0 > 150 && line["findings"][0]["region"]["left"].as_u64() > Some(100), "not the word before it: {line}");
    }
}

#[test]
fn a_picture_without_anything_is_clean() {
    let place = Place::new();
    let page = drawing::page(&["Welcome to our garden", "open until eight"]);
    let (code, line) = inspect(&place, "page.png", drawing::encode(&page, ImageFormat::Png));
    assert_eq!((code, line["not_read"].clone(), kinds(&line)), (0, Value::Null, vec![]), "{line}");
    let empty = GrayImage::from_pixel(300, 200, Luma([255]));
    let (code, line) = inspect(&place, "empty.png", drawing::encode(&empty, ImageFormat::Png));
    assert_eq!((code, kinds(&line)), (0, vec![]), "{line}");
}

#[test]
fn who_took_a_picture_and_where_is_found() {
    let place = Place::new();
    let jpeg = drawing::encode(&drawing::page(&["Summer"]), ImageFormat::Jpeg);
    let (code, line) = inspect(&place, "summer.jpg", drawing::with_exif(&jpeg, "Olive Owner\0"));
    assert_eq!(code, 1);
    assert_eq!(line["exif"], serde_json::json!({ "author": true, "place": true }));
    assert_eq!(kinds(&line), ["PERSON", "COORDINATES"], "{line}");
    let sources: Vec<&Value> = line["findings"].as_array().expect("a list").iter().map(|f| &f["source"]).collect();
    assert_eq!(sources, ["exif", "exif"], "{line}");
    assert!(!line.to_string().contains("Olive"), "the output holds the name: {line}");
}

#[test]
fn an_absent_recogniser_is_said_and_exif_is_still_read() {
    let place = Place::new();
    let jpeg = drawing::encode(&drawing::page(&["card 4111 1111 1111 1111"]), ImageFormat::Jpeg);
    let path = file(&place, "page.jpg", drawing::with_exif(&jpeg, "Olive Owner\0"));
    let empty = place.path("nothing");
    std::fs::create_dir(&empty).expect("a folder");
    let answer = answer(place.command(&["inspect", "--images", &path]).env("PATH", &empty));
    let line = lines(&answer).pop().expect("a line");
    assert!(line["not_read"].as_str().is_some_and(|why| why.contains("install tesseract-ocr")), "{line}");
    assert_eq!(kinds(&line), ["PERSON", "COORDINATES"], "{line}");
}

#[test]
fn a_real_recogniser_survives_broken_pictures() {
    let place = Place::new();
    let page = drawing::page(&["card 4111 1111 1111 1111"]);
    for (name, format) in [("cut.png", ImageFormat::Png), ("cut.jpg", ImageFormat::Jpeg)] {
        let whole = drawing::encode(&page, format);
        for share in [2, 4, 50] {
            let (code, line) = inspect(&place, name, &whole[..whole.len() / share]);
            assert!(kinds(&line).is_empty() || kinds(&line) == ["CREDIT_CARD"], "{line}");
            assert!(!line["not_read"].is_null() || code < 2, "{line}");
        }
        let mut scrambled = whole.clone();
        scrambled.iter_mut().skip(600).step_by(97).for_each(|byte| *byte ^= 0x5a);
        let (code, line) = inspect(&place, name, &scrambled);
        assert!((0..=2).contains(&code) && line["findings"].is_array(), "{line}");
    }
}

#[test]
fn what_is_no_picture_never_reaches_the_recogniser() {
    let place = Place::new();
    // Read as a list of files by a recogniser that does not know the format.
    let secret = file(&place, "secret.png", drawing::encode(&drawing::page(&["card 4111 1111 1111 1111"]), ImageFormat::Png));
    for (name, content) in [
        ("list.png", format!("{secret}\n").into_bytes()),
        ("list.gif", format!("GIF8 \n{secret}\n").into_bytes()),
        ("page.jpg", b"%PDF-1.7\n".to_vec()),
        ("empty.jpg", Vec::new()),
    ] {
        let (code, line) = inspect(&place, name, content);
        assert_eq!(code, 2, "what was not read is not clean: {line}");
        assert!(line["not_read"].as_str().is_some_and(|why| why.starts_with("not a JPEG")), "{line}");
    }
}

#[test]
fn a_picture_larger_than_allowed_is_refused_by_its_header() {
    let place = Place::new();
    let mut png = drawing::encode(&drawing::page(&["x"]), ImageFormat::Png);
    png[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    let (code, line) = inspect(&place, "huge.png", &png);
    assert_eq!(code, 2, "what was not read is not clean");
    assert!(line["not_read"].as_str().is_some_and(|why| why.contains("40000000 pixels")), "{line}");
    let (_, line) = inspect(&place, "long.png", vec![b'x'; (32 << 20) + 1]);
    assert!(line["not_read"].as_str().is_some_and(|why| why.contains("32 MiB")), "{line}");
}

#[test]
fn a_bomb_of_forty_million_pixels_is_read_within_the_limits() {
    let place = Place::new();
    // The largest page that is let through, white: a few kilobytes that unfold to forty megabytes and more.
    let bomb = drawing::encode(&GrayImage::from_pixel(8000, 5000, Luma([255])), ImageFormat::Png);
    assert!(bomb.len() < 200_000, "{} bytes", bomb.len());
    let (code, line) = inspect(&place, "bomb.png", bomb);
    assert_eq!((code, kinds(&line)), (0, vec![]), "{line}");
}
