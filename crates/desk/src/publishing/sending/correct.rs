//! Making a correction, and reading back whether it is one.

use networks::{Class, NetworkError, event::What};

use super::{
    Sender,
    call::{Approved, Line, limited},
    door::{self, Addressed},
    errors,
};
use crate::{
    act::{Act, Object},
    actor::Actor,
    approvals::{self, Cleared},
    capture::connections::{self, NotRenewed},
    desk::Topic,
    error::{Error, Result},
    ids::{CorrectionId, HolderId},
    jobs::Backoff,
    profiles,
    publishing::{
        content::digest,
        corrections::{CORRECTION_TRIES_MAX, Correction, CorrectionKind, CorrectionState},
        model::Next,
        pauses,
        rules::CALL_MAX_MS,
        store::{corrections, parts, versions},
    },
    records::{self, RecordEntry},
    rights::{Operation, Target as Place},
};

/// How soon something that waits for the record or for a pause to end is looked at again.
const WAIT_MS: i64 = 500;
/// Three calls and a renewed token: before that nobody else may try.
const LEASE_MS: i64 = 4 * CALL_MAX_MS;
/// Waits between tries.
const WAITS: Backoff = Backoff { first_ms: 10_000, longest_ms: 30 * 60 * 1_000 };

/// A correction about to be made.
#[derive(Debug, Clone)]
pub(super) struct Correcting {
    correction: Correction,
    native_id: String,
    change: Option<Change>,
}

/// What it will say.
#[derive(Debug, Clone)]
struct Change {
    approved: Approved,
    cleared: Cleared,
    to: Addressed,
}

/// Claims a correction; nothing when it has to wait or was ended.
pub(super) async fn claim(act: &mut Act<'_>, id: CorrectionId, holder: HolderId) -> Result<Option<Correcting>> {
    let Some(correction) = corrections::lock(act.tx(), id).await? else { return Ok(None) };
    let (key, now) = (correction.target, act.now());
    let known = parts::all(act.tx(), key).await?;
    let part = known.iter().find(|row| row.part == correction.part);
    let Some((part, native_id)) = part.and_then(|row| Some((row, row.native_id.clone()?))) else {
        corrections::end(act.tx(), id, CorrectionState::Failed, Some("nobody knows where it is"), now).await?;
        return Ok(None);
    };
    let change = match correction.version {
        None => None,
        Some(number) => {
            let profile = profiles::exists(act.tx(), key.profile).await?;
            let open = pauses::in_force(act.tx()).await?;
            let stopped = pauses::stopping(&open, &profile).is_some_and(|paused| paused.soft_since.is_none());
            if stopped || records::waits(act.tx(), key.post).await? {
                corrections::postpone(act.tx(), id, now.plus_ms(WAIT_MS), Some("waits for the record, or for a pause to end"))
                    .await?;
                return Ok(None);
            }
            let version = versions::get(act.tx(), key.post, number).await?.ok_or(Error::NotFound("version"))?;
            let cleared = approvals::clearance(act.tx(), key.post, number).await?;
            let Some(cleared) = cleared.filter(|cleared| cleared.digest() == digest(&version.draft, version.slot)) else {
                corrections::end(act.tx(), id, CorrectionState::Failed, Some("what was approved counts no more"), now).await?;
                return Ok(None);
            };
            let parts = u32::try_from(known.len()).unwrap_or(u32::MAX);
            let approved = Approved { key, draft: version.draft, slot: version.slot, parts };
            // The key of a change is its own: the post's key already stands for the post.
            let to = Addressed { key: id.to_string(), media: part.media.clone(), reply_to: None, thread: None };
            Some(Change { approved, cleared, to })
        }
    };
    corrections::begin(act.tx(), id, holder, now.plus_ms(LEASE_MS)).await?;
    Ok(Some(Correcting { correction: Correction { tries: correction.tries + 1, ..correction }, native_id, change }))
}

/// How one try went.
enum Tried {
    Done,
    /// It is certain that trying again does not help.
    Failed(String),
    Again {
        after_ms: i64,
        message: String,
    },
}

impl Sender {
    pub(super) async fn correct(&self, what: &Correcting) -> Result<()> {
        let key = what.correction.target;
        let tried = match self.line(key).await? {
            None => Tried::Failed("the profile has no connection; connect it again, then try once more".to_owned()),
            Some(mut line) => match self.try_once(what, &line).await {
                Err(error) if error.class == Class::Expired => {
                    match connections::renew(&self.desk, line.network, &line.opened).await {
                        Ok(opened) => {
                            line.opened = opened;
                            let answer = self.try_once(what, &line).await;
                            answer.unwrap_or_else(|error| self.refused(what, &error))
                        }
                        Err(NotRenewed::Network(error)) => self.refused(what, &error),
                        Err(NotRenewed::Desk(error)) => return Err(error),
                    }
                }
                answer => answer.unwrap_or_else(|error| self.refused(what, &error)),
            },
        };
        self.correction_went(what, tried).await
    }

