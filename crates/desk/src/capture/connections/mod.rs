//! Connections: what joins a profile to its network, and how it stands.
//!
//! Invariants: credentials are sealed under the profile's own context and leave this module only inside a [`Session`] on its way to a connector;
//! no operation answers with them, no entry holds them; renewed ones are stored before they are used. Disconnecting forgets them and keeps
//! the record.

mod follow;
mod hooks;
mod model;
pub(crate) mod rules;
pub(crate) mod sessions;
mod set_up;

use std::collections::BTreeMap;

pub use follow::Follower;
pub(crate) use follow::follow_able;
pub use hooks::{HookError, deliver};
pub(crate) use model::Connection;
pub use model::{Alarm, AlarmKind, Begun, ConnectionState, Health, NewConnection};
pub use networks::network::{Delivery, Received, SetUpFile};
use networks::{
    Class, Network, NetworkError, Pending, Secrets,
    account::{Begun as NetworkBegun, Connected},
    network::ConnectRequest,
    registry,
};
use serde::{Deserialize, Serialize};
pub(crate) use sessions::{NotRenewed, Opened, open, renew};
pub use set_up::{CLIENT_METADATA_PATH, SetUpOffer, client_metadata, hook_url, set_up_offers, take_set_up_file};
use zeroize::Zeroizing;

use super::{
    canary::Canary,
    store::{canaries, connections as store, streams},
};
use crate::{
    act::Object,
    actor::Actor,
    db::Tx,
    desk::{Desk, Topic},
    error::{Error, Invalid, Result},
    ids::{CeremonyId, GroupId, ProfileId, Time},
    profiles::{self, NewProfile, ProfileState},
    rights::{Operation, Target, decide},
};

/// How long a round trip through a network may take: signing in there, reading what is asked, agreeing.
const ROUND_TRIP_MS: i64 = 15 * 60 * 1_000;
/// Silence of a new connection that alarms: several of the longest waits between two calls.
pub const SILENT_AFTER_MS: i64 = 15 * 60 * 1_000;
/// A token that runs out within this time alarms.
const EXPIRING_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// Longest value of a form's field: a signing key in PEM fits.
const FIELD_BYTES_MAX: usize = 16 * 1024;

pub use networks::{
    capabilities::Captured as CapturedHow,
    network::{About, ConnectField, ConnectMethod},
};

/// What a network is, for a page.
pub fn about(network: &'static dyn Network) -> &'static About {
    network.about()
}

/// Two letters that stand for a network, by its id; for one without a connector its first two.
pub fn code_of(network: &str) -> &str {
    registry::network(network).map_or_else(|| &network[..network.floor_char_boundary(2)], |known| known.about().code)
}

/// The words for how something is captured.
pub fn captured_word(how: CapturedHow) -> &'static str {
    match how {
        CapturedHow::Normalised => "Captured",
        CapturedHow::RawOnly => "In the raw bytes only",
        CapturedHow::No => "Not captured",
    }
}

/// The networks this process can connect to.
#[derive(Clone)]
pub struct Connectors(Vec<&'static dyn Network>);

impl std::fmt::Debug for Connectors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.iter().map(|network| network.about().id)).finish()
    }
}

impl Connectors {
    /// Every network there is a connector for.
    pub fn all() -> Self {
        Self(registry::NETWORKS.to_vec())
    }

    /// Chosen ones.
    pub fn of(networks: Vec<&'static dyn Network>) -> Self {
        Self(networks)
    }

    /// The connector of a network.
    pub fn get(&self, id: &str) -> Option<&'static dyn Network> {
        self.0.iter().copied().find(|network| network.about().id == id)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &'static dyn Network> {
        self.0.iter().copied()
    }

    fn known(&self, id: &str) -> Result<&'static dyn Network> {
        self.get(id).ok_or_else(|| Invalid::field("network", "there is no connector for this network"))
    }
}

