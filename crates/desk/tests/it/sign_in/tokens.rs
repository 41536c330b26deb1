//! API tokens: shown once, scoped, ending.

use desk::{
    Error, Principal, Refusal,
    db::sql,
    paging::PageRequest,
    people::{self, PeopleFilter},
    rights::{Given, Right, TokenScope},
    sign_in::{self, NewToken, TOKEN_AGE_MAX_MS},
};
use testkit::{TestDesk, on_both};

use super::{invalid_field, number};

fn scope(text: &str) -> TokenScope {
    TokenScope::parse(text).expect("a scope")
}

fn reading_people(test: &TestDesk) -> NewToken {
    NewToken {
        name: "Directory sync".to_owned(),
        scopes: vec![scope("people:read")],
        expires_at: test.desk.now().plus_ms(24 * 60 * 60 * 1_000),
        agent: false,
    }
}

fn is_refused<T: std::fmt::Debug>(result: &desk::Result<T>) -> bool {
    matches!(result, Err(Error::Refused(Refusal::SignInNeeded)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_acts_for_its_person_within_its_scopes_until_it_expires() {
    on_both(|test| async move {
        test.workspace().await;
        let ann = test.person_with(&[Given::Right(Right::People), Given::Right(Right::Settings)]).await;
        let (id, secret) = sign_in::create_token(&test.desk, &ann.actor, &reading_people(&test)).await.expect("made");
        assert!(secret.reveal().starts_with("gp_") && secret.reveal().len() == 46);
        let address = Some("192.0.2.9".parse().expect("an address"));
        let actor = sign_in::actor_of_token(&test.desk, secret.reveal(), address).await.expect("works");
        assert_eq!((actor.person(), actor.token(), actor.kind()), (Some(ann.person), Some(id), "token"));
        people::list(&test.desk, &actor, &PeopleFilter::default(), &PageRequest::default()).await.expect("in scope");
        let outside = desk::workspace::settings(&test.desk, &actor).await;
        assert!(matches!(outside, Err(Error::Refused(Refusal::ScopeNeeded(_)))), "{outside:?}");
        let password = sign_in::change_password(&test.desk, &actor, "vellum grinder at dawn").await;
        assert!(matches!(password, Err(Error::Refused(Refusal::PersonNeeded(_)))), "{password:?}");

        let shown = &sign_in::tokens(&test.desk, &ann.actor).await.expect("own")[0];
        assert_eq!(shown.hint, secret.reveal()[secret.reveal().len() - 4..]);
        assert_eq!((shown.last_used_at, shown.last_used_address.as_deref()), (Some(test.desk.now()), Some("192.0.2.9")));
        test.clock.advance_ms(24 * 60 * 60 * 1_000);
        assert!(is_refused(&sign_in::actor_of_token(&test.desk, secret.reveal(), None).await), "expired");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_loses_what_its_person_loses() {
    on_both(|test| async move {
        let owner = test.workspace().await;
        let ann = test.person_with(&[Given::Right(Right::People)]).await;
        let (_, secret) = sign_in::create_token(&test.desk, &ann.actor, &reading_people(&test)).await.expect("made");
        let holder = desk::rights::Holder::Person(ann.person);
        let grant = desk::rights::grants_of_holder(&test.desk, &owner.actor, holder).await.expect("listed")[0].id;
        desk::rights::take(&test.desk, &owner.actor, grant).await.expect("taken");
        let actor = sign_in::actor_of_token(&test.desk, secret.reveal(), None).await.expect("still a token");
        let refused = people::list(&test.desk, &actor, &PeopleFilter::default(), &PageRequest::default()).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::RightNeeded(_)))), "{refused:?}");
        people::suspend(&test.desk, &owner.actor, ann.person).await.expect("suspended");
        assert!(is_refused(&sign_in::actor_of_token(&test.desk, secret.reveal(), None).await));
        people::restore(&test.desk, &owner.actor, ann.person).await.expect("restored");
        assert!(is_refused(&sign_in::actor_of_token(&test.desk, secret.reveal(), None).await), "it does not come back");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_cut_and_revoked_tokens_get_one_answer() {
    on_both(|test| async move {
        let owner = test.workspace().await;
        let ann = test.person_with(&[]).await;
        let other = test.person_with(&[]).await;
        let (id, secret) = sign_in::create_token(&test.desk, &ann.actor, &reading_people(&test)).await.expect("made");
        let cut = &secret.reveal()[..secret.reveal().len() - 1];
        for made_up in ["", "gp_", "gp_made-up", cut, &secret.reveal()[3..], ann.cookie.as_str()] {
            assert!(is_refused(&sign_in::actor_of_token(&test.desk, made_up, None).await), "{made_up}");
        }
        assert!(matches!(sign_in::revoke_token(&test.desk, &other.actor, id).await, Err(Error::NotFound(_))));
        assert!(matches!(sign_in::revoke_any_token(&test.desk, &other.actor, id).await, Err(Error::Refused(_))));
        let all = sign_in::all_tokens(&test.desk, &owner.actor, &PageRequest::default()).await.expect("everybody's");
        assert_eq!((all.total, all.items[0].id), (1, id));
        sign_in::revoke_any_token(&test.desk, &owner.actor, id).await.expect("revoked");
        assert!(is_refused(&sign_in::actor_of_token(&test.desk, secret.reveal(), None).await));
        let (own, secret) = sign_in::create_token(&test.desk, &ann.actor, &reading_people(&test)).await.expect("made");
        sign_in::revoke_token(&test.desk, &ann.actor, own).await.expect("own");
        assert!(is_refused(&sign_in::actor_of_token(&test.desk, secret.reveal(), None).await));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_has_a_purpose_a_scope_and_an_end_within_a_year() {
    on_both(|test| async move {
        test.workspace().await;
        let ann = test.person_with(&[]).await;
        let make = async |change: fn(&mut NewToken, desk::Time)| {
            let mut new = reading_people(&test);
            change(&mut new, test.desk.now());
            sign_in::create_token(&test.desk, &ann.actor, &new).await
        };
        assert_eq!(invalid_field(make(|new, _| new.name = " ".to_owned()).await), "name");
        assert_eq!(invalid_field(make(|new, _| new.scopes.clear()).await), "scopes");
        assert_eq!(invalid_field(make(|new, now| new.expires_at = now).await), "expires_at");
        assert_eq!(invalid_field(make(|new, now| new.expires_at = now.plus_ms(TOKEN_AGE_MAX_MS + 1)).await), "expires_at");
        let (_, secret) = make(|new, _| new.agent = true).await.expect("an agent's");
        let actor = sign_in::actor_of_token(&test.desk, secret.reveal(), None).await.expect("works");
        assert!(matches!(actor.principal, Principal::Token { agent: true, .. }) && actor.kind() == "agent");
        test.clock.advance_ms(desk::rights::STEP_UP_WINDOW_MS);
        let stale = make(|_, _| ()).await;
        assert!(matches!(stale, Err(Error::Refused(Refusal::StepUpNeeded(_)))), "{stale:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_the_token_nor_the_audit_log_shows_it_and_an_unknown_scope_is_none() {
    on_both(|test| async move {
        test.workspace().await;
        let ann = test.person_with(&[Given::Right(Right::People)]).await;
        let (_, secret) = sign_in::create_token(&test.desk, &ann.actor, &reading_people(&test)).await.expect("made");
        let mut tx = test.desk.db().begin().await.expect("begins");
        let row = sql("SELECT token_hash FROM api_tokens").one(&mut tx).await.expect("one");
        assert_eq!(row.get::<Vec<u8>>("token_hash").expect("bytes").len(), 32);
        let body = &secret.reveal()[3..];
        for row in sql("SELECT details FROM audit_entries").all(&mut tx).await.expect("all") {
            assert!(!row.get::<String>("details").expect("text").contains(body));
        }
        sql("UPDATE api_tokens SET scopes = 'everything:write'").execute(&mut tx).await.expect("tampers");
        tx.commit().await.expect("commits");
        let actor = sign_in::actor_of_token(&test.desk, secret.reveal(), None).await.expect("works");
        assert!(matches!(&actor.principal, Principal::Token { scopes, .. } if scopes.is_empty()));
        assert_eq!(number(&test, "SELECT COUNT(*) AS n FROM api_tokens").await, 1);
    })
    .await;
}
