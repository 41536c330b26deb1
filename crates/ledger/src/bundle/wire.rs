//! The JSON form of a bundle.
//!
//! Invariant: reading what was written gives the same bundle; unknown fields are refused, so that a newer bundle is never half
//! understood. It checks form only, not proofs.

use super::{BUNDLE_BYTES_MAX, Bundle, BundleError, BundledStamp, Disclosed, Plaintext, Removal};
use crate::entry::ENTRY_LEN;
use crate::hash::Hash;
use crate::proof::TlogProof;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

const FORMAT: &str = "gatepost-proof-1";
/// Most time stamps read: the two authorities, and room for two that were replaced.
const TIMESTAMPS_MAX: usize = 4;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireBundle {
    format: String,
    entry: String,
    proof: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    salt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    removed_by: Option<WireRemoval>,
    #[serde(default)]
    timestamps: Vec<WireStamp>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    timestamps_left_out: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireRemoval {
    entry: String,
    path: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    salt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    body: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireStamp {
    authority: String,
    response: String,
}

pub(super) fn write(bundle: &Bundle) -> String {
    let (salt, body) = plaintext_to_wire(&bundle.record);
    let wire = WireBundle {
        format: FORMAT.to_owned(),
        entry: BASE64.encode(bundle.record.entry),
        proof: bundle.proof.to_text(),
        salt,
        body,
        removed_by: bundle.removal.as_ref().map(removal_to_wire),
        timestamps: bundle
            .timestamps
            .iter()
            .map(|stamp| WireStamp { authority: stamp.authority.clone(), response: BASE64.encode(&stamp.response) })
            .collect(),
        timestamps_left_out: bundle.timestamps_left_out.clone(),
    };
    let mut json = serde_json::to_string_pretty(&wire).expect("strings and lists are always JSON");
    json.push('\n');
    json
}

fn removal_to_wire(removal: &Removal) -> WireRemoval {
    let (salt, body) = plaintext_to_wire(&removal.tombstone);
    WireRemoval {
        entry: BASE64.encode(removal.tombstone.entry),
        path: removal.path.iter().map(|hash| BASE64.encode(hash)).collect(),
        salt,
        body,
    }
}

fn plaintext_to_wire(disclosed: &Disclosed) -> (Option<String>, Option<String>) {
    disclosed.plaintext.as_ref().map(|plaintext| (BASE64.encode(plaintext.salt), BASE64.encode(&plaintext.body))).unzip()
}

pub(super) fn read(bytes: &[u8]) -> Result<Bundle, BundleError> {
    if bytes.len() > BUNDLE_BYTES_MAX {
        return Err(BundleError::Malformed(format!("it has {} bytes", bytes.len())));
    }
    let wire: WireBundle = serde_json::from_slice(bytes).map_err(|error| BundleError::Malformed(error.to_string()))?;
    if wire.format != FORMAT {
        return Err(BundleError::Malformed("its format is not gatepost-proof-1; use a newer program".into()));
    }
    if wire.timestamps.len() > TIMESTAMPS_MAX {
        return Err(BundleError::Malformed("it has more time stamps than are read".into()));
    }
    let timestamps = wire
        .timestamps
        .into_iter()
        .map(|stamp| Ok(BundledStamp { response: decode(&stamp.response, "a time stamp")?, authority: stamp.authority }))
        .collect::<Result<_, BundleError>>()?;
    Ok(Bundle {
        record: disclosed(&wire.entry, wire.salt, wire.body)?,
        proof: TlogProof::parse(wire.proof.as_bytes())?,
        removal: wire.removed_by.map(removal).transpose()?,
        timestamps,
        timestamps_left_out: wire.timestamps_left_out,
    })
}

fn removal(wire: WireRemoval) -> Result<Removal, BundleError> {
    let path = wire
        .path
        .iter()
        .map(|hash| {
            Hash::try_from(decode(hash, "a hash of the path")?)
                .map_err(|_| BundleError::Malformed("a hash of the path has not 32 bytes".into()))
        })
        .collect::<Result<_, _>>()?;
    Ok(Removal { tombstone: disclosed(&wire.entry, wire.salt, wire.body)?, path })
}

fn disclosed(entry: &str, salt: Option<String>, body: Option<String>) -> Result<Disclosed, BundleError> {
    let entry = <[u8; ENTRY_LEN]>::try_from(decode(entry, "the entry")?)
        .map_err(|_| BundleError::Malformed(format!("the entry has not {ENTRY_LEN} bytes")))?;
    let plaintext = match (salt, body) {
        (Some(salt), Some(body)) => Some(Plaintext {
            salt: decode(&salt, "the salt")?
                .try_into()
                .map_err(|_| BundleError::Malformed("the salt has not 32 bytes".into()))?,
            body: decode(&body, "the plaintext")?,
        }),
        (None, None) => None,
        _ => {
            return Err(BundleError::Malformed("it has a plaintext without its salt or the reverse".into()));
        }
    };
    Ok(Disclosed { entry, plaintext })
}

fn decode(text: &str, what: &str) -> Result<Vec<u8>, BundleError> {
    BASE64.decode(text).map_err(|_| BundleError::Malformed(format!("{what} is not base64")))
}