/// What has to be kept of a form while the person is at the network. Sealed.
#[derive(Serialize, Deserialize)]
struct UnderWay {
    network: String,
    method: String,
    fields: BTreeMap<String, String>,
    profile: Option<ProfileId>,
    title: String,
    group: Option<GroupId>,
    protected: bool,
    pending: Pending,
}

/// The context under which a profile's credentials are sealed.
fn context(profile: ProfileId) -> String {
    format!("connection/{profile}")
}

/// Begins to connect an account, or to authorise a profile again.
///
/// # Errors
/// [`Error::Invalid`] with what the network says about the form; [`Error::Refused`].
pub async fn begin(desk: &Desk, connectors: &Connectors, actor: &Actor, new: NewConnection) -> Result<Begun> {
    // Decided before the network hears anything; decided again when there is something to write.
    allowed(desk, actor, new.profile)?;
    let network = connectors.known(&new.network)?;
    check(network, &new)?;
    if let Some(profile) = new.profile {
        let known = profiles::exists(&mut desk.db().read().await?, profile).await?;
        if known.network != new.network {
            return Err(Invalid::field("network", "the profile is on another network"));
        }
    }
    let request = request(desk, &new.method, new.fields.clone());
    match network.begin(&request).await.map_err(|error| said(&error))? {
        NetworkBegun::Done(connected) => store_connected(desk, actor, &new, *connected).await.map(Begun::Connected),
        NetworkBegun::Redirect { url, pending } => {
            keep(desk, actor, new, pending).await?;
            Ok(Begun::Redirect(url))
        }
    }
}

/// Ends connecting after the person came back from the network, with the query that came along.
///
/// # Errors
/// [`Error::Conflict`] when the round trip is not known, took too long, or is somebody else's.
pub async fn finish(desk: &Desk, connectors: &Connectors, actor: &Actor, query: &BTreeMap<String, String>) -> Result<ProfileId> {
    let again = || Error::Conflict("this way back is not known any more; begin to connect again".to_owned());
    let state = query.get("state").ok_or_else(again)?;
    let mut tx = desk.db().begin().await?;
    let attempt = store::take(&mut tx, desk.sealer().digest(state.as_bytes())).await?;
    tx.commit().await?;
    let attempt = attempt.filter(|attempt| attempt.expires_at > desk.now() && Some(attempt.person) == actor.person());
    let attempt = attempt.ok_or_else(again)?;
    let plain = desk.sealer().open(&format!("connecting/{}", attempt.id), &attempt.sealed)?;
    let under_way: UnderWay = serde_json::from_slice(&plain).map_err(|error| Error::Internal(error.to_string()))?;
    let UnderWay { network, method, fields, profile, title, group, protected, pending } = under_way;
    allowed(desk, actor, profile)?;
    let connector = connectors.known(&network)?;
    let request = request(desk, &method, fields.clone());
    let connected = connector.finish(&request, &pending, query).await.map_err(|error| said(&error))?;
    let new = NewConnection { network, method, fields, profile, title, group, protected };
    store_connected(desk, actor, &new, connected).await
}

fn operation_of(profile: Option<ProfileId>) -> Operation {
    if profile.is_some() { Operation::ConnectionRenew } else { Operation::ConnectionMake }
}

fn allowed(desk: &Desk, actor: &Actor, profile: Option<ProfileId>) -> Result<()> {
    Ok(decide(actor, operation_of(profile), Target::Workspace, desk.now())?)
}

fn check(network: &'static dyn Network, new: &NewConnection) -> Result<()> {
    let method = network.about().connect.iter().find(|method| method.id == new.method);
    let method = method.ok_or_else(|| Invalid::field("method", "the network has no such way to connect"))?;
    let mut invalid = Invalid::new();
    for field in method.fields {
        let value = new.fields.get(field.name).map_or("", String::as_str);
        if value.trim().is_empty() && !field.optional {
            invalid.add(field.name, "must not be empty");
        }
        if value.len() > FIELD_BYTES_MAX {
            invalid.add(field.name, format!("at most {FIELD_BYTES_MAX} bytes"));
        }
    }
    invalid.check()
}

