//! The puncturable tree: one seed opens into a key per slot, and single slots can be forgotten.
//!
//! `child_b = SHA-256(b ‖ seed)` with `b` one byte, 0 left and 1 right; slot bits are taken from the top.
//! Invariant: after `puncture(slot)` nothing in the value allows to compute that slot's leaf again.

use std::collections::BTreeMap;

use crate::hash::sha256;
use crate::keys::secret::Secret;

/// Height of the tree.
pub const TREE_HEIGHT: u8 = 20;
/// Slots in one segment.
pub const SLOTS: u32 = 1 << TREE_HEIGHT;

/// The part of a segment's tree that is still known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentTree {
    /// Roots of known subtrees by their first slot: height and seed. They never overlap.
    nodes: BTreeMap<u32, (u8, Secret)>,
}

impl SegmentTree {
    /// A whole tree.
    pub fn new(seed: Secret) -> Self {
        Self { nodes: BTreeMap::from([(0, (TREE_HEIGHT, seed))]) }
    }

    /// The leaf of `slot`, or `None` when it was punctured (or is no slot).
    pub fn leaf(&self, slot: u32) -> Option<Secret> {
        let (first, height, seed) = self.cover(slot)?;
        Some(descend(seed, height, slot - first, |_, _| ()))
    }

    /// Whether the slot's leaf can still be computed.
    pub fn covers(&self, slot: u32) -> bool {
        self.cover(slot).is_some()
    }

    /// Forgets one slot. Returns whether it was still known.
    pub fn puncture(&mut self, slot: u32) -> bool {
        let Some((first, _, _)) = self.cover(slot) else {
            return false;
        };
        let (height, seed) = self.nodes.remove(&first).expect("the cover is in the map");
        let nodes = &mut self.nodes;
        descend(&seed, height, slot - first, |depth, sibling| {
            let sibling_height = height - depth - 1;
            let bit = 1_u32 << sibling_height;
            let start = (slot & !(bit - 1)) ^ bit;
            nodes.insert(start, (sibling_height, sibling()));
        });
        true
    }

    /// The known subtrees: first slot, height, seed.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = (u32, u8, &Secret)> {
        self.nodes.iter().map(|(first, (height, seed))| (*first, *height, seed))
    }

    /// Builds a tree from its known subtrees; `None` when they overlap or are misplaced.
    pub fn from_nodes(nodes: impl IntoIterator<Item = (u32, u8, Secret)>) -> Option<Self> {
        let mut map = BTreeMap::new();
        let mut end: u32 = 0;
        for (first, height, seed) in nodes {
            let length = 1_u32.checked_shl(u32::from(height)).filter(|_| height <= TREE_HEIGHT)?;
            if first < end || first % length != 0 || first.checked_add(length)? > SLOTS {
                return None;
            }
            end = first + length;
            map.insert(first, (height, seed));
        }
        Some(Self { nodes: map })
    }

    fn cover(&self, slot: u32) -> Option<(u32, u8, &Secret)> {
        let (first, (height, seed)) = self.nodes.range(..=slot).next_back()?;
        (slot - first < 1 << height).then_some((*first, *height, seed))
    }
}

/// Walks from a subtree's seed to the leaf at `offset`; hands each sibling passed to `aside`, by depth.
fn descend(seed: &Secret, height: u8, offset: u32, mut aside: impl FnMut(u8, &dyn Fn() -> Secret)) -> Secret {
    let mut node = seed.clone();
    for depth in 0..height {
        let right = offset >> (height - depth - 1) & 1 == 1;
        aside(depth, &|| child(&node, !right));
        node = child(&node, right);
    }
    node
}

fn child(seed: &Secret, right: bool) -> Secret {
    let mut input = [0; 33];
    input[0] = u8::from(right);
    input[1..].copy_from_slice(seed.expose());
    let out = Secret::new(sha256(&input));
    zeroize::Zeroize::zeroize(&mut input);
    out
}

/// Remembers the path to the last leaf asked for, so that a near one costs two hashes instead of twenty.
#[derive(Debug, Default)]
pub struct LeafPath {
    /// First slot and height of the subtree that the path starts from.
    cover: (u32, u8),
    last: u32,
    path: Vec<Secret>,
}

