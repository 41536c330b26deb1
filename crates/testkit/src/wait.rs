//! Waiting for something that happens by itself, without saying how long it takes.

use std::time::Duration;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Looks before a test is failed: a minute, which only something that never happens takes.
const LOOKS_MAX: u32 = 6_000;

/// Looks again and again until the answer is yes.
///
/// # Panics
/// When it never is; the text says what was awaited.
pub async fn eventually(what: &str, mut look: impl AsyncFnMut() -> bool) {
    for _ in 0..LOOKS_MAX {
        if look().await {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    panic!("waited in vain: {what}");
}
