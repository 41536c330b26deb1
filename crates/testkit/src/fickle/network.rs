//! The network as a connector: every call that changes something meets its [`Fate`] first, and what it says may be a [`Deceit`].

use std::{collections::BTreeMap, time::Duration};

use networks::{
    About, Account, Class, Cursor, Event, Network, NetworkError, Outgoing, Published, Secrets, Session,
    account::{Begun, Connected, Standing},
    capabilities::{BackFill, Capabilities, Delivery as How, MediaLimit, TextLimit, TextUnit},
    event::{Attachment, Content, Party, Place, PlaceKind, Raw, What},
    network::{Answer, Batch, ConnectField, ConnectMethod, ConnectRequest, Sink},
    outgoing::{Media, Uploaded},
};

use super::{Deceit, Fate, Fickle, There, VERY_LATE_MS};

const PICTURE: MediaLimit =
    MediaLimit { media_type: "image/png", bytes_max: 1 << 20, pixels_max: 0, side_max: 0, seconds_max: 0 };

static ABOUT: About = About {
    id: "fickle",
    name: "Fickle",
    code: "fi",
    summary: "A network of the tests.",
    docs: "https://example.test/docs",
    sandbox: true,
    capabilities: Capabilities {
        post: true,
        reply: true,
        edit: true,
        delete: true,
        hide: false,
        direct: false,
        subject: true,
        audiences: true,
        place: false,
        text: TextLimit {
            max: 500,
            unit: TextUnit::Graphemes,
            bytes_max: 0,
            link_counts: 0,
            mention_hosts_count: true,
            subject_counts: false,
        },
        media: &[PICTURE],
        attachments_max: 4,
        alt_max: 500,
        delivery: How::Polling,
        back_fill: BackFill::Everything,
    },
    connect: &[ConnectMethod {
        id: "token",
        title: "With a token",
        steps: "Take one.",
        fields: &[ConnectField { name: "account", label: "Account", help: "", secret: false, optional: false }],
    }],
    coverage: &[],
};

pub(super) fn account_of(name: &str) -> Account {
    Account {
        native_id: format!("id-{name}"),
        handle: name.to_owned(),
        name: None,
        link: None,
        server: "https://fickle.example.test".to_owned(),
    }
}

fn published(there: &There) -> Published {
    Published {
        native_id: there.native_id.clone(),
        revision: None,
        permalink: Some(format!("https://fickle.example.test/{}", there.native_id)),
        source_time_ms: Some(there.at_ms),
    }
}

fn event(there: &There) -> Event {
    let content = Content {
        text: there.post.text.clone(),
        subject: there.post.subject.clone(),
        reply_to: there.post.reply_to.clone(),
        ..Content::default()
    };
    Event {
        native_id: there.native_id.clone(),
        revision: String::new(),
        what: What::Posted(Box::new(content)),
        source_time_ms: Some(there.at_ms),
        posted_at_ms: None,
        place: Place { native_id: "feed".to_owned(), name: None, kind: PlaceKind::Public },
        by: Some(Party {
            native_id: format!("id-{}", there.account),
            handle: Some(there.account.clone()),
            name: None,
            bot: false,
        }),
        raw: Raw { media_type: "application/json".to_owned(), bytes: b"{}".to_vec() },
    }
}

impl Network for Fickle {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn begin<'a>(&'a self, request: &'a ConnectRequest) -> Answer<'a, Begun> {
        Box::pin(async move {
            let account = account_of(&request.fields["account"]);
            let standing = Standing { account, expires_at_ms: None, missing_scopes: Vec::new() };
            let secrets = Secrets::default().with("token", "0");
            Ok(Begun::Done(Box::new(Connected { standing, secrets, settings: BTreeMap::new() })))
        })
    }

    fn refresh<'a>(&'a self, _: &'a Session, _: i64) -> Answer<'a, Secrets> {
        Box::pin(async move {
            let mut state = self.state();
            state.token = state.valid.max(state.token);
            Ok(Secrets::default().with("token", state.token.to_string()))
        })
    }

    fn check<'a>(&'a self, session: &'a Session) -> Answer<'a, Standing> {
        Box::pin(async move {
            self.authorise(session)?;
            Ok(Standing { account: session.account.clone(), expires_at_ms: None, missing_scopes: Vec::new() })
        })
    }

