//! The job that hands a letter over, and the one that forgets old ones.

use super::{open, store};
use crate::{
    ids::MailId,
    jobs::{Attempt, Backoff, Completion, Failure, JobKind, Limits, Outcome, Schedule},
};

/// Handing a letter over.
#[derive(Debug)]
pub struct SendMail;

impl JobKind for SendMail {
    const ID: &'static str = "mail.send";
    const TITLE: &'static str = "Send a mail";
    const DOCS: &'static str = "Hands one letter to the mail server. It is tried for about a day; a letter that was handed over twice by a \
                                crash keeps its Message-ID. When it dies, the mail server is unreachable or refuses us: look at its \
                                error and the settings under mail, then run it again.";
    const LIMITS: Limits = Limits {
        attempts_max: 20,
        // One server takes mail from us; more at once only makes it refuse.
        running_max: 2,
        // Longer than all steps of one conversation may take.
        lease_ms: 180_000,
        backoff: Backoff { first_ms: 15_000, longest_ms: 2 * 60 * 60 * 1_000 },
    };
    type Payload = MailId;

    async fn run(&self, attempt: Attempt, completion: Completion, id: MailId) -> Outcome {
        let desk = attempt.desk();
        let mut reader = desk.db().read().await?;
        let letter = open(desk, &mut reader, id).await?;
        drop(reader);
        let Some(letter) = letter else { return completion.commit(desk.db().begin().await?).await };
        let Some(server) = desk.mail() else {
            return Err(Failure::retry("this node has no mail server; set mail.host, or let a node that has one do the jobs"));
        };
        let handed = server.hand_over(&letter, &id.to_string(), host_of(desk.public_url()), desk.now()).await;
        let mut tx = desk.db().begin().await?;
        match handed {
            Ok(()) => {
                store::sent(&mut tx, id, desk.now()).await?;
                completion.commit(tx).await
            }
            Err(error) if error.final_refusal => {
                store::given_up(&mut tx, id, &error.message, desk.now()).await?;
                tx.commit().await?;
                Err(Failure::give_up(error.message))
            }
            Err(error) => Err(Failure::retry(error.message)),
        }
    }
}

/// How long a mail can be looked up, and a letter nobody took is kept: a month, as jobs are.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1_000;

/// Forgetting old mail.
#[derive(Debug)]
pub struct ForgetLetters;

impl JobKind for ForgetLetters {
    const ID: &'static str = "mail.forget";
    const TITLE: &'static str = "Forget old mail";
    const DOCS: &'static str = "Removes what is known about mail that was queued 30 days ago, letters that nobody took included. When it \
                                dies, nothing is lost but space; look at its error, then run it again.";
    const LIMITS: Limits = Limits::HOUSEKEEPING;
    type Payload = ();

    fn schedule(&self) -> Option<Schedule<()>> {
        Some(Schedule { every_ms: 24 * 60 * 60 * 1_000, payload: () })
    }

    async fn run(&self, attempt: Attempt, completion: Completion, (): ()) -> Outcome {
        let mut tx = attempt.desk().db().begin().await?;
        store::forget(&mut tx, attempt.desk().now().plus_ms(-KEPT_MS)).await?;
        completion.commit(tx).await
    }
}

/// The host in our own address: what stands behind the `@` of a `Message-ID`.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::host_of;

    #[test]
    fn the_host_stands_without_scheme_and_port() {
        for (url, host) in [
            ("https://desk.example.test", "desk.example.test"),
            ("http://localhost:8080/x", "localhost"),
            ("https://[::1]:8443", "[::1]"),
            ("https://[::1]", "[::1]"),
        ] {
            assert_eq!(host_of(url), host);
        }
    }
}
