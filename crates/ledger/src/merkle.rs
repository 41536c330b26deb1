//! The RFC 6962 tree: growing it, proving from stored hashes, checking proofs without any storage.
//!
//! Storage keeps only what tiles serve: the hashes of complete subtrees of `256^level` leaves. Everything
//! between is computed again. Invariant: [`Frontier`] and the functions over a [`HashReader`] agree on the
//! root of every size. Nothing here knows what a leaf means.

use crate::hash::{EMPTY_ROOT, Hash, node_hash};
use crate::tile::{TILE_HEIGHT, TILE_LEVEL_MAX};

/// Why a proof was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The index is not in the tree, or the old tree is larger than the new one.
    #[error("proof asks for {index} in a tree of {size}")]
    OutOfRange {
        /// The leaf index or old size.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// Too many or too few hashes.
    #[error("proof has {found} hashes where {expected} are needed")]
    WrongLength {
        /// Hashes found.
        found: usize,
        /// Hashes needed.
        expected: usize,
    },
    /// The hashes lead to another root.
    #[error("proof leads to another root: the entry or the log was altered")]
    WrongRoot,
}

/// Reads stored hashes: `count` of them from `first` on tile level `level`.
pub trait HashReader {
    /// What reading can fail with.
    type Error;

    /// Hash `i` of the answer is the root of leaves `[(first+i)·256^level, (first+i+1)·256^level)`.
    fn hashes(&self, level: u8, first: u64, count: usize) -> Result<Vec<Hash>, Self::Error>;
}

