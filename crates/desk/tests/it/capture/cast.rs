//! What the tests of capture need again and again: a profile, lots, rows to look at.

use desk::{
    Actor, Desk,
    capture::{Lot, Then, Via},
    db::sql,
    ids::ProfileId,
    profiles::{self, NewProfile},
};
use networks::{Cursor, Event};

/// A profile of the test network.
pub async fn profile(desk: &Desk, handle: &str) -> ProfileId {
    let new = NewProfile {
        network: "scripted".to_owned(),
        handle: handle.to_owned(),
        title: format!("Profile {handle}"),
        group: None,
        protected: false,
    };
    profiles::add(desk, &Actor::desk("test"), &new).await.expect("a profile")
}

/// A lot that a pull brought.
pub fn pulled(events: Vec<Event>, cursor: &str) -> Lot {
    Lot {
        via: Via::Pull,
        connector: "scripted",
        events,
        gaps: Vec::new(),
        late: Vec::new(),
        then: Then::Cursor(Cursor(cursor.to_owned())),
    }
}

/// A number that a statement answers with.
pub async fn number(desk: &Desk, text: &'static str) -> i64 {
    let mut reader = desk.db().read().await.expect("reads");
    sql(text).one(&mut reader).await.expect("a row").get("n").expect("a number")
}

/// The texts of all messages, in the order of arrival.
pub async fn texts(desk: &Desk) -> Vec<String> {
    let mut reader = desk.db().read().await.expect("reads");
    let rows = sql("SELECT text FROM messages ORDER BY number").all(&mut reader).await.expect("rows");
    rows.iter().map(|row| row.get("text").expect("a text")).collect()
}

/// The cursor of a profile.
pub async fn cursor(desk: &Desk, profile: ProfileId) -> Option<String> {
    let mut reader = desk.db().read().await.expect("reads");
    let row =
        sql("SELECT cursor FROM capture_streams WHERE profile_id = $1").bind(profile).optional(&mut reader).await.expect("reads");
    row.and_then(|row| row.get("cursor").expect("a text or nothing"))
}
