//! Hashing passwords with Argon2id (RFC 9106), away from the threads that answer requests.
//!
//! Parameters: 19 MiB, two passes, one lane, the first choice of the OWASP Password Storage Cheat Sheet for Argon2id. Changing them
//! is safe: a hash carries its own, and one with other parameters is replaced at the next sign-in.

use std::sync::{
    LazyLock,
    atomic::{AtomicU64, Ordering},
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::{
    desk::Desk,
    error::{Error, Result},
};

/// Memory for one hash, in KiB.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over the memory.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;
/// Bytes of salt: what the PHC string format recommends.
const SALT_LEN: usize = 16;
/// Hashes computed at once: bounds memory (4 × 19 MiB) and leaves processors for everybody who is already signed in.
const AT_ONCE_MAX: usize = 4;
/// Callers that wait for their turn: at some 30 ms a hash the last one waits about half a second.
const WAITING_MAX: usize = 64;
/// How long somebody is asked to stay away when even the queue is full.
const BUSY_MS: i64 = 2_000;

static TURNS: Semaphore = Semaphore::const_new(AT_ONCE_MAX);
static QUEUE: Semaphore = Semaphore::const_new(AT_ONCE_MAX + WAITING_MAX);
static VERIFICATIONS: AtomicU64 = AtomicU64::new(0);
static HASHER: LazyLock<Argon2<'static>> = LazyLock::new(|| {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are within the limits of RFC 9106");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
});
/// The hash that stands in for an account that does not exist or has no password, so that both take the same time.
static NOBODYS: LazyLock<String> = LazyLock::new(|| {
    let hash: PasswordHash = HASHER.hash_password_with_salt(b"", &[0; SALT_LEN]).expect("an empty password can be hashed");
    hash.to_string()
});

/// Passwords verified since the process started, those of accounts that do not exist included.
pub fn password_verifications() -> u64 {
    VERIFICATIONS.load(Ordering::Relaxed)
}

/// What verifying a password told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Right, and hashed with today's parameters.
    Right,
    /// Right, but the hash should be replaced.
    RightButOld,
    /// Wrong, or there is nothing to compare with.
    Wrong,
}

/// Hashes a normalised password into a PHC string.
pub(super) async fn hash(desk: &Desk, password: Zeroizing<String>) -> Result<String> {
    let mut salt = [0; SALT_LEN];
    desk.ids().random(&mut salt);
    off_thread(desk, move || {
        let hash: PasswordHash = HASHER
            .hash_password_with_salt(password.as_bytes(), &salt)
            .map_err(|error| Error::Internal(format!("the password could not be hashed: {error}")))?;
        Ok(hash.to_string())
    })
    .await
}

/// Compares a normalised password with a stored hash; without one it does the same work for nothing.
pub(super) async fn verify(desk: &Desk, password: Zeroizing<String>, stored: Option<String>) -> Result<Verdict> {
    off_thread(desk, move || {
        VERIFICATIONS.fetch_add(1, Ordering::Relaxed);
        let text = stored.as_deref().unwrap_or(&NOBODYS);
        let parsed = PasswordHash::new(text)
            .map_err(|_| Error::Internal("a stored password hash cannot be read; run `gatepost check`".to_owned()))?;
        // The hash's own parameters are used, whatever today's are.
        let right = HASHER.verify_password(password.as_bytes(), &parsed).is_ok();
        Ok(match (right && stored.is_some(), is_current(&parsed)) {
            (false, _) => Verdict::Wrong,
            (true, true) => Verdict::Right,
            (true, false) => Verdict::RightButOld,
        })
    })
    .await
}

fn is_current(hash: &PasswordHash) -> bool {
    hash.algorithm == Algorithm::Argon2id.ident()
        && hash.version == Some(Version::V0x13.into())
        && Params::try_from(hash)
            .is_ok_and(|params| (params.m_cost(), params.t_cost(), params.p_cost()) == (MEMORY_KIB, PASSES, LANES))
}

async fn off_thread<T: Send + 'static>(desk: &Desk, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let busy = || Error::TooMany { until: desk.now().plus_ms(BUSY_MS) };
    let _place = QUEUE.try_acquire().map_err(|_| busy())?;
    let _turn = TURNS.acquire().await.map_err(|_| busy())?;
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(format!("hashing stopped: {error}")))?
}
