//! Configuration: `gatepost.toml`, then the environment, then flags; later wins.
//!
//! Invariant: every key is in [`keys::KEYS`], documented once; a key that is not there is refused with the nearest known name.

mod keys;
mod setting;

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use ipnet::IpNet;
use thiserror::Error;

pub(crate) use keys::{KEYS, Key, Setting, environment_name};

/// Name distance up to which a known key is suggested for an unknown one.
const SUGGESTION_DISTANCE_MAX: usize = 6;

/// Everything that can be configured.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: String,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) development: bool,
    pub(crate) database_url: String,
    pub(crate) connections_max: u32,
    pub(crate) master_key_file: String,
    pub(crate) master_key_command: String,
    pub(crate) worker_parallel: u32,
    pub(crate) scrub_interval_seconds: u32,
    pub(crate) lease_seconds: u32,
    pub(crate) node: String,
    pub(crate) first_authority: AuthorityConfig,
    pub(crate) second_authority: AuthorityConfig,
    pub(crate) stamp_interval_seconds: u32,
    pub(crate) archive: ArchiveConfig,
    pub(crate) mail: MailConfig,
    pub(crate) log_json: bool,
    pub(crate) log_level: String,
}

/// A time authority as it is configured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct AuthorityConfig {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) roots: String,
    pub(crate) policy: String,
}

/// Object storage as it is configured. It is never printed: it holds a secret.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct ArchiveConfig {
    pub(crate) endpoint: String,
    pub(crate) bucket: String,
    pub(crate) region: String,
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    pub(crate) lock_days: u32,
}

/// The mail server as it is configured. It is never printed: it holds a secret.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct MailConfig {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: String,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) from: String,
    pub(crate) roots: String,
}

impl fmt::Debug for Config {
    /// Values may be secrets (a database URL has a password), so none is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").finish_non_exhaustive()
    }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    File(PathBuf),
    Environment(String),
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => write!(f, "the environment variable {name}"),
            Self::Flag(flag) => write!(f, "the flag {flag}"),
        }
    }
}

/// What is wrong with the configuration.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum ConfigError {
    #[error("cannot read {path}: {reason}")]
    Unreadable { path: PathBuf, reason: String },
    #[error("{path} is not valid TOML: {reason}")]
    NotToml { path: PathBuf, reason: String },
    #[error("unknown configuration key `{key}` in {origin}{}; `gatepost config reference` lists all keys", suggestion.as_ref().map(|name| format!(": did you mean `{name}`?")).unwrap_or_default())]
    UnknownKey { key: String, origin: Origin, suggestion: Option<String> },
    #[error("`{key}` in {origin} has to be {expected}, but is {found}")]
    WrongValue { key: &'static str, origin: Origin, expected: String, found: String },
}

impl Default for Config {
    fn default() -> Self {
        let mut config = Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: String::new(),
            trusted_proxies: Vec::new(),
            development: false,
            database_url: String::new(),
            connections_max: 0,
            master_key_file: String::new(),
            master_key_command: String::new(),
            worker_parallel: 0,
            scrub_interval_seconds: 0,
            lease_seconds: 0,
            node: String::new(),
            first_authority: AuthorityConfig::default(),
            second_authority: AuthorityConfig::default(),
            stamp_interval_seconds: 0,
            archive: ArchiveConfig::default(),
            mail: MailConfig::default(),
            log_json: false,
            log_level: String::new(),
        };
        // The written defaults are the defaults, so that the reference cannot say something else.
        for key in KEYS {
            let table: toml::Table = format!("value = {}", key.default).parse().expect("a default is valid TOML");
            let setting = Setting { key: key.name, value: table["value"].clone(), origin: Origin::Default };
            (key.set)(&mut config, &setting).expect("a default fits its key");
        }
        config
    }
}

impl Config {
    /// Reads the file (when it exists, or is named), then the environment.
    pub(crate) fn load(
        file: &Path,
        file_must_exist: bool,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        match std::fs::read_to_string(file) {
            Ok(text) => config.read_toml(&text, file)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !file_must_exist => {}
            Err(error) => return Err(ConfigError::Unreadable { path: file.to_owned(), reason: error.to_string() }),
        }
        config.read_environment(environment)?;
        Ok(config)
    }