impl LeafPath {
    /// The leaf of `slot`, as [`SegmentTree::leaf`] answers it. One path serves one tree.
    pub fn leaf(&mut self, tree: &SegmentTree, slot: u32) -> Option<Secret> {
        let (first, height, seed) = tree.cover(slot)?;
        let offset = slot - first;
        let changed = u32::BITS - (self.last ^ offset).leading_zeros();
        let same_cover = self.cover == (first, height) && self.path.first() == Some(seed);
        if same_cover {
            self.path.truncate(usize::from(height) + 1 - changed as usize);
        } else {
            self.path = vec![seed.clone()];
        }
        (self.cover, self.last) = ((first, height), offset);
        for depth in self.path.len() - 1..usize::from(height) {
            let right = offset >> (usize::from(height) - depth - 1) & 1 == 1;
            let node = child(&self.path[depth], right);
            self.path.push(node);
        }
        self.path.last().cloned()
    }
}

/// Computes the leaves of consecutive slots with two hashes each instead of twenty.
#[derive(Debug)]
pub struct LeafCursor {
    next: u32,
    /// Seeds on the path to the last leaf, the root first.
    path: Vec<Secret>,
}

impl LeafCursor {
    /// Starts at slot 0 of a whole tree.
    pub fn new(seed: Secret) -> Self {
        Self { next: 0, path: vec![seed] }
    }

    /// The slot that `advance` answers next.
    pub fn slot(&self) -> u32 {
        self.next
    }

    /// The next slot and its leaf; `None` after the last.
    pub fn advance(&mut self) -> Option<(u32, Secret)> {
        let slot = self.next;
        if slot >= SLOTS {
            return None;
        }
        // Everything above the highest bit that changed since the last slot is still right.
        let shared = if slot == 0 { 0 } else { usize::from(TREE_HEIGHT) - 1 - slot.trailing_zeros() as usize };
        self.path.truncate(shared + 1);
        for depth in shared..usize::from(TREE_HEIGHT) {
            let right = slot >> (usize::from(TREE_HEIGHT) - depth - 1) & 1 == 1;
            let node = child(&self.path[depth], right);
            self.path.push(node);
        }
        self.next += 1;
        Some((slot, self.path[usize::from(TREE_HEIGHT)].clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole() -> SegmentTree {
        SegmentTree::new(Secret::new([7; 32]))
    }

    #[test]
    fn the_cursor_and_the_tree_agree() {
        let mut cursor = LeafCursor::new(Secret::new([7; 32]));
        for _ in 0..3000 {
            let (slot, leaf) = cursor.advance().expect("not at the end");
            assert_eq!(whole().leaf(slot), Some(leaf), "slot {slot}");
        }
    }

    #[test]
    fn the_last_slot_exists_and_the_one_after_does_not() {
        assert!(whole().leaf(SLOTS - 1).is_some());
        assert!(whole().leaf(SLOTS).is_none());
    }

    #[test]
    fn a_remembered_path_answers_like_the_tree() {
        let (mut tree, mut path) = (whole(), LeafPath::default());
        for slot in [0, 1, 2, 7, 6, 700_000, 700_001, 3, SLOTS - 1, SLOTS, 0] {
            assert_eq!(path.leaf(&tree, slot), tree.leaf(slot), "slot {slot}");
        }
        tree.puncture(7);
        for slot in [6, 7, 8, 5, 700_001, 7] {
            assert_eq!(path.leaf(&tree, slot), tree.leaf(slot), "slot {slot} after puncturing");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn punctured_slots_are_gone_and_all_others_stay(slots in prop::collection::btree_set(0..SLOTS, 1..20), probe in 0..SLOTS) {
            let mut tree = whole();
            for slot in &slots {
                prop_assert!(tree.puncture(*slot));
                prop_assert!(!tree.puncture(*slot));
            }
            for slot in &slots {
                prop_assert_eq!(tree.leaf(*slot), None);
                for near in [slot.saturating_sub(1), (slot + 1).min(SLOTS - 1), probe] {
                    let expected = (!slots.contains(&near)).then(|| whole().leaf(near)).flatten();
                    prop_assert_eq!(tree.leaf(near), expected);
                }
            }
            let copied = tree.nodes().map(|(first, height, seed)| (first, height, seed.clone())).collect::<Vec<_>>();
            prop_assert_eq!(SegmentTree::from_nodes(copied), Some(tree));
        }
    }
}
