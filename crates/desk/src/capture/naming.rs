//! Names that need no look-up: ids of records, messages, places and parties, derived from what the network calls them.
//!
//! Each is a keyed digest (the desk's own key) of the profile and the platform's ids. The same event therefore has the same record id
//! whenever and however often it arrives, which is what makes "exactly once" hold in the ledger and in the tables; and an answer names
//! the message it answers before that one was ever seen. Invariant: the rule never changes, because names stand in the ledger for ever.
//! Without the key a name says nothing about a person.

use uuid::Uuid;

use crate::{
    ids::{MessageId, PartyId, PlaceId, ProfileId},
    sealed::Sealer,
};

/// What a name is for; part of the digest, so that the same text never gives the same name twice.
#[derive(Clone, Copy)]
enum Of {
    Record = 1,
    Place = 2,
    Party = 3,
    Part = 4,
}

/// Names what belongs to one profile.
pub(crate) struct Naming<'s> {
    sealer: &'s Sealer,
    profile: ProfileId,
    input: Vec<u8>,
}

impl<'s> Naming<'s> {
    pub(crate) fn new(sealer: &'s Sealer, profile: ProfileId) -> Self {
        Self { sealer, profile, input: Vec::with_capacity(256) }
    }

    /// The record of one event.
    pub(crate) fn record(&mut self, native_id: &str, revision: &str) -> Uuid {
        self.name(Of::Record, &[native_id.as_bytes(), revision.as_bytes()])
    }

    /// A message: the record of its first post.
    pub(crate) fn message(&mut self, native_id: &str) -> MessageId {
        MessageId(self.record(native_id, ""))
    }

    /// A place.
    pub(crate) fn place(&mut self, native_id: &str) -> PlaceId {
        PlaceId(self.name(Of::Place, &[native_id.as_bytes()]))
    }

    /// A party.
    pub(crate) fn party(&mut self, native_id: &str) -> PartyId {
        PartyId(self.name(Of::Party, &[native_id.as_bytes()]))
    }

    /// A further entry that belongs to a record: a part of its raw bytes, an attachment.
    pub(crate) fn part(&mut self, record: Uuid, what: &str) -> Uuid {
        self.name(Of::Part, &[record.as_bytes(), what.as_bytes()])
    }

    fn name(&mut self, of: Of, parts: &[&[u8]]) -> Uuid {
        self.input.clear();
        self.input.extend_from_slice(b"capture\x01");
        self.input.push(of as u8);
        self.input.extend_from_slice(&self.profile.bytes());
        for part in parts {
            // The length first: ("ab", "c") and ("a", "bc") are different names.
            self.input.extend_from_slice(&(part.len() as u64).to_be_bytes());
            self.input.extend_from_slice(part);
        }
        let digest = self.sealer.digest(&self.input);
        let half = digest[..16].try_into().expect("half of 32 bytes");
        uuid::Builder::from_custom_bytes(half).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use uuid::Uuid;

    use super::Naming;
    use crate::{ids::ProfileId, sealed::Sealer};

    #[test]
    fn a_name_depends_on_everything_it_stands_for_and_on_the_key() {
        let (one, two) = (Sealer::new(&[1; 32]), Sealer::new(&[2; 32]));
        let (a, b) = (ProfileId(Uuid::from_u128(1)), ProfileId(Uuid::from_u128(2)));
        let mut names = HashSet::new();
        for (sealer, profile) in [(&one, a), (&one, b), (&two, a)] {
            let mut naming = Naming::new(sealer, profile);
            names.extend([naming.record("ab", "c"), naming.record("a", "bc"), naming.record("ab", ""), naming.record("", "ab")]);
            names.extend([naming.place("ab").0, naming.party("ab").0]);
        }
        assert_eq!(names.len(), 18);
    }

    #[test]
    fn names_stay_what_they_were_released_as() {
        let sealer = Sealer::new(&[7; 32]);
        let mut naming = Naming::new(&sealer, ProfileId(Uuid::from_u128(7)));
        let names = [naming.record("C1:1.2", "edit:3"), naming.place("C1").0, naming.party("U1").0];
        insta::assert_debug_snapshot!(names);
    }
}
