//! The sweep removes only what no longer opens anything.

use desk::{
    people,
    sign_in::{self, Swept},
};
use testkit::{TestDesk, on_both};

use super::{BROWSER, PASSWORD, asked, member, member_with_app, stranger};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

async fn sweep(test: &TestDesk) -> Swept {
    let mut tx = test.desk.db().begin().await.expect("begins");
    let swept = sign_in::sweep(&mut tx, test.desk.now()).await.expect("sweeps");
    tx.commit().await.expect("commits");
    swept
}

#[tokio::test(flavor = "multi_thread")]
async fn what_still_works_stays_and_what_ended_long_ago_goes() {
    on_both(|test| async move {
        test.workspace().await;
        member_with_app(&test, "ann@example.test").await;
        let (_, bob) = member(&test, "bob@example.test").await;
        sign_in::start_totp(&test.desk, &bob, "").await.expect("begins");
        people::create(&test.desk, &desk::Actor::operator(), "new@example.test", "New", &[]).await.expect("invited");
        asked(sign_in::with_password(&test.desk, &stranger(), "ann@example.test", PASSWORD, BROWSER).await);
        let _wrong = sign_in::with_password(&test.desk, &stranger(), "nobody@example.test", PASSWORD, BROWSER).await;
        assert_eq!(sweep(&test).await, Swept::default(), "everything still works");
        test.clock.advance_ms(DAY_MS);
        let swept = sweep(&test).await;
        assert_eq!((swept.ceremonies, swept.set_ups, swept.sessions, swept.links), (1, 1, 0, 0));
        assert!(swept.throttles >= 2, "the account and the address: {swept:?}");
        test.clock.advance_ms(100 * DAY_MS);
        let swept = sweep(&test).await;
        assert!(swept.sessions >= 3 && swept.links >= 3, "{swept:?}");
        assert_eq!(sweep(&test).await, Swept::default());
    })
    .await;
}
