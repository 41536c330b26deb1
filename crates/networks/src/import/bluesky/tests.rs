//! Repositories made here with another encoder, sound and damaged.

use aws_lc_rs::digest;
use serde::Serialize;
use serde_json::json;

use super::FORMAT;
use crate::{
    event::What,
    import::testing::{content, read, survives},
};

/// A CID as the other encoder writes it.
type Link = ipld_core::cid::Cid;

#[derive(Serialize)]
struct Node {
    l: Option<Link>,
    e: Vec<TreeEntry>,
}

#[derive(Serialize)]
struct TreeEntry {
    p: u64,
    #[serde(with = "serde_bytes_as_bytes")]
    k: Vec<u8>,
    v: Link,
    t: Option<Link>,
}

mod serde_bytes_as_bytes {
    pub(super) fn serialize<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }
}

#[derive(Serialize)]
struct Commit {
    did: &'static str,
    version: u8,
    data: Link,
    rev: &'static str,
}

#[derive(Serialize)]
struct Header {
    version: u8,
    roots: Vec<Link>,
}

#[derive(Default)]
struct Blocks(Vec<(Link, Vec<u8>)>);

fn binary(bytes: &[u8]) -> Vec<u8> {
    [&[1, 0x71, 0x12, 0x20][..], digest::digest(&digest::SHA256, bytes).as_ref()].concat()
}

impl Blocks {
    fn add(&mut self, value: &impl Serialize) -> Link {
        let bytes = serde_ipld_dagcbor::to_vec(value).unwrap();
        let link = Link::try_from(binary(&bytes)).unwrap();
        self.0.push((link, bytes));
        link
    }

    fn car(&self, root: Link) -> Vec<u8> {
        let header = serde_ipld_dagcbor::to_vec(&Header { version: 1, roots: vec![root] }).unwrap();
        let mut car = varint(header.len());
        car.extend(header);
        for (link, bytes) in &self.0 {
            car.extend(varint(36 + bytes.len()));
            car.extend(link.to_bytes());
            car.extend(bytes);
        }
        car
    }
}

fn varint(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
    bytes
}

const DID: &str = "did:plc:example";

