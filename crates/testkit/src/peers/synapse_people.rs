//! People of a Synapse server: their accounts, and what their own programs ask it.

use serde_json::{Value, json};

use super::synapse::REGISTRATION_SECRET;

/// An id as a part of a path.
#[must_use]
pub fn escaped(part: &str) -> String {
    part.replace('!', "%21").replace(':', "%3A").replace('$', "%24").replace('#', "%23")
}

/// Makes a call below `/_matrix/client/v3/` with somebody's token; a body that is null is none.
///
/// # Panics
/// When the server does not do what it is asked.
pub async fn say(server: &str, method: &str, path: &str, token: &str, body: Value) -> Value {
    call(server, method, &format!("/_matrix/client/v3/{path}"), token, body).await
}

async fn call(server: &str, method: &str, path: &str, token: &str, body: Value) -> Value {
    let client = networks::http::write_client();
    let mut request = client.request(method.parse().expect("a method"), format!("{server}{path}")).bearer_auth(token);
    if !body.is_null() {
        request = request.json(&body);
    }
    let answer = request.send().await.expect("asked").bytes().await.expect("answered");
    let answer: Value = serde_json::from_slice(&answer).expect("JSON");
    assert!(answer["errcode"].is_null(), "{path}: {answer}");
    answer
}

/// Makes an account by the shared secret, with the password `pw-NAME`; its token.
///
/// # Panics
/// When the server refuses.
pub async fn register(server: &str, name: &str) -> String {
    let path = "/_synapse/admin/v1/register";
    let nonce = call(server, "GET", path, "", Value::Null).await["nonce"].as_str().expect("a nonce").to_owned();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, REGISTRATION_SECRET.as_bytes());
    let mac = aws_lc_rs::hmac::sign(&key, format!("{nonce}\0{name}\0pw-{name}\0notadmin").as_bytes());
    let mac: String = mac.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let body = json!({"nonce": nonce, "username": name, "password": format!("pw-{name}"), "admin": false, "mac": mac});
    call(server, "POST", path, "", body).await["access_token"].as_str().expect("a token").to_owned()
}
