//! The public face of the ledger: hashes and signatures, nothing about anybody. Any node serves it, whoever writes.

use ledger::serve::{self, Answer};

use super::{Record, off_the_runtime};
use crate::error::{Error, Result};

/// Answers the C2SP paths. Cheap to clone.
#[derive(Clone)]
pub struct PublicLog(Record);

impl PublicLog {
    /// The public face of the record.
    pub fn new(record: Record) -> Self {
        Self(record)
    }

    /// What stands at a C2SP path (`checkpoint`, `tile/…`), or nothing.
    ///
    /// # Errors
    /// [`Error::Internal`] when the log cannot be read.
    pub async fn resource(&self, path: &str) -> Result<Option<serve::Resource>> {
        let Some(reader) = self.0.reader() else { return Ok(None) };
        let path = path.to_owned();
        let answer = off_the_runtime(move || serve::answer(&serve::PublicLog(&reader), &path)).await?;
        Ok(match answer.map_err(|error| Error::Internal(error.to_string()))? {
            Answer::Found(resource) => Some(resource),
            Answer::NotFound => None,
        })
    }
}
