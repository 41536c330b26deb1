//! Files for posts: piece by piece, by what their bytes say, for those who may see them.

use std::sync::Arc;

use desk::{
    Actor, Desk, Error,
    capture::Examiner,
    db::sql,
    publishing::{
        self, Medium, Submitting,
        media::{self, MediaInfo, Rendition, TextReader},
    },
    rights::{Given, Level},
};
use inspect::images::{Page, ReadText, ReadTextError, parse_tsv};
use testkit::on_both;

use super::{form, publisher};

/// A picture of one pixel with an author's note.
fn png() -> Vec<u8> {
    let chunk = |name: &[u8; 4], body: &[u8]| {
        [&u32::try_from(body.len()).expect("short").to_be_bytes()[..], name, body, &[0; 4]].concat()
    };
    let header = [0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0];
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header), chunk(b"tEXt", b"Author\0Ann"), chunk(b"IEND", b"")].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_kept_without_its_notes_and_seen_by_those_who_may_read_its_post() {
    on_both(|test| async move {
        let desk = &test.desk;
        let (publisher, profile) = publisher(&test).await;
        let reader = test.person_with(&[Given::Level(Level::ReadOnly)]).await.actor;
        let stranger = test.person_with(&[]).await.actor;
        let bytes = png();
        let new = media::NewMedia { file_name: "kite.png".to_owned(), bytes: bytes.len() as u64 };
        assert!(matches!(media::begin(desk, &stranger, &new).await, Err(Error::Conflict(_))));
        let id = media::begin(desk, &publisher, &new).await.expect("begun");
        assert!(media::finish(desk, &publisher, id, None).await.is_err(), "a piece is missing");
        assert!(media::chunk(desk, &publisher, id, 0, b"short").await.is_err());
        assert!(matches!(media::chunk(desk, &reader, id, 0, &bytes).await, Err(Error::NotFound(_))), "not theirs");
        media::chunk(desk, &publisher, id, 0, &bytes).await.expect("taken");
        let info = media::finish(desk, &publisher, id, None).await.expect("a picture");
        assert_eq!(
            (info.media_type.as_str(), info.size, info.stripped.clone()),
            ("image/png", Some((1, 1)), vec!["notes".to_owned()])
        );
        assert!(
            matches!(media::read(desk, &reader, info.digest, Rendition::Whole).await, Err(Error::NotFound(_))),
            "on no post yet"
        );
        let (_, kept) = media::read(desk, &publisher, info.digest, Rendition::Whole).await.expect("their own");
        assert!(!kept.windows(3).any(|window| window == b"Ann"));
        let mut form = form("look", &[profile]);
        let medium = |media_type: &str, alt: &str| Medium {
            digest: info.digest,
            media_type: media_type.to_owned(),
            file_name: "kite.png".to_owned(),
            alt: alt.to_owned(),
        };
        form.draft.common.parts[0].media.push(medium("image/jpeg", "a kite"));
        assert!(matches!(publishing::create(desk, &publisher, &form).await, Err(Error::Invalid(_))), "it is no JPEG");
        form.draft.common.parts[0].media[0] = medium("image/png", "");
        let post = publishing::create(desk, &publisher, &form).await.expect("begun");
        assert_eq!(publishing::get(desk, &publisher, post).await.expect("readable").targets[0].life.uploads_left, 1);
        media::read(desk, &reader, info.digest, Rendition::Whole).await.expect("it is on a post of a profile they read");
        assert!(matches!(media::read(desk, &stranger, info.digest, Rendition::Whole).await, Err(Error::NotFound(_))));
        assert!(matches!(media::remove(desk, &publisher, id).await, Err(Error::Conflict(_))), "a post names it");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_files_come_in_pieces_and_what_is_no_file_is_refused() {
    on_both(|test| async move {
        let desk = &test.desk;
        let (publisher, _) = publisher(&test).await;
        let mut movie = b"\0\0\0\x10ftypisom\0\0\0\0".to_vec();
        movie.resize(media::CHUNK_BYTES + 10, 7);
        let new = media::NewMedia { file_name: "kite.mp4".to_owned(), bytes: movie.len() as u64 };
        let id = media::begin(desk, &publisher, &new).await.expect("begun");
        for (number, piece) in (0..).zip(movie.chunks(media::CHUNK_BYTES)) {
            media::chunk(desk, &publisher, id, number, piece).await.expect("taken");
            media::chunk(desk, &publisher, id, number, piece).await.expect("the same once more");
        }
        let info = media::finish(desk, &publisher, id, None).await.expect("a movie");
        assert_eq!((info.media_type.as_str(), info.bytes), ("video/mp4", movie.len() as u64));
        assert_eq!(media::read(desk, &publisher, info.digest, Rendition::Whole).await.expect("kept").1, movie);
        media::remove(desk, &publisher, id).await.expect("no post names it");
        let text = b"<script>alert(1)</script>";
        let new = media::NewMedia { file_name: "kite.png".to_owned(), bytes: text.len() as u64 };
        let id = media::begin(desk, &publisher, &new).await.expect("begun");
        media::chunk(desk, &publisher, id, 0, text).await.expect("taken");
        assert!(matches!(media::finish(desk, &publisher, id, None).await, Err(Error::Invalid(_))));
        let large = media::NewMedia { bytes: media::FILE_BYTES_MAX + 1, ..new };
        assert!(matches!(media::begin(desk, &publisher, &large).await, Err(Error::Invalid(_))));
    })
    .await;
}

/// A picture large enough to have a small one.
fn photo() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::DynamicImage::ImageRgb8(image::RgbImage::from_fn(1_400, 700, |x, y| {
        image::Rgb([x.to_le_bytes()[0], y.to_le_bytes()[0], 7])
    }));
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("encodes");
    bytes.into_inner()
}

async fn uploaded(desk: &Desk, actor: &Actor, name: &str, bytes: &[u8], reader: Option<TextReader>) -> MediaInfo {
    let new = media::NewMedia { file_name: name.to_owned(), bytes: bytes.len() as u64 };
    let id = media::begin(desk, actor, &new).await.expect("begun");
    for (number, piece) in (0..).zip(bytes.chunks(media::CHUNK_BYTES)) {
        media::chunk(desk, actor, id, number, piece).await.expect("taken");
    }
    media::finish(desk, actor, id, reader).await.expect("a picture")
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_get_a_small_picture_that_goes_with_the_last_upload() {
    on_both(|test| async move {
        let desk = &test.desk;
        let (publisher, _) = publisher(&test).await;
        let photo = photo();
        let first = uploaded(desk, &publisher, "first.png", &photo, None).await;
        let second = uploaded(desk, &publisher, "second.png", &photo, None).await;
        let read = async |rendition| media::read(desk, &publisher, first.digest, rendition).await.expect("their own");
        let (info, small) = read(Rendition::Small).await;
        let size = inspect::images::read_size(&small).expect("a picture");
        assert_eq!((info.media_type.as_str(), size.width, size.height), ("image/jpeg", 640, 320));
        let (whole, bytes) = read(Rendition::Whole).await;
        assert_eq!((whole.media_type.as_str(), bytes), ("image/png", photo.clone()));
        media::remove(desk, &publisher, first.id).await.expect("no post names it");
        assert_eq!(read(Rendition::Small).await.1, small, "another upload has the same bytes");
        media::remove(desk, &publisher, second.id).await.expect("no post names it");
        let mut reader = desk.db().read().await.expect("reads");
        let left = sql("SELECT COUNT(*) AS n FROM media_thumbnails").one(&mut reader).await.expect("counts");
        assert_eq!(left.get::<i64>("n").expect("a count"), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_uploaded_again_have_the_name_they_were_given_then() {
    on_both(|test| async move {
        let desk = &test.desk;
        let (publisher, _) = publisher(&test).await;
        let first = uploaded(desk, &publisher, "first.png", &png(), None).await;
        test.clock.advance_ms(1_000);
        let second = uploaded(desk, &publisher, "second.png", &png(), None).await;
        assert_eq!(first.digest, second.digest);
        assert_eq!(media::info(desk, &publisher, first.digest).await.expect("their own").file_name, "second.png");
    })
    .await;
}

/// Reads the same words in every picture.
struct Says(&'static str);

impl ReadText for Says {
    fn read_text(&self, _image: &[u8]) -> Result<Page, ReadTextError> {
        let row = |word: &str| format!("5\t1\t1\t1\t1\t1\t0\t0\t9\t9\t99\t{word}\n");
        Ok(parse_tsv(&self.0.split(' ').map(row).collect::<String>()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_in_a_picture_is_looked_at_before_it_is_submitted() {
    on_both(|test| async move {
        let desk = &test.desk;
        let (publisher, profile) = publisher(&test).await;
        let examiner = Examiner::new().expect("compiles");
        let reader: TextReader = Arc::new(Says("card 4111 1111 1111 1111"));
        let read = uploaded(desk, &publisher, "card.png", &photo(), Some(reader)).await;
        let unread = uploaded(desk, &publisher, "kite.png", &png(), None).await;
        let mut form = form("look", &[profile]);
        for info in [&unread, &read] {
            form.draft.common.parts[0].media.push(Medium {
                digest: info.digest,
                media_type: info.media_type.clone(),
                file_name: info.file_name.clone(),
                alt: "A kite".to_owned(),
            });
        }
        let warnings = publishing::check(desk, &publisher, &examiner, &form, None).await.expect("looked at");
        let [found] = &warnings[..] else { panic!("one finding: {warnings:?}") };
        assert_eq!((found.zone.as_deref(), found.zone_part, found.message.as_str()), (Some("image_text"), 1, "CREDIT_CARD"));
        assert!(!format!("{warnings:?}").contains("4111"), "where it stands, never what");
        let id = publishing::create(desk, &publisher, &form).await.expect("begun");
        publishing::submit(desk, &publisher, &examiner, id, 1, &Submitting::default()).await.expect("submitted");
        let mut reader = desk.db().read().await.expect("reads");
        let row = sql("SELECT findings FROM post_versions").one(&mut reader).await.expect("a version");
        assert!(row.get::<String>("findings").expect("a list").contains("CREDIT_CARD"), "workflows choose by it");
    })
    .await;
}
