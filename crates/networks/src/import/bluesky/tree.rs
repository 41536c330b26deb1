//! The Merkle search tree of a repository, walked in the order of its keys.
//!
//! <https://atproto.com/specs/repository>: a node has a left subtree `l` and entries `e` of a key (prefix length `p`, rest `k`), a value
//! `v` and a right subtree `t`. Keys must rise: that also ends a tree whose nodes are shared to make the walk endless. One node of each
//! level is in memory.

use base64::Engine as _;
use serde_json::Value;

use super::{
    car::{Car, link},
    cid::Cid,
};

/// The most levels: a key's level is the count of leading zero bits of its digest in pairs, at most 128.
const LEVELS_MAX: usize = 130;

/// A walk through a tree.
pub(super) struct Walk {
    stack: Vec<Node>,
    last_key: Vec<u8>,
}

struct Node {
    entries: std::vec::IntoIter<Value>,
    /// The last key of this node, whose beginning the next may share.
    key: Vec<u8>,
    /// The subtree to go down into before the next entry.
    down: Option<Cid>,
}

/// A record's key and where it lies.
pub(super) type Entry = (String, Cid);

impl Walk {
    /// From the top of a tree.
    pub(super) fn new(top: Cid) -> Self {
        Self { stack: vec![Node { entries: Vec::new().into_iter(), key: Vec::new(), down: Some(top) }], last_key: Vec::new() }
    }

    /// The next record. An error says what is wrong with a part of the tree; the walk goes on behind it.
    pub(super) fn next(&mut self, car: &Car) -> Option<Result<Entry, String>> {
        loop {
            let depth = self.stack.len();
            let node = self.stack.last_mut()?;
            if let Some(down) = node.down.take() {
                if depth >= LEVELS_MAX {
                    return Some(Err("the tree is deeper than any can be; a part of it is not read".to_owned()));
                }
                match read_node(car, down) {
                    Ok(node) => self.stack.push(node),
                    Err(reason) => return Some(Err(format!("a node of the tree: {reason}; the records below it are not read"))),
                }
                continue;
            }
            let Some(entry) = node.entries.next() else {
                self.stack.pop();
                continue;
            };
            return Some(match entry_of(node, &entry) {
                Some((key, cid)) if key.as_bytes() > self.last_key.as_slice() => {
                    self.last_key = key.clone().into_bytes();
                    Ok((key, cid))
                }
                Some(_) => {
                    // A tree that leads back is left at once: it could be endless.
                    self.stack.clear();
                    Err("the keys of the tree do not rise; the rest of it is not read".to_owned())
                }
                None => Err("an entry of the tree is not one; it is left out".to_owned()),
            });
        }
    }
}

fn read_node(car: &Car, cid: Cid) -> Result<Node, String> {
    let mut node = car.value(cid)?;
    let down = node.get("l").and_then(link);
    match node.get_mut("e").map(Value::take) {
        Some(Value::Array(entries)) => Ok(Node { entries: entries.into_iter(), key: Vec::new(), down }),
        _ => Err("it has no entries".to_owned()),
    }
}

fn entry_of(node: &mut Node, entry: &Value) -> Option<Entry> {
    let shared = usize::try_from(entry.get("p")?.as_u64()?).ok()?;
    let rest = base64::engine::general_purpose::STANDARD_NO_PAD.decode(entry.get("k")?.get("$bytes")?.as_str()?).ok()?;
    let mut key = node.key.get(..shared)?.to_vec();
    key.extend(rest);
    node.down = entry.get("t").and_then(link);
    node.key.clone_from(&key);
    Some((String::from_utf8(key).ok()?, link(entry.get("v")?)?))
}
