//! Record keys ("TIDs"): 13 characters that sort by time, as the AT Protocol defines them.
//!
//! The key of a post is made of its [`crate::Outgoing::key`] alone, so that every attempt names the same record: the time is the one
//! in the UUIDv7, the rest comes from a digest of the key.

use aws_lc_rs::digest;

use crate::{
    error::{NetworkError, Result},
    outgoing::key_time_ms,
};

/// The alphabet in which byte order is time order.
const ALPHABET: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";
const LENGTH: usize = 13;

/// The record key of an outgoing post.
pub(super) fn of_key(key: &str) -> Result<String> {
    let time_ms = key_time_ms(key).and_then(|ms| u64::try_from(ms).ok());
    let time_ms =
        time_ms.ok_or_else(|| NetworkError::malformed("the post's key is not a UUIDv7: its record key is made of it"))?;
    let digest = digest::digest(&digest::SHA256, key.to_ascii_lowercase().as_bytes());
    let spread = u64::from(u16::from_be_bytes([digest.as_ref()[0], digest.as_ref()[1]]));
    let clock = u64::from(u16::from_be_bytes([digest.as_ref()[2], digest.as_ref()[3]]) & 0x3FF);
    // 53 bits of microseconds, 10 bits that tell apart what the same microsecond brought.
    let micros = (time_ms * 1_000 + spread % 1_000) & ((1 << 53) - 1);
    let value = micros << 10 | clock;
    let letter = |at: usize| ALPHABET[usize::try_from(value >> (5 * (LENGTH - 1 - at)) & 0x1F).expect("five bits")];
    Ok((0..LENGTH).map(|at| char::from(letter(at))).collect())
}

#[cfg(test)]
mod tests {
    use super::of_key;

    #[test]
    fn a_key_gives_one_record_key_that_sorts_by_time() {
        let keys = [
            "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
            "017f22e2-79b0-7cc3-98c4-dc0c0c073990",
            "017f22e2-79b1-7cc3-98c4-dc0c0c07398f",
        ];
        let made: Vec<String> = keys.iter().map(|key| of_key(key).unwrap()).collect();
        assert_eq!(made[0], of_key(&keys[0].to_lowercase()).unwrap(), "however it is written");
        assert_ne!(made[0], made[1]);
        assert!(made[0] < made[2] && made[1] < made[2]);
        for tid in &made {
            assert_eq!(tid.len(), 13);
            assert!("234567abcdefghij".contains(&tid[..1]) && tid.bytes().all(|byte| super::ALPHABET.contains(&byte)), "{tid}");
        }
        assert!(of_key("post-1").is_err());
    }
}
