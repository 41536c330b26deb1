//! Whole sample pages: what a page of each kind looks like when it is put together.

use maud::{Markup, Render, html};
use serde::Deserialize;

use super::PREFIX;
use crate::ui::button::{Button, Does, Weight};
use crate::ui::choice::{OnOff, Toggle};
use crate::ui::facts::{Card, sample_panel};
use crate::ui::feedback::{Banner, Empty, Toast};
use crate::ui::field::{CodeField, FieldFrame, PasswordField, PasswordUse, TextField, TextKind};
use crate::ui::form::{ErrorSummary, Form, Swaps};
use crate::ui::layout::{DoorFrame, PageFrame, Preferences, Room, StopState, door, page, problem, sample_frame};
use crate::ui::nav::{PageHead, sample_subnav};
use crate::ui::passkey::PasskeyForm;
use crate::ui::results::{Count, Facet, Filter, Loading, Pager, Results};
use crate::ui::table::Rows;
use crate::ui::{Icon, Tone, chart, message, table, timeline};

fn in_room(mut frame: PageFrame, room: Room) -> PageFrame {
    for item in &mut frame.rail {
        item.current = item.room == room;
    }
    frame
}

pub(super) fn home(preferences: Preferences) -> Markup {
    let mut frame = in_room(sample_frame("Home", preferences), Room::Home);
    if let Some(stop) = &mut frame.stop {
        stop.state = StopState::Stopped;
    }
    frame.banners = vec![
        Banner::new(Tone::Danger, "Everything outgoing is stopped")
            .text("By Ada Example, 4 minutes ago: wrong price in the autumn campaign.")
            .action(Button::link("Open crisis desk", "#crisis")),
    ];
    let actions =
        vec![Button::new("Write a post", Does::Link("#write".into())).with_weight(Weight::Primary).with_icon(Icon::Pencil)];
    page(
        &frame,
        &html! {
            (PageHead { actions, ..PageHead::new("Good afternoon, Ada") })
            div.grid-3 { @for stat in chart::sample_stats() { (stat) } }
            div.grid-2 {
                (Card { title: "Latest".into(), actions: Vec::new(), body: timeline::sample().render() })
                (Card { title: "Rejections".into(), actions: Vec::new(), body: chart::sample_bars().render() })
            }
        },
    )
}

pub(super) fn people(preferences: Preferences, query: &str) -> Markup {
    let mut frame = sample_frame("People", preferences);
    frame.toasts = vec![Toast::new(Tone::Good, "Invitation sent")];
    let facet = |label: &str, on| Facet { label: label.into(), href: "#facet".into(), on };
    let filter = Filter {
        action: format!("{PREFIX}/page-people"),
        results_id: "people".into(),
        query: query.into(),
        label: "Filter people".into(),
        facets: vec![facet("Suspended", false), facet("No second factor", false)],
        ..Filter::default()
    };
    let act = |label: &str| Button::new(label, Does::SubmitTo("#bulk".into()));
    let mut rows = table::Table {
        bulk: Some(table::Bulk {
            action: "#bulk".into(),
            buttons: vec![act("Add to team"), act("Suspend").with_weight(Weight::Danger)],
        }),
        ..table::sample_table("people", "People")
    };
    narrow(&mut rows, query);
    let head = PageHead {
        lead: Some("Everybody who can sign in, what they may do, and how they prove who they are.".into()),
        actions: vec![
            Button::link("Export", "#export").with_icon(Icon::Download),
            Button::link("Invite", "#invite").with_icon(Icon::UserPlus).with_weight(Weight::Primary),
        ],
        ..PageHead::new("People")
    };
    page(&frame, &sample_subnav().beside(&html! { (head) (filter) (rows) }))
}

/// Keeps the rows whose name contains the query, as the desk would, so that filtering can be tried here.
fn narrow(rows: &mut table::Table, query: &str) {
    let Rows::Some(all) = &mut rows.rows else { return };
    all.retain(|row| row.name.to_lowercase().contains(&query.to_lowercase()));
    if let Some(count) = &mut rows.count {
        count.matching = all.len() as u64;
    }
    if all.is_empty() {
        let text = "Nobody's name contains these letters. Try fewer, or clear the filter.";
        let clear = Button::link("Clear the filter", format!("{PREFIX}/page-people"));
        rows.rows = Rows::Empty(Empty::new(Icon::Search, format!("Nobody matches “{query}”"), text).with_action(clear));
    }
}

