//! A network that does what a test says: a feed that grows, failures to come, tokens that run out.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use networks::{
    About, Account, Class, Cursor, Event, Network, NetworkError, Outgoing, Pending, Published, Secrets, Session,
    account::{Begun, Connected, Standing},
    capabilities::{BackFill, Capabilities, Delivery as How, TextLimit, TextUnit},
    event::{Attachment, What},
    network::{Answer, Batch, ConnectField, ConnectMethod, ConnectRequest, Delivery, Gap, Received, Sink},
};

/// The events of one answer; small, so that a test has several.
const PAGE: usize = 3;

const ABOUT: About = About {
    id: "scripted",
    name: "Scripted",
    code: "sc",
    summary: "A network of the tests.",
    docs: "https://example.test/docs",
    sandbox: true,
    capabilities: Capabilities {
        post: true,
        reply: false,
        edit: true,
        delete: true,
        hide: false,
        direct: false,
        subject: false,
        audiences: false,
        place: false,
        text: TextLimit {
            max: 500,
            unit: TextUnit::Graphemes,
            bytes_max: 0,
            link_counts: 0,
            mention_hosts_count: true,
            subject_counts: false,
        },
        media: &[],
        attachments_max: 0,
        alt_max: 0,
        delivery: How::Polling,
        back_fill: BackFill::Everything,
    },
    connect: &[
        ConnectMethod {
            id: "token",
            title: "With a token",
            steps: "Take one.",
            fields: &[
                ConnectField { name: "token", label: "Token", help: "", secret: true, optional: false },
                ConnectField { name: "account", label: "Account", help: "", secret: false, optional: true },
            ],
        },
        ConnectMethod { id: "oauth", title: "By agreeing there", steps: "Agree.", fields: &[] },
    ],
    coverage: &[],
};

/// The network and its state. Make it with [`Scripted::new`], which lets it live as long as the test.
#[derive(Default)]
pub struct Scripted {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    feed: Vec<Event>,
    failures: VecDeque<NetworkError>,
    files: BTreeMap<String, Vec<u8>>,
    fetch_failures: VecDeque<NetworkError>,
    fetches: u32,
    /// What was posted, by its key.
    posted: BTreeMap<String, String>,
    /// Fields that the platform adds to the bytes of what we post.
    added_fields: Vec<String>,
    /// Whether what we post is not delivered back to us.
    keeps_own: bool,
    gaps: Vec<Gap>,
    /// What a call must show, once a token was renewed or revoked.
    token: Option<String>,
    renewable: bool,
    refreshes: u32,
    pulls: u32,
}

impl Scripted {
    /// A network with an empty feed.
    pub fn new() -> &'static Self {
        let network = Self::default();
        network.state().renewable = true;
        Box::leak(Box::new(network))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something happens there.
    pub fn happen(&self, events: impl IntoIterator<Item = Event>) {
        self.state().feed.extend(events);
    }

    /// The next call fails.
    pub fn fail(&self, error: NetworkError) {
        self.state().failures.push_back(error);
    }

    /// There is a file at an attachment's source. Others have their native id as their content.
    pub fn hang(&self, source: &str, bytes: Vec<u8>) {
        self.state().files.insert(source.to_owned(), bytes);
    }

    /// The next attachment that is asked for breaks off in its middle with this.
    pub fn fail_fetch(&self, error: NetworkError) {
        self.state().fetch_failures.push_back(error);
    }

    /// How often an attachment was asked for.
    pub fn fetches(&self) -> u32 {
        self.state().fetches
    }

    /// From now on the platform's bytes have one more field.
    pub fn add_field(&self, name: &str) {
        self.state().added_fields.push(name.to_owned());
    }

    /// Whether what we post is kept from us.
    pub fn keep_own(&self, keeps: bool) {
        self.state().keeps_own = keeps;
    }

    /// How many messages of ours are there and were not taken back.
    pub fn posts_left(&self) -> usize {
        self.state().posted.values().filter(|native_id| !native_id.is_empty()).count()
    }

    fn own(&self, event: Event) {
        let mut state = self.state();
        if state.keeps_own {
            return;
        }
        let mut event = event;
        if let Ok(serde_json::Value::Object(mut raw)) = serde_json::from_slice(&event.raw.bytes) {
            raw.extend(state.added_fields.iter().map(|name| (name.clone(), true.into())));
            event.raw.bytes = serde_json::Value::Object(raw).to_string().into_bytes();
        }
        state.feed.push(event);
    }

