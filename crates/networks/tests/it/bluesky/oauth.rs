//! OAuth against the real authorisation server.

use std::collections::BTreeMap;

use networks::{Class, Clock, Network, Pending, Session, account::Begun, bluesky::Bluesky};
use testkit::peers::bluesky_people::{account, agree};

use super::{Rig, key, rig};
use crate::rig::{post, request};

/// Nobody listens there; the address is only compared.
const BACK: &str = "http://127.0.0.1:9/back";

#[tokio::test]
async fn a_profile_connects_by_the_browser_and_every_call_is_proved() {
    let Rig { server, app_view: _app_view } = rig().await;
    account(&server, "kites").await;
    let (base, directory) = (server.url(), server.directory_url());
    let mut form = request("oauth", BACK, &[("server", &base), ("directory", &directory)]);
    form.now_ms = Clock::default().now_ms();
    let Begun::Redirect { url, pending } = Bluesky.begin(&form).await.expect("it begins") else { panic!("a round trip") };
    assert!(url.starts_with(&format!("{base}/oauth/authorize?client_id=http%3A%2F%2Flocalhost")), "{url}");
    let back = agree(&url, "kites").await;

    for (name, value) in [("state", "x"), ("iss", "https://evil.example.test")] {
        let mut forged = back.clone();
        forged.insert(name.to_owned(), value.to_owned());
        assert_eq!(Bluesky.finish(&form, &pending, &forged).await.map(drop).unwrap_err().class, Class::Reauthorise, "{name}");
    }
    let denied = BTreeMap::from([("state".to_owned(), pending.state.clone()), ("iss".to_owned(), base.clone())]);
    assert_eq!(Bluesky.finish(&form, &pending, &denied).await.map(drop).unwrap_err().class, Class::Reauthorise);
    let other_verifier =
        Pending { state: pending.state.clone(), secrets: pending.secrets.clone().with("verifier", "x".repeat(43)) };
    let connected = Bluesky.finish(&form, &pending, &back).await.expect("connected");
    let spent = Bluesky.finish(&form, &other_verifier, &back).await.map(drop).unwrap_err();
    assert_eq!(spent.class, Class::Reauthorise, "a code works once: {spent}");

    // That attempt with a spent code took the tokens back; a second round gives new ones. Nothing random is used twice.
    form.random.reverse();
    let first = connected.standing.account.clone();
    let Begun::Redirect { url, pending } = Bluesky.begin(&form).await.expect("it begins") else { panic!("a round trip") };
    let back = agree(&url, "kites").await;
    let connected = Bluesky.finish(&form, &pending, &back).await.expect("connected again");
    assert_eq!((&connected.standing.account, connected.standing.missing_scopes.len()), (&first, 0));
    let mut session = Session {
        account: connected.standing.account,
        secrets: connected.secrets,
        settings: connected.settings,
        clock: Clock::default(),
    };
    assert_eq!(Bluesky.check(&session).await.expect("standing").account, session.account);
    let sent = Bluesky.send(&session, &post(&key(1), "kites")).await.expect("posted");
    assert!(Bluesky.read_back(&session, &sent.native_id).await.expect("a look").is_some());

    let old = session.secrets.clone();
    session.secrets = Bluesky.refresh(&session, form.now_ms).await.expect("renewed");
    assert_ne!(session.secrets.get("access_token"), old.get("access_token"));
    assert_ne!(session.secrets.get("refresh_token"), old.get("refresh_token"));
    Bluesky.check(&session).await.expect("it opens");

    // The token is of no use without the key.
    let thief = networks::Secrets::default().with("access_token", session.secrets.get("access_token").expect("a token"));
    let stolen = Session { secrets: thief, ..session.clone() };
    assert!(Bluesky.send(&stolen, &post(&key(2), "not ours")).await.is_err());

    // A renewing token that was used before: whoever used it, the person has to agree again.
    let replay = Session { secrets: old, ..session };
    assert_eq!(Bluesky.refresh(&replay, form.now_ms).await.unwrap_err().class, Class::Reauthorise);
}
