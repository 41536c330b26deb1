//! SHA-256 as RFC 6962 uses it: leaves and nodes of the log are hashed under different prefixes.
//!
//! Invariant: a leaf hash can never equal a node hash of other content, because the first byte differs.
//! Nothing here keeps state.

use aws_lc_rs::digest;

/// A SHA-256 value.
pub type Hash = [u8; 32];

/// Length of a [`Hash`] in bytes.
pub const HASH_LEN: usize = 32;

/// The root of the empty tree: the hash of nothing (RFC 6962, section 2.1).
pub const EMPTY_ROOT: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64,
    0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// SHA-256 of one slice.
pub fn sha256(data: &[u8]) -> Hash {
    let mut out = [0; HASH_LEN];
    out.copy_from_slice(digest::digest(&digest::SHA256, data).as_ref());
    out
}

/// SHA-256 of the concatenation of `parts`.
pub fn sha256_of(parts: &[&[u8]]) -> Hash {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; HASH_LEN];
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// Hash of a leaf: `SHA-256(0x00 ‖ data)`.
pub fn leaf_hash(data: &[u8]) -> Hash {
    const STACK: usize = 256;
    if data.len() < STACK {
        let mut buffer = [0_u8; STACK];
        buffer[1..=data.len()].copy_from_slice(data);
        return sha256(&buffer[..=data.len()]);
    }
    sha256_of(&[&[0], data])
}

/// Hash of an inner node: `SHA-256(0x01 ‖ left ‖ right)`.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut buffer = [0_u8; 65];
    buffer[0] = 1;
    buffer[1..33].copy_from_slice(left);
    buffer[33..].copy_from_slice(right);
    sha256(&buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_root_is_the_hash_of_nothing() {
        assert_eq!(EMPTY_ROOT, sha256(b""));
    }

    #[test]
    fn leaf_hashes_do_not_depend_on_the_buffer_used() {
        for len in [0, 1, 168, 254, 255, 256, 257, 1000] {
            let data = vec![7_u8; len];
            assert_eq!(leaf_hash(&data), sha256_of(&[&[0], &data]), "length {len}");
        }
    }
}
