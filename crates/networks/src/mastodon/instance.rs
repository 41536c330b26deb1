//! What a server says of itself: its limits and where it streams, from `/api/v2/instance`, or `/api/v1/instance` of older ones.
//!
//! Kept as settings of the connection when it is made; what a server does not say is Mastodon's own default.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{ABOUT, client::Api};
use crate::{Capabilities, account::Session, error::Result};

#[derive(Default, Deserialize)]
struct Instance {
    #[serde(default)]
    configuration: Option<Configuration>,
    /// Version 1 only.
    #[serde(default)]
    urls: Option<Urls>,
    /// Version 1 of some relatives only.
    #[serde(default)]
    max_toot_chars: Option<u32>,
}

#[derive(Default, Deserialize)]
struct Configuration {
    #[serde(default)]
    statuses: Option<Statuses>,
    /// Version 2 only.
    #[serde(default)]
    urls: Option<Urls>,
    #[serde(default)]
    media_attachments: Option<MediaAttachments>,
}

#[derive(Default, Deserialize)]
struct Statuses {
    max_characters: Option<u32>,
    max_media_attachments: Option<u32>,
    characters_reserved_per_url: Option<u32>,
}

#[derive(Default, Deserialize)]
struct MediaAttachments {
    description_limit: Option<u32>,
}

#[derive(Default, Deserialize)]
struct Urls {
    streaming: Option<String>,
    streaming_api: Option<String>,
}

/// The settings of a connection that follow from the server.
pub(super) async fn settings(api: &Api) -> Result<BTreeMap<String, String>> {
    let asked = "reading the server's limits";
    let answered = match api.look("api/v2/instance", &[], asked).await? {
        Some(answered) => Some(answered),
        None => api.look("api/v1/instance", &[], asked).await?,
    };
    let instance: Instance = answered.map_or_else(|| Ok(Instance::default()), |answered| answered.json())?;
    Ok(read(instance))
}

fn read(instance: Instance) -> BTreeMap<String, String> {
    let configuration = instance.configuration.unwrap_or_default();
    let statuses = configuration.statuses.unwrap_or_default();
    let urls = configuration.urls.or(instance.urls).unwrap_or_default();
    let mut settings = BTreeMap::new();
    let mut set = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            settings.insert(name.to_owned(), value);
        }
    };
    set("text_max", statuses.max_characters.or(instance.max_toot_chars).map(|max| max.to_string()));
    set("link_counts", statuses.characters_reserved_per_url.map(|count| count.to_string()));
    set("attachments_max", statuses.max_media_attachments.map(|max| max.to_string()));
    set("alt_max", configuration.media_attachments.and_then(|media| media.description_limit).map(|max| max.to_string()));
    // The same place speaks WebSocket and server-sent events.
    let streaming = urls.streaming.or(urls.streaming_api);
    set("streaming", streaming.map(|url| url.replacen("ws", "http", 1)).filter(|url| url.starts_with("http")));
    settings
}

/// What a connection's own server can do.
pub(super) fn limits(session: &Session) -> Capabilities {
    let number = |name: &str, usual: u32| session.settings.get(name).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let mut limits = ABOUT.capabilities;
    limits.text.max = number("text_max", limits.text.max);
    limits.text.link_counts = number("link_counts", limits.text.link_counts);
    limits.attachments_max = number("attachments_max", limits.attachments_max);
    limits.alt_max = number("alt_max", limits.alt_max);
    limits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: &[(&str, &str)]) {
        let settings = read(serde_json::from_str(json).unwrap());
        let expected: BTreeMap<_, _> = expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(settings, expected);
    }

    #[test]
    fn limits_are_read_from_both_versions() {
        check(
            r#"{"domain":"a.test","configuration":{"urls":{"streaming":"wss://stream.a.test"},
                "statuses":{"max_characters":1000,"max_media_attachments":8,"characters_reserved_per_url":23},
                "media_attachments":{"description_limit":1500}}}"#,
            &[
                ("alt_max", "1500"),
                ("attachments_max", "8"),
                ("link_counts", "23"),
                ("streaming", "https://stream.a.test"),
                ("text_max", "1000"),
            ],
        );
        check(
            r#"{"uri":"a.test","urls":{"streaming_api":"wss://a.test"},"configuration":{"statuses":{"max_characters":500}}}"#,
            &[("streaming", "https://a.test"), ("text_max", "500")],
        );
        check(r#"{"max_toot_chars":5000}"#, &[("text_max", "5000")]);
    }
}
