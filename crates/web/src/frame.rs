//! What stands around every page: rail, palette, person, banners, toasts; and what handlers need to make one.
//!
//! Invariant: the rail and the palette offer only what the caller may open, decided by the same table as the gate.

use axum::{
    extract::{FromRequestParts, Query},
    response::{IntoResponse, Redirect, Response},
};
use desk::{
    Actor, Desk, Error, Invalid, Time,
    people::Person,
    rights::{Operation, Target, decide},
    workspace::Workspace,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use jiff::{Timestamp, tz::TimeZone};
use maud::Markup;

use crate::{
    gate::{Caller, cookie},
    places::{PLACES, Place},
    problem::{PageError, PageResult, Problem, encode_query},
    state::WebState,
    ui::{
        Icon, Tone,
        choice::OnOff,
        facts::ContextPanel,
        feedback::{Banner, BannerPlace, Toast},
        layout::{PageFrame, PersonMenu, Preferences, RailItem, Room, StopSwitch, Theme, page},
        nav::{NavLink, Tabs},
        palette::{Command, CommandGroup, Palette},
        time::{TimeForm, TimeReach, TimeStamp},
    },
};

/// The answer to an act, on its way through the redirect to the next page. Text only, escaped like any other.
const FLASH_COOKIE: &str = "__Host-flash";
/// Bytes of such an answer at most.
const FLASH_MAX: usize = 200;

/// What a page handler works with: who asks, the desk, and how to answer.
#[derive(Clone)]
pub struct Ctx {
    /// The state.
    pub state: WebState,
    /// Who asks.
    pub caller: Caller,
    flash: Option<String>,
    /// What the top bar says of the stop switch, on a page.
    stop: Option<StopSwitch>,
    /// How many approvals wait for the caller, on a page.
    waits: u64,
}

impl FromRequestParts<WebState> for Ctx {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let flash = cookie(&parts.headers, FLASH_COOKIE).and_then(decode_flash);
        let mut ctx = Self { state: state.clone(), caller, flash, stop: None, waits: 0 };
        if parts.method == Method::GET && ctx.caller.0.signed_in.is_some() && !wants_picture(&parts.headers) {
            ctx.stop = crate::publishing::switch(&ctx).await;
            ctx.waits = crate::approvals::waiting(&ctx).await;
        }
        Ok(ctx)
    }
}

/// Whether a browser asks for a picture on a page: nothing stands around that.
fn wants_picture(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).is_some_and(|kinds| kinds.as_bytes().starts_with(b"image/"))
}

/// The fields of a form or query, in order, repeated names kept. Handlers name what they read; the rest is ignored.
#[derive(Debug, Clone, Default)]
pub struct Fields(pub Vec<(String, String)>);

impl Fields {
    /// The first value of a field, or nothing.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// The first value, when it is not empty.
    pub fn some(&self, name: &str) -> Option<&str> {
        Some(self.get(name).trim()).filter(|value| !value.is_empty())
    }

    /// Every value of a repeated field.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// Whether the field was sent at all (a check box that is on).
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(field, _)| field == name)
    }

    /// An id, or an error for the field.
    pub fn id<T: std::str::FromStr>(&self, name: &'static str) -> Result<T, Error> {
        self.get(name).parse().map_err(|_| Invalid::field(name, "choose one from the list"))
    }
}

impl<S: Send + Sync> axum::extract::FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Problem> {
        axum::extract::Form::<Vec<(String, String)>>::from_request(request, state)
            .await
            .map(|form| Self(form.0))
            .map_err(|rejection| Problem::new(rejection.status(), "form", "The form could not be read", rejection.body_text()))
    }
}

/// The query of an address.
#[derive(Debug, Clone, Default)]
pub struct QueryFields(pub Fields);

impl<S: Send + Sync> FromRequestParts<S> for QueryFields {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Query::<Vec<(String, String)>>::from_request_parts(parts, state).await.map(|query| Self(Fields(query.0))).map_err(
            |rejection| Problem::new(rejection.status(), "query", "The address could not be read", rejection.body_text()),
        )
    }
}

impl Ctx {
    /// The desk.
    pub fn desk(&self) -> &Desk {
        &self.state.desk
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        self.caller.actor()
    }

    /// The signed-in person. The gate lets nobody else through to a page.
    pub fn person(&self) -> Result<&Person, PageError> {
        self.signed_in().map(|(person, _)| person)
    }

