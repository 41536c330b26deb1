//! SQL of outside approvers.

use crate::{
    approvals::outside::Guest,
    db::{Connection, Row, Tx, sql},
    error::Result,
    ids::{GuestId, SubmissionId, Time},
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

pub(in crate::approvals) async fn ask(tx: &mut Tx, guest: GuestId, submission: SubmissionId, now: Time) -> Result<()> {
    sql("INSERT INTO guest_asks (guest_id, submission_id, asked_at_ms) VALUES ($1,$2,$3) \
         ON CONFLICT (guest_id, submission_id) DO NOTHING")
    .bind(guest)
    .bind(submission)
    .bind(now)
    .execute(tx)
    .await?;
    Ok(())
}
