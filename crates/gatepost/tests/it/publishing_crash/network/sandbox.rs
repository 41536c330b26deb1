//! The network inside the program: what stands there is in a file of the data folder.

use std::{collections::BTreeMap, path::PathBuf};

use desk::{db::sql, ids::ProfileId};
use serde_json::Value;

use super::{Account, Connecting, Later, Server, Standing};

pub(super) struct Sandbox;

struct Kept {
    profile: ProfileId,
    file: PathBuf,
}

impl Server for Sandbox {
    fn account<'a>(&'a self, connecting: &'a Connecting<'a>) -> Later<'a, Box<dyn Account>> {
        Box::pin(async move {
            let fields = [("handle", connecting.name.as_str()), ("feed", "public")];
            let profile = connecting.connected("sandbox", "sandbox", &fields).await;
            let folder = connecting.data.join("sandbox");
            keep_in(connecting, &folder.to_string_lossy()).await;
            let file = folder.join(format!("{}.jsonl", connecting.name));
            Box::new(Kept { profile, file }) as Box<dyn Account>
        })
    }
}

/// Names the folder in the settings: the process of the tests has a sandbox for each season.
async fn keep_in(connecting: &Connecting<'_>, folder: &str) {
    let mut tx = connecting.desk.db().begin().await.expect("begins");
    let row = sql("SELECT settings FROM connections").one(&mut tx).await.expect("the only one yet");
    let settings: String = row.get("settings").expect("a text");
    let mut settings: BTreeMap<String, String> = serde_json::from_str(&settings).expect("JSON");
    settings.insert("folder".to_owned(), folder.to_owned());
    let settings = serde_json::to_string(&settings).expect("texts are JSON");
    sql("UPDATE connections SET settings = $1").bind(settings).execute(&mut tx).await.expect("writes");
    tx.commit().await.expect("commits");
}

impl Account for Kept {
    fn network(&self) -> &'static str {
        "the sandbox"
    }

    fn profile(&self) -> ProfileId {
        self.profile
    }

    fn standing(&self) -> Later<'_, Standing> {
        Box::pin(async move {
            let mut standing = Standing::new();
            for line in std::fs::read_to_string(&self.file).unwrap_or_default().lines() {
                let kept: Value = serde_json::from_str(line).unwrap_or_default();
                let what = &kept["event"]["what"];
                if let Some(text) = what["text"].as_str().filter(|_| what["kind"] == "posted") {
                    *standing.entry(text.to_owned()).or_default() += 1;
                }
            }
            standing
        })
    }
}
