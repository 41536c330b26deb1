//! Renewing keys: the keystore under another master key, and the signing key. Both are entries.

use super::{Act, GovernanceError, check_text};
use crate::engine::{Ledger, Receipt, SigningKey};
use crate::entry::EntryKind;
use crate::ids::RecordId;
use crate::keys::master::MasterKey;
use crate::keys::secret::Secret;
use crate::note::Signer;

impl Ledger {
    /// Writes the keystore as a new generation wrapped by `master`, which may be another key than before.
    pub fn rotate_master(&self, master: &dyn MasterKey, by: &str) -> Result<Receipt, GovernanceError> {
        check_text(by, "the person who renews the keys")?;
        let _order = self.governing();
        let generation = self.while_quiet(|| self.renew_keystore(master))??;
        let act = Act::KeysRotated { generation, signing_key: None, by: by.to_owned() };
        self.act(EntryKind::KeyRotation, RecordId::NONE, &act)
    }

    /// Signs checkpoints with a fresh key from now on. The old verifier key stays listed: it signed what was
    /// before. Whoever verifies needs the new one from a place they trust.
    pub fn rotate_signing_key(&self, master: &dyn MasterKey, by: &str) -> Result<Receipt, GovernanceError> {
        check_text(by, "the person who renews the keys")?;
        let _order = self.governing();
        let seed = Secret::random(&*self.environment().entropy);
        let origin = self.reader().log().origin;
        let signer = Signer::from_seed(&origin, seed.expose()).map_err(crate::engine::OpenError::from)?;
        let key = signer.verifier().to_string();
        let generation = self.while_quiet(|| {
            let from_size = self.size();
            // The list first: a key that is listed but not used harms nothing, the other way round would.
            self.update_log(|log| {
                log.keys.push(SigningKey { from_size, key: key.clone() });
            })?;
            self.with_ring(|ring| ring.signing.push((from_size, seed.clone())));
            let generation = self.renew_keystore(master)?;
            self.use_signer(signer);
            Ok::<_, crate::engine::OpenError>(generation)
        })??;
        let act = Act::KeysRotated { generation, signing_key: Some(key), by: by.to_owned() };
        self.act(EntryKind::KeyRotation, RecordId::NONE, &act)
    }
}
