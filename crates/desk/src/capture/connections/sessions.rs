//! Opening a connection for a call, and renewing its token when it ran out.
//!
//! Invariants: a token is renewed by one at a time; the new one is durable before it is used, because the old one may be dead.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use networks::{Network, NetworkError, Secrets, Session, account::Clock};

use super::{Connection, context, seal, store};
use crate::{
    desk::Desk,
    error::{Error, Result},
    ids::ProfileId,
};

/// How often storing a renewed token is tried: losing it would cost a person's time.
const STORE_TRIES: u32 = 5;

/// A connection, opened for calls.
pub(crate) struct Opened {
    pub(crate) session: Session,
    pub(crate) connection: Connection,
}

/// Why a session could not be renewed.
pub(crate) enum NotRenewed {
    /// The network said so.
    Network(NetworkError),
    /// Ours.
    Desk(Error),
}

/// Opens a profile's connection; nothing when it has none or its credentials are forgotten.
pub(crate) async fn open(desk: &Desk, profile: ProfileId) -> Result<Option<Opened>> {
    let Some(connection) = store::get(&mut desk.db().read().await?, profile).await? else { return Ok(None) };
    if connection.sealed_secrets.is_empty() {
        return Ok(None);
    }
    let plain = desk.sealer().open(&context(profile), &connection.sealed_secrets)?;
    let secrets: Secrets =
        serde_json::from_slice(&plain).map_err(|_| Error::Internal("stored credentials cannot be read".into()))?;
    let clock = desk.clone();
    let session = Session {
        account: connection.account.clone(),
        secrets,
        settings: connection.settings.clone(),
        clock: Clock::new(move || clock.now().0),
    };
    Ok(Some(Opened { session, connection }))
}

/// One lock a profile, of this process. Other processes are told apart by the version of the credentials.
fn lock_of(profile: ProfileId) -> Arc<tokio::sync::Mutex<()>> {
    static LOCKS: OnceLock<Mutex<HashMap<ProfileId, Arc<tokio::sync::Mutex<()>>>>> = OnceLock::new();
    LOCKS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner).entry(profile).or_default().clone()
}

/// Renews the token, unless somebody else did since `opened` was opened.
pub(crate) async fn renew(desk: &Desk, network: &dyn Network, opened: &Opened) -> std::result::Result<Opened, NotRenewed> {
    let profile = opened.connection.profile;
    let lock = lock_of(profile);
    let _held = lock.lock().await;
    let gone = || NotRenewed::Desk(Error::Conflict("the connection was ended meanwhile".to_owned()));
    let now = open(desk, profile).await.map_err(NotRenewed::Desk)?.ok_or_else(gone)?;
    if now.connection.secrets_version != opened.connection.secrets_version {
        return Ok(now);
    }
    let secrets = network.refresh(&now.session, desk.now().0).await.map_err(NotRenewed::Network)?;
    let sealed = seal(desk, profile, &secrets).map_err(NotRenewed::Desk)?;
    let mut tries = 0;
    loop {
        tries += 1;
        match keep(desk, profile, now.connection.secrets_version, &sealed).await {
            // Stored, or somebody connected it again in this moment: then theirs is newer.
            Ok(_) => break,
            Err(error) if tries >= STORE_TRIES => return Err(NotRenewed::Desk(error)),
            Err(_) => tokio::time::sleep(std::time::Duration::from_millis(200)).await,
        }
    }
    open(desk, profile).await.map_err(NotRenewed::Desk)?.ok_or_else(gone)
}

async fn keep(desk: &Desk, profile: ProfileId, version: i64, sealed: &[u8]) -> Result<bool> {
    let mut tx = desk.db().begin().await?;
    let kept = store::renew(&mut tx, profile, version, sealed).await?;
    tx.commit().await?;
    Ok(kept)
}
