//! The Bluesky connector against Bluesky's own personal data server and directory. One server takes ten seconds to start, so each test
//! walks through what belongs together.

mod faults;
mod feeds;
mod oauth;
mod server;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use networks::{Clock, Network, Session, account::Begun, bluesky::Bluesky};
use serde_json::Value;
use testkit::{
    fault_proxy::FaultProxy,
    peers::{self, bluesky_people::account},
};

use crate::rig::request;

/// The server, and a stand-in for the service behind feeds and notifications, whose answers are written down from the lexicons.
struct Rig {
    server: peers::bluesky::Bluesky,
    app_view: FaultProxy,
}

async fn rig() -> Rig {
    let app_view = FaultProxy::alone().await.expect("a port");
    let server = peers::bluesky::Bluesky::start(&app_view.url()).expect("the Bluesky server");
    Rig { server, app_view }
}

async fn connect(server: &peers::bluesky::Bluesky, name: &str) -> Session {
    let (_, password) = account(server, name).await;
    let (base, directory) = (server.url(), server.directory_url());
    let fields = [("identifier", format!("{name}.test")), ("app_password", password), ("server", base), ("directory", directory)];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let form = request("app_password", "", &fields);
    let Begun::Done(connected) = Bluesky.begin(&form).await.expect("connected") else { panic!("no round trip") };
    Session {
        account: connected.standing.account,
        secrets: connected.secrets,
        settings: connected.settings,
        clock: Clock::default(),
    }
}

/// A UUIDv7 of now; the last digits tell keys apart.
fn key(number: u32) -> String {
    let hex = format!("{:012x}", Clock::default().now_ms());
    format!("{}-{}-7000-8000-{number:012x}", &hex[..8], &hex[8..])
}

/// The same session's token, as the server would have made it an hour before it ran out.
fn run_out(token: &str) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(parts[1]).expect("base64")).expect("claims");
    let now = Clock::default().now_ms() / 1_000;
    (claims["iat"], claims["exp"]) = ((now - 7_200).into(), (now - 3_600).into());
    let signed = format!("{}.{}", parts[0], BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()));
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, peers::bluesky::SESSION_SECRET.as_bytes());
    let signature = aws_lc_rs::hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}
