//! SQL of mail.

use super::LetterKind;
use crate::{
    db::{Connection, Tx, sql},
    error::Result,
    ids::{MailId, Time},
};

pub(super) async fn insert(tx: &mut Tx, id: MailId, kind: LetterKind, sealed: Vec<u8>, now: Time) -> Result<()> {
    sql("INSERT INTO mails (id, kind, sealed_letter, state, created_at_ms) VALUES ($1,$2,$3,'queued',$4)")
        .bind(id)
        .bind(kind.id())
        .bind(sealed)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn sealed(on: &mut dyn Connection, id: MailId) -> Result<Option<Vec<u8>>> {
    let row = sql("SELECT sealed_letter FROM mails WHERE id = $1").bind(id).optional(on).await?;
    Ok(row.map(|row| row.get::<Option<Vec<u8>>>("sealed_letter")).transpose()?.flatten())
}

pub(super) async fn sent(tx: &mut Tx, id: MailId, now: Time) -> Result<()> {
    sql("UPDATE mails SET state = 'sent', sealed_letter = NULL, ended_at_ms = $2, last_error = NULL WHERE id = $1")
        .bind(id)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn given_up(tx: &mut Tx, id: MailId, error: &str, now: Time) -> Result<()> {
    sql("UPDATE mails SET state = 'given_up', ended_at_ms = $2, last_error = $3 WHERE id = $1")
        .bind(id)
        .bind(now)
        .bind(error)
        .execute(tx)
        .await?;
    Ok(())
}

pub(super) async fn count_given_up(on: &mut dyn Connection) -> Result<i64> {
    Ok(sql("SELECT COUNT(*) AS n FROM mails WHERE state = 'given_up'").one(on).await?.get("n")?)
}

pub(super) async fn forget(tx: &mut Tx, before: Time) -> Result<u64> {
    Ok(sql("DELETE FROM mails WHERE created_at_ms < $1").bind(before).execute(tx).await?)
}
