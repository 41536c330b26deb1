//! Files for posts: taken in piece by piece, looked at, freed of place and author, kept by the digest of their bytes.
//!
//! Invariants: the type is what the bytes say, never what somebody claims; what is kept, approved and sent are the same bytes, and the
//! small picture that pages show is made from them; a file that a post ever named is not removed; whoever may not read any post with
//! it, and did not upload it, cannot see it.

mod kind;
mod picture;
mod strip;

use std::{collections::BTreeMap, sync::Arc};

use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;

pub use kind::{Kind, Looks, look};
pub use picture::{SMALL_EDGE_PX, TextReader, Thumbnail, thumbnail};
pub use strip::{Stripped, strip};

use super::{
    access,
    content::{Draft, MediaDigest},
    posts::media_of,
    store::{media as store, posts, versions},
};
use crate::{
    act::Object,
    actor::Actor,
    db::Connection,
    desk::Desk,
    error::{Error, Invalid, Result},
    ids::{MediaId, PersonId, ProfileId, Time},
    paging::{Page, PageRequest},
    rights::{Operation, Target},
};

/// Bytes of one file: a few minutes of video, and what the database carries in a backup.
pub const FILE_BYTES_MAX: u64 = 100 * 1024 * 1024;
/// Bytes of one piece.
pub const CHUNK_BYTES: usize = 1024 * 1024;
/// Files that one person may have half-way up.
const ARRIVING_MAX: i64 = 20;
/// How long a file may be half-way up, or lie here without a post.
pub const UNUSED_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// Characters of a file name.
const NAME_MAX: usize = 200;

/// A file about to be taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMedia {
    /// Its name.
    pub file_name: String,
    /// How many bytes will come.
    pub bytes: u64,
}

/// A file that is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MediaInfo {
    /// Its upload.
    pub id: MediaId,
    /// SHA-256 of its bytes as they are kept and sent.
    pub digest: MediaDigest,
    /// What its bytes say it is.
    pub media_type: String,
    /// Its name.
    pub file_name: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// Width and height, of a picture.
    pub size: Option<(u32, u32)>,
    /// How long it plays, where it says so.
    pub duration_ms: Option<u64>,
    /// What was taken out of it, in words: `place`, `author`, ….
    pub stripped: Vec<String>,
    /// What is written in it, of a picture that was read; empty when nothing is.
    #[serde(skip)]
    pub image_text: Option<String>,
    /// Who uploaded it.
    pub uploaded_by: PersonId,
    /// When.
    pub created_at: Time,
}

/// How large a file is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rendition {
    /// As it is sent.
    Whole,
    /// For a page: the small picture where there is one, else the file.
    Small,
}

/// Begins to take a file in.
///
/// # Errors
/// [`Error::Invalid`] when it is too large or has no usable name; [`Error::Refused`] for somebody who may write nowhere.
pub async fn begin(desk: &Desk, actor: &Actor, new: &NewMedia) -> Result<MediaId> {
    let (person, _) = access::writer(actor)?;
    if access::allowed(desk, actor, Operation::PostCreate).await?.is_empty() {
        return Err(Error::Conflict("you may write posts on no profile, so there is nothing to upload a file for".to_owned()));
    }
    let mut invalid = Invalid::new();
    let name = new.file_name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        invalid.add("file_name", format!("between 1 and {NAME_MAX} characters, without line breaks"));
    }
    if new.bytes == 0 || new.bytes > FILE_BYTES_MAX {
        invalid.add("bytes", format!("a file has between 1 byte and {} MiB", FILE_BYTES_MAX / (1024 * 1024)));
    }
    invalid.check()?;
    let mut act = desk.act(actor, Operation::MediaAdd, Target::Workspace).await?;
    let (id, now): (MediaId, _) = (desk.fresh(), act.now());
    store::sweep(act.tx(), now.plus_ms(-UNUSED_MS)).await?;
    if store::arriving(act.tx(), person).await? >= ARRIVING_MAX {
        return Err(Error::Conflict(format!("{ARRIVING_MAX} of your files are half-way up; finish or remove one first")));
    }
    store::begin(act.tx(), id, person, name, new.bytes, now).await?;
    act.record(Object::new("media", id)).detail("bytes", new.bytes);
    act.commit().await?;
    Ok(id)
}

/// Takes the next piece in: all but the last have [`CHUNK_BYTES`]. The same piece once more is fine.
pub async fn chunk(desk: &Desk, actor: &Actor, id: MediaId, number: u32, bytes: &[u8]) -> Result<()> {
    let (person, _) = access::writer(actor)?;
    let mut act = desk.act(actor, Operation::MediaAdd, Target::Workspace).await?;
    let arriving = store::arriving_of(act.tx(), id, person).await?.ok_or(Error::NotFound("upload"))?;
    let offset = u64::from(number) * CHUNK_BYTES as u64;
    let wanted = arriving.bytes.saturating_sub(offset).min(CHUNK_BYTES as u64);
    if bytes.is_empty() || bytes.len() as u64 != wanted {
        return Err(Invalid::field("bytes", format!("piece {number} of this file has {wanted} bytes")));
    }
    store::put_chunk(act.tx(), id, number, bytes).await?;
    act.record(Object::new("media", id)).detail("piece", number);
    act.commit().await
}

