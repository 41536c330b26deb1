//! Giving the network a post's files before its time. Without a post they show nowhere.
//!
//! Invariant: a file that the network has is not given to it again, what it called it is durable before the next one goes.

use networks::{
    Class, NetworkError,
    outgoing::{Media, Uploaded},
};

use super::{
    Sender,
    call::{Approved, Line},
    errors,
};
use crate::{
    approvals::Cleared,
    capture::connections::{self, NotRenewed},
    error::Result,
    publishing::{
        content::{Medium, digest},
        media::{self, Rendition},
        model::Next,
        rules::Event,
        store::{parts, targets},
    },
};

/// The longest upload: a hundred megabytes over a slow line.
const UPLOAD_MAX: std::time::Duration = std::time::Duration::from_mins(10);

/// A version whose files the network does not have yet.
#[derive(Debug, Clone)]
pub(super) struct Preparing {
    pub(super) approved: Approved,
    pub(super) cleared: Cleared,
}

impl Sender {
    pub(super) async fn prepare(&self, what: &Preparing) -> Result<()> {
        let key = what.approved.key;
        let refuse = |next, message: &str| Event::NotPrepared { holder: self.holder, next, message: message.to_owned() };
        if digest(&what.approved.draft, what.approved.slot) != what.cleared.digest() {
            return self.settle(key, refuse(Next::GiveUp, "what would be sent is not what was approved"), None).await;
        }
        let Some(mut line) = self.line(key).await? else {
            return self.settle(key, refuse(Next::Reconnect, "the profile has no connection; connect it again"), None).await;
        };
        let Some(content) = what.approved.content() else { return Ok(()) };
        let mut is_told = false;
        for (number, part) in (0u32..).zip(&content.parts) {
            let mut there = self.part_for_files(what, number).await?;
            for medium in part.media.iter().skip(there.len()) {
                match self.upload(&mut line, medium).await? {
                    Ok(uploaded) => {
                        there.push(uploaded);
                        self.keep_uploaded(what, number, &there).await?;
                        is_told = true;
                    }
                    Err(error) => {
                        let next = errors::next(&error, 0, self.desk.random());
                        return self.settle(key, refuse(next, &error.message), None).await;
                    }
                }
            }
        }
        // A process that ended between keeping what a file is called and saying so left the latter to be done.
        if is_told { Ok(()) } else { self.tell_left(what).await }
    }

    /// What the network has of a part already; gives it a key when it has none.
    async fn part_for_files(&self, what: &Preparing, part: u32) -> Result<Vec<Uploaded>> {
        let key = what.approved.key;
        let mut tx = self.desk.db().begin().await?;
        let fresh: uuid::Uuid = self.desk.fresh();
        parts::ensure(&mut tx, key, part, &fresh.to_string()).await?;
        let known = parts::all(&mut tx, key).await?;
        tx.commit().await?;
        Ok(known.into_iter().find(|row| row.part == part).map(|row| row.media).unwrap_or_default())
    }

    async fn upload(&self, line: &mut Line, medium: &Medium) -> Result<std::result::Result<Uploaded, NetworkError>> {
        let (info, bytes) = media::bytes(&mut self.desk.db().read().await?, medium.digest, Rendition::Whole).await?;
        let file = Media {
            bytes,
            media_type: medium.media_type.clone(),
            file_name: medium.file_name.clone(),
            alt: (!medium.alt.is_empty()).then(|| medium.alt.clone()),
            size: info.size,
        };
        let once = async |line: &Line| {
            let too_long = Err(NetworkError::retry("the network did not take the file in time"));
            tokio::time::timeout(UPLOAD_MAX, line.network.upload(line.session(), &file)).await.unwrap_or(too_long)
        };
        match once(line).await {
            Err(error) if error.class == Class::Expired => {
                match connections::renew(&self.desk, line.network, &line.opened).await {
                    Ok(opened) => line.opened = opened,
                    Err(NotRenewed::Network(error)) => return Ok(Err(error)),
                    Err(NotRenewed::Desk(error)) => return Err(error),
                }
                Ok(once(line).await)
            }
            answer => Ok(answer),
        }
    }

    /// Keeps what the network called a file, if the post still says what it did.
    async fn keep_uploaded(&self, what: &Preparing, part: u32, there: &[Uploaded]) -> Result<()> {
        let key = what.approved.key;
        let mut tx = self.desk.db().begin().await?;
        let Some(target) = targets::lock(&mut tx, key).await? else { return Ok(()) };
        if target.life.cleared.is_none_or(|window| window.digest != what.cleared.digest()) {
            return Ok(());
        }
        parts::uploaded(&mut tx, key, part, there).await?;
        tx.commit().await?;
        self.tell_left(what).await
    }

    /// Says how many files the network still has to be given.
    async fn tell_left(&self, what: &Preparing) -> Result<()> {
        let key = what.approved.key;
        let has: usize = parts::all(&mut self.desk.db().read().await?, key).await?.iter().map(|row| row.media.len()).sum();
        let all = what.approved.content().map_or(0, |content| content.parts.iter().map(|part| part.media.len()).sum());
        let uploads_left = u32::try_from(all.saturating_sub(has)).unwrap_or(u32::MAX);
        self.settle(key, Event::Prepared { uploads_left }, None).await
    }
}
