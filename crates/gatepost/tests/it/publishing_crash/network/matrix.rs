//! A room on Synapse; somebody else who is in it tells what stands there.

use desk::ids::ProfileId;
use serde_json::{Value, json};
use testkit::peers::{
    synapse::Synapse,
    synapse_people::{escaped, register, say},
};

use super::{Account, Connecting, Later, Server, Standing};

pub(super) struct Matrix {
    server: Synapse,
}

impl Matrix {
    pub(super) fn start() -> Self {
        Self { server: Synapse::start("", None).expect("Synapse") }
    }
}

impl Server for Matrix {
    fn account<'a>(&'a self, connecting: &'a Connecting<'a>) -> Later<'a, Box<dyn Account>> {
        Box::pin(async move {
            let (server, name) = (self.server.url(), connecting.name.as_str());
            let (own, reader) = (register(&server, name).await, register(&server, &format!("reader-of-{name}")).await);
            let room = json!({ "name": name, "preset": "private_chat", "invite": [format!("@{name}:localhost")] });
            let room = say(&server, "POST", "createRoom", &reader, room).await;
            let room = room["room_id"].as_str().expect("a room").to_owned();
            say(&server, "POST", &format!("join/{}", escaped(&room)), &own, json!({})).await;
            let password = format!("pw-{name}");
            let fields = [("server", server.as_str()), ("user", name), ("password", &password)];
            let profile = connecting.connected("matrix", "password", &fields).await;
            Box::new(Member { profile, server, room, reader }) as Box<dyn Account>
        })
    }
}

struct Member {
    profile: ProfileId,
    server: String,
    room: String,
    reader: String,
}

impl Account for Member {
    fn network(&self) -> &'static str {
        "Synapse"
    }

    fn profile(&self) -> ProfileId {
        self.profile
    }

    fn place(&self) -> Option<&str> {
        Some(&self.room)
    }

    fn standing(&self) -> Later<'_, Standing> {
        Box::pin(async move {
            let mut standing = Standing::new();
            let messages = format!("rooms/{}/messages?dir=b&limit=200", escaped(&self.room));
            let mut from = String::new();
            loop {
                let page = say(&self.server, "GET", &format!("{messages}{from}"), &self.reader, Value::Null).await;
                for event in page["chunk"].as_array().expect("a list").iter().filter(|event| event["type"] == "m.room.message") {
                    *standing.entry(event["content"]["body"].as_str().expect("a text").to_owned()).or_default() += 1;
                }
                match page["end"].as_str() {
                    Some(end) => from = format!("&from={end}"),
                    None => return standing,
                }
            }
        })
    }
}
