//! People with exactly the rights a test wants, signed in.
//!
//! Their sessions are written straight into the tables, as if they had shown a password and a second factor a moment ago: the door
//! itself is tested in `desk`, everything else only needs somebody who is through it.

use aws_lc_rs::digest;
use desk::{
    Actor, Desk, Ids as _, Time,
    db::sql,
    ids::{PersonId, SessionId},
    people,
    rights::{self, Give, Given, Holder, Scope},
    sign_in,
    workspace::{self, Purpose},
};

use crate::{context::SeededIds, desk::TestDesk};

/// What the browsers of test people call themselves.
pub const TEST_BROWSER: &str = "test browser";
/// How long the session of a test person runs: longer than any test moves its clock by accident.
const SESSION_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// Somebody with a browser: the actor as it stands, and the cookie that leads to it.
#[derive(Debug, Clone)]
pub struct Somebody {
    /// Who.
    pub person: PersonId,
    /// Their session.
    pub session: SessionId,
    /// The value of the session's cookie.
    pub cookie: String,
    /// The actor that the cookie leads to.
    pub actor: Actor,
}

impl TestDesk {
    /// Creates a workspace that is not the demo, and its first owner: signed in, second factor shown, just stepped up.
    pub async fn workspace(&self) -> Somebody {
        let (owner, _link) = workspace::create(
            &self.desk,
            &Actor::operator(),
            "Example Works",
            "owner@example.test",
            "Olive Owner",
            Purpose::Real,
        )
        .await
        .expect("a workspace");
        self.sign_in(owner).await
    }

    /// A new person with exactly these grants in the whole workspace: signed in, second factor shown, just stepped up.
    pub async fn person_with(&self, given: &[Given]) -> Somebody {
        let number = self.next_person();
        let (email, name) = (format!("person{number}@example.test"), format!("Person {number}"));
        let (person, _link) = people::create(&self.desk, &Actor::operator(), &email, &name, &[]).await.expect("a person");
        for &given in given {
            let give = Give {
                holder: Holder::Person(person),
                given,
                scope: Scope::Workspace,
                expires_at: None,
                reason: "a test wants it".to_owned(),
            };
            // The desk itself, because the operator may not give rights and an owner may not be there.
            rights::give(&self.desk, &Actor::desk("testkit"), give).await.expect("a grant");
        }
        self.sign_in(person).await
    }

    /// Somebody who was signed in and is now suspended: the cookie is the one from before, the actor what it leads to now.
    pub async fn suspended(&self) -> Somebody {
        let mut somebody = self.person_with(&[]).await;
        people::suspend(&self.desk, &Actor::operator(), somebody.person).await.expect("suspended");
        somebody.actor = self.resume(&somebody.cookie).await;
        somebody
    }

    /// Signs a person in, active from now on, in a browser of its own.
    pub async fn sign_in(&self, person: PersonId) -> Somebody {
        let (session, cookie) = open_session(&self.desk, person).await;
        let actor = self.resume(&cookie).await;
        Somebody { person, session, cookie, actor }
    }

    /// The actor behind a cookie at this moment.
    pub async fn resume(&self, cookie: &str) -> Actor {
        sign_in::resume(&self.desk, cookie, None, TEST_BROWSER).await.expect("the door answers").actor
    }
}

/// Opens a session for a person, active from now on, on any desk: its id and the value of its cookie.
pub async fn open_session(desk: &Desk, person: PersonId) -> (SessionId, String) {
    let now = desk.now();
    let session: SessionId = desk.fresh();
    let cookie = cookie_for(session);
    let hash = digest::digest(&digest::SHA256, cookie.as_bytes());
    let mut tx = desk.db().begin().await.expect("begins");
    sql("UPDATE people SET state = 'active' WHERE id = $1").bind(person).execute(&mut tx).await.expect("activates");
    sql("INSERT INTO sessions (id, person_id, token_hash, method, second_factor, address, user_agent, created_at_ms, \
         last_seen_at_ms, expires_at_ms, stepped_up_at_ms) VALUES ($1,$2,$3,'password',TRUE,NULL,$4,$5,$5,$6,$5)")
    .bind(session)
    .bind(person)
    .bind(hash.as_ref())
    .bind(TEST_BROWSER)
    .bind(now)
    .bind(now.plus_ms(SESSION_MS))
    .execute(&mut tx)
    .await
    .expect("signs in");
    tx.commit().await.expect("commits");
    (session, cookie)
}

/// A cookie of the door's own length; in tests it may be made from the session's id.
fn cookie_for(session: SessionId) -> String {
    let seed = u64::from_le_bytes(session.bytes()[8..].try_into().expect("eight bytes"));
    SeededIds::new(seed).uuid(Time(0)).simple().to_string()
}
