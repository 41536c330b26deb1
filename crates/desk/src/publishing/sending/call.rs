//! One attempt: part after part, each allowed anew; and asking what became of one whose outcome nobody knows.

use networks::{Class, NetworkError, Session, error::Effect};

use super::{
    Sender,
    door::{self, Addressed, NotSent},
    errors,
};
use crate::{
    approvals::Cleared,
    capture::connections::{self, NotRenewed, Opened},
    error::{Error, Result},
    ids::Time,
    profiles,
    publishing::{
        content::{Content, Draft},
        model::{Next, Outcome, TargetKey},
        rules::{Event, Found},
        store::parts,
    },
};

/// A version on its way to one profile.
#[derive(Debug, Clone)]
pub(super) struct Approved {
    pub(super) key: TargetKey,
    pub(super) draft: Draft,
    pub(super) slot: Option<Time>,
    pub(super) parts: u32,
}

impl Approved {
    /// What this profile gets.
    pub(super) fn content(&self) -> Option<&Content> {
        self.draft.content_for(self.key.profile)
    }
}

/// A call that was allowed.
#[derive(Debug, Clone)]
pub(super) struct Calling {
    pub(super) approved: Approved,
    pub(super) cleared: Cleared,
    pub(super) attempt: u32,
    pub(super) part: u32,
    pub(super) start_before: Time,
}

/// An attempt to be looked up.
#[derive(Debug, Clone)]
pub(super) struct Looking {
    pub(super) approved: Approved,
    pub(super) attempt: u32,
    pub(super) part: u32,
}

/// A network that can be called for a profile now.
pub(super) struct Line {
    pub(super) network: &'static dyn networks::Network,
    pub(super) opened: Opened,
}

impl Line {
    pub(super) fn session(&self) -> &Session {
        &self.opened.session
    }
}

impl Sender {
    /// Opens a profile's connection; nothing when somebody has to connect it again.
    pub(super) async fn line(&self, key: TargetKey) -> Result<Option<Line>> {
        let profile = profiles::exists(&mut self.desk.db().read().await?, key.profile).await?;
        let Some(network) = self.connectors.get(&profile.network) else { return Ok(None) };
        Ok(connections::open(&self.desk, key.profile).await?.map(|opened| Line { network, opened }))
    }

    /// Makes an attempt, from its first allowed call to its end.
    pub(super) async fn call(&self, calling: &Calling) -> Result<()> {
        let Some(mut line) = self.line(calling.approved.key).await? else {
            let message = "the profile has no connection; connect it again".to_owned();
            return self.end(calling, Outcome::NoEffect { next: Next::Reconnect, message }).await;
        };
        let mut calling = calling.clone();
        let mut renewed = false;
        loop {
            let key = calling.approved.key;
            let to = self.addressed(key, calling.part).await?;
            let to = to.ok_or_else(|| Error::Internal("a part is called that has no key".to_owned()))?;
            let limits = (calling.part, &to);
            let answer =
                door::send(line.network, line.session(), &calling.cleared, &calling.approved, limits, calling.start_before).await;
            let next_part = match answer {
                Ok(published) if calling.part + 1 >= calling.approved.parts => {
                    return self.published(&calling, &published).await;
                }
                Ok(published) => {
                    self.part_there(&calling, &published).await?;
                    calling.part + 1
                }
                Err(NotSent::Network(error)) if error.class == Class::Expired && !renewed => {
                    renewed = true;
                    match connections::renew(&self.desk, line.network, &line.opened).await {
                        Ok(opened) => line.opened = opened,
                        Err(NotRenewed::Network(error)) => return self.failed(&calling, &error).await,
                        Err(NotRenewed::Desk(error)) => return Err(error),
                    }
                    calling.part
                }
                Err(NotSent::Network(error)) => return self.failed(&calling, &error).await,
                Err(NotSent::TooLate) => {
                    // Nothing was called, and it is nobody's failure but ours: it is claimed anew.
                    return self.end(&calling, Outcome::Continues { parts_there: calling.part }).await;
                }
                Err(NotSent::NotCleared) => {
                    let message = "what would have been sent is not what was approved".to_owned();
                    return self.end(&calling, Outcome::NoEffect { next: Next::GiveUp, message }).await;
                }
            };
            match self.next_call(&calling, next_part).await? {
                Some(next) => calling = next,
                None => return Ok(()),
            }
        }
    }

    async fn failed(&self, calling: &Calling, error: &NetworkError) -> Result<()> {
        let before = usize::try_from(calling.attempt).unwrap_or(usize::MAX).saturating_sub(1);
        let content = calling.approved.content();
        let has_files =
            content.is_some_and(|content| content.parts[calling.part as usize..].iter().any(|part| !part.media.is_empty()));
        if error.class == Class::Gone && error.effect == Effect::None && has_files {
            return self.files_forgotten(calling).await;
        }
        self.end(calling, errors::outcome(error, before, self.desk.random())).await
    }