    fn signed_in(&self) -> Result<&(Person, Workspace), PageError> {
        self.caller.0.signed_in.as_ref().ok_or_else(|| PageError::from(Error::Refused(desk::Refusal::SignInNeeded)))
    }

    /// Whether the caller may do something in the workspace, for showing or leaving out a button. Step-up does not hide one.
    pub fn may(&self, operation: Operation) -> bool {
        may(self.actor(), operation, self.desk().now())
    }

    /// The reader's clock and zone.
    pub fn times(&self) -> Times {
        let zone = self.caller.0.signed_in.as_ref().map_or(TimeZone::UTC, |(person, workspace)| zone_of(person, workspace));
        Times { now: self.desk().now(), zone }
    }

    /// Begins a page.
    pub fn page(&self, title: impl Into<String>, room: Room) -> PageBuilder<'_> {
        PageBuilder {
            ctx: self,
            title: title.into(),
            room,
            panel: None,
            banners: Vec::new(),
            stream: None,
            status: StatusCode::OK,
        }
    }

    /// Ends an act: on to a page, which shows the answer once.
    pub fn done(&self, to: &str, answer: &str) -> Response {
        let mut response = Redirect::to(to).into_response();
        let mut answer = answer.to_owned();
        answer.truncate(answer.floor_char_boundary(FLASH_MAX));
        let value = format!("{FLASH_COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60", encode_query(&answer));
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
        response
    }
}

/// Whether an actor may do something in the workspace, ignoring freshness: the page asks for that when it comes to it.
pub(crate) fn may(actor: &Actor, operation: Operation, now: Time) -> bool {
    match decide(actor, operation, Target::Workspace, now) {
        Ok(()) | Err(desk::Refusal::StepUpNeeded(_)) => true,
        Err(_) => false,
    }
}

fn zone_of(person: &Person, workspace: &Workspace) -> TimeZone {
    let name = person.time_zone.as_deref().unwrap_or(&workspace.time_zone);
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// The reader's clock and zone, for every time on a page.
#[derive(Debug, Clone)]
pub struct Times {
    now: Time,
    zone: TimeZone,
}

impl Times {
    fn stamp(&self, at: Time, form: TimeForm) -> TimeStamp {
        let read = |time: Time| Timestamp::from_millisecond(time.0).unwrap_or(Timestamp::UNIX_EPOCH);
        TimeStamp { at: read(at), now: read(self.now), zone: self.zone.clone(), form, reach: TimeReach::Own }
    }

    /// For a reader who is not signed in.
    pub(crate) fn new(now: Time, zone: TimeZone) -> Self {
        Self { now, zone }
    }

    /// The reader's zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// "5 min ago"; the exact moment one hover away.
    pub fn relative(&self, at: Time) -> TimeStamp {
        self.stamp(at, TimeForm::Relative)
    }

    /// Date and time.
    pub fn exact(&self, at: Time) -> TimeStamp {
        self.stamp(at, TimeForm::DateTime)
    }
}

/// A page being put together.
pub struct PageBuilder<'c> {
    ctx: &'c Ctx,
    title: String,
    room: Room,
    panel: Option<ContextPanel>,
    banners: Vec<Banner>,
    stream: Option<String>,
    status: StatusCode,
}

impl PageBuilder<'_> {
    /// Facts beside the content.
    #[must_use]
    pub fn panel(self, panel: ContextPanel) -> Self {
        Self { panel: Some(panel), ..self }
    }

    /// A condition to know about.
    #[must_use]
    pub fn banner(mut self, banner: Banner) -> Self {
        self.banners.push(banner);
        self
    }

    /// Listens for changes of these topics and then offers to show them.
    #[must_use]
    pub fn live(self, topics: &str) -> Self {
        Self { stream: Some(format!("/live?topics={topics}")), ..self }
    }

    /// Another status than 200.
    #[must_use]
    pub fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The answer.
    pub fn show(self, content: &Markup) -> PageResult {
        let ctx = self.ctx;
        let (person, workspace) = ctx.signed_in()?;
        let mut banners = Vec::new();
        if workspace.demo {
            let mut banner = Banner::new(Tone::Info, "Demo company")
                .text("Everything here is invented; passwords are published. Nothing leaves this machine.");
            banner.place = BannerPlace::Page;
            banners.push(banner);
        }
        banners.extend(self.banners);
        let frame = PageFrame {
            title: self.title,
            workspace: workspace.name.clone(),
            rail: rail(ctx, self.room),
            person: person_menu(person, workspace),
            preferences: preferences(person),
            palette: palette(ctx),
            stop: ctx.stop.clone(),
            banners,
            toasts: ctx.flash.iter().map(|text| Toast::new(Tone::Good, text)).collect(),
            panel: self.panel,
            stream: self.stream,
        };
        let mut response = (self.status, page(&frame, content)).into_response();
        if ctx.flash.is_some() {
            let gone = format!("{FLASH_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
            response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_str(&gone).expect("plain ASCII"));
        }
        Ok(response)
    }
}