fn request(desk: &Desk, method: &str, fields: BTreeMap<String, String>) -> ConnectRequest {
    let mut random = [0; 64];
    desk.ids().random(&mut random);
    let redirect_uri = set_up::redirect_uri(desk);
    ConnectRequest { method: method.to_owned(), fields, redirect_uri, random, now_ms: desk.now().0 }
}

/// What a network says to somebody who connects. Its message holds no credential.
fn said(error: &NetworkError) -> Error {
    match error.class {
        Class::RetryLater => Error::Conflict(format!("{error}; try again in a moment")),
        _ => Invalid::field("connection", error.message.clone()),
    }
}

async fn keep(desk: &Desk, actor: &Actor, new: NewConnection, pending: Pending) -> Result<()> {
    let mut act = desk.act(actor, operation_of(new.profile), Target::Workspace).await?;
    let person = actor.person().ok_or_else(|| Error::Conflict("a round trip needs a person in a browser".to_owned()))?;
    let (id, now): (CeremonyId, _) = (desk.fresh(), act.now());
    let state_digest = desk.sealer().digest(pending.state.as_bytes());
    let NewConnection { network, method, fields, profile, title, group, protected } = new;
    let under_way = UnderWay { network: network.clone(), method, fields, profile, title, group, protected, pending };
    let plain = Zeroizing::new(serde_json::to_vec(&under_way).map_err(|error| Error::Internal(error.to_string()))?);
    let sealed = desk.sealer().seal(desk.ids(), &format!("connecting/{id}"), &plain);
    store::sweep(act.tx(), now).await?;
    let attempt = store::Attempt { id, person, sealed, expires_at: now.plus_ms(ROUND_TRIP_MS) };
    store::begin(act.tx(), &attempt, state_digest, profile, now).await?;
    let object = profile.map_or(Object::all("connection"), |profile| Object::new("profile", profile));
    act.record(object).detail("network", network).detail("step", "begun");
    act.commit().await
}

/// Stores what a network gave: a new profile or a renewed one, its connection, its stream.
async fn store_connected(desk: &Desk, actor: &Actor, new: &NewConnection, connected: Connected) -> Result<ProfileId> {
    let Connected { standing, secrets, settings } = connected;
    let mut act = desk.act(actor, operation_of(new.profile), Target::Workspace).await?;
    let now = act.now();
    let known = match new.profile {
        Some(profile) => Some(profile),
        None => profiles::by_account(act.tx(), &new.network, &standing.account.handle).await?,
    };
    let before = match known {
        Some(profile) => store::get(act.tx(), profile).await?,
        None => None,
    };
    if before.as_ref().is_some_and(|before| before.account.native_id != standing.account.native_id) {
        return Err(Error::Conflict(format!(
            "that is {}, another account; sign in as the profile's own",
            standing.account.handle
        )));
    }
    let profile = match known {
        Some(profile) => profile,
        None => profiles::add_within(&mut act, &new_profile(new, &standing.account)).await?,
    };
    profiles::activate(act.tx(), profile, now).await?;
    let connection = Connection {
        profile,
        method: new.method.clone(),
        sealed_secrets: seal(desk, profile, &secrets)?,
        secrets_version: 1,
        settings,
        account: standing.account,
        expires_at: standing.expires_at_ms.map(Time),
        missing_scopes: standing.missing_scopes,
        state: ConnectionState::Connected,
        state_changed_at: now,
        connected_at: now,
        last_contact_at: None,
        last_message_at: None,
        lag_ms: None,
        failures: 0,
        next_try_at: None,
        error_class: None,
        error_message: None,
        silent_after_ms: SILENT_AFTER_MS,
        silent_since: None,
    };
    store::save(act.tx(), &connection).await?;
    streams::ensure(act.tx(), profile).await?;
    act.record(Object::new("profile", profile))
        .after(&(&connection.account, &connection.missing_scopes))
        .detail("network", new.network.as_str())
        .detail("method", new.method.as_str())
        .detail("missing_scopes", connection.missing_scopes.clone());
    act.announce(Topic::Profiles);
    act.announce(Topic::Connections);
    act.commit().await?;
    Ok(profile)
}

