//! The page on which a list is written, tried and saved. Works without scripts.

use desk::{
    Error, Invalid,
    ids::WordListId,
    people,
    word_lists::{Effect, ListKind, Trial, WordList},
};
use http::StatusCode;
use maud::{Markup, Render, html};

use super::{help, trial, typed};
use crate::{
    frame::{Ctx, Fields},
    people::{field, sentence, status_of, summary},
    problem::PageResult,
    ui::{
        button::{Button, Does, Weight},
        choice::{Choice, HowMany, OnOff, Options, Select, Toggle, ToggleLook},
        conflict::Conflict,
        field::TextField,
        form::{Form, Section},
        layout::Room,
        lines::LinesField,
        nav::{Crumbs, NavLink, PageHead},
    },
};

/// Which form it is.
pub(super) enum Which {
    New,
    Saved(Box<WordList>),
}

impl Which {
    /// The list, when there is one.
    pub(super) fn id(&self) -> Option<WordListId> {
        match self {
            Self::New => None,
            Self::Saved(list) => Some(list.id),
        }
    }
}

/// What there is to say about what was typed.
#[derive(Default)]
pub(super) struct Said {
    pub(super) invalid: Invalid,
    pub(super) trial: Option<Trial>,
    pub(super) conflict: Option<Conflict>,
}

/// The page, with what was typed and what is to be said about it.
pub(super) async fn page(ctx: &Ctx, which: &Which, typed: &Fields, said: Said) -> PageResult {
    let kind = match which {
        Which::New => ListKind::parse(typed.get("kind")).unwrap_or_default(),
        Which::Saved(list) => list.kind,
    };
    let (title, action, crumb) = match which {
        Which::New => (format!("New list: {}", kind.title().to_lowercase()), "/word-lists".to_owned(), None),
        Which::Saved(list) => {
            let at = format!("/word-lists/{}", list.id);
            (format!("Change “{}”", list.name), at.clone(), Some(NavLink::new(&list.name, at)))
        }
    };
    let mut head = PageHead::new(&title);
    head.crumbs = Crumbs { links: std::iter::once(NavLink::new("Word lists", "/word-lists")).chain(crumb).collect() };
    let mut form = Form::new("word-list", action, Vec::new(), "Save");
    form.sections = sections(which, kind, typed, &said);
    form.errors = summary(&said.invalid);
    form.hidden = vec![("kind".to_owned(), kind.id().to_owned()), ("seen".to_owned(), typed.get("seen").to_owned())];
    let again = Does::SubmitWith { name: "do".to_owned(), value: "try".to_owned() };
    form.buttons.push(Button::new("Try it first", again).with_weight(Weight::Plain));
    let status = if said.conflict.is_some() { StatusCode::CONFLICT } else { status_of(&said.invalid) };
    let content = html! {
        (head)
        @if let Some(trial) = &said.trial { (trial::card(trial)) }
        (form)
        (help::card(kind))
    };
    ctx.page(title, Room::Settings).status(status).show(&html! { div.stack { (content) } })
}