/// The right edge of a growing tree: enough to append and to know the root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    /// Roots of the complete subtrees, largest first: one per bit set in `size`.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf hash; calls `stored` with tile level and hash for each complete subtree that tiles keep.
    pub fn push(&mut self, leaf: Hash, mut stored: impl FnMut(u8, Hash)) {
        stored(0, leaf);
        let mut hash = leaf;
        for height in 1..=self.size.trailing_ones() {
            let left = self.peaks.pop().expect("one peak per bit set in the size");
            hash = node_hash(&left, &hash);
            if height % u32::from(TILE_HEIGHT) == 0 {
                stored(u8::try_from(height / u32::from(TILE_HEIGHT)).expect("height is under 64"), hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root of the leaves so far.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else {
            return EMPTY_ROOT;
        };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }

    /// Rebuilds the edge of a tree of `size` leaves from stored hashes.
    pub fn load<R: HashReader>(reader: &R, size: u64) -> Result<Self, R::Error> {
        let mut peaks = Vec::new();
        let mut start = 0;
        for height in (0..64_u8).rev().filter(|height| size >> height & 1 == 1) {
            peaks.push(subtree(reader, height, start >> height)?);
            start += 1 << height;
        }
        Ok(Self { size, peaks })
    }
}

/// Root of the first `size` leaves.
pub fn root<R: HashReader>(reader: &R, size: u64) -> Result<Hash, R::Error> {
    Ok(Frontier::load(reader, size)?.root())
}

/// Siblings from leaf `index` up to the root of `size` leaves (RFC 6962, section 2.1.1).
/// `index` must be below `size`.
pub fn inclusion_proof<R: HashReader>(reader: &R, index: u64, size: u64) -> Result<Vec<Hash>, R::Error> {
    assert!(index < size, "leaf {index} is not in a tree of {size}");
    let (mut low, mut high) = (0, size);
    let mut proof = Vec::new();
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            proof.push(range(reader, middle, high)?);
            high = middle;
        } else {
            proof.push(range(reader, low, middle)?);
            low = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// Proof that the tree of `old` leaves is a prefix of the tree of `new` (RFC 6962, section 2.1.2).
/// `old` must not exceed `new`; the proof is empty when they are equal or `old` is zero.
pub fn consistency_proof<R: HashReader>(reader: &R, old: u64, new: u64) -> Result<Vec<Hash>, R::Error> {
    assert!(old <= new, "a tree of {old} is no prefix of one of {new}");
    let mut proof = Vec::new();
    if old == 0 || old == new {
        return Ok(proof);
    }
    let (mut low, mut high) = (0, new);
    while high != old {
        let middle = low + split(high - low);
        if old <= middle {
            proof.push(range(reader, middle, high)?);
            high = middle;
        } else {
            proof.push(range(reader, low, middle)?);
            low = middle;
        }
    }
    if low != 0 {
        proof.push(range(reader, low, high)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that the leaf with hash `leaf` is number `index` of the `size` leaves under `root`.
pub fn verify_inclusion(index: u64, size: u64, leaf: &Hash, proof: &[Hash], root: &Hash) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::OutOfRange { index, size });
    }
    let inner = u64::BITS - (index ^ (size - 1)).leading_zeros();
    let border = (index >> inner.min(63) >> u32::from(inner == 64)).count_ones();
    let expected = (inner + border) as usize;
    if proof.len() != expected {
        return Err(ProofError::WrongLength { found: proof.len(), expected });
    }
    let mut hash = *leaf;
    for (height, sibling) in proof.iter().enumerate() {
        let on_the_left = height >= inner as usize || index >> height & 1 == 1;
        hash = if on_the_left { node_hash(sibling, &hash) } else { node_hash(&hash, sibling) };
    }
    if hash == *root { Ok(()) } else { Err(ProofError::WrongRoot) }
}

/// Checks that the tree of `old` leaves under `old_root` is a prefix of the tree of `new` under `new_root`.
pub fn verify_consistency(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::OutOfRange { index: old, size: new });
    }
    if old == 0 || old == new {
        let same = if old == 0 { *old_root == EMPTY_ROOT } else { old_root == new_root };
        return match (proof.is_empty(), same) {
            (true, true) => Ok(()),
            (true, false) => Err(ProofError::WrongRoot),
            (false, _) => Err(ProofError::WrongLength { found: proof.len(), expected: 0 }),
        };
    }
    let mut node = old - 1;
    let mut last = new - 1;
    let skip = node.trailing_ones();
    node >>= skip;
    last >>= skip;
    let mut hashes = proof.iter();
    let missing = ProofError::WrongLength { found: proof.len(), expected: proof.len() + 1 };
    let first = if node == 0 { old_root } else { hashes.next().ok_or(missing.clone())? };
    let (mut to_old, mut to_new) = (*first, *first);
    while last != 0 {
        if node & 1 == 1 {
            let sibling = hashes.next().ok_or(missing.clone())?;
            to_old = node_hash(sibling, &to_old);
            to_new = node_hash(sibling, &to_new);
        } else if node < last {
            let sibling = hashes.next().ok_or(missing.clone())?;
            to_new = node_hash(&to_new, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    let left_over = hashes.len();
    if left_over != 0 {
        return Err(ProofError::WrongLength { found: proof.len(), expected: proof.len() - left_over });
    }
    if to_old == *old_root && to_new == *new_root { Ok(()) } else { Err(ProofError::WrongRoot) }
}

/// The largest power of two below `count`, which must be at least two.
fn split(count: u64) -> u64 {
    1 << (u64::BITS - 1 - (count - 1).leading_zeros())
}

/// Root of the leaves `[low, high)`; `low` is a multiple of the next power of two of the length.
fn range<R: HashReader>(reader: &R, low: u64, high: u64) -> Result<Hash, R::Error> {
    let mut parts = Vec::new();
    let mut start = low;
    while start < high {
        let height = (high - start).ilog2();
        parts.push(subtree(reader, u8::try_from(height).expect("under 64"), start >> height)?);
        start += 1 << height;
    }
    let last = parts.pop().expect("the range is not empty");
    Ok(parts.iter().rev().fold(last, |right, left| node_hash(left, &right)))
}

/// Root of the complete subtree `index` of height `height`.
fn subtree<R: HashReader>(reader: &R, height: u8, index: u64) -> Result<Hash, R::Error> {
    let level = (height / TILE_HEIGHT).min(TILE_LEVEL_MAX);
    let above = height - level * TILE_HEIGHT;
    let mut hashes = reader.hashes(level, index << above, 1 << above)?;
    while hashes.len() > 1 {
        hashes = hashes.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
    }
    Ok(hashes[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::leaf_hash;
    use proptest::prelude::*;
    use std::convert::Infallible;

    /// Straight from RFC 6962's recursive definition, for comparison.
    fn reference(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => EMPTY_ROOT,
            [one] => *one,
            many => {
                let (left, right) = many.split_at(usize::try_from(split(many.len() as u64)).expect("small"));
                node_hash(&reference(left), &reference(right))
            }
        }
    }

    #[derive(Default)]
    struct Stored(Vec<Vec<Hash>>);

    impl HashReader for Stored {
        type Error = Infallible;
        fn hashes(&self, level: u8, first: u64, count: usize) -> Result<Vec<Hash>, Infallible> {
            let first = usize::try_from(first).expect("small");
            Ok(self.0[usize::from(level)][first..first + count].to_vec())
        }
    }

    fn tree(size: u64) -> (Vec<Hash>, Stored, Frontier) {
        let leaves: Vec<Hash> = (0..size).map(|i| leaf_hash(&i.to_be_bytes())).collect();
        let (mut stored, mut frontier) = (Stored(vec![Vec::new(); 8]), Frontier::default());
        for leaf in &leaves {
            frontier.push(*leaf, |level, hash| stored.0[usize::from(level)].push(hash));
        }
        (leaves, stored, frontier)
    }

    #[test]
    fn every_root_and_every_proof_of_small_trees() {
        let (leaves, stored, _) = tree(70);
        for size in 0..=70_u64 {
            let expected = reference(&leaves[..usize::try_from(size).expect("small")]);
            assert_eq!(root(&stored, size), Ok(expected));
            for index in 0..size {
                let proof = inclusion_proof(&stored, index, size).expect("infallible");
                let leaf = &leaves[usize::try_from(index).expect("small")];
                assert_eq!(verify_inclusion(index, size, leaf, &proof, &expected), Ok(()));
                assert!(verify_inclusion(index, size, &[1; 32], &proof, &expected).is_err());
                if size > 1 {
                    assert!(verify_inclusion((index + 1) % size, size, leaf, &proof, &expected).is_err());
                }
            }
            for old in 0..=size {
                let old_root = reference(&leaves[..usize::try_from(old).expect("small")]);
                let proof = consistency_proof(&stored, old, size).expect("infallible");
                assert_eq!(verify_consistency(old, &old_root, size, &expected, &proof), Ok(()), "{old} {size}");
                assert!(verify_consistency(old, &[1; 32], size, &expected, &proof).is_err());
                assert!(verify_consistency(old, &old_root, size, &[1; 32], &proof).is_err() || old == 0);
                let mut longer = proof.clone();
                longer.push([0; 32]);
                assert!(verify_consistency(old, &old_root, size, &expected, &longer).is_err());
            }
        }
    }

    #[test]
    fn a_large_tree_crosses_two_tile_levels() {
        let (leaves, stored, frontier) = tree(70_000);
        let expected = reference(&leaves);
        assert_eq!(frontier.root(), expected);
        assert_eq!(stored.0[2].len(), 1);
        assert_eq!(Frontier::load(&stored, 70_000), Ok(frontier));
        for index in [0, 255, 256, 65_535, 65_536, 69_999] {
            let proof = inclusion_proof(&stored, index, 70_000).expect("infallible");
            let leaf = &leaves[usize::try_from(index).expect("small")];
            assert_eq!(verify_inclusion(index, 70_000, leaf, &proof, &expected), Ok(()));
        }
    }

    #[test]
    fn absurd_sizes_do_not_overflow() {
        let refused = verify_inclusion(u64::MAX - 1, u64::MAX, &[0; 32], &[[0; 32]; 64], &[0; 32]);
        assert!(refused.is_err());
        assert!(verify_consistency(u64::MAX - 1, &[0; 32], u64::MAX, &[0; 32], &[[0; 32]; 3]).is_err());
    }

    proptest! {
        #[test]
        fn proofs_hold_for_any_sizes(old in 1_u64..600, more in 0_u64..600) {
            let (leaves, stored, _) = tree(old + more);
            let old_root = reference(&leaves[..usize::try_from(old).expect("small")]);
            let new_root = reference(&leaves);
            let proof = consistency_proof(&stored, old, old + more).expect("infallible");
            prop_assert_eq!(verify_consistency(old, &old_root, old + more, &new_root, &proof), Ok(()));
        }
    }
}
