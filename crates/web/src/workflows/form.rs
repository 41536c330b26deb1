//! The page on which a workflow or a rule is written. Works without scripts: there is always one more step to fill in.

use desk::{
    Invalid,
    approvals::{
        STEPS_MAX,
        workflows::{self, Choices, PostKind},
    },
    ids::{AdditionId, WorkflowId},
    rights::Level,
};
use maud::{Markup, Render, html};

use super::typed::{findings, steps_shown, value_of};
use crate::{
    approvals::below,
    frame::{Ctx, Fields},
    people::{field, status_of, summary},
    problem::PageResult,
    profiles::network_name,
    ui::{
        approval::Picker,
        button::{Button, Does, Weight},
        choice::{Choice, HowMany, Options},
        facts::Card,
        field::{FieldFrame, TextField},
        form::{Form, Section},
        layout::Room,
        nav::{Crumbs, NavLink, PageHead},
    },
};

/// Which form it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    NewWorkflow,
    Workflow(WorkflowId),
    NewRule,
    Rule(AdditionId),
}

impl Which {
    fn action(self) -> String {
        match self {
            Self::NewWorkflow => "/workflows".to_owned(),
            Self::Workflow(id) => format!("/workflows/{id}"),
            Self::NewRule => "/workflows/rules".to_owned(),
            Self::Rule(id) => format!("/workflows/rules/{id}"),
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::NewWorkflow => "New workflow",
            Self::Workflow(_) => "Change a workflow",
            Self::NewRule => "New rule",
            Self::Rule(_) => "Change a rule",
        }
    }

    fn is_rule(self) -> bool {
        matches!(self, Self::NewRule | Self::Rule(_))
    }

    fn exists(self) -> bool {
        matches!(self, Self::Workflow(_) | Self::Rule(_))
    }
}

/// The page, with what was typed and what was wrong.
pub(super) async fn page(ctx: &Ctx, which: &Which, typed: &Fields, invalid: &Invalid) -> PageResult {
    let choices = workflows::choices(ctx.desk(), ctx.actor()).await?;
    let mut head = PageHead::new(which.title());
    head.crumbs = Crumbs { links: vec![NavLink::new("Workflows", "/workflows")] };
    head.lead = Some(if which.is_rule() {
        "Adds steps when something is in a post. It never takes a step away.".to_owned()
    } else {
        "The steps that everything covered has to go through, one after the other.".to_owned()
    });
    let mut sections = vec![
        Section { title: String::new(), fields: first_fields(*which, typed, invalid, &choices) },
        Section { title: "What it covers".to_owned(), fields: cover_fields(typed, &choices) },
    ];
    let steps = (0..steps_shown(typed)).map(|number| step_fields(number, typed, &choices)).collect();
    sections.push(Section { title: "Steps".to_owned(), fields: steps });
    let mut form = Form::new("workflow", which.action(), Vec::new(), "Save");
    form.sections = sections;
    form.errors = summary(invalid);
    // What is wrong with a step is said above the form: its parts have names of their own.
    let named = ["name", "window", "tags", "findings"];
    form.errors.errors.iter_mut().filter(|(field, _)| !named.contains(&field.as_str())).for_each(|(field, _)| field.clear());
    form.hidden = vec![("revision".to_owned(), typed.get("revision").to_owned())];
    let remove = which.exists().then(|| remove_card(*which));
    let content = html! { (form) @if let Some(remove) = &remove { (remove) } };
    ctx.page(which.title(), Room::Publish).status(status_of(invalid)).show(&below(&[&head, &content]))
}

fn first_fields(which: Which, typed: &Fields, invalid: &Invalid, choices: &Choices) -> Vec<Markup> {
    let text = |name: &'static str, label: &str, hint: &str| {
        let value = typed.get(name).to_owned();
        TextField { frame: field(invalid, name, label).hint(hint), value, autocomplete: Some("off"), ..TextField::default() }
    };
    let mut fields = vec![text("name", "Name", "Shown with every post as the reason why somebody is asked.").render()];
    if which.is_rule() {
        let mut tags = text("tags", "Tags", "Any of these, separated by commas; empty for any.");
        tags.frame = tags.frame.optional();
        fields.push(tags.render());
        let (listed, others): (Vec<_>, Vec<_>) =
            findings(typed).into_iter().partition(|kind| choices.listed.iter().any(|(known, _)| known == kind));
        if !choices.listed.is_empty() {
            let choices = choices.listed.iter().map(|(kind, name)| Choice::new(kind, name).hint(kind)).collect();
            let frame = FieldFrame::new("listed", "Found by a word list").hint("Any of these.").optional();
            fields.push(Picker { frame, choices, chosen: listed }.render());
        }
        let hint = "Any of these, as the inspector names them, separated by commas; LISTED_TERM is every word list.";
        let mut kinds = text("findings", "Other kinds of finding", hint);
        kinds.frame = kinds.frame.optional();
        kinds.value = others.join(", ");
        fields.push(kinds.render());
    } else {
        fields.push(
            text("window", "Minutes around the approved time", "How far earlier or later it may go out without asking again.")
                .render(),
        );
    }
    fields
}