fn sections(which: &Which, kind: ListKind, typed: &Fields, said: &Said) -> Vec<Section> {
    let mut fields: Vec<Markup> = said.conflict.iter().map(Render::render).collect();
    let text = |name: &'static str, label: &str, hint: &str| {
        let value = typed.get(name).to_owned();
        TextField {
            frame: field(&said.invalid, name, label).hint(hint),
            value,
            autocomplete: Some("off"),
            ..TextField::default()
        }
    };
    fields.push(text("name", "Name", "What people call it.").render());
    if matches!(which, Which::New) {
        let hint = "Small letters, digits and hyphens, for example competitors. Findings and rules carry it, so it stays.";
        fields.push(text("code", "Code", hint).render());
    }
    fields.push(lines(kind, typed, &said.invalid));
    let effect = |effect: Effect, hint: &str| Choice::new(effect.id(), effect.title()).hint(hint);
    fields.push(
        Options {
            frame: field(&said.invalid, "effect", "What a finding does"),
            how_many: HowMany::One,
            choices: vec![
                effect(Effect::Flag, "It is shown, searched for, and workflow rules can choose by it."),
                effect(Effect::Block, "A post with it is not submitted, and not sent when it waits already."),
            ],
            chosen: vec![typed.some("effect").unwrap_or(Effect::Flag.id()).to_owned()],
        }
        .render(),
    );
    let on = field(&said.invalid, "on", "In force").hint("Every process looks with it within two seconds.").optional();
    fields.push(
        Toggle { frame: on, value: "yes".to_owned(), state: OnOff::from(typed.has("on")), look: ToggleLook::Check }.render(),
    );
    let choice = |count: u32| Choice::new(count.to_string(), format!("the newest {count}"));
    let tried = Select {
        frame: field(&said.invalid, "messages", "Try it on")
            .hint("Captured messages that you may read; nothing is saved by trying."),
        choices: [500, 1_000, 5_000].map(choice).to_vec(),
        chosen: Some(typed::messages(typed).to_string()),
    };
    fields.push(tried.render());
    vec![Section { title: String::new(), fields }]
}

fn lines(kind: ListKind, typed: &Fields, invalid: &Invalid) -> Markup {
    let hint = match kind {
        ListKind::Terms => "One word or phrase a line; how more is said stands below.",
        ListKind::Kinds => "One block for each kind; how it is written stands below.",
    };
    let told: Vec<_> = invalid.fields.iter().filter(|(field, _)| *field == "text").map(|(_, problem)| problem).collect();
    let mut frame = field(invalid, "text", "Lines").hint(hint);
    if told.len() > 1 {
        frame.error = Some(format!("{} lines need a change.", told.len()));
    }
    let problems = told.iter().map(|problem| (line_of(problem), sentence(problem))).collect();
    LinesField { frame, value: typed.get("text").to_owned(), problems }.render()
}

/// The line that a problem names.
fn line_of(problem: &str) -> Option<usize> {
    let number = problem.strip_prefix("line ")?;
    number[..number.find(|sign: char| !sign.is_ascii_digit())?].parse().ok()
}

/// What differs between what was typed and what somebody else saved meanwhile.
pub(super) async fn conflict(ctx: &Ctx, mine: &Fields, theirs: &WordList) -> Result<Conflict, Error> {
    let saver: Vec<_> = theirs.saved_by.into_iter().collect();
    let names = people::names(ctx.desk(), ctx.actor(), &saver).await?;
    let form = typed::form(mine);
    let state = |on: bool| if on { "in force" } else { "switched off" }.to_owned();
    let all = [
        ("Name", form.name, theirs.name.clone()),
        ("Lines", form.text.replace("\r\n", "\n"), theirs.text.clone()),
        ("What a finding does", form.effect.title().to_owned(), theirs.effect.title().to_owned()),
        ("State", state(form.on), state(theirs.on)),
    ];
    let differences = all.into_iter().filter(|(_, mine, theirs)| mine != theirs);
    let over = Does::SubmitWith { name: "over".to_owned(), value: theirs.version.to_string() };
    Ok(Conflict {
        thing: "list",
        other: names.into_iter().next().map_or_else(|| "Somebody else".to_owned(), |(_, name)| name),
        when: ctx.times().relative(theirs.saved_at).words(),
        differences: differences.map(|(field, mine, theirs)| (field.to_owned(), mine, theirs)).collect(),
        actions: vec![
            Button::new("Save mine over it", over).with_weight(Weight::Primary),
            Button::link("Take theirs, drop mine", format!("/word-lists/{}/edit", theirs.id)),
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::line_of;

    #[test]
    fn a_problem_is_shown_beside_the_line_it_names() {
        assert_eq!(line_of("line 12: too wide"), Some(12));
        assert_eq!(line_of("line 3, column 7: too wide"), Some(3));
        assert_eq!(line_of("write at least one word or phrase"), None);
    }
}
