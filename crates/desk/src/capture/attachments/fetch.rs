//! Fetching from networks: beside following, on the node that writes.
//!
//! Invariants: of one profile one attachment at a time, so that a network is not asked more than a person would; a profile that cannot be
//! asked holds up no other; memory is a few pieces of an answer, whatever the attachment's size.

use std::{collections::HashMap, io, time::Duration};

use ledger::engine::{BlobError, Ledger, StoredBlob};
use networks::{
    Class, Network, NetworkError,
    event::Attachment,
    network::{Answer, Sink},
};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{ATTACHMENT_BYTES_MAX, Got, Pending, cut, entry_of, rules};
use crate::{
    capture::{
        Connectors, Intake,
        connections::{ConnectionState, Opened, follow_able, sessions},
        intake::blocking,
        store::attachments as store,
    },
    desk::{Desk, Topic},
    error::{Error, Result},
    ids::ProfileId,
    live, metric_names, profiles,
};

/// How often it is looked for what is due when nothing is announced.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// Announcements within this time are one.
const GATHER: Duration = Duration::from_millis(500);
/// Wait after a failure of our own (database, ledger, disk).
const OWN_FAILURE_WAIT: Duration = Duration::from_secs(15);
/// Attachments that are looked up at a time.
const LOT: i64 = 16;
/// Pieces of an answer between network and disk.
const PIECES_AHEAD: usize = 4;

/// Fetches what hangs on messages.
#[derive(Debug, Clone)]
pub struct Fetcher {
    intake: Intake,
    connectors: Connectors,
}

/// Why fetching brought nothing.
enum FetchError {
    Network(NetworkError),
    Desk(Error),
    /// Told to stop while waiting.
    Stopped,
}

impl Fetcher {
    /// Fetches through an open ledger.
    pub fn new(intake: Intake, connectors: Connectors) -> Self {
        Self { intake, connectors }
    }

    fn desk(&self) -> &Desk {
        self.intake.desk()
    }

