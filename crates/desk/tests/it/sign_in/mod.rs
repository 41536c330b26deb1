//! The door on both engines, one file a subject.

mod factors;
mod links;
mod passkeys;
mod passwords;
mod sessions;
mod step_up;
mod sweep;
mod tokens;

use desk::{
    Actor, Error,
    db::sql,
    ids::PersonId,
    people,
    sign_in::{self, NewSession, RecoveryCodes, Step},
};
use testkit::TestDesk;

/// A password that nobody expects.
pub const PASSWORD: &str = "unhurried tapir glass";
/// What the browsers of these tests call themselves.
pub const BROWSER: &str = "test browser";

/// A stranger at an address of the documentation range.
pub fn stranger() -> Actor {
    Actor::nobody(Some("192.0.2.7".parse().expect("an address")))
}

/// A stranger at another address each time.
pub fn stranger_number(n: u8) -> Actor {
    Actor::nobody(Some(std::net::IpAddr::from([198, 51, 100, n])))
}

/// A person who came in by an invitation and chose [`PASSWORD`]; the session is the one of that moment.
pub async fn member(test: &TestDesk, email: &str) -> (PersonId, Actor) {
    let (person, code) = people::create(&test.desk, &Actor::operator(), email, "Ann Example", &[]).await.expect("a person");
    let step = sign_in::use_link_with_password(&test.desk, &stranger(), code.reveal(), PASSWORD, BROWSER).await;
    (person, test.resume(done(step).cookie.reveal()).await)
}

/// A member with an authenticator app: its secret and the recovery codes.
pub struct WithApp {
    pub person: PersonId,
    pub actor: Actor,
    pub secret: String,
    pub codes: RecoveryCodes,
}

pub async fn member_with_app(test: &TestDesk, email: &str) -> WithApp {
    let (person, actor) = member(test, email).await;
    let setup = sign_in::start_totp(&test.desk, &actor, "Telephone").await.expect("begins");
    let secret = setup.secret.reveal().to_owned();
    let codes = sign_in::confirm_totp(&test.desk, &actor, setup.id, &app_code(test, &secret)).await.expect("in force");
    // The next code is another one.
    test.clock.advance_ms(30_000);
    WithApp { person, actor, secret, codes: codes.expect("the first factor brings recovery codes") }
}

/// What the app shows now.
pub fn app_code(test: &TestDesk, secret: &str) -> String {
    sign_in::totp_code(secret, test.desk.now()).expect("a secret in base32")
}

/// The session of a step that is through.
pub fn done(step: desk::Result<Step>) -> NewSession {
    match step {
        Ok(Step::Done(session)) => session,
        other => panic!("not through the door: {other:?}"),
    }
}

/// The ceremony of a step that waits for a second factor.
pub fn asked(step: desk::Result<Step>) -> String {
    match step {
        Ok(Step::SecondFactorNeeded { ceremony, .. }) => ceremony.reveal().to_owned(),
        other => panic!("no second factor was asked for: {other:?}"),
    }
}

/// The field that did not fit.
pub fn invalid_field<T: std::fmt::Debug>(result: desk::Result<T>) -> &'static str {
    match result {
        Err(Error::Invalid(invalid)) => invalid.fields[0].0,
        other => panic!("expected a field that does not fit: {other:?}"),
    }
}

/// A number from one statement without parameters.
pub async fn number(test: &TestDesk, statement: &'static str) -> i64 {
    let mut reader = test.desk.db().read().await.expect("reads");
    sql(statement).one(&mut reader).await.expect("one row").get("n").expect("a number")
}
