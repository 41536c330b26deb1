//! The letters of approvals, as text. Pure.
//!
//! Invariant: a letter holds no word of a post: whoever reads a mailbox learns that something waits, not what.

use super::{outside::Guest, reminding::Lead};
use crate::{mail::Letter, people::Person};

/// A code for an outside approver.
pub(super) fn code(guest: &Guest, code: &str, life_ms: i64) -> Letter {
    letter(
        (&guest.email, &guest.name),
        "Your code".to_owned(),
        &[
            format!("Your code is {code}"),
            format!(
                "It works for {} minutes, once, in the browser that asked for it. Nobody will ask you for it by mail or telephone. If you \
                 did not ask for a code, do nothing: without it nobody gets in.",
                life_ms / 60_000
            ),
        ],
    )
}

/// What an outside approver is asked, in one letter.
pub(super) fn outside(guest: &Guest, link: &str, count: usize, life_ms: i64) -> Letter {
    let posts = counted(count, "post waits", "posts wait");
    letter(
        (&guest.email, &guest.name),
        format!("{posts} for your approval"),
        &[
            format!("{posts} for your approval:"),
            link.to_owned(),
            format!(
                "Open the link and ask for a code; it comes to this address. The link works for {} days, and by itself it shows nothing: \
                 passing it on lets nobody in.",
                life_ms / (24 * 60 * 60_000)
            ),
        ],
    )
}

/// What waits for a person, or what of theirs waits.
pub(super) fn reminder(person: &Person, lead: Lead, waiting: &[String], own: &[String]) -> Letter {
    let mut paragraphs = Vec::new();
    if !waiting.is_empty() {
        paragraphs.push(format!(
            "{} for your decision and would go out in {}:",
            counted(waiting.len(), "post waits", "posts wait"),
            lead.title()
        ));
        paragraphs.extend(waiting.iter().cloned());
    }
    if !own.is_empty() {
        paragraphs.push(format!(
            "{} of yours would go out in {} and {} not approved yet. What is not approved in time expires; it is never published late.",
            counted(own.len(), "post", "posts"),
            lead.title(),
            if own.len() == 1 { "is" } else { "are" }
        ));
        paragraphs.extend(own.iter().cloned());
    }
    letter((&person.email, &person.name), format!("Approval needed within {}", lead.title()), &paragraphs)
}

/// Delegates are asked from now on.
pub(super) fn delegates(person: &Person, links: &[String]) -> Letter {
    let mut paragraphs = vec![
        "Nobody answered in time, so you are asked as well, as the workflow says. These posts wait for a decision:".to_owned(),
    ];
    paragraphs.extend(links.iter().cloned());
    letter((&person.email, &person.name), "You are asked to stand in for an approval".to_owned(), &paragraphs)
}

/// Somebody broke the glass; or nobody looked at it in time.
pub(super) fn skipped(person: &Person, by: &str, link: &str, overdue: bool) -> Letter {
    let subject = if overdue { "A skipped approval was not looked at in time" } else { "An approval was skipped" };
    letter(
        (&person.email, &person.name),
        subject.to_owned(),
        &[
            format!("{by} skipped the approvals that a post was still missing."),
            "Somebody else, who neither wrote nor edited it, has to look at it within 24 hours:".to_owned(),
            link.to_owned(),
        ],
    )
}

fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

fn letter((to, name): (&str, &str), subject: String, paragraphs: &[String]) -> Letter {
    let text = format!("Hello {name},\n\n{}\n", paragraphs.join("\n\n"));
    Letter { to: to.to_owned(), to_name: name.to_owned(), subject, text }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{Lead, code, outside, reminder};
    use crate::{
        approvals::outside::Guest,
        ids::{GuestId, PersonId, Time},
        people::{Person, PersonState, Theme},
    };

    #[test]
    fn the_letters_read_well() {
        let guest = Guest {
            id: GuestId(Uuid::nil()),
            email: "gil@agency.example.test".to_owned(),
            name: "Gil Guest".to_owned(),
            created_by: None,
            created_at: Time(0),
            revoked_at: None,
        };
        let person = Person {
            id: PersonId(Uuid::nil()),
            email: "ann@example.test".to_owned(),
            name: "Ann Example".to_owned(),
            time_zone: None,
            theme: Theme::System,
            letter_keys: true,
            state: PersonState::Active,
            created_at: Time(0),
            state_changed_at: Time(0),
        };
        let link = "https://desk.example.test/approvals/1".to_owned();
        let letters = [
            code(&guest, "1234 5678", 600_000),
            outside(&guest, "https://desk.example.test/outside/x", 2, 7 * 86_400_000),
            reminder(&person, Lead::TwoHours, std::slice::from_ref(&link), std::slice::from_ref(&link)),
        ];
        let text: Vec<_> =
            letters.iter().map(|letter| format!("To: {}\nSubject: {}\n\n{}", letter.to, letter.subject, letter.text)).collect();
        insta::assert_snapshot!(text.join("\n-----\n"));
    }
}
