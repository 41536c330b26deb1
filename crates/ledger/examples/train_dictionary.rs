//! Trains the compression dictionary from synthetic messages; prints nothing, writes the file named.
//!
//! The samples are invented here: dictionaries are stored in clear, so they must never be made from records.

use std::fmt::Write as _;

const WORDS: &str = "the a to and of in is it you we i for on with this that be have are not as at your our can will \
    please thank thanks order delivery when where how much problem help team update available today tomorrow \
    customer service question answer great love bad waiting still day week number refund product new app account \
    hello hi sorry we are here der die das und ist nicht ich wir sie mit für auf eine bitte danke wann bestellung \
    le la les et est pas je vous nous merci bonjour commande el los que por con una gracias hola pedido";

/// A small generator, so that the same file comes out every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit
    }

    fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from(b"0123456789abcdef"[self.below(16)])).collect()
    }
}

fn text(numbers: &mut Numbers) -> String {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let count = 3 + numbers.below(28);
    (0..count).map(|_| words[numbers.below(words.len())]).collect::<Vec<_>>().join(" ")
}

fn sample(numbers: &mut Numbers) -> String {
    let (id, user, words) = (numbers.below(1 << 30), numbers.hex(12), text(numbers));
    let time = format!(
        "2026-{:02}-{:02}T{:02}:{:02}:{:02}.000Z",
        1 + numbers.below(12),
        1 + numbers.below(28),
        numbers.below(24),
        numbers.below(60),
        numbers.below(60)
    );
    let mut out = String::new();
    let written = match numbers.below(4) {
        0 => write!(
            out,
            r#"{{"raw":{{"id":"{id}","created_at":"{time}","in_reply_to_id":null,"in_reply_to_account_id":null,"sensitive":false,"spoiler_text":"","visibility":"public","language":"en","uri":"https://social.example.test/users/{user}/statuses/{id}","url":"https://social.example.test/@{user}/{id}","replies_count":0,"reblogs_count":0,"favourites_count":0,"edited_at":null,"content":"<p>{words}</p>","reblog":null,"account":{{"id":"{id}","username":"{user}","acct":"{user}","display_name":"{user}","locked":false,"bot":false,"url":"https://social.example.test/@{user}","followers_count":1,"following_count":1,"statuses_count":1}},"media_attachments":[],"mentions":[],"tags":[],"emojis":[],"card":null,"poll":null}},"text":"{words}","author":{{"id":"{id}","name":"{user}"}},"connector":"mastodon/1"}}"#
        ),
        1 => write!(
            out,
            r#"{{"raw":{{"uri":"at://did:plc:{user}/app.bsky.feed.post/{id}","cid":"bafyrei{user}","author":{{"did":"did:plc:{user}","handle":"{user}.example.test","displayName":"{user}","avatar":"https://cdn.example.test/img/avatar/{user}","labels":[]}},"record":{{"$type":"app.bsky.feed.post","createdAt":"{time}","langs":["en"],"text":"{words}","reply":{{"parent":{{"cid":"bafyrei{user}","uri":"at://did:plc:{user}/app.bsky.feed.post/{id}"}},"root":{{"cid":"bafyrei{user}","uri":"at://did:plc:{user}/app.bsky.feed.post/{id}"}}}}}},"replyCount":0,"repostCount":0,"likeCount":0,"quoteCount":0,"indexedAt":"{time}","labels":[]}},"text":"{words}","author":{{"id":"did:plc:{user}","name":"{user}"}},"connector":"bluesky/1"}}"#
        ),
        2 => write!(
            out,
            r#"{{"raw":{{"type":"message","client_msg_id":"{user}","user":"U{id}","text":"{words}","ts":"{id}.000100","team":"T{id}","channel":"C{id}","event_ts":"{id}.000100","channel_type":"channel","thread_ts":"{id}.000100","blocks":[{{"type":"rich_text","block_id":"a1b","elements":[{{"type":"rich_text_section","elements":[{{"type":"text","text":"{words}"}}]}}]}}],"reactions":[]}},"text":"{words}","author":{{"id":"U{id}","name":"{user}"}},"connector":"slack/1"}}"#
        ),
        _ => write!(
            out,
            r#"{{"actor":"{user}","act":"post.approved","object":{{"kind":"post","id":"{user}"}},"before":null,"after":{{"status":"approved","digest":"sha256:{user}"}},"session":"{user}","address":"192.0.2.1","at":"{time}","text":"{words}","connector":"gatepost/1"}}"#
        ),
    };
    written.expect("writing to a string does not fail");
    out
}

fn main() {
    let target = std::env::args().nth(1).expect("usage: train_dictionary FILE");
    let mut numbers = Numbers(1);
    let samples: Vec<Vec<u8>> = (0..6000)
        .map(|_| {
            let mut canonical = vec![1, 0, 0, 1, 0xa1];
            canonical.extend_from_slice(&numbers.hex(4).into_bytes());
            canonical.extend_from_slice(sample(&mut numbers).as_bytes());
            canonical
        })
        .collect();
    let dictionary = zstd::dict::from_samples(&samples, 16 * 1024).expect("enough samples");
    std::fs::write(target, dictionary).expect("the file can be written");
}
