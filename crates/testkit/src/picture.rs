//! The smallest whole picture, for whatever has to be given a file.

use desk::{
    Actor, Desk,
    publishing::{Medium, media},
};

/// A PNG of one pixel.
pub const PICTURE: &[u8] = b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde\x00\x00\x00\x0cIDATx\x9cc\xf8\xcf\xc0\x00\x00\x03\x01\x01\x00\xc9\xfe\x92\xef\x00\x00\x00\x00IEND\xaeB`\x82";

/// Gives it to a desk, ready to be put on a post.
///
/// # Panics
/// When the desk does not take it from this person.
pub async fn on_desk(desk: &Desk, actor: &Actor) -> Medium {
    let new = media::NewMedia { file_name: "kite.png".to_owned(), bytes: PICTURE.len() as u64 };
    let id = media::begin(desk, actor, &new).await.expect("begun");
    media::chunk(desk, actor, id, 0, PICTURE).await.expect("taken");
    let info = media::finish(desk, actor, id, None).await.expect("a picture");
    Medium { digest: info.digest, media_type: info.media_type, file_name: new.file_name, alt: "a red kite".to_owned() }
}
