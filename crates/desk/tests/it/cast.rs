//! The people of the tests: an owner who may do everything and others who may do little.

use desk::{
    Actor, Desk, Principal, SecondFactor,
    ids::{PersonId, SessionId},
    people, rights,
    workspace::{self, Purpose},
};

/// A workspace with its owner, signed in, with a second factor and freshly proven.
pub async fn owner(desk: &Desk) -> Actor {
    let (owner, _) =
        workspace::create(desk, &Actor::operator(), "Northwind Kites", "owner@example.test", "Owner One", Purpose::Real)
            .await
            .expect("a fresh database takes a workspace");
    activate(desk, owner).await;
    actor(desk, owner).await
}

/// Another active person, without any right.
pub async fn colleague(desk: &Desk, name: &str) -> PersonId {
    let email = format!("{}@example.test", name.to_lowercase().replace(' ', "."));
    let (person, _) = people::create(desk, &Actor::operator(), &email, name, &[]).await.expect("a new address");
    activate(desk, person).await;
    person
}

/// What the first sign-in does to an account, without the door.
async fn activate(desk: &Desk, person: PersonId) {
    let mut tx = desk.db().begin().await.expect("begins");
    desk::db::sql("UPDATE people SET state = 'active' WHERE id = $1").bind(person).execute(&mut tx).await.expect("updates");
    tx.commit().await.expect("commits");
}

/// The person as they would act now.
pub async fn actor(desk: &Desk, person: PersonId) -> Actor {
    let mut reader = desk.db().read().await.expect("reads");
    let rights = rights::effective(&mut reader, person, desk.now()).await.expect("grants are read");
    Actor {
        principal: Principal::Person {
            person,
            session: SessionId(person.0),
            stepped_up_at: Some(desk.now()),
            second_factor: SecondFactor::Shown,
        },
        address: Some("192.0.2.7".parse().expect("an address")),
        rights,
    }
}