    fn read_toml(&mut self, text: &str, path: &Path) -> Result<(), ConfigError> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| ConfigError::NotToml {
            path: path.to_owned(),
            reason: error.to_string().trim().to_owned(),
        })?;
        let origin = Origin::File(path.to_owned());
        for (section, value) in table {
            match value {
                toml::Value::Table(entries) => {
                    for (name, value) in entries {
                        self.set(&format!("{section}.{name}"), value, &origin)?;
                    }
                }
                value => self.set(&section, value, &origin)?,
            }
        }
        Ok(())
    }

    fn read_environment(&mut self, environment: impl Iterator<Item = (String, String)>) -> Result<(), ConfigError> {
        for (name, value) in environment {
            if let Some(key) = KEYS.iter().find(|key| environment_name(key.name) == name) {
                self.set(key.name, toml::Value::String(value), &Origin::Environment(name))?;
            }
        }
        Ok(())
    }

    /// Sets one key by name.
    pub(crate) fn set(&mut self, name: &str, value: toml::Value, origin: &Origin) -> Result<(), ConfigError> {
        let Some(key) = KEYS.iter().find(|key| key.name == name) else {
            let nearest = KEYS.iter().map(|key| (strsim::damerau_levenshtein(key.name, name), key.name)).min();
            // A short word is near to every short name: most of what was typed has to be right.
            let is_near = |distance: usize| distance <= SUGGESTION_DISTANCE_MAX.min(name.len() / 2);
            let suggestion = nearest.filter(|(distance, _)| is_near(*distance)).map(|(_, name)| name.to_owned());
            return Err(ConfigError::UnknownKey { key: name.to_owned(), origin: origin.clone(), suggestion });
        };
        (key.set)(self, &Setting { key: key.name, value, origin: origin.clone() })
    }

    /// The address people type, without a slash at the end.
    pub(crate) fn public_url(&self) -> String {
        if self.public_url.is_empty() { format!("http://localhost:{}", self.listen.port()) } else { self.public_url.clone() }
    }

    /// The reference page: every key with default, environment name and docs, as Markdown.
    pub(crate) fn reference() -> String {
        let mut page = String::from(
            "# Configuration reference\n\nGenerated by `gatepost config reference`. Values come from `gatepost.toml` in the data folder (or \
             the file named with `--config`),\nthen from the environment, then from flags; later wins. A key that is not listed here is \
             refused.\n",
        );
        let mut section = "";
        for Key { name, default, docs, .. } in KEYS {
            let this = name.split_once('.').map_or("", |(section, _)| section);
            if this != section {
                section = this;
                page.push_str(&format!("\n## [{section}]\n"));
            }
            page.push_str(&format!(
                "\n### `{name}`\n\nDefault `{default}`. Environment `{}`.\n\n{docs}\n",
                environment_name(name)
            ));
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Config, ConfigError};

    fn read(text: &str) -> Result<Config, ConfigError> {
        let mut config = Config::default();
        config.read_toml(text, Path::new("gatepost.toml")).map(|()| config)
    }

    #[test]
    fn every_key_reads_from_file_and_environment() {
        let config = read(
            "[server]\nlisten = \"127.0.0.1:9\"\ntrusted_proxies = [\"10.0.0.0/8\", \"127.0.0.1\"]\n[log]\nformat = \"json\"",
        );
        let mut config = config.expect("valid");
        assert_eq!((config.listen.port(), config.trusted_proxies.len(), config.log_json), (9, 2, true));
        let environment =
            [("GATEPOST_SERVER_TRUSTED_PROXIES", "192.0.2.0/24"), ("GATEPOST_DATABASE_CONNECTIONS_MAX", "3"), ("HOME", "x")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        config.read_environment(environment.into_iter()).expect("valid");
        assert_eq!((config.trusted_proxies.len(), config.connections_max), (1, 3));
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_name() {
        let error = read("[server]\nlisen = \"127.0.0.1:9\"").expect_err("unknown");
        assert_eq!(
            error.to_string(),
            "unknown configuration key `server.lisen` in gatepost.toml: did you mean `server.listen`?; `gatepost config reference` lists \
             all keys"
        );
        let error = read("colour = 1").expect_err("unknown");
        assert!(!error.to_string().contains("did you mean"), "{error}");
    }

    #[test]
    fn a_wrong_value_says_what_fits_and_where_it_stands() {
        for (text, part) in [
            ("[server]\nlisten = \"here\"", "`server.listen` in gatepost.toml has to be an address and port"),
            ("[server]\nlisten = 8080", "an address and port"),
            ("[database]\nconnections_max = 0", "a whole number from 1 to 200"),
            ("[database]\nurl = \"mysql://x\"", "starts with postgres://"),
            ("[server]\npublic_url = \"desk.example.test\"", "http:// or https://"),
            ("[server]\npublic_url = \"https://desk.example.test/desk\"", "without a path"),
            ("[server]\ndevelopment = \"perhaps\"", "true or false"),
            ("[timestamps]\nfirst_url = \"ftp://time.example.test\"", "http:// or https://"),
            ("[ledger]\nlease_seconds = 1", "from 3 to 600"),
            ("[log]\nformat = \"xml\"", "`text` or `json`"),
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains(part), "{error}");
        }
        assert!(read("[server").expect_err("broken").to_string().contains("is not valid TOML"));
    }

    #[test]
    fn the_reference_page_is_the_one_in_docs() {
        let committed = include_str!("../../../../docs/operations/configuration.md");
        assert!(committed == Config::reference(), "run `gatepost config reference > docs/operations/configuration.md`");
    }
}