pub(super) fn inbox(preferences: Preferences) -> Markup {
    let mut frame = in_room(sample_frame("Inbox", preferences), Room::Inbox);
    frame.panel = Some(sample_panel());
    frame.stream = Some(format!("{PREFIX}/live"));
    let filter = Filter {
        action: "#inbox".into(),
        results_id: "inbox".into(),
        label: "Filter messages".into(),
        facets: vec![Facet { label: "Mine".into(), href: "#mine".into(), on: true }],
        ..Filter::default()
    };
    let results = Results {
        id: "inbox".into(),
        label: "Messages".into(),
        count: Some(Count { matching: 3, of: Some(29), one: "message", many: "messages" }),
        body: message::list("Messages", &message::sample_cards()),
        pager: Pager::default(),
        loading: Loading::Done,
    };
    page(&frame, &html! { (PageHead::new("Inbox")) (filter) p.unseen id="live-count" {} (results) })
}

pub(super) fn sign_in(preferences: Preferences) -> Markup {
    let frame = DoorFrame {
        title: "Sign in".into(),
        workspace: "Meridian Library".into(),
        preferences,
        after: Some(html! { p { a href="#reset" { "Forgot your password?" } } }),
        ..DoorFrame::default()
    };
    let mail = TextField {
        frame: FieldFrame::new("email", "Address"),
        kind: TextKind::Email,
        autocomplete: Some("username webauthn"),
        ..TextField::default()
    };
    let password = PasswordField { frame: FieldFrame::new("password", "Password"), usage: PasswordUse::Current };
    let remember = Toggle {
        frame: FieldFrame::new("keep", "Stay signed in on this device"),
        value: "yes".into(),
        state: OnOff::Off,
        ..Toggle::default()
    };
    let passkey = PasskeyForm {
        action: format!("{PREFIX}/passkey"),
        start: format!("{PREFIX}/passkey/start"),
        label: "Sign in with a passkey".into(),
        ..PasskeyForm::default()
    };
    let form = Form::new("sign-in", "#sign-in", vec![mail.render(), password.render(), remember.render()], "Sign in");
    door(&frame, &html! { (form) (crate::ui::layout::door::or()) (passkey) })
}

pub(super) fn second_factor(preferences: Preferences) -> Markup {
    let frame = DoorFrame {
        title: "One more step".into(),
        lead: Some("Prove that it is you.".into()),
        workspace: "Meridian Library".into(),
        preferences,
        after: Some(html! { p { a href="#recovery" { "Use a recovery code" } } }),
        ..DoorFrame::default()
    };
    let code = CodeField {
        frame: FieldFrame::new("code", "Code from your authenticator")
            .error(Some("that code is not right any more: enter the one shown now")),
        digits: 6,
    };
    door(&frame, &Form::new("second-factor", "#second-factor", vec![code.render()], "Continue").render())
}

pub(super) fn not_found(preferences: Preferences) -> Markup {
    let actions = [Button::link("Go to Inbox", "#inbox"), Button::link("Ask an owner", "#ask").with_weight(Weight::Quiet)];
    page(
        &sample_frame("Not found", preferences),
        &problem(
            404,
            "There is nothing at this address",
            "It may have moved, or you may not have the right to know that it exists.",
            &actions,
        ),
    )
}

/// What the sample form was sent.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Invitation {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
}

impl Invitation {
    /// What is wrong with each field, in words that help.
    fn errors(&self) -> (Option<&'static str>, Option<&'static str>) {
        let name = (!self.name.trim().contains(' ')).then_some("write first and last name: it stands under approvals");
        let email = (!self.email.contains('@')).then_some("this is not a mail address: write it like ada@example.test");
        (name, email)
    }

    /// Whether it can be taken as it is.
    pub(super) fn is_fine(&self) -> bool {
        self.errors() == (None, None)
    }
}

/// A form that refuses, keeps what was typed, and updates in place where scripts run. `sent` is what came last time.
pub(super) fn invite(preferences: Preferences, sent: Option<&Invitation>) -> Markup {
    let nothing = Invitation::default();
    let shown = sent.unwrap_or(&nothing);
    let (name_error, email_error) = sent.map_or((None, None), Invitation::errors);
    let name = TextField {
        frame: FieldFrame::new("name", "Full name").error(name_error),
        value: shown.name.clone(),
        ..TextField::default()
    };
    let email = TextField {
        frame: FieldFrame::new("email", "Address").hint("The invitation goes there and works once.").error(email_error),
        value: shown.email.clone(),
        ..TextField::default()
    };
    let form = Form {
        errors: ErrorSummary::of([&name.frame, &email.frame]),
        swaps: Swaps::InPlace,
        ..Form::new("invite", format!("{PREFIX}/page-invite"), vec![name.render(), email.render()], "Send invitation")
    };
    page(&sample_frame("Invite", preferences), &html! { (PageHead::new("Invite people")) (form) })
}
