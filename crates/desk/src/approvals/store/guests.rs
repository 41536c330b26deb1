//! SQL of outside approvers.

use crate::{
    approvals::outside::{Guest, InvitationView, Link, SessionView},
    db::{Connection, Row, Tx, sql},
    error::Result,
    ids::{GuestId, GuestSessionId, InvitationId, PersonId, SubmissionId, Time},
};

fn read(row: &Row) -> Result<Guest> {
    Ok(Guest {
        id: row.get("id")?,
        email: row.get("email")?,
        name: row.get("name")?,
        created_by: row.get("created_by")?,
        created_at: row.get("created_at_ms")?,
        revoked_at: row.get("revoked_at_ms")?,
    })
}

pub(in crate::approvals) async fn get(on: &mut dyn Connection, id: GuestId) -> Result<Option<Guest>> {
    sql("SELECT * FROM guest_approvers WHERE id = $1").bind(id).optional(on).await?.as_ref().map(read).transpose()
}

/// Every guest, by name.
pub(in crate::approvals) async fn all(on: &mut dyn Connection) -> Result<Vec<Guest>> {
    sql("SELECT * FROM guest_approvers ORDER BY name, id").all(on).await?.iter().map(read).collect()
}

pub(in crate::approvals) async fn insert(
    tx: &mut Tx,
    id: GuestId,
    (email, name): (&str, &str),
    by: Option<PersonId>,
    now: Time,
) -> Result<()> {
    sql("INSERT INTO guest_approvers (id, email, email_key, name, created_by, created_at_ms) VALUES ($1,$2,$3,$4,$5,$6)")
        .bind(id)
        .bind(email)
        .bind(email.to_lowercase())
        .bind(name)
        .bind(by)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// Revokes a guest with every link and browser. Answers whether there was one to revoke.
pub(in crate::approvals) async fn revoke(tx: &mut Tx, id: GuestId, now: Time) -> Result<bool> {
    let revoked = sql("UPDATE guest_approvers SET revoked_at_ms = $2 WHERE id = $1 AND revoked_at_ms IS NULL")
        .bind(id)
        .bind(now)
        .execute(tx)
        .await?;
    sql("UPDATE guest_invitations SET revoked_at_ms = $2 WHERE guest_id = $1 AND revoked_at_ms IS NULL")
        .bind(id)
        .bind(now)
        .execute(tx)
        .await?;
    sql("UPDATE guest_sessions SET ended_at_ms = $2 WHERE guest_id = $1 AND ended_at_ms IS NULL")
        .bind(id)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(revoked > 0)
}

pub(in crate::approvals) async fn ask(tx: &mut Tx, guest: GuestId, submission: SubmissionId, now: Time) -> Result<()> {
    sql("INSERT INTO guest_asks (guest_id, submission_id, asked_at_ms) VALUES ($1,$2,$3) \
         ON CONFLICT (guest_id, submission_id) DO UPDATE SET asked_at_ms = excluded.asked_at_ms, mailed_at_ms = NULL")
    .bind(guest)
    .bind(submission)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

pub(in crate::approvals) async fn is_asked(on: &mut dyn Connection, guest: GuestId, submission: SubmissionId) -> Result<bool> {
    let row = sql("SELECT guest_id FROM guest_asks WHERE guest_id = $1 AND submission_id = $2 AND revoked_at_ms IS NULL")
        .bind(guest)
        .bind(submission)
        .optional(on)
        .await?;
    Ok(row.is_some())
}

/// What waits, asks a guest, and stood in no letter yet.
pub(in crate::approvals) async fn unmailed(on: &mut dyn Connection, guest: GuestId) -> Result<Vec<SubmissionId>> {
    sql("SELECT a.submission_id FROM guest_asks a JOIN submissions m ON m.id = a.submission_id \
         WHERE a.guest_id = $1 AND a.mailed_at_ms IS NULL AND a.revoked_at_ms IS NULL AND m.state = 'pending' ORDER BY a.asked_at_ms")
    .bind(guest)
    .all(on)
    .await?
    .iter()
    .map(|row| Ok(row.get("submission_id")?))
    .collect()
}

pub(in crate::approvals) async fn mailed(tx: &mut Tx, guest: GuestId, submission: SubmissionId, now: Time) -> Result<()> {
    sql("UPDATE guest_asks SET mailed_at_ms = $3 WHERE guest_id = $1 AND submission_id = $2")
        .bind(guest)
        .bind(submission)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

pub(in crate::approvals) async fn insert_invitation(
    tx: &mut Tx,
    (id, guest): (InvitationId, GuestId),
    hash: [u8; 32],
    now: Time,
    expires_at: Time,
) -> Result<()> {
    sql("INSERT INTO guest_invitations (id, guest_id, token_hash, created_at_ms, expires_at_ms) VALUES ($1,$2,$3,$4,$5)")
        .bind(id)
        .bind(guest)
        .bind(hash)
        .bind(now)
        .bind(expires_at)
        .execute(tx)
        .await?;
    Ok(())
}

/// The link behind a hash, while it and its guest work.
pub(in crate::approvals) async fn link(on: &mut dyn Connection, hash: [u8; 32], now: Time) -> Result<Option<Link>> {
    let row = sql("SELECT g.*, i.id AS invitation_id FROM guest_invitations i JOIN guest_approvers g ON g.id = i.guest_id \
         WHERE i.token_hash = $1 AND i.expires_at_ms > $2 AND i.revoked_at_ms IS NULL AND g.revoked_at_ms IS NULL")
    .bind(hash)
    .bind(now)
    .optional(on)
    .await?;
    row.map(|row| Ok(Link { id: row.get("invitation_id")?, guest: read(&row)? })).transpose()
}

/// Links shown of one guest: a year of weekly letters.
const SHOWN_MAX: i64 = 50;

pub(in crate::approvals) async fn invitations(on: &mut dyn Connection, guest: GuestId) -> Result<Vec<InvitationView>> {
    sql(format!("SELECT * FROM guest_invitations WHERE guest_id = $1 ORDER BY created_at_ms DESC, id LIMIT {SHOWN_MAX}"))
        .bind(guest)
        .all(on)
        .await?
        .iter()
        .map(|row| {
            Ok(InvitationView {
                id: row.get("id")?,
                created_at: row.get("created_at_ms")?,
                expires_at: row.get("expires_at_ms")?,
                revoked_at: row.get("revoked_at_ms")?,
            })
        })
        .collect()
}

pub(in crate::approvals) async fn revoke_invitation(tx: &mut Tx, id: InvitationId, now: Time) -> Result<bool> {
    let revoked = sql("UPDATE guest_invitations SET revoked_at_ms = $2 WHERE id = $1 AND revoked_at_ms IS NULL")
        .bind(id)
        .bind(now)
        .execute(tx)
        .await?;
    sql("UPDATE guest_sessions SET ended_at_ms = $2 WHERE invitation_id = $1 AND ended_at_ms IS NULL")
        .bind(id)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(revoked > 0)
}

/// A browser that is about to be sent a code.
pub(in crate::approvals) struct NewSession {
    pub(in crate::approvals) id: GuestSessionId,
    pub(in crate::approvals) guest: GuestId,
    pub(in crate::approvals) invitation: InvitationId,
    pub(in crate::approvals) browser_hash: [u8; 32],
    pub(in crate::approvals) code_digest: [u8; 32],
    pub(in crate::approvals) code_expires_at: Time,
    pub(in crate::approvals) address: Option<String>,
    pub(in crate::approvals) user_agent: String,
}

pub(in crate::approvals) async fn insert_session(tx: &mut Tx, new: &NewSession, now: Time) -> Result<()> {
    sql("INSERT INTO guest_sessions (id, guest_id, invitation_id, browser_hash, code_digest, code_expires_at_ms, code_tries, \
         expires_at_ms, address, user_agent, created_at_ms) VALUES ($1,$2,$3,$4,$5,$6,0,$6,$7,$8,$9)")
    .bind(new.id)
    .bind(new.guest)
    .bind(new.invitation)
    .bind(new.browser_hash)
    .bind(new.code_digest)
    .bind(new.code_expires_at)
    .bind(new.address.as_deref())
    .bind(&new.user_agent)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}

/// When the oldest of the last `count` codes of a link was sent, if that many were sent since.
pub(in crate::approvals) async fn oldest_of_last_codes(
    on: &mut dyn Connection,
    invitation: InvitationId,
    since: Time,
    count: i64,
) -> Result<Option<Time>> {
    let rows = sql(format!(
        "SELECT created_at_ms FROM guest_sessions WHERE invitation_id = $1 AND created_at_ms > $2 ORDER BY created_at_ms DESC LIMIT {count}"
    ))
    .bind(invitation)
    .bind(since)
    .all(on)
    .await?;
    match rows.last() {
        Some(row) if i64::try_from(rows.len()).is_ok_and(|sent| sent >= count) => Ok(Some(row.get("created_at_ms")?)),
        _ => Ok(None),
    }
}

/// A browser that waits for its code.
pub(in crate::approvals) struct Pending {
    pub(in crate::approvals) id: GuestSessionId,
    pub(in crate::approvals) guest: GuestId,
    pub(in crate::approvals) code_digest: Vec<u8>,
    pub(in crate::approvals) code_expires_at: Time,
    pub(in crate::approvals) tries: u32,
}

/// The browser behind a hash while it waits for its code and its link and guest work. Nobody else tries until the transaction ends.
pub(in crate::approvals) async fn locked_pending(tx: &mut Tx, hash: [u8; 32], now: Time) -> Result<Option<Pending>> {
    let clause = tx.for_update();
    let row = sql(format!(
        "SELECT * FROM guest_sessions WHERE browser_hash = $1 AND entered_at_ms IS NULL AND ended_at_ms IS NULL {clause}"
    ))
    .bind(hash)
    .optional(tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let works = sql("SELECT i.id FROM guest_invitations i JOIN guest_approvers g ON g.id = i.guest_id \
         WHERE i.id = $1 AND i.revoked_at_ms IS NULL AND i.expires_at_ms > $2 AND g.revoked_at_ms IS NULL")
    .bind(row.get::<InvitationId>("invitation_id")?)
    .bind(now)
    .optional(tx)
    .await?;
    if works.is_none() {
        return Ok(None);
    }
    Ok(Some(Pending {
        id: row.get("id")?,
        guest: row.get("guest_id")?,
        code_digest: row.get::<Option<Vec<u8>>>("code_digest")?.unwrap_or_default(),
        code_expires_at: row.get("code_expires_at_ms")?,
        tries: row.get("code_tries")?,
    }))
}

pub(in crate::approvals) async fn count_try(tx: &mut Tx, id: GuestSessionId) -> Result<()> {
    sql("UPDATE guest_sessions SET code_tries = code_tries + 1 WHERE id = $1").bind(id).execute(tx).await?;
    Ok(())
}

/// The code was given: it works no more, and the browser does.
pub(in crate::approvals) async fn entered(tx: &mut Tx, id: GuestSessionId, now: Time, until: Time) -> Result<()> {
    sql("UPDATE guest_sessions SET entered_at_ms = $2, expires_at_ms = $3, code_digest = NULL WHERE id = $1")
        .bind(id)
        .bind(now)
        .bind(until)
        .execute(tx)
        .await?;
    Ok(())
}

/// Whose browser it is, while the code was given in it and nothing was revoked.
pub(in crate::approvals) async fn entered_session(
    on: &mut dyn Connection,
    hash: [u8; 32],
    now: Time,
) -> Result<Option<(GuestSessionId, GuestId)>> {
    let row = sql("SELECT s.id, s.guest_id FROM guest_sessions s JOIN guest_invitations i ON i.id = s.invitation_id \
         JOIN guest_approvers g ON g.id = s.guest_id WHERE s.browser_hash = $1 AND s.entered_at_ms IS NOT NULL \
         AND s.ended_at_ms IS NULL AND s.expires_at_ms > $2 AND i.revoked_at_ms IS NULL AND g.revoked_at_ms IS NULL")
    .bind(hash)
    .bind(now)
    .optional(on)
    .await?;
    row.map(|row| Ok((row.get("id")?, row.get("guest_id")?))).transpose()
}

pub(in crate::approvals) async fn end_session(tx: &mut Tx, id: GuestSessionId, now: Time) -> Result<bool> {
    let ended = sql("UPDATE guest_sessions SET ended_at_ms = $2 WHERE id = $1 AND ended_at_ms IS NULL")
        .bind(id)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(ended > 0)
}

pub(in crate::approvals) async fn sessions(on: &mut dyn Connection, guest: GuestId) -> Result<Vec<SessionView>> {
    sql(format!("SELECT * FROM guest_sessions WHERE guest_id = $1 ORDER BY created_at_ms DESC, id LIMIT {SHOWN_MAX}"))
        .bind(guest)
        .all(on)
        .await?
        .iter()
        .map(|row| {
            Ok(SessionView {
                id: row.get("id")?,
                created_at: row.get("created_at_ms")?,
                entered_at: row.get("entered_at_ms")?,
                expires_at: row.get("expires_at_ms")?,
                ended_at: row.get("ended_at_ms")?,
                address: row.get("address")?,
                user_agent: row.get("user_agent")?,
            })
        })
        .collect()
}