    fn pull<'a>(&'a self, session: &'a Session, cursor: Option<&'a Cursor>, _: Duration) -> Answer<'a, Batch> {
        Box::pin(async move {
            let from = cursor.and_then(|cursor| cursor.0.parse().ok()).unwrap_or(0);
            let state = self.state();
            let own = state.there.iter().skip(from).filter(|there| there.account == session.account.handle);
            let events = own.map(event).collect();
            Ok(Batch { events, cursor: Cursor(state.there.len().to_string()), more: false, gaps: Vec::new() })
        })
    }

    fn fetch<'a>(&'a self, _: &'a Session, attachment: &'a Attachment, _: u64, sink: &'a mut dyn Sink) -> Answer<'a, ()> {
        Box::pin(async move { sink.write(attachment.native_id.as_bytes()).await })
    }

    fn upload<'a>(&'a self, session: &'a Session, media: &'a Media) -> Answer<'a, Uploaded> {
        Box::pin(async move {
            self.authorise(session)?;
            self.state().uploads += 1;
            tokio::task::yield_now().await;
            Ok(Uploaded(format!("file-{}-{}", media.file_name, self.state().uploads)))
        })
    }

    fn send<'a>(&'a self, session: &'a Session, post: &'a Outgoing) -> Answer<'a, Published> {
        Box::pin(async move {
            self.authorise(session)?;
            let fate = self.fate(|state| &mut state.fates);
            let now_ms = session.clock.now_ms();
            {
                let mut state = self.state();
                state.sends += 1;
                state.begun.push((now_ms, session.account.handle.clone()));
            }
            self.happen(fate, |state| {
                let there = There {
                    account: session.account.handle.clone(),
                    key: post.key.clone(),
                    native_id: String::new(),
                    post: post.clone(),
                    at_ms: now_ms,
                    deleted: false,
                };
                match fate {
                    Fate::Late(ms) => {
                        let ms = if state.deceit == Some(Deceit::ShowsLate) { VERY_LATE_MS } else { ms };
                        state.late.push((now_ms + ms, there.clone()));
                        published(&there)
                    }
                    _ => published(&state.take(there)),
                }
            })
            .await
        })
    }

    fn find<'a>(&'a self, session: &'a Session, post: &'a Outgoing) -> Answer<'a, Option<Published>> {
        Box::pin(async move {
            self.authorise(session)?;
            let fate = self.fate(|state| &mut state.finds);
            // A question has no effect; what is lost is the answer.
            let fate =
                if matches!(fate, Fate::Refuses | Fate::Forgot | Fate::Slow(_) | Fate::Late(_)) { Fate::Takes } else { fate };
            self.happen(fate, |state| {
                let is_it = |there: &&There| there.key == post.key && state.deceit != Some(Deceit::FindsNothing);
                state.there.iter().find(is_it).map(published)
            })
            .await
        })
    }

    fn read_back<'a>(&'a self, _: &'a Session, native_id: &'a str) -> Answer<'a, Option<Event>> {
        Box::pin(async move {
            let state = self.state();
            Ok(state.there.iter().find(|there| there.native_id == native_id && !there.deleted).map(event))
        })
    }

    fn edit<'a>(&'a self, session: &'a Session, native_id: &'a str, post: &'a Outgoing) -> Answer<'a, Published> {
        Box::pin(async move {
            self.authorise(session)?;
            let fate = self.fate(|state| &mut state.fates);
            let edited = self
                .happen(fate, |state| {
                    let there = state.there.iter_mut().find(|there| there.native_id == native_id && !there.deleted)?;
                    there.post.text.clone_from(&post.text);
                    Some(published(there))
                })
                .await?;
            edited.ok_or_else(|| NetworkError::new(Class::Gone, "there is no such post"))
        })
    }

    fn delete<'a>(&'a self, session: &'a Session, native_id: &'a str, _: &'a str) -> Answer<'a, ()> {
        Box::pin(async move {
            self.authorise(session)?;
            let fate = self.fate(|state| &mut state.fates);
            self.happen(fate, |state| {
                if let Some(there) = state.there.iter_mut().find(|there| there.native_id == native_id) {
                    there.deleted = true;
                }
            })
            .await
        })
    }
}