fn new_profile(new: &NewConnection, account: &networks::Account) -> NewProfile {
    let title = [new.title.trim(), account.name.as_deref().unwrap_or_default().trim(), &account.handle];
    let title = title.into_iter().find(|title| !title.is_empty()).unwrap_or_default();
    let title: String = title.chars().filter(|letter| !letter.is_control()).take(profiles::TEXT_MAX).collect();
    NewProfile { network: new.network.clone(), handle: account.handle.clone(), title, group: new.group, protected: new.protected }
}

fn seal(desk: &Desk, profile: ProfileId, secrets: &Secrets) -> Result<Vec<u8>> {
    let plain = Zeroizing::new(serde_json::to_vec(secrets).map_err(|error| Error::Internal(error.to_string()))?);
    Ok(desk.sealer().seal(desk.ids(), &context(profile), &plain))
}

/// Forgets a profile's credentials: part of disconnecting it.
pub(crate) async fn forget(tx: &mut Tx, profile: ProfileId, now: Time) -> Result<()> {
    store::forget_secrets(tx, profile, now).await
}

/// Whether a profile's credentials were forgotten, so that it has to be connected again before it can be resumed.
pub(crate) async fn is_forgotten(tx: &mut Tx, profile: ProfileId) -> Result<bool> {
    Ok(store::get(tx, profile).await?.is_some_and(|connection| connection.state == ConnectionState::Disconnected))
}

/// Asks for the past to be read again from its beginning. What is on record already is not recorded twice.
///
/// # Errors
/// [`Error::Conflict`] when it is under way.
pub async fn back_fill(desk: &Desk, actor: &Actor, profile: ProfileId) -> Result<()> {
    let mut act = desk.act(actor, Operation::CaptureBackFill, Target::Workspace).await?;
    store::get(act.tx(), profile).await?.ok_or(Error::NotFound("connection"))?;
    let stream = streams::get(act.tx(), profile).await?.ok_or(Error::NotFound("connection"))?;
    if matches!(stream.back_fill_state.as_deref(), Some("asked" | "running")) {
        return Err(Error::Conflict("the past is being read already".to_owned()));
    }
    let now = act.now();
    streams::set_back_fill(act.tx(), profile, Some("asked"), None, now).await?;
    act.record(Object::new("profile", profile));
    act.announce(Topic::Connections);
    act.commit().await
}

/// How every connection stands.
pub async fn health(desk: &Desk, actor: &Actor) -> Result<Vec<Health>> {
    let mut reader = desk.view(actor, Operation::ConnectionsRead, Target::Workspace).await?;
    let mut found = Vec::new();
    for connection in store::all(&mut reader).await? {
        let stream = streams::get(&mut reader, connection.profile).await?;
        let open_gaps = streams::open_gaps(&mut reader, connection.profile).await?;
        found.push(Health {
            profile: connection.profile,
            method: connection.method,
            account: connection.account,
            state: connection.state,
            state_changed_at: connection.state_changed_at,
            connected_at: connection.connected_at,
            expires_at: connection.expires_at,
            missing_scopes: connection.missing_scopes,
            last_contact_at: connection.last_contact_at,
            last_message_at: connection.last_message_at,
            lag_ms: connection.lag_ms,
            failures: connection.failures,
            next_try_at: connection.next_try_at,
            error_class: connection.error_class,
            error_message: connection.error_message,
            silent_after_ms: connection.silent_after_ms,
            silent_since: connection.silent_since,
            open_gaps,
            heartbeat_at: stream.as_ref().and_then(|stream| stream.heartbeat_at),
            back_fill: stream.and_then(|stream| stream.back_fill_state),
        });
    }
    Ok(found)
}