    async fn end(&self, calling: &Calling, outcome: Outcome) -> Result<()> {
        self.settle(calling.approved.key, Event::Ended { attempt: calling.attempt, outcome }, None).await
    }

    async fn published(&self, calling: &Calling, published: &networks::outgoing::Published) -> Result<()> {
        let native_id = self.first_id(calling.approved.key, calling.part, &published.native_id).await?;
        let event = Event::Ended { attempt: calling.attempt, outcome: Outcome::Published { native_id } };
        self.settle(calling.approved.key, event, Some((calling.part, published))).await
    }

    async fn part_there(&self, calling: &Calling, published: &networks::outgoing::Published) -> Result<()> {
        let event = Event::PartThere { attempt: calling.attempt };
        self.settle(calling.approved.key, event, Some((calling.part, published))).await
    }

    /// The id of a post's first part.
    async fn first_id(&self, key: TargetKey, part: u32, this: &str) -> Result<String> {
        if part == 0 {
            return Ok(this.to_owned());
        }
        let known = parts::all(&mut self.desk.db().read().await?, key).await?;
        let first = known.into_iter().find(|row| row.part == 0).and_then(|row| row.native_id);
        first.ok_or_else(|| Error::Internal("a thread goes on whose first part nobody knows".to_owned()))
    }

    /// How a part is told to the network: its key, its files, what it continues. Nothing for one that never had a key: keys are durable
    /// before the first call, so it was never called.
    async fn addressed(&self, key: TargetKey, part: u32) -> Result<Option<Addressed>> {
        let known = parts::all(&mut self.desk.db().read().await?, key).await?;
        let id_of = |number: u32| known.iter().find(|row| row.part == number).and_then(|row| row.native_id.clone());
        let own = known.iter().find(|row| row.part == part);
        let Some(own) = own else { return Ok(None) };
        let reply_to = part.checked_sub(1).and_then(id_of);
        if part > 0 && reply_to.is_none() {
            return Err(Error::Internal("a thread goes on whose last part nobody knows".to_owned()));
        }
        let thread = if part > 0 { id_of(0) } else { None };
        Ok(Some(Addressed { key: own.key.clone(), media: own.media.clone(), reply_to, thread }))
    }

    /// Asks the network what became of an attempt.
    pub(super) async fn look_up(&self, looking: &Looking) -> Result<()> {
        let key = looking.approved.key;
        let Some(to) = self.addressed(key, looking.part).await? else {
            // The process ended between two parts of a thread.
            let event = Event::Looked { attempt: looking.attempt, found: Found::NotThere };
            return self.settle(key, event, None).await;
        };
        let content = looking.approved.content();
        let Some(post) = content.and_then(|content| door::outgoing(content, looking.part, &to)) else {
            return Err(Error::Internal("a part is looked up that its version does not have".to_owned()));
        };
        let answer = match self.line(key).await? {
            None => Err(NetworkError::new(Class::Reauthorise, "the profile has no connection")),
            Some(line) => self.find(&line, &post).await?,
        };
        let (found, published) = match answer {
            Ok(Some(published)) => {
                (Found::There { native_id: self.first_id(key, looking.part, &published.native_id).await? }, Some(published))
            }
            Ok(None) => (Found::NotThere, None),
            Err(_) => (Found::NoAnswer, None),
        };
        let event = Event::Looked { attempt: looking.attempt, found };
        self.settle(key, event, published.as_ref().map(|published| (looking.part, published))).await
    }

    async fn find(
        &self,
        line: &Line,
        post: &networks::Outgoing,
    ) -> Result<std::result::Result<Option<networks::outgoing::Published>, NetworkError>> {
        match limited(line.network.find(line.session(), post)).await {
            Err(error) if error.class == Class::Expired => {
                match connections::renew(&self.desk, line.network, &line.opened).await {
                    Ok(opened) => Ok(limited(line.network.find(&opened.session, post)).await),
                    Err(NotRenewed::Network(error)) => Ok(Err(error)),
                    Err(NotRenewed::Desk(error)) => Err(error),
                }
            }
            answer => Ok(answer),
        }
    }
}

/// A question with the limit that every call has.
pub(super) async fn limited<T>(
    call: impl Future<Output = std::result::Result<T, NetworkError>>,
) -> std::result::Result<T, NetworkError> {
    let longest = std::time::Duration::from_millis(crate::publishing::rules::CALL_MAX_MS.unsigned_abs());
    tokio::time::timeout(longest, call).await.unwrap_or_else(|_| Err(NetworkError::retry("the network did not answer in time")))
}