    /// The next answer says that a stretch is missing.
    pub fn miss(&self, gap: Gap) {
        self.state().gaps.push(gap);
    }

    /// The token runs out: calls fail until it was renewed.
    pub fn expire_token(&self) {
        let mut state = self.state();
        state.token = Some(format!("renewed-{}", state.refreshes + 1));
    }

    /// The token is revoked: renewing it does not help.
    pub fn revoke_token(&self) {
        self.expire_token();
        self.state().renewable = false;
    }

    /// The person agreed again.
    pub fn allow_token(&self) {
        let mut state = self.state();
        (state.token, state.renewable) = (None, true);
    }

    /// How often a token was renewed.
    pub fn refreshes(&self) -> u32 {
        self.state().refreshes
    }

    /// How often news were asked for.
    pub fn pulls(&self) -> u32 {
        self.state().pulls
    }

    fn authorise(&self, session: &Session) -> Result<(), NetworkError> {
        let state = self.state();
        match (&state.token, session.secrets.get("token")) {
            (None, Some(_)) => Ok(()),
            (Some(wanted), Some(shown)) if wanted == shown => Ok(()),
            _ => Err(NetworkError::new(Class::Expired, "the token is not known (401)")),
        }
    }

    fn batch(&self, session: &Session, cursor: Option<&Cursor>) -> Result<Batch, NetworkError> {
        self.state().pulls += 1;
        if let Some(error) = self.state().failures.pop_front() {
            return Err(error);
        }
        self.authorise(session)?;
        let mut state = self.state();
        let from = cursor.map_or(Ok(0), |cursor| cursor.0.parse::<usize>());
        let from = from.map_err(|_| NetworkError::malformed("the cursor cannot be read"))?;
        let end = (from + PAGE).min(state.feed.len());
        let gaps = std::mem::take(&mut state.gaps);
        let events = state.feed[from.min(end)..end].to_vec();
        Ok(Batch { events, cursor: Cursor(end.to_string()), more: end < state.feed.len(), gaps })
    }
}

fn standing(account: &str) -> Standing {
    let account = Account {
        native_id: format!("id-{account}"),
        handle: account.to_owned(),
        name: None,
        link: None,
        server: "https://social.example.test".to_owned(),
    };
    Standing { account, expires_at_ms: None, missing_scopes: Vec::new() }
}

fn connected(account: &str, token: &str) -> Connected {
    let secrets = Secrets::default().with("token", token).with("signing_secret", format!("signing-{token}"));
    Connected { standing: standing(account), secrets, settings: BTreeMap::new() }
}

fn published(native_id: &str) -> Published {
    Published { native_id: native_id.to_owned(), revision: None, permalink: None, source_time_ms: None }
}

fn account_of(request: &ConnectRequest) -> &str {
    request.fields.get("account").map_or("ours", String::as_str)
}

impl Network for Scripted {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn begin<'a>(&'a self, request: &'a ConnectRequest) -> Answer<'a, Begun> {
        Box::pin(async move {
            if request.method == "token" {
                let token = &request.fields["token"];
                if token == "wrong" {
                    return Err(NetworkError::new(Class::Reauthorise, "the network does not know this token"));
                }
                return Ok(Begun::Done(Box::new(connected(account_of(request), token))));
            }
            let state: String = request.random[..8].iter().map(|byte| format!("{byte:02x}")).collect();
            let secrets = Secrets::default().with("verifier", "verifier-secret");
            let url = format!("https://social.example.test/authorise?state={state}");
            Ok(Begun::Redirect { url, pending: Pending { state, secrets } })
        })
    }

