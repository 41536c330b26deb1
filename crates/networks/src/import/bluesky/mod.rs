//! A Bluesky repository: the CAR file with every record of one account.
//!
//! Shapes: <https://atproto.com/specs/repository> and the lexicons `app.bsky.*` (<https://docs.bsky.app/docs/advanced-guides/posts>). Every
//! block that is read is checked against its CID, so what is imported is what the account's server signed; the signature itself is not
//! checked, as the key is not in the file. A record is named by its address `at://<did>/<collection>/<key>`, as in the live connector.
//! Pictures and films are not part of the file: they are listed by their CIDs. Records that are no posts, likes or shares are recorded
//! as they came.

mod car;
mod cid;
mod dag_cbor;
mod record;
mod tree;

use std::{collections::VecDeque, io::Read, path::Path};

use serde_json::Value;

use super::{Format, Import, ImportError, Item, Limits, Meter, Refused};
use crate::event::{Attachment, Party};
use car::{Car, link};
use tree::Walk;

/// The form.
pub const FORMAT: Format = Format {
    id: "bluesky",
    name: "Bluesky repository",
    network: "bluesky",
    how: "In Bluesky: Settings, Account, Export my data, Download CAR file.",
    docs: "https://atproto.com/specs/repository",
    open: |path, limits| Ok(Box::new(Repository::open(path, limits)?)),
};

struct Repository {
    car: Car,
    walk: Walk,
    account: Party,
    limits: Limits,
    meter: Meter,
    queue: VecDeque<Item>,
}

impl Repository {
    fn open(path: &Path, limits: Limits) -> Result<Self, ImportError> {
        let meter = Meter::default();
        let car = Car::open(path, meter.clone())?;
        let broken = |found: String| ImportError::Form { expected: "a Bluesky repository", found };
        let commit = car.value(car.root).map_err(|reason| broken(format!("its first block: {reason}")))?;
        let did = commit.get("did").and_then(Value::as_str).filter(|did| did.starts_with("did:"));
        let did = did.ok_or_else(|| broken("its first block names no account".to_owned()))?.to_owned();
        let top = commit.get("data").and_then(link).ok_or_else(|| broken("its first block names no tree".to_owned()))?;
        let account = Party { native_id: did, ..Party::default() };
        Ok(Self { car, walk: Walk::new(top), account, limits, meter, queue: VecDeque::new() })
    }
}

impl Import for Repository {
    fn next(&mut self) -> Result<Option<Item>, ImportError> {
        loop {
            if let Some(item) = self.queue.pop_front() {
                return Ok(Some(item));
            }
            let (key, cid) = match self.walk.next(&self.car) {
                None => return Ok(None),
                Some(Ok(entry)) => entry,
                Some(Err(reason)) => return Ok(Some(Item::Refused(Refused { place: "the tree".to_owned(), reason }))),
            };
            let taken = self.car.block(cid).and_then(|bytes| {
                if bytes.len() as u64 > self.limits.item_bytes_max {
                    return Err(format!(
                        "it is larger than {} bytes, the most that one record may have",
                        self.limits.item_bytes_max
                    ));
                }
                record::events(&key, bytes, &mut self.account, &mut self.queue)
            });
            if let Err(reason) = taken {
                let place: String = key.chars().filter(|c| !c.is_control()).take(200).collect();
                self.queue.push_back(Item::Refused(Refused { place, reason }));
            }
        }
    }

    fn progress(&self) -> (u64, u64) {
        self.meter.progress()
    }

    fn source(&self) -> String {
        self.account.native_id.clone()
    }

    fn attachment(&mut self, _: &Attachment) -> Result<Option<Box<dyn Read + Send + '_>>, ImportError> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
