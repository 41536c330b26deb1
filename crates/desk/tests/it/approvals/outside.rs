//! Outside approvers: the way in, and what it does not open.

use desk::{approvals::outside, db::sql, ids::GuestId};
use testkit::TestDesk;

/// A guest who was written to, and the link in their letter, without the letter.
pub(crate) async fn link(test: &TestDesk) -> String {
    let owner = test.workspace().await;
    let guest = outside::invite(&test.desk, &owner.actor, "gil@agency.example.test", "Gil Guest").await.expect("named");
    link_of(test, guest).await
}

/// A link of a guest, as the job that writes to them makes one.
pub(crate) async fn link_of(test: &TestDesk, guest: GuestId) -> String {
    let link = "a-link-made-by-a-test-with-many-characters".to_owned();
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, link.as_bytes());
    let (now, mut tx) = (test.desk.now(), test.desk.db().begin().await.expect("begins"));
    sql("INSERT INTO guest_invitations (id, guest_id, token_hash, created_at_ms, expires_at_ms) VALUES ($1,$1,$2,$3,$4)")
        .bind(guest)
        .bind(hash.as_ref())
        .bind(now)
        .bind(now.plus_ms(outside::INVITATION_LIFE_MS))
        .execute(&mut tx)
        .await
        .expect("a link");
    tx.commit().await.expect("commits");
    link
}
