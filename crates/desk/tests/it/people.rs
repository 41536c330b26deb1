//! People on both engines: invitations, suspension with everything it ends, lists that page.

use desk::{
    Actor, Error, Time,
    audit_log::AuditFilter,
    db::sql,
    ids::SessionId,
    paging::PageRequest,
    people::{self, Invite, PeopleFilter, PersonState},
    sign_in::{self, LinkKind},
};
use testkit::on_both;

use crate::cast;

fn invite(email: &str) -> Invite {
    Invite { email: email.to_owned(), name: "Ann Example".to_owned(), roles: Vec::new() }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_makes_an_account_and_a_link_that_is_stored_only_as_a_hash() {
    on_both(|test| async move {
        let desk = &test.desk;
        let owner = cast::owner(desk).await;
        let (person, code) = people::invite(desk, &owner, &invite("ann@example.test")).await.expect("an invitation");
        assert_eq!(people::get(desk, &owner, person).await.expect("found").state, PersonState::Invited);
        let link = sign_in::link_of(desk, code.reveal()).await.expect("works");
        assert_eq!((link.kind, link.person), (LinkKind::Invitation, person));
        assert!(code.url(desk).starts_with("https://desk.example.test/door/"));
        let mut reader = desk.db().read().await.expect("reads");
        for row in sql("SELECT token_hash FROM links").all(&mut reader).await.expect("rows") {
            let hash: Vec<u8> = row.get("token_hash").expect("bytes");
            assert!(!hash.windows(8).any(|window| code.reveal().as_bytes().windows(8).any(|part| part == window)));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_taken_whatever_its_case() {
    on_both(|test| async move {
        let desk = &test.desk;
        let owner = cast::owner(desk).await;
        people::invite(desk, &owner, &invite("ann@example.test")).await.expect("an invitation");
        let again = people::invite(desk, &owner, &invite("ANN@Example.test")).await;
        assert!(matches!(&again, Err(Error::Invalid(invalid)) if invalid.fields[0].0 == "email"), "{again:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_stops_working_when_it_expires_or_a_newer_one_is_made() {
    on_both(|test| async move {
        let desk = &test.desk;
        let owner = cast::owner(desk).await;
        let (person, first) = people::invite(desk, &owner, &invite("ann@example.test")).await.expect("an invitation");
        let (_, second) = people::make_link(desk, &owner, person).await.expect("another link");
        assert!(matches!(sign_in::link_of(desk, first.reveal()).await, Err(Error::NotFound("link"))));
        let link = sign_in::link_of(desk, second.reveal()).await.expect("works");
        test.clock.set(Time(link.expires_at.0));
        assert!(matches!(sign_in::link_of(desk, second.reveal()).await, Err(Error::NotFound("link"))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn suspending_ends_sessions_tokens_and_pending_links_at_once() {
    on_both(|test| async move {
        let desk = &test.desk;
        let owner = cast::owner(desk).await;
        let (ann, code) = people::invite(desk, &owner, &invite("ann@example.test")).await.expect("an invitation");
        let mut tx = desk.db().begin().await.expect("begins");
        let later = desk.now().plus_ms(3_600_000);
        for id in [1u128, 2] {
            let id = SessionId(uuid::Uuid::from_u128(id));
            sql("INSERT INTO sessions (id, person_id, token_hash, method, second_factor, user_agent, created_at_ms, last_seen_at_ms, \
                 expires_at_ms) VALUES ($1, $2, $3, 'password', FALSE, '', $4, $4, $5)")
            .bind(id)
            .bind(ann)
            .bind(id)
            .bind(desk.now())
            .bind(later)
            .execute(&mut tx)
            .await
            .expect("a session");
        }
        tx.commit().await.expect("commits");

        people::suspend(desk, &owner, ann).await.expect("suspended");

        assert!(matches!(sign_in::link_of(desk, code.reveal()).await, Err(Error::NotFound("link"))));
        let mut reader = desk.db().read().await.expect("reads");
        let open = sql("SELECT COUNT(*) AS n FROM sessions WHERE person_id = $1 AND ended_at_ms IS NULL").bind(ann);
        assert_eq!(open.one(&mut reader).await.expect("a row").get::<i64>("n").expect("a number"), 0);
        drop(reader);
        let log = desk::audit_log::list(desk, &owner, &AuditFilter::default(), &PageRequest::default()).await.expect("the log");
        let entry = log.items.iter().find(|entry| entry.act == "people.suspend").expect("an entry");
        assert_eq!(entry.details["sessions_ended"], 2);
        assert_eq!(entry.details["links_revoked"], 1);

        people::restore(desk, &owner, ann).await.expect("restored");
        let state = people::get(desk, &owner, ann).await.expect("found").state;
        assert_eq!(state, PersonState::Invited, "somebody without a password is invited again, not active");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_pages_without_gaps_or_repeats_and_counts_right() {
    on_both(|test| async move {
        let desk = &test.desk;
        let owner = cast::owner(desk).await;
        for n in 0..23 {
            // Equal names on purpose: the id has to make the order unique.
            let name = format!("Person {}", n % 4);
            people::create(desk, &Actor::operator(), &format!("p{n}@example.test"), &name, &[]).await.expect("a person");
        }
        let mut seen = Vec::new();
        let mut page = PageRequest { after: None, size: 5 };
        for _ in 0..10 {
            let found = people::list(desk, &owner, &PeopleFilter::default(), &page).await.expect("a page");
            assert_eq!(found.total, 24);
            seen.extend(found.items.into_iter().map(|person| person.id));
            match found.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        let count = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((count, seen.len()), (24, 24));
        let filter = PeopleFilter { text: Some("PERSON 3".to_owned()), state: None };
        let found = people::list(desk, &owner, &filter, &PageRequest::default()).await.expect("a page");
        assert_eq!(found.total, 5);
        let percent = PeopleFilter { text: Some("%".to_owned()), state: None };
        assert_eq!(people::list(desk, &owner, &percent, &PageRequest::default()).await.expect("a page").total, 0);
    })
    .await;
}
