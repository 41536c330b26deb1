//! Feeds to follow: one JSON object a line after a number, and waiting for news.
//!
//! Invariants: whoever asks again after the number in the header misses nothing and sees nothing twice; whoever loses their access while
//! they wait is told that, and nothing else.

use std::{borrow::Cow, time::Duration};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use desk::{Actor, Error, Refusal, Topic, audit_log::FEED_BATCH_MAX};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::{Deserialize, Deserializer, de::Error as _};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Instant, sleep_until, timeout_at},
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::{frame::Ctx, gate::identify, routes::Face};

/// How long a feed waits for news at most: less than any request may take, and than proxies keep a silent connection.
const WAIT_MAX_S: u8 = 25;
/// How often a waiting feed looks by itself, and whether the server is about to stop.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Where to go on: what to ask for as `after` the next time.
const NEXT: HeaderName = HeaderName::from_static("gatepost-next");

/// Declares a whole number within limits.
macro_rules! whole {
    ($($(#[$doc:meta])* $name:ident($inner:ty) = $min:expr, $max:expr, $default:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct $name(pub(crate) $inner);

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let number = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some($min)).maximum(Some($max));
                number.default($default.map(|default: $inner| default.into())).into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let number = <$inner>::deserialize(deserializer)?;
                if ($min..=$max).contains(&number) {
                    Ok(Self(number))
                } else {
                    Err(D::Error::custom(format!("not between {} and {}", $min, $max)))
                }
            }
        }
    )*};
}

/// The largest number every JSON reader keeps exact.
const SEQ_MAX: i64 = 9_007_199_254_740_991;

whole! {
    /// A position in a log or a feed.
    Seq(i64) = 0, SEQ_MAX, None;
    /// Lines of a feed's answer.
    FeedLimit(u32) = 1, FEED_BATCH_MAX, Some(FEED_BATCH_MAX);
    /// Seconds to wait.
    WaitSeconds(u8) = 0, WAIT_MAX_S, Some(0);
}

impl FeedLimit {
    /// The most.
    pub(super) const MAX: u32 = FEED_BATCH_MAX;
}

/// Lines, and where to go on.
pub(super) fn lines(body: String, next: i64) -> Response {
    let mut response = Body::from(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/jsonl"));
    headers.insert(NEXT, HeaderValue::from(next));
    response
}

/// A reader who waits for news: looks, asks whether that is all, looks again.
pub(super) struct Waiting<'c> {
    ctx: &'c Ctx,
    headers: HeaderMap,
    wait: Duration,
    ends: Instant,
    news: Receiver<Topic>,
    actor: Actor,
}

impl<'c> Waiting<'c> {
    /// Begins to wait. It listens before anybody looks, so that nothing falls between.
    pub(super) fn begin(ctx: &'c Ctx, headers: HeaderMap, wait: Option<WaitSeconds>) -> Self {
        let wait = Duration::from_secs(wait.map_or(0, |wait| u64::from(wait.0)));
        Self { ctx, headers, wait, ends: Instant::now() + wait, news: ctx.desk().live(), actor: ctx.actor().clone() }
    }

    /// Who looks, with the rights of now.
    pub(super) fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Whether to answer, now that a look found something or nothing; otherwise it waits until looking again makes sense.
    pub(super) async fn is_over(&mut self, is_something: bool) -> Result<bool, Error> {
        let now = Instant::now();
        if !self.wait.is_zero() {
            // Whoever was suspended, or whose token was revoked, while they waited is told so, and nothing else.
            self.actor = identify(&self.ctx.state, &self.headers, Face::Api, self.actor.address).await?.actor;
            if self.actor.person().is_none() {
                return Err(Error::Refused(Refusal::SignInNeeded));
            }
        }
        if is_something || now >= self.ends || self.ctx.state.is_draining() {
            return Ok(true);
        }
        // Any news, missed news and the passing of time are alike: look again.
        if let Ok(Err(RecvError::Closed)) = timeout_at(self.ends.min(now + LOOK_EVERY), self.news.recv()).await {
            sleep_until(self.ends).await;
        }
        Ok(false)
    }
}
