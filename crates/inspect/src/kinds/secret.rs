//! Keys, tokens and passwords; the formats stand in `secrets`.

use super::prelude::*;

pub(crate) const KIND: Kind = Kind {
    id: "SECRET",
    title: "Key, token or password",
    group: Group::Secret,
    docs: "Values of known formats (by prefix, alphabet, length and, where the format has one, checksum), private key blocks, user names and passwords inside addresses, and values that the text itself calls a password, key or token. Placeholders, hashes and identifiers are left out.",
    words: &[],
    examples: &[
        "token ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "my password is Tr0ub4dor&3",
        "postgres://app:s3cr3tpw@db.example.org/main",
        "AWS key AKIAQ3EGRNM5X7WLTKPA leaked",
    ],
    counter_examples: &[
        "AKIAIOSFODNN7EXAMPLE",
        "password is required",
        "commit 3f786850e387550fdab836ed7e6dc881de23001b",
        "id 123e4567-e89b-12d3-a456-426614174000",
        "password: ********",
        "api_key = YOUR_API_KEY_HERE",
        "token=${GITHUB_TOKEN}",
    ],
    proof: "a known format of a secret",
    ..BLANK
};