/// All pieces are here: looks at the file, takes place and author out, reads what is written in it, and keeps it.
///
/// # Errors
/// [`Error::Invalid`] when a piece is missing or it is no kind of file that any network takes.
pub async fn finish(desk: &Desk, actor: &Actor, id: MediaId, text_reader: Option<TextReader>) -> Result<MediaInfo> {
    let (person, _) = access::writer(actor)?;
    let mut reader = desk.db().read().await?;
    let arriving = store::arriving_of(&mut reader, id, person).await?.ok_or(Error::NotFound("upload"))?;
    let bytes = store::bytes_of(&mut reader, id).await?;
    drop(reader);
    if bytes.len() as u64 != arriving.bytes {
        return Err(Invalid::field(
            "bytes",
            format!("{} of {} bytes are here; send the missing pieces", bytes.len(), arriving.bytes),
        ));
    }
    let looked = tokio::task::spawn_blocking(move || cleaned(&bytes)).await;
    let (bytes, looks, stripped) = looked.map_err(|error| Error::Internal(error.to_string()))??;
    let bytes: Arc<[u8]> = bytes.into();
    let seen = picture::look_closer(looks.kind, bytes.clone(), text_reader).await;
    let hash = digest(&SHA256, &bytes);
    let media = MediaInfo {
        id,
        digest: MediaDigest(hash.as_ref().try_into().expect("SHA-256 has 32 bytes")),
        media_type: looks.kind.media_type().to_owned(),
        file_name: arriving.file_name,
        bytes: bytes.len() as u64,
        size: looks.size,
        duration_ms: looks.duration_ms,
        stripped: stripped.into_iter().map(|what| what.id().to_owned()).collect(),
        image_text: seen.text,
        uploaded_by: person,
        created_at: desk.now(),
    };
    let mut act = desk.act(actor, Operation::MediaAdd, Target::Workspace).await?;
    let still = store::arriving_of(act.tx(), id, person).await?;
    still.ok_or_else(|| Error::Conflict("this file was finished or removed meanwhile".to_owned()))?;
    store::remove_chunks(act.tx(), id).await?;
    for (number, piece) in (0..).zip(bytes.chunks(CHUNK_BYTES)) {
        store::put_chunk(act.tx(), id, number, piece).await?;
    }
    store::finish(act.tx(), &media).await?;
    if let Some(small) = &seen.thumbnail {
        store::put_thumbnail(act.tx(), media.digest, small).await?;
    }
    act.record(Object::new("media", id))
        .detail("digest", hex::encode(media.digest.0))
        .detail("media_type", media.media_type.as_str())
        .detail("stripped", media.stripped.clone());
    act.commit().await?;
    Ok(media)
}

fn cleaned(bytes: &[u8]) -> Result<(Vec<u8>, Looks, Vec<Stripped>)> {
    let looks = look(bytes).ok_or_else(|| {
        Invalid::field("bytes", "not a JPEG, PNG, GIF or WebP picture, MP4, QuickTime or WebM video, or MP3 sound")
    })?;
    let (clean, stripped) = strip(looks.kind, bytes).ok_or_else(|| {
        Invalid::field("bytes", "the picture is broken: its parts do not fit together; save it anew and try again")
    })?;
    Ok((clean, looks, stripped))
}

/// What is known of a file, for its uploader and whoever may read a post that names it. An uploader finds the name they gave it last.
///
/// # Errors
/// [`Error::NotFound`], also for everybody else.
pub async fn info(desk: &Desk, actor: &Actor, wanted: MediaDigest) -> Result<MediaInfo> {
    let mut reader = desk.view(actor, Operation::MediaRead, Target::Workspace).await?;
    seen(desk, actor, &mut reader, wanted).await
}

/// A page of the files that the caller uploaded, the newest first.
pub async fn own(desk: &Desk, actor: &Actor, page: &PageRequest) -> Result<Page<MediaInfo>> {
    let mut reader = desk.view(actor, Operation::MediaRead, Target::Workspace).await?;
    let (person, _) = access::writer(actor)?;
    store::own(&mut reader, person, page).await
}

/// A file and its bytes, for the same.
///
/// # Errors
/// As [`info`].
pub async fn read(desk: &Desk, actor: &Actor, wanted: MediaDigest, rendition: Rendition) -> Result<(MediaInfo, Vec<u8>)> {
    let mut reader = desk.view(actor, Operation::MediaRead, Target::Workspace).await?;
    seen(desk, actor, &mut reader, wanted).await?;
    bytes(&mut reader, wanted, rendition).await
}