fn rail(ctx: &Ctx, current: Room) -> Vec<RailItem> {
    let mut items: Vec<RailItem> = Vec::new();
    for place in PLACES.iter().filter(|place| ctx.may(place.operation)) {
        if items.iter().all(|item| item.room != place.room) {
            let href = if place.room == Room::Settings { "/settings" } else { place.href };
            items.push(RailItem {
                room: place.room,
                href: href.to_owned(),
                count: (place.room == Room::Publish).then_some(ctx.waits),
                urgent: false,
                current: place.room == current,
            });
        }
    }
    items
}

/// The places of a room that the caller may open, as tabs: how one gets from one page of a room to the next.
pub(crate) fn room_tabs(ctx: &Ctx, room: Room, current: &str) -> Tabs {
    let open = PLACES.iter().filter(|place| place.room == room && ctx.may(place.operation));
    let link = |place: &Place| NavLink {
        count: Some(ctx.waits).filter(|waits| *waits > 0 && place.operation == Operation::ApprovalsRead),
        ..NavLink::new(place.label, place.href).current(place.href == current)
    };
    let links = open.map(link);
    Tabs { label: format!("Pages of {}", room.label()), links: links.collect() }
}

fn palette(ctx: &Ctx) -> Palette {
    let command = |place: &Place| Command {
        label: place.label.to_owned(),
        href: place.href.to_owned(),
        icon: place.icon,
        note: Some(place.room.label().to_owned()).filter(|room| room != place.label),
        also: place.also.to_owned(),
    };
    let mut groups = vec![CommandGroup {
        title: "Go to".to_owned(),
        commands: PLACES.iter().filter(|place| ctx.may(place.operation)).map(command).collect(),
    }];
    if ctx.may(Operation::PersonInvite) {
        groups.push(CommandGroup {
            title: "Do".to_owned(),
            commands: vec![Command {
                label: "Invite a person".to_owned(),
                href: "/people/invite".to_owned(),
                icon: Icon::UserPlus,
                note: None,
                also: "add user member".to_owned(),
            }],
        });
    }
    Palette { groups }
}

fn person_menu(person: &Person, workspace: &Workspace) -> PersonMenu {
    PersonMenu {
        name: person.name.clone(),
        address: person.email.clone(),
        zone: person.time_zone.clone().unwrap_or_else(|| workspace.time_zone.clone()),
        account_href: "/account".to_owned(),
        zone_href: "/account".to_owned(),
        theme_action: "/account/theme".to_owned(),
        keys_action: "/account/letter-keys".to_owned(),
        sign_out_action: "/sign-out".to_owned(),
        palette_href: "/settings".to_owned(),
    }
}

/// How a person likes pages.
pub(crate) fn preferences(person: &Person) -> Preferences {
    let theme = match person.theme {
        desk::people::Theme::System => Theme::System,
        desk::people::Theme::Light => Theme::Light,
        desk::people::Theme::Dark => Theme::Dark,
    };
    Preferences { theme, letters: if person.letter_keys { OnOff::On } else { OnOff::Off } }
}

fn decode_flash(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty() && text.len() <= FLASH_MAX)
}

#[cfg(test)]
mod tests {
    use super::{Fields, decode_flash};
    use crate::problem::encode_query;

    #[test]
    fn an_answer_survives_the_way_through_its_cookie() {
        let text = "Link for Zoë; works once, 100 %";
        assert_eq!(decode_flash(&encode_query(text)).as_deref(), Some(text));
        assert_eq!(decode_flash("%zz"), None);
        assert_eq!(decode_flash("%"), None);
    }

    #[test]
    fn repeated_fields_are_kept() {
        let fields = Fields(vec![("role".into(), "a".into()), ("role".into(), "b".into()), ("x".into(), " ".into())]);
        assert_eq!(fields.all("role").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((fields.get("role"), fields.some("x"), fields.has("y")), ("a", None, false));
    }
}
