//! Mail through a real SMTP server, on both engines: sealed while it waits, handed over once it can be, recognisable when repeated.

use desk::{
    Actor,
    approvals::outside,
    db::sql,
    jobs::Registry,
    mail::{self, MailState, SendMail},
};
use testkit::{
    on_both, on_both_with_mail,
    peers::mail::{Behaviour, USER},
};

use crate::approvals::outside as guests;

fn kinds() -> Registry {
    Registry::new().with(SendMail)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_nothing_is_queued_and_the_state_says_so() {
    on_both(|test| async move {
        let owner = test.workspace().await;
        assert_eq!(mail::state(&test.desk).await.expect("a state"), MailState::NotConfigured);
        let refused = outside::invite(&test.desk, &owner.actor, "gil@agency.example.test", "Gil Guest").await;
        assert!(refused.is_err_and(|error| error.to_string().contains("mail.host")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_sealed_until_it_was_handed_over_through_tls_and_gone_afterwards() {
    on_both_with_mail(Behaviour { guarded: true, ..Behaviour::default() }, |test, sink| async move {
        let link = guests::link(&test).await;
        outside::ask_for_code(&test.desk, &Actor::nobody(None), &link, "a browser").await.expect("a code is sent");
        let waiting = letters_kept(&test.desk).await;
        assert_eq!(waiting.len(), 1);
        assert!(!waiting[0].windows(4).any(|window| window == b"code" || window == b"agen"), "sealed");
        test.run_jobs(&kinds()).await;
        let letters = sink.letters();
        assert_eq!(letters.len(), 1);
        assert!(letters[0].safe && letters[0].user.as_deref() == Some(USER));
        assert_eq!(letters[0].to, ["gil@agency.example.test"]);
        assert_eq!(letters[0].field("From"), Some("\"Example Desk\" <desk@example.test>"));
        assert_eq!(letters[0].field("Auto-Submitted"), Some("auto-generated"));
        assert!(letters_kept(&test.desk).await.is_empty(), "nothing of it is kept");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_refused_for_the_moment_is_tried_again_and_a_repeated_one_keeps_its_message_id() {
    on_both_with_mail(Behaviour { refuse: 1, lose: 1, ..Behaviour::default() }, |test, sink| async move {
        let link = guests::link(&test).await;
        outside::ask_for_code(&test.desk, &Actor::nobody(None), &link, "a browser").await.expect("a code is sent");
        for _ in 0..4 {
            test.run_jobs(&kinds()).await;
            test.clock.advance_ms(10 * 60 * 1_000);
        }
        // Refused, then taken without an answer, then taken.
        let letters = sink.letters();
        assert_eq!(letters.len(), 2, "the desk does not know that the first was taken");
        assert!(letters[0].field("Message-ID").is_some_and(|id| id.ends_with("@desk.example.test>")));
        assert_eq!(letters[0].field("Message-ID"), letters[1].field("Message-ID"));
        assert_eq!(
            letters[0].text,
            letters[1].text.replace(letters[1].field("Date").unwrap_or("?"), letters[0].field("Date").unwrap_or("?"))
        );
    })
    .await;
}

async fn letters_kept(desk: &desk::Desk) -> Vec<Vec<u8>> {
    let mut reader = desk.db().read().await.expect("reads");
    let rows = sql("SELECT sealed_letter FROM mails WHERE sealed_letter IS NOT NULL").all(&mut reader).await.expect("rows");
    rows.iter().map(|row| row.get("sealed_letter").expect("bytes")).collect()
}