async fn seen(desk: &Desk, actor: &Actor, on: &mut dyn Connection, wanted: MediaDigest) -> Result<MediaInfo> {
    let known = match actor.person() {
        Some(person) => store::known_to(on, wanted, person).await?,
        None => store::by_digest(on, wanted).await?,
    };
    let media = known.ok_or(Error::NotFound("file"))?;
    if !store::uploaders(on, wanted).await?.iter().any(|person| Some(*person) == actor.person()) {
        let readable = access::allowed(desk, actor, Operation::PostsRead).await?;
        let profiles: Vec<_> = readable.into_iter().map(|profile| profile.id).collect();
        if !store::is_on_a_post_within(on, wanted, &profiles).await? && !is_on_what_is_seen(on, wanted, &profiles).await? {
            return Err(Error::NotFound("file"));
        }
    }
    Ok(media)
}

/// Whether a post names it where somebody who may read these of its profiles sees it: now, or in a version that was submitted.
async fn is_on_what_is_seen(on: &mut dyn Connection, wanted: MediaDigest, readable: &[ProfileId]) -> Result<bool> {
    for post in store::posts_beyond(on, wanted, readable).await? {
        let now = posts::get(on, post).await?.map(|row| row.draft);
        let before = versions::all(on, post).await?.into_iter().map(|version| version.draft);
        for mut draft in now.into_iter().chain(before) {
            draft.keep_only(|profile| readable.contains(&profile));
            if media_of(&draft).contains(&wanted) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The bytes of a file that is about to be sent, or shown as part of something that was decided already.
pub(crate) async fn bytes(on: &mut dyn Connection, wanted: MediaDigest, rendition: Rendition) -> Result<(MediaInfo, Vec<u8>)> {
    let mut media = store::by_digest(on, wanted).await?.ok_or(Error::NotFound("file"))?;
    if rendition == Rendition::Small
        && let Some((media_type, bytes)) = store::thumbnail(on, wanted).await?
    {
        media.media_type = media_type;
        return Ok((media, bytes));
    }
    let bytes = store::bytes_of(on, media.id).await?;
    Ok((media, bytes))
}

/// What is written in the pictures of a draft, as far as somebody read them.
pub(super) async fn image_texts(on: &mut dyn Connection, draft: &Draft) -> Result<BTreeMap<MediaDigest, String>> {
    let digests: Vec<_> = media_of(draft).into_iter().collect();
    store::image_texts(on, &digests).await
}

/// What is known of the files of a draft.
pub(super) async fn facts(on: &mut dyn Connection, draft: &Draft) -> Result<BTreeMap<MediaDigest, MediaInfo>> {
    let mut known = BTreeMap::new();
    for digest in media_of(draft) {
        if let Some(info) = store::by_digest(on, digest).await? {
            known.insert(digest, info);
        }
    }
    Ok(known)
}

/// Removes an own upload that no post names.
pub async fn remove(desk: &Desk, actor: &Actor, id: MediaId) -> Result<()> {
    let (person, _) = access::writer(actor)?;
    let mut act = desk.act(actor, Operation::MediaRemove, Target::Workspace).await?;
    let known = store::get(act.tx(), id).await?.filter(|(by, _)| *by == person).ok_or(Error::NotFound("file"))?;
    if let Some(digest) = known.1
        && store::is_named(act.tx(), digest).await?
    {
        return Err(Error::Conflict("a post names this file; take it off the post, whose record keeps it".to_owned()));
    }
    store::remove(act.tx(), id).await?;
    act.record(Object::new("media", id));
    act.commit().await
}

/// Refuses a draft with a file that whoever writes it may not see: to name it would show it to them.
pub(super) async fn refuse_unseen(desk: &Desk, actor: &Actor, draft: &Draft) -> Result<()> {
    let mut invalid = Invalid::new();
    for wanted in media_of(draft) {
        match seen(desk, actor, &mut desk.db().read().await?, wanted).await {
            Ok(_) => {}
            Err(Error::NotFound(_)) => invalid.add("media", format!("the file {} was not uploaded", hex::encode(wanted.0))),
            Err(error) => return Err(error),
        }
    }
    invalid.check()
}

/// Notes every file of a draft that is not here, or is something else than the draft says.
pub(super) async fn check_known(on: &mut dyn Connection, draft: &Draft, invalid: &mut Invalid) -> Result<()> {
    for content in std::iter::once(&draft.common).chain(draft.targets.values().flatten()) {
        for medium in content.parts.iter().flat_map(|part| &part.media) {
            match store::by_digest(on, medium.digest).await? {
                Some(known) if known.media_type == medium.media_type => {}
                Some(known) => {
                    invalid.add("media", format!("{} is {}, not {}", medium.file_name, known.media_type, medium.media_type));
                }
                None => invalid.add("media", format!("{} was not uploaded", medium.file_name)),
            }
        }
    }
    Ok(())
}