fn sample() -> (Blocks, Link) {
    let mut blocks = Blocks::default();
    let entry = |p: u64, k: &str, v: Link, t: Option<Link>| TreeEntry { p, k: k.as_bytes().to_vec(), v, t };
    let profile = blocks.add(&json!({"$type": "app.bsky.actor.profile", "displayName": "Ada"}));
    let like = blocks.add(&json!({"$type": "app.bsky.feed.like", "subject": {"uri": "at://did:plc:bo/app.bsky.feed.post/9", "cid": "x"}, "createdAt": "2023-11-14T22:13:19Z"}));
    let post = blocks.add(&json!({
        "$type": "app.bsky.feed.post", "text": "hello @bo", "langs": ["en"], "createdAt": "2023-11-14T22:13:20.000Z",
        "facets": [{"index": {"byteStart": 6, "byteEnd": 9}, "features": [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:bo"}]}],
        "embed": {"$type": "app.bsky.embed.external", "external": {"uri": "https://example.test/x", "title": "T", "description": "D"}},
    }));
    let reply = blocks.add(&json!({
        "$type": "app.bsky.feed.post", "text": "re", "createdAt": "2023-11-14T22:13:21Z",
        "reply": {"root": {"uri": "at://did:plc:bo/app.bsky.feed.post/1"}, "parent": {"uri": "at://did:plc:bo/app.bsky.feed.post/2"}},
        "embed": {"$type": "app.bsky.embed.recordWithMedia", "record": {"record": {"uri": "at://did:plc:bo/app.bsky.feed.post/3"}},
                  "media": {"$type": "app.bsky.embed.images", "images": [{"alt": "a cat", "image": {"$type": "blob", "mimeType": "image/png", "size": 7, "ref": {"$link": "bafkreia"}}}]}},
    }));
    let left = blocks.add(&Node { l: None, e: vec![entry(0, "app.bsky.actor.profile/self", profile, None)] });
    let right =
        blocks.add(&Node { l: None, e: vec![entry(0, "app.bsky.feed.post/3k1", post, None), entry(21, "2", reply, None)] });
    let top = blocks.add(&Node { l: Some(left), e: vec![entry(0, "app.bsky.feed.like/3k0", like, Some(right))] });
    let commit = blocks.add(&Commit { did: DID, version: 3, data: top, rev: "3k" });
    (blocks, commit)
}

#[test]
fn every_record_is_read_in_the_order_of_its_keys() {
    let (blocks, root) = sample();
    let all = read(&FORMAT, &blocks.car(root));
    assert_eq!((all.failed.as_deref(), all.refused.as_slice()), (None, &[][..]));
    let address = |key: &str| format!("at://{DID}/app.bsky.feed.post/{key}");
    assert_eq!(all.texts(), [(&*address("3k1"), "", "hello @bo"), (&*address("3k2"), "", "re")]);
    let post = all.event(&address("3k1"), "");
    assert_eq!((post.source_time_ms, post.by.as_ref().and_then(|by| by.name.as_deref())), (Some(1_700_000_000_000), Some("Ada")));
    let said = content(post).unwrap();
    assert_eq!(
        (&*said.mentions[0].native_id, &*said.links[0], said.language.as_deref()),
        ("did:plc:bo", "https://example.test/x", Some("en"))
    );
    let reply = content(all.event(&address("3k2"), "")).unwrap();
    assert_eq!(reply.thread.as_deref(), Some("at://did:plc:bo/app.bsky.feed.post/1"));
    assert_eq!(reply.quotes.as_deref(), Some("at://did:plc:bo/app.bsky.feed.post/3"));
    assert_eq!(reply.attachments[0].alt.as_deref(), Some("a cat"));
    let like = all.event("at://did:plc:bo/app.bsky.feed.post/9", &format!("react:{DID}:like:add:3k0"));
    assert_eq!(like.what, What::Reacted { key: "like".to_owned(), added: true });
    assert_eq!(all.events.len(), 4);
    assert!(blocks.0.iter().any(|(_, bytes)| *bytes == post.raw.bytes));
}

#[test]
fn an_altered_block_is_refused_and_the_others_are_read() {
    let (mut blocks, root) = sample();
    let at = blocks.0.iter().position(|(_, bytes)| bytes.windows(9).any(|part| part == b"hello @bo")).unwrap();
    let text = blocks.0[at].1.windows(9).position(|part| part == b"hello @bo").unwrap();
    blocks.0[at].1[text] = b'j';
    let all = read(&FORMAT, &blocks.car(root));
    assert_eq!((all.events.len(), all.refused.len()), (3, 1));
    assert!(all.refused[0].reason.contains("altered") && all.refused[0].place.ends_with("/3k1"), "{:?}", all.refused);
}

#[test]
fn a_missing_node_is_refused_and_the_rest_is_read() {
    let (mut blocks, root) = sample();
    blocks.0.remove(4);
    let all = read(&FORMAT, &blocks.car(root));
    assert_eq!((all.events.len(), all.refused.len()), (3, 1));
    assert!(all.refused[0].reason.contains("whole repository"), "{:?}", all.refused);
}

#[test]
fn a_tree_that_leads_back_to_the_same_node_ends() {
    // Each level names the one below twice: without a check the walk would take two to the hundredth steps.
    let mut blocks = Blocks::default();
    let post = blocks.add(&json!({"$type": "app.bsky.feed.post", "text": "x"}));
    let mut below = blocks.add(&Node { l: None, e: vec![TreeEntry { p: 0, k: b"a/1".to_vec(), v: post, t: None }] });
    for _ in 0..100 {
        below = blocks.add(&Node { l: Some(below), e: vec![TreeEntry { p: 0, k: b"a/2".to_vec(), v: post, t: Some(below) }] });
    }
    let commit = blocks.add(&Commit { did: DID, version: 3, data: below, rev: "3k" });
    let all = read(&FORMAT, &blocks.car(commit));
    assert_eq!((all.events.len(), all.refused.len()), (2, 1));
    assert!(all.refused[0].reason.contains("do not rise"));
}

#[test]
fn what_is_no_repository_is_refused_and_damaged_ones_never_panic() {
    assert!(read(&FORMAT, b"hello").failed.unwrap().contains("CAR"));
    assert!(read(&FORMAT, b"").failed.unwrap().contains("CAR"));
    let (blocks, root) = sample();
    survives(&FORMAT, &blocks.car(root), 1000);
}