fn cover_fields(typed: &Fields, choices: &Choices) -> Vec<Markup> {
    let chosen = |name: &str| typed.all(name).map(str::to_owned).collect::<Vec<_>>();
    let picker = |name: &str, label: &str, choices: Vec<Choice>| Picker {
        frame: FieldFrame::new(name, label).hint("Nothing chosen means any.").optional(),
        choices,
        chosen: chosen(name),
    };
    let profiles =
        choices.profiles.iter().map(|(id, title, network)| Choice::new(id.to_string(), title).hint(network_name(network)));
    let groups = choices.groups.iter().map(|(id, name)| Choice::new(id.to_string(), name));
    let mut networks: Vec<_> = choices.profiles.iter().map(|(_, _, network)| network.clone()).chain(chosen("networks")).collect();
    networks.sort();
    networks.dedup();
    let networks = networks.iter().map(|network| Choice::new(network, network_name(network)));
    let levels = [Level::NeedsApproval, Level::CanReply, Level::FullPublishing];
    let levels = levels.iter().map(|level| Choice::new(level.id(), level.title()));
    let kinds = PostKind::ALL.iter().map(|kind| Choice::new(kind.id(), kind.title()));
    let mut fields = vec![picker("profiles", "Profiles", profiles.collect()).render()];
    if !choices.groups.is_empty() {
        fields.push(picker("groups", "Profile groups", groups.collect()).render());
    }
    fields.push(picker("networks", "Networks", networks.collect()).render());
    fields.push(picker("levels", "Authors whose level on the profile is", levels.collect()).render());
    fields.push(picker("kinds", "Posts or replies", kinds.collect()).render());
    fields
}

fn step_fields(number: usize, typed: &Fields, choices: &Choices) -> Markup {
    let name = |part: &str| format!("step-{number}-{part}");
    let people: Vec<_> =
        choices.approvers.iter().map(|named| Choice::new(value_of(named.approver), &named.name).hint(named.kind)).collect();
    let frame = |part: &str, label: &str| FieldFrame::new(name(part), label);
    let text = |part: &str, label: &str, hint: &str| TextField {
        frame: frame(part, label).hint(hint).optional(),
        value: typed.get(&name(part)).to_owned(),
        autocomplete: Some("off"),
        ..TextField::default()
    };
    let picker = |part: &str, label: &str| Picker {
        frame: frame(part, label).optional(),
        choices: people.clone(),
        chosen: typed.all(&name(part)).map(str::to_owned).collect(),
    };
    let need = match typed.get(&name("need")) {
        "" => "any",
        need => need,
    };
    let needs = Options {
        frame: frame("need", "How many have to agree"),
        how_many: HowMany::One,
        choices: vec![
            Choice::new("any", "Anyone of them"),
            Choice::new("all", "All of them").hint("Each who is active and can read every profile."),
            Choice::new("quorum", "At least so many").hint("Say how many below."),
        ],
        chosen: vec![need.to_owned()],
    };
    let legend = if number == 0 || typed.some(&name("name")).is_some() {
        format!("Step {}", number + 1)
    } else {
        format!("Step {}, if you need one more", number + 1)
    };
    html! {
        fieldset.workflow-step {
            legend { (legend) @if number + 1 == STEPS_MAX { " (the last possible)" } }
            (text("name", "Name of the step", "For example Legal. A step without a name is left out."))
            (picker("approvers", "Who is asked"))
            (needs)
            (text("quorum", "How many", "Only for “at least so many”."))
            (picker("delegates", "Who stands in"))
            (text("after", "After how many hours without an end", "Only with somebody who stands in."))
        }
    }
}

fn remove_card(which: Which) -> Card {
    let button = Button::new("Remove", Does::Submit).with_weight(Weight::Danger);
    let body = html! {
        p { "What waits for approval already keeps its steps. What is submitted afterwards may find no workflow, and is blocked then." }
        form method="post" action={ (which.action()) "/remove" } { (button) }
    };
    Card { title: "Remove".to_owned(), actions: vec![], body }
}