    /// Fetches until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let mut updates = self.desk().live();
        let mut running: HashMap<ProfileId, JoinHandle<()>> = HashMap::new();
        while !stop.is_cancelled() {
            running.retain(|_, task| !task.is_finished());
            match self.due_profiles().await {
                Ok(due) => {
                    for profile in due.into_iter().filter(|profile| !running.contains_key(profile)).collect::<Vec<_>>() {
                        let (this, stop) = (self.clone(), stop.clone());
                        running.insert(profile, tokio::spawn(async move { this.fetch_due(profile, &stop).await }));
                    }
                }
                Err(error) => tracing::error!(%error, "cannot read which attachments wait to be fetched"),
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = news(&mut updates) => tokio::time::sleep(GATHER).await,
            }
        }
        for task in running.into_values() {
            // It hears of the stop itself; what has begun to be recorded is brought to its end.
            let _ = task.await;
        }
    }

    async fn due_profiles(&self) -> Result<Vec<ProfileId>> {
        let mut due = store::due_profiles(&mut self.desk().db().read().await?, self.desk().now()).await?;
        if !due.is_empty() {
            let able = follow_able(self.desk(), &self.connectors).await?;
            due.retain(|profile| able.contains(profile));
        }
        Ok(due)
    }

    async fn fetch_due(&self, profile: ProfileId, stop: &CancellationToken) {
        loop {
            match self.step(profile, stop).await {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%profile, %error, "attachments cannot be stored; trying again");
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = tokio::time::sleep(OWN_FAILURE_WAIT) => {}
                    }
                }
            }
        }
    }

    /// Tries what is due of a profile, a handful at most; answers with how many that were.
    ///
    /// # Errors
    /// Our own failures; those of the network are kept with the attachment.
    pub async fn step(&self, profile: ProfileId, stop: &CancellationToken) -> Result<usize> {
        let desk = self.desk();
        let mut reader = desk.db().read().await?;
        let known = profiles::exists(&mut reader, profile).await?;
        let due = store::due(&mut reader, profile, desk.now(), LOT).await?;
        drop(reader);
        let Some(network) = self.connectors.get(&known.network) else { return Ok(0) };
        let Some(mut opened) = sessions::open(desk, profile).await? else { return Ok(0) };
        if matches!(opened.connection.state, ConnectionState::NeedsAuthorisation) {
            return Ok(0);
        }
        let mut tried = 0;
        for pending in due {
            if stop.is_cancelled() {
                return Ok(0);
            }
            match self.get(network, &mut opened, &pending.attachment, stop).await {
                Ok(blob) => self.settle(pending, Got::Bytes(blob)).await?,
                Err(FetchError::Network(error)) => self.failed(&known.network, pending, &error).await?,
                Err(FetchError::Desk(error)) => return Err(error),
                Err(FetchError::Stopped) => return Ok(0),
            }
            tried += 1;
        }
        Ok(tried)
    }

    async fn settle(&self, pending: Pending, got: Got) -> Result<()> {
        let (profile, desk, ledger) = (pending.profile, self.desk().clone(), self.intake.ledger().clone());
        let entry = blocking(move || entry_of(&desk, &ledger, &pending, got)).await?;
        self.intake.put_entries(profile, vec![entry]).await
    }

    async fn failed(&self, network: &str, pending: Pending, error: &NetworkError) -> Result<()> {
        let desk = self.desk();
        let class = error.class.id();
        metrics::counter!(metric_names::CAPTURE_FAILURES.name, "network" => network.to_owned(), "class" => class).increment(1);
        tracing::warn!(profile = %pending.profile, class, tries = pending.tries, "an attachment could not be fetched");
        let reason = cut(&error.message);
        match rules::after_failure(error, pending.tries, desk.random()) {
            rules::Next::GiveUp => self.settle(pending, Got::Missing(reason)).await,
            rules::Next::Again(wait) => {
                let until = desk.now().plus_ms(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
                let mut tx = desk.db().begin().await?;
                store::postpone(&mut tx, &pending, until, &reason).await?;
                live::notify(&mut tx, Topic::Messages).await?;
                Ok(tx.commit().await?)
            }
        }
    }

    /// Gets the bytes, renewing the token once when it ran out.
    async fn get(
        &self,
        network: &'static dyn Network,
        opened: &mut Opened,
        attachment: &Attachment,
        stop: &CancellationToken,
    ) -> std::result::Result<StoredBlob, FetchError> {
        match self.get_once(network, opened, attachment, stop).await {
            Err(FetchError::Network(error)) if error.class == Class::Expired => {
                *opened = sessions::renew(self.desk(), network, opened).await.map_err(|error| match error {
                    sessions::NotRenewed::Network(error) => FetchError::Network(error),
                    sessions::NotRenewed::Desk(error) => FetchError::Desk(error),
                })?;
                self.get_once(network, opened, attachment, stop).await
            }
            done => done,
        }
    }

    async fn get_once(
        &self,
        network: &'static dyn Network,
        opened: &Opened,
        attachment: &Attachment,
        stop: &CancellationToken,
    ) -> std::result::Result<StoredBlob, FetchError> {
        let (pieces, arriving) = mpsc::channel(PIECES_AHEAD);
        let ledger = self.intake.ledger().clone();
        let storing = tokio::task::spawn_blocking(move || store_arriving(&ledger, arriving));
        let mut sink = Pieces(pieces);
        let fetched = tokio::select! {
            () = stop.cancelled() => Err(FetchError::Stopped),
            fetched = network.fetch(&opened.session, attachment, ATTACHMENT_BYTES_MAX, &mut sink) => fetched.map_err(FetchError::Network),
        };
        if fetched.is_ok() {
            // Without it, what has arrived so far is not the whole.
            let _ = sink.0.send(Piece::End).await;
        }
        drop(sink);
        let stored = storing.await.map_err(|error| FetchError::Desk(Error::Internal(error.to_string())))?;
        match (fetched, stored) {
            (Ok(()), Ok(blob)) => Ok(blob),
            (Err(error), Ok(_) | Err(BlobError::Source(_))) => Err(error),
            (_, Err(error @ BlobError::TooLong(_))) => {
                Err(FetchError::Network(NetworkError::new(Class::RefusedContent, error.to_string())))
            }
            (_, Err(error)) => Err(FetchError::Desk(Error::Internal(error.to_string()))),
        }
    }
}

/// What goes from the network's side to the disk's.
enum Piece {
    Bytes(Vec<u8>),
    End,
}

struct Pieces(mpsc::Sender<Piece>);

impl Sink for Pieces {
    fn write<'a>(&'a mut self, bytes: &'a [u8]) -> Answer<'a, ()> {
        Box::pin(async move {
            let taken = self.0.send(Piece::Bytes(bytes.to_vec())).await;
            taken.map_err(|_| NetworkError::retry("the attachment cannot be stored"))
        })
    }
}

fn store_arriving(ledger: &Ledger, pieces: mpsc::Receiver<Piece>) -> std::result::Result<StoredBlob, BlobError> {
    ledger.put_blob(Arriving { pieces, piece: Vec::new(), at: 0, ended: false }, ATTACHMENT_BYTES_MAX)
}

/// Pieces as they arrive, read like a file. An answer that broke off is an error, not an end.
struct Arriving {
    pieces: mpsc::Receiver<Piece>,
    piece: Vec<u8>,
    at: usize,
    ended: bool,
}

impl io::Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() && !self.ended {
            match self.pieces.blocking_recv() {
                Some(Piece::Bytes(bytes)) => (self.piece, self.at) = (bytes, 0),
                Some(Piece::End) => self.ended = true,
                None => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the answer broke off")),
            }
        }
        let count = buffer.len().min(self.piece.len() - self.at);
        buffer[..count].copy_from_slice(&self.piece[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

/// Waits until messages or profiles changed.
async fn news(updates: &mut tokio::sync::broadcast::Receiver<Topic>) {
    use tokio::sync::broadcast::error::RecvError;
    loop {
        match updates.recv().await {
            Ok(Topic::Messages | Topic::Profiles) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