/// The stretches of a profile that could not be read, newest first.
pub async fn gaps(desk: &Desk, actor: &Actor, profile: ProfileId) -> Result<Vec<super::GapSeen>> {
    let mut reader = desk.view(actor, Operation::ConnectionsRead, Target::Workspace).await?;
    streams::gaps(&mut reader, profile, i64::from(crate::paging::PAGE_SIZE_MAX)).await
}

/// What is wrong with captures that should run: of profiles that the caller may read or manages. It looks at the rows and the clock, so
/// it also tells when no process captures at all.
pub async fn alarms(desk: &Desk, actor: &Actor) -> Result<Vec<Alarm>> {
    let now = desk.now();
    let manages = decide(actor, Operation::ConnectionsRead, Target::Workspace, now).is_ok();
    let mut reader = desk.db().read().await?;
    let profiles = profiles::everything(&mut reader).await?;
    let canaries = canaries::all(&mut reader).await?;
    let mut alarms = Vec::new();
    for connection in store::all(&mut reader).await? {
        let Some(profile) = profiles.iter().find(|profile| profile.id == connection.profile) else { continue };
        let may_see = manages || decide(actor, Operation::MessagesRead, Target::Profile(profile.id, profile.group), now).is_ok();
        if !may_see || profile.state != ProfileState::Active {
            continue;
        }
        let canary = canaries.iter().find(|stored| stored.canary.profile == profile.id).map(|stored| &stored.canary);
        let alarm = alarm(&connection, &profile.title, profile.state_changed_at, now);
        alarms.extend(alarm.or_else(|| canary.and_then(|canary| canary_alarm(canary, &profile.title))));
    }
    Ok(alarms)
}

/// What a canary found, when nothing more pressing is wrong.
fn canary_alarm(canary: &Canary, title: &str) -> Option<Alarm> {
    let remedy =
        format!("canary: {}; look at what arrives, then accept it or tell the makers of Gatepost", canary.problem.as_ref()?);
    Some(Alarm {
        profile: canary.profile,
        title: title.to_owned(),
        what: AlarmKind::Canary,
        since: canary.problem_since?,
        remedy,
    })
}

/// The one thing to say about a connection of an active profile, the most pressing first.
fn alarm(connection: &Connection, title: &str, active_since: Time, now: Time) -> Option<Alarm> {
    let since = connection.last_contact_at.unwrap_or(connection.connected_at).max(active_since);
    let say = |what, since, remedy: &str| {
        Some(Alarm { profile: connection.profile, title: title.to_owned(), what, since, remedy: remedy.to_owned() })
    };
    let again = "connect the profile again; nothing that was recorded is lost";
    match connection.state {
        ConnectionState::Disconnected => None,
        ConnectionState::NeedsAuthorisation => say(AlarmKind::NeedsAuthorisation, connection.state_changed_at, again),
        state @ (ConnectionState::Broken | ConnectionState::Gone | ConnectionState::Refused) => {
            let (what, remedy) = match state {
                ConnectionState::Gone => {
                    (AlarmKind::Gone, "look at the network whether the account was deleted, renamed or closed")
                }
                ConnectionState::Refused => {
                    (AlarmKind::Refused, "look at the network what it holds against the account or this server")
                }
                _ => (AlarmKind::Broken, "tell the makers of Gatepost if it lasts"),
            };
            let said = connection.error_message.clone().unwrap_or_default();
            say(what, connection.state_changed_at, &format!("{said}; it is tried again by itself; {remedy}"))
        }
        _ if rules::is_silent(since, connection.silent_after_ms, now) => say(
            AlarmKind::Silent,
            since,
            "look whether `gatepost serve` with capture runs, and whether the network can be reached",
        ),
        _ => connection.expires_at.filter(|at| at.since_ms(now) < EXPIRING_MS).and_then(|at| say(AlarmKind::Expiring, at, again)),
    }
}
