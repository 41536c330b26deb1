//! SQL of media: rows, their pieces, and the small pictures made of them.

use std::collections::BTreeMap;

use super::{json, places, text_of};
use crate::{
    db::{Connection, Query, Row, Tx, Value, corrupt, sql},
    error::{Invalid, Result},
    ids::{MediaId, PersonId, PostId, ProfileId, Time},
    paging::{Page, PageRequest},
    publishing::{
        content::MediaDigest,
        media::{MediaInfo, Thumbnail},
    },
};

/// Old uploads that one sweep removes: a short transaction.
const SWEEP_MAX: i64 = 20;

/// Posts that are looked at one by one for a file that may be on the hidden side of them.
const BEYOND_MAX: i64 = 50;

/// A file that is half-way up.
pub(in crate::publishing) struct Arriving {
    pub file_name: String,
    pub bytes: u64,
}

fn size_of(row: &Row, column: &str) -> Result<u64> {
    let bytes: i64 = row.get(column)?;
    Ok(u64::try_from(bytes).map_err(|_| corrupt(column, "less than nothing"))?)
}

fn digest_of(bytes: Vec<u8>) -> Result<MediaDigest> {
    Ok(MediaDigest(bytes.try_into().map_err(|_| corrupt("digest", "not 32 bytes long"))?))
}

fn read(row: &Row) -> Result<MediaInfo> {
    let wide = |column: &str| -> Result<Option<u32>> {
        let value: Option<i64> = row.get(column)?;
        Ok(value.and_then(|value| u32::try_from(value).ok()))
    };
    let duration: Option<i64> = row.get("duration_ms")?;
    Ok(MediaInfo {
        id: row.get("id")?,
        digest: digest_of(row.get("digest")?)?,
        media_type: row.get("media_type")?,
        file_name: row.get("file_name")?,
        bytes: size_of(row, "bytes")?,
        size: wide("width")?.zip(wide("height")?),
        duration_ms: duration.and_then(|value| u64::try_from(value).ok()),
        stripped: json(row, "stripped")?,
        image_text: row.get("image_text")?,
        uploaded_by: row.get("uploaded_by")?,
        created_at: row.get("created_at_ms")?,
    })
}

fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(in crate::publishing) async fn begin(
    tx: &mut Tx,
    id: MediaId,
    person: PersonId,
    file_name: &str,
    bytes: u64,
    now: Time,
) -> Result<()> {
    sql("INSERT INTO media (id, state, media_type, file_name, bytes, stripped, uploaded_by, created_at_ms) \
         VALUES ($1,'arriving','',$2,$3,'[]',$4,$5)")
    .bind(id)
    .bind(file_name)
    .bind(int(bytes))
    .bind(person)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// How many files of a person are half-way up.
pub(in crate::publishing) async fn arriving(on: &mut dyn Connection, person: PersonId) -> Result<i64> {
    let row = sql("SELECT COUNT(*) AS n FROM media WHERE uploaded_by = $1 AND state = 'arriving'").bind(person).one(on).await?;
    Ok(row.get("n")?)
}

pub(in crate::publishing) async fn arriving_of(
    on: &mut dyn Connection,
    id: MediaId,
    person: PersonId,
) -> Result<Option<Arriving>> {
    let row = sql("SELECT * FROM media WHERE id = $1 AND uploaded_by = $2 AND state = 'arriving'")
        .bind(id)
        .bind(person)
        .optional(on)
        .await?;
    row.map(|row| Ok(Arriving { file_name: row.get("file_name")?, bytes: size_of(&row, "bytes")? })).transpose()
}

pub(in crate::publishing) async fn put_chunk(tx: &mut Tx, id: MediaId, number: u32, bytes: &[u8]) -> Result<()> {
    sql("INSERT INTO media_chunks (media_id, chunk, bytes) VALUES ($1,$2,$3) \
         ON CONFLICT (media_id, chunk) DO UPDATE SET bytes = excluded.bytes")
    .bind(id)
    .bind(number)
    .bind(bytes)
    .execute(tx)
    .await?;
    Ok(())
}

pub(in crate::publishing) async fn bytes_of(on: &mut dyn Connection, id: MediaId) -> Result<Vec<u8>> {
    let rows = sql("SELECT bytes FROM media_chunks WHERE media_id = $1 ORDER BY chunk").bind(id).all(on).await?;
    let mut whole = Vec::new();
    for row in rows {
        whole.extend(row.get::<Vec<u8>>("bytes")?);
    }
    Ok(whole)
}

pub(in crate::publishing) async fn remove_chunks(tx: &mut Tx, id: MediaId) -> Result<()> {
    sql("DELETE FROM media_chunks WHERE media_id = $1").bind(id).execute(tx).await?;
    Ok(())
}

pub(in crate::publishing) async fn finish(tx: &mut Tx, media: &MediaInfo) -> Result<()> {
    sql(
        "UPDATE media SET state = 'ready', digest = $2, media_type = $3, bytes = $4, width = $5, height = $6, duration_ms = $7, \
         stripped = $8, image_text = $9 WHERE id = $1",
    )
    .bind(media.id)
    .bind(media.digest.0)
    .bind(&media.media_type)
    .bind(int(media.bytes))
    .bind(media.size.map(|(width, _)| width))
    .bind(media.size.map(|(_, height)| height))
    .bind(media.duration_ms.map(int))
    .bind(text_of(&media.stripped)?)
    .bind(media.image_text.as_deref())
    .execute(tx)
    .await?;
    Ok(())
}

/// The oldest upload with these bytes.
pub(in crate::publishing) async fn by_digest(on: &mut dyn Connection, digest: MediaDigest) -> Result<Option<MediaInfo>> {
    let row = sql("SELECT * FROM media WHERE digest = $1 ORDER BY created_at_ms, id LIMIT 1").bind(digest.0).optional(on).await?;
    row.as_ref().map(read).transpose()
}

/// The upload with these bytes that a person knows: their own newest, which has the name that they gave it last; else the oldest.
pub(in crate::publishing) async fn known_to(
    on: &mut dyn Connection,
    digest: MediaDigest,
    person: PersonId,
) -> Result<Option<MediaInfo>> {
    let own = sql("SELECT * FROM media WHERE digest = $1 AND uploaded_by = $2 ORDER BY created_at_ms DESC, id DESC LIMIT 1")
        .bind(digest.0)
        .bind(person)
        .optional(on)
        .await?;
    match own {
        Some(row) => read(&row).map(Some),
        None => by_digest(on, digest).await,
    }
}

/// What a person uploaded and is whole, the newest first: ids are made in the order of time.
pub(in crate::publishing) async fn own(on: &mut dyn Connection, person: PersonId, page: &PageRequest) -> Result<Page<MediaInfo>> {
    const OWN: &str = "uploaded_by = $1 AND state = 'ready'";
    let total: i64 = sql(format!("SELECT COUNT(*) AS n FROM media WHERE {OWN}")).bind(person).one(on).await?.get("n")?;
    let rows = match page.after.as_deref().map(str::parse::<MediaId>) {
        None => sql(format!("SELECT * FROM media WHERE {OWN} ORDER BY id DESC LIMIT $2")).bind(person).bind(page.limit()),
        Some(Ok(after)) => sql(format!("SELECT * FROM media WHERE {OWN} AND id < $2 ORDER BY id DESC LIMIT $3"))
            .bind(person)
            .bind(after)
            .bind(page.limit()),
        Some(Err(_)) => return Err(Invalid::field("after", "not a cursor that a page gave out")),
    };
    let found = rows.all(on).await?.iter().map(read).collect::<Result<Vec<_>>>()?;
    Ok(Page::cut(found, page, total, |media| media.id.to_string()))
}

/// What is written in the pictures among these files, as far as somebody read them.
pub(in crate::publishing) async fn image_texts(
    on: &mut dyn Connection,
    digests: &[MediaDigest],
) -> Result<BTreeMap<MediaDigest, String>> {
    if digests.is_empty() {
        return Ok(BTreeMap::new());
    }
    let list = places(1, digests.len());
    let text = format!("SELECT digest, image_text FROM media WHERE digest IN ({list}) AND image_text IS NOT NULL");
    let query = digests.iter().fold(sql(text), |query, digest| query.bind(digest.0));
    let rows = query.all(on).await?;
    rows.iter().map(|row| Ok((digest_of(row.get("digest")?)?, row.get("image_text")?))).collect()
}

pub(in crate::publishing) async fn put_thumbnail(tx: &mut Tx, digest: MediaDigest, small: &Thumbnail) -> Result<()> {
    sql("INSERT INTO media_thumbnails (digest, media_type, bytes) VALUES ($1,$2,$3) ON CONFLICT DO NOTHING")
        .bind(digest.0)
        .bind(small.media_type)
        .bind(small.bytes.as_slice())
        .execute(tx)
        .await?;
    Ok(())
}

/// The small picture of a file: its type and bytes.
pub(in crate::publishing) async fn thumbnail(on: &mut dyn Connection, digest: MediaDigest) -> Result<Option<(String, Vec<u8>)>> {
    let row = sql("SELECT media_type, bytes FROM media_thumbnails WHERE digest = $1").bind(digest.0).optional(on).await?;
    row.map(|row| Ok((row.get("media_type")?, row.get("bytes")?))).transpose()
}

pub(in crate::publishing) async fn uploaders(on: &mut dyn Connection, digest: MediaDigest) -> Result<Vec<PersonId>> {
    let rows = sql("SELECT DISTINCT uploaded_by FROM media WHERE digest = $1").bind(digest.0).all(on).await?;
    rows.iter().map(|row| Ok(row.get("uploaded_by")?)).collect()
}

/// Whether a post that goes to these profiles and no others ever named it.
pub(in crate::publishing) async fn is_on_a_post_within(
    on: &mut dyn Connection,
    digest: MediaDigest,
    profiles: &[ProfileId],
) -> Result<bool> {
    if profiles.is_empty() {
        return Ok(false);
    }
    let list = places(2, profiles.len());
    let text = format!(
        "SELECT 1 AS found FROM post_media m JOIN targets t ON t.post_id = m.post_id WHERE m.digest = $1 AND t.profile_id IN ({list}) \
         AND NOT EXISTS (SELECT 1 FROM targets h WHERE h.post_id = m.post_id AND h.profile_id NOT IN ({list})) LIMIT 1"
    );
    Ok(on_profiles(text, digest, profiles).optional(on).await?.is_some())
}

/// Posts that ever named it and go to one of these profiles, and to others as well; some of them.
pub(in crate::publishing) async fn posts_beyond(
    on: &mut dyn Connection,
    digest: MediaDigest,
    profiles: &[ProfileId],
) -> Result<Vec<PostId>> {
    if profiles.is_empty() {
        return Ok(Vec::new());
    }
    let list = places(2, profiles.len());
    let text = format!(
        "SELECT DISTINCT m.post_id FROM post_media m JOIN targets t ON t.post_id = m.post_id WHERE m.digest = $1 AND t.profile_id IN ({list}) \
         AND EXISTS (SELECT 1 FROM targets h WHERE h.post_id = m.post_id AND h.profile_id NOT IN ({list})) ORDER BY m.post_id DESC LIMIT {BEYOND_MAX}"
    );
    let rows = on_profiles(text, digest, profiles).all(on).await?;
    rows.iter().map(|row| Ok(row.get("post_id")?)).collect()
}

fn on_profiles(text: String, digest: MediaDigest, profiles: &[ProfileId]) -> Query {
    profiles.iter().fold(sql(text).bind(digest.0), |query, &profile| query.bind(Value::from(profile)))
}

/// Whether any post ever named it.
pub(in crate::publishing) async fn is_named(on: &mut dyn Connection, digest: MediaDigest) -> Result<bool> {
    Ok(sql("SELECT 1 AS found FROM post_media WHERE digest = $1 LIMIT 1").bind(digest.0).optional(on).await?.is_some())
}

/// Who uploaded a file, and its digest once it is whole.
pub(in crate::publishing) async fn get(on: &mut dyn Connection, id: MediaId) -> Result<Option<(PersonId, Option<MediaDigest>)>> {
    let Some(row) = sql("SELECT uploaded_by, digest FROM media WHERE id = $1").bind(id).optional(on).await? else {
        return Ok(None);
    };
    let digest: Option<Vec<u8>> = row.get("digest")?;
    Ok(Some((row.get("uploaded_by")?, digest.map(digest_of).transpose()?)))
}

pub(in crate::publishing) async fn remove(tx: &mut Tx, id: MediaId) -> Result<()> {
    remove_chunks(tx, id).await?;
    sql("DELETE FROM media_thumbnails WHERE digest = (SELECT digest FROM media WHERE id = $1) \
         AND NOT EXISTS (SELECT 1 FROM media m WHERE m.digest = media_thumbnails.digest AND m.id <> $1)")
    .bind(id)
    .execute(tx)
    .await?;
    sql("DELETE FROM media WHERE id = $1").bind(id).execute(tx).await?;
    Ok(())
}

/// Removes some uploads from before a moment that never were finished or that no post names.
pub(in crate::publishing) async fn sweep(tx: &mut Tx, before: Time) -> Result<()> {
    let rows = sql("SELECT id FROM media WHERE created_at_ms < $1 AND (digest IS NULL OR NOT EXISTS \
                    (SELECT 1 FROM post_media m WHERE m.digest = media.digest)) LIMIT $2")
    .bind(before)
    .bind(SWEEP_MAX)
    .all(tx)
    .await?;
    for row in rows {
        remove(tx, row.get("id")?).await?;
    }
    Ok(())
}