    fn finish<'a>(
        &'a self,
        request: &'a ConnectRequest,
        pending: &'a Pending,
        query: &'a BTreeMap<String, String>,
    ) -> Answer<'a, Connected> {
        Box::pin(async move {
            let fits = pending.secrets.get("verifier") == Some("verifier-secret") && query.contains_key("code");
            if fits {
                Ok(connected(account_of(request), &format!("by-{}", query["code"])))
            } else {
                Err(NetworkError::new(Class::Reauthorise, "it was not agreed to"))
            }
        })
    }

    fn refresh<'a>(&'a self, _: &'a Session, _: i64) -> Answer<'a, Secrets> {
        Box::pin(async move {
            let mut state = self.state();
            if !state.renewable {
                return Err(NetworkError::new(Class::Reauthorise, "the authorisation was withdrawn"));
            }
            state.refreshes += 1;
            let token = format!("renewed-{}", state.refreshes);
            state.token = Some(token.clone());
            Ok(Secrets::default().with("token", token).with("signing_secret", "signing-renewed"))
        })
    }

    fn check<'a>(&'a self, session: &'a Session) -> Answer<'a, Standing> {
        Box::pin(async move {
            self.authorise(session)?;
            Ok(standing(&session.account.handle))
        })
    }

    fn pull<'a>(&'a self, session: &'a Session, cursor: Option<&'a Cursor>, wait: Duration) -> Answer<'a, Batch> {
        Box::pin(async move {
            let batch = self.batch(session, cursor)?;
            if batch.events.is_empty() {
                // Short, whatever is allowed: a test waits for what comes after.
                tokio::time::sleep(wait.min(Duration::from_millis(20))).await;
            }
            Ok(batch)
        })
    }

    fn receive(&self, session: &Session, delivery: Delivery<'_>) -> Result<Received, NetworkError> {
        let signature = delivery.headers.iter().find(|(name, _)| name == "x-signature").map(|(_, value)| value.as_str());
        if signature.is_none() || signature != session.secrets.get("signing_secret") {
            return Err(NetworkError::new(Class::Reauthorise, "the signature does not fit"));
        }
        let text = std::str::from_utf8(delivery.body).map_err(|_| NetworkError::malformed("the body is not text"))?;
        let events =
            text.lines().enumerate().map(|(n, line)| crate::records::post(&format!("hook{n}-{line}"), "ann", line)).collect();
        Ok(Received { events, status: 200, body: b"ok".to_vec(), media_type: "text/plain" })
    }

    fn fetch<'a>(
        &'a self,
        session: &'a Session,
        attachment: &'a Attachment,
        bytes_max: u64,
        sink: &'a mut dyn Sink,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            self.authorise(session)?;
            let (bytes, failure) = {
                let mut state = self.state();
                state.fetches += 1;
                let file = attachment.source.as_ref().and_then(|source| state.files.get(source)).cloned();
                (file.unwrap_or_else(|| attachment.native_id.clone().into_bytes()), state.fetch_failures.pop_front())
            };
            if bytes.len() as u64 > bytes_max {
                return Err(NetworkError::new(Class::RefusedContent, "the attachment is too long"));
            }
            let (first, rest) = bytes.split_at(bytes.len() / 2);
            sink.write(first).await?;
            match failure {
                Some(error) => Err(error),
                None => sink.write(rest).await,
            }
        })
    }

    fn send<'a>(&'a self, session: &'a Session, post: &'a Outgoing) -> Answer<'a, Published> {
        Box::pin(async move {
            self.authorise(session)?;
            if let Some(error) = self.state().failures.pop_front() {
                return Err(error);
            }
            let native_id = format!("own{}", self.state().posted.len());
            self.state().posted.insert(post.key.clone(), native_id.clone());
            self.own(crate::records::post(&native_id, "ours", &post.text));
            Ok(published(&native_id))
        })
    }

    fn find<'a>(&'a self, _: &'a Session, post: &'a Outgoing) -> Answer<'a, Option<Published>> {
        Box::pin(async move { Ok(self.state().posted.get(&post.key).map(|native_id| published(native_id))) })
    }

    fn edit<'a>(&'a self, session: &'a Session, native_id: &'a str, post: &'a Outgoing) -> Answer<'a, Published> {
        Box::pin(async move {
            self.authorise(session)?;
            self.own(crate::records::edit(native_id, 7, "ours", &post.text));
            Ok(published(native_id))
        })
    }

    fn delete<'a>(&'a self, session: &'a Session, native_id: &'a str, _: &'a str) -> Answer<'a, ()> {
        Box::pin(async move {
            self.authorise(session)?;
            self.state().posted.values_mut().filter(|posted| *posted == native_id).for_each(String::clear);
            self.own(crate::records::event(native_id, "delete", "ours", What::Deleted));
            Ok(())
        })
    }

    fn read_back<'a>(&'a self, _: &'a Session, _: &'a str) -> Answer<'a, Option<Event>> {
        Box::pin(async { Ok(None) })
    }
}
