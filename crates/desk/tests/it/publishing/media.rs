//! Files for posts: piece by piece, by what their bytes say, for those who may see them.

use desk::{
    Error,
    publishing::{self, Medium, media},
    rights::{Given, Level},
};
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
        assert!(media::finish(desk, &publisher, id).await.is_err(), "a piece is missing");
        assert!(media::chunk(desk, &publisher, id, 0, b"short").await.is_err());
        assert!(matches!(media::chunk(desk, &reader, id, 0, &bytes).await, Err(Error::NotFound(_))), "not theirs");
        media::chunk(desk, &publisher, id, 0, &bytes).await.expect("taken");
        let info = media::finish(desk, &publisher, id).await.expect("a picture");
        assert_eq!(
            (info.media_type.as_str(), info.size, info.stripped.clone()),
            ("image/png", Some((1, 1)), vec!["notes".to_owned()])
        );
        assert!(matches!(media::read(desk, &reader, info.digest).await, Err(Error::NotFound(_))), "on no post yet");
        let (_, kept) = media::read(desk, &publisher, info.digest).await.expect("their own");
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
        media::read(desk, &reader, info.digest).await.expect("it is on a post of a profile they read");
        assert!(matches!(media::read(desk, &stranger, info.digest).await, Err(Error::NotFound(_))));
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
        let info = media::finish(desk, &publisher, id).await.expect("a movie");
        assert_eq!((info.media_type.as_str(), info.bytes), ("video/mp4", movie.len() as u64));
        assert_eq!(media::read(desk, &publisher, info.digest).await.expect("kept").1, movie);
        media::remove(desk, &publisher, id).await.expect("no post names it");
        let text = b"<script>alert(1)</script>";
        let new = media::NewMedia { file_name: "kite.png".to_owned(), bytes: text.len() as u64 };
        let id = media::begin(desk, &publisher, &new).await.expect("begun");
        media::chunk(desk, &publisher, id, 0, text).await.expect("taken");
        assert!(matches!(media::finish(desk, &publisher, id).await, Err(Error::Invalid(_))));
        let large = media::NewMedia { bytes: media::FILE_BYTES_MAX + 1, ..new };
        assert!(matches!(media::begin(desk, &publisher, &large).await, Err(Error::Invalid(_))));
    })
    .await;
}