    fn refused(&self, what: &Correcting, error: &NetworkError) -> Tried {
        let tries = usize::try_from(what.correction.tries).unwrap_or(usize::MAX);
        match errors::next(error, tries, self.desk.random()) {
            Next::Again { .. } => {
                let after_ms = WAITS.wait_ms(what.correction.tries, self.desk.random());
                let asked = error.retry_after.map_or(0, |wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
                Tried::Again { after_ms: after_ms.max(asked), message: error.message.clone() }
            }
            Next::Reconnect | Next::GiveUp => Tried::Failed(error.message.clone()),
        }
    }

    /// Asks for it and reads back what came of it. Both may be done again without harm.
    async fn try_once(&self, what: &Correcting, line: &Line) -> std::result::Result<Tried, NetworkError> {
        let session = line.session();
        match &what.change {
            None => {
                let key = what.correction.id.to_string();
                limited(line.network.delete(session, &what.native_id, &key)).await?;
                let left = limited(line.network.read_back(session, &what.native_id)).await?;
                if left.is_none_or(|event| event.what == What::Deleted) {
                    return Ok(Tried::Done);
                }
                Ok(self.not_so(what, "the network says it is deleted and still shows it"))
            }
            Some(change) => {
                let content = change.approved.content();
                let post = content.and_then(|content| door::outgoing(content, what.correction.part, &change.to));
                let Some(mut post) = post else { return Ok(Tried::Failed("the version has no such part".to_owned())) };
                let now = self.desk.now();
                if now > change.cleared.until() {
                    return Ok(Tried::Failed("what was approved is over; submit the change again".to_owned()));
                }
                post.media.clone_from(&change.to.media);
                limited(line.network.edit(session, &what.native_id, &post)).await?;
                let shown = limited(line.network.read_back(session, &what.native_id)).await?;
                let says = shown.and_then(|event| match event.what {
                    What::Posted(content) | What::Edited(content) => Some(content.text),
                    _ => None,
                });
                if says.is_some_and(|says| words(&says) == words(&post.text)) {
                    return Ok(Tried::Done);
                }
                Ok(self.not_so(what, "the network took the change, and reading it back shows another text"))
            }
        }
    }

    fn not_so(&self, what: &Correcting, message: &str) -> Tried {
        // What it took may show a moment later.
        let after_ms = WAITS.wait_ms(what.correction.tries, self.desk.random());
        Tried::Again { after_ms, message: message.to_owned() }
    }

    async fn correction_went(&self, what: &Correcting, tried: Tried) -> Result<()> {
        let (id, key) = (what.correction.id, what.correction.target);
        let actor = Actor::desk("publishing");
        let mut act = self.desk.act(&actor, Operation::PostSend, Place::Workspace).await?;
        let now = act.now();
        let Some(still) = corrections::lock(act.tx(), id).await? else { return Ok(()) };
        if still.state != CorrectionState::UnderWay || still.tries != what.correction.tries {
            return Ok(());
        }
        let (state, message) = match tried {
            Tried::Done => (CorrectionState::Done, None),
            Tried::Failed(message) => (CorrectionState::Failed, Some(message)),
            Tried::Again { message, .. } if still.tries >= CORRECTION_TRIES_MAX => (CorrectionState::Failed, Some(message)),
            Tried::Again { after_ms, message } => {
                corrections::postpone(act.tx(), id, now.plus_ms(after_ms), Some(&message)).await?;
                (CorrectionState::UnderWay, Some(message))
            }
        };
        if state != CorrectionState::UnderWay {
            corrections::end(act.tx(), id, state, message.as_deref(), now).await?;
        }
        if state == CorrectionState::Done && still.kind == CorrectionKind::Delete {
            parts::is_gone(act.tx(), key, still.part, now).await?;
        }
        let answer = serde_json::json!({ "correction": id, "state": state, "message": message, "part": still.part });
        act.put_on_record(RecordEntry::new("correction_answer", key.post, &answer)?.happened_on(key.profile));
        act.record(Object::new("post", key.post)).detail("profile", key.profile.to_string()).detail("state", state.id());
        act.announce(Topic::Posts);
        act.commit().await
    }
}

/// Networks write their own white space, and shorten the handles of mentions.
fn words(text: &str) -> String {
    let plain = text.split_whitespace().map(|word| match word.strip_prefix('@').and_then(|name| name.split_once('@')) {
        Some((name, _host)) => format!("@{name}"),
        None => word.to_owned(),
    });
    plain.collect::<Vec<_>>().join(" ")
}
