//! The configuration keys: one list gives parser, environment names and the reference page.

use desk::mail::Security;

use super::{Config, ConfigError, Origin};

/// One configuration key.
pub(crate) struct Key {
    /// Dotted name, as in `gatepost.toml`.
    pub(crate) name: &'static str,
    /// The default, as it would be written.
    pub(crate) default: &'static str,
    /// What it does, with unit and limits.
    pub(crate) docs: &'static str,
    /// Puts a value into the configuration.
    pub(crate) set: fn(&mut Config, &Setting) -> Result<(), ConfigError>,
}

/// A value on its way into the configuration.
pub(crate) struct Setting {
    /// The key's name.
    pub(crate) key: &'static str,
    /// The value. From the environment or a flag it is text; lists are separated by commas there.
    pub(crate) value: toml::Value,
    /// Where it came from.
    pub(crate) origin: Origin,
}

/// Every key, in the order of the reference.
pub(crate) const KEYS: &[Key] = &[
    Key {
        name: "server.listen",
        default: "\"127.0.0.1:8080\"",
        docs: "Address and port to serve on. Put a reverse proxy with TLS in front of anything but loopback.",
        set: |config, setting| {
            setting.parsed("an address and port, for example 127.0.0.1:8080").map(|value| config.listen = value)
        },
    },
    Key {
        name: "server.public_url",
        default: "\"\"",
        docs: "The address people type, for links and passkeys, for example https://desk.example.test. Empty means http://localhost \
               with the port of server.listen.",
        set: |config, setting| setting.url().map(|value| config.public_url = value),
    },
    Key {
        name: "server.trusted_proxies",
        default: "[]",
        docs: "Addresses or networks of reverse proxies whose X-Forwarded-For is believed, for example [\"127.0.0.0/8\"].",
        set: |config, setting| setting.list("a network, for example 127.0.0.0/8").map(|value| config.trusted_proxies = value),
    },
    Key {
        name: "server.development",
        default: "false",
        docs: "Serves pages for people who work on Gatepost itself (/_gallery). Leave it off.",
        set: |config, setting| setting.boolean().map(|value| config.development = value),
    },
    Key {
        name: "database.url",
        default: "\"\"",
        docs: "A PostgreSQL URL (postgres://user:password@host/name). Empty means SQLite in the data folder.",
        set: |config, setting| {
            let url = setting.text()?;
            if url.is_empty() || url.starts_with("postgres://") || url.starts_with("postgresql://") {
                config.database_url = url;
                Ok(())
            } else {
                Err(setting.wrong("a URL that starts with postgres://, or nothing for SQLite"))
            }
        },
    },
    Key {
        name: "database.connections_max",
        default: "8",
        docs: "Database connections to keep open, 1 to 200: readers on SQLite, all connections on PostgreSQL.",
        set: |config, setting| setting.number(1, 200).map(|value| config.connections_max = value),
    },
    Key {
        name: "keys.master_file",
        default: "\"\"",
        docs: "File with the master key: 64 hexadecimal digits, readable by the owner only. Empty means master.key in the data folder, \
               made at the first start. The environment variable GATEPOST_MASTER_KEY, when set, holds the key itself and wins.",
        set: |config, setting| setting.text().map(|value| config.master_key_file = value),
    },
    Key {
        name: "keys.master_command",
        default: "\"\"",
        docs: "A command that prints the master key (64 hexadecimal digits), for a key management service. Run through sh; must answer \
               within 30 seconds.",
        set: |config, setting| setting.text().map(|value| config.master_key_command = value),
    },
    Key {
        name: "worker.parallel",
        default: "2",
        docs: "Background jobs that one process works on at a time, 1 to 64.",
        set: |config, setting| setting.number(1, 64).map(|value| config.worker_parallel = value),
    },
    Key {
        name: "ledger.scrub_interval_seconds",
        default: "604800",
        docs: "How often everything in the record is read again and compared, 1 to 31536000; a week by default. It goes on at low priority, \
               also after a restart, and its outcome is an entry.",
        set: |config, setting| setting.number(1, 31_536_000).map(|value| config.scrub_interval_seconds = value),
    },
    Key {
        name: "ledger.lease_seconds",
        default: "30",
        docs: "Beside PostgreSQL one node writes the record. When it falls silent, another takes over after so many seconds, 3 to 600.",
        set: |config, setting| setting.number(3, 600).map(|value| config.lease_seconds = value),
    },
    Key {
        name: "ledger.node",
        default: "\"\"",
        docs: "What this node calls itself to the others when it writes the record. Empty means the machine's name.",
        set: |config, setting| setting.text().map(|value| config.node = value),
    },
    Key {
        name: "timestamps.first_name",
        default: "\"first\"",
        docs: "What the first time authority is called in entries and file names: a-z, 0-9 and -. Another authority gets another name.",
        set: |config, setting| setting.text().map(|value| config.first_authority.name = value),
    },
    Key {
        name: "timestamps.first_url",
        default: "\"\"",
        docs: "Where the first RFC 3161 time authority takes requests (http or https; stamps are signed). Empty means that there is none.",
        set: |config, setting| setting.address().map(|value| config.first_authority.url = value),
    },
    Key {
        name: "timestamps.first_roots",
        default: "\"\"",
        docs: "PEM file with the root certificates of the first authority. A stamp that does not lead to one of them is refused.",
        set: |config, setting| setting.text().map(|value| config.first_authority.roots = value),
    },
    Key {
        name: "timestamps.first_policy",
        default: "\"\"",
        docs: "The policy to ask the first authority for, as a dotted object identifier. Empty means its own choice.",
        set: |config, setting| setting.text().map(|value| config.first_authority.policy = value),
    },
    Key {
        name: "timestamps.second_name",
        default: "\"second\"",
        docs: "What the second time authority is called in entries and file names: a-z, 0-9 and -. Another authority gets another name.",
        set: |config, setting| setting.text().map(|value| config.second_authority.name = value),
    },
    Key {
        name: "timestamps.second_url",
        default: "\"\"",
        docs: "Where the second RFC 3161 time authority takes requests (http or https; stamps are signed). Empty means that there is none.",
        set: |config, setting| setting.address().map(|value| config.second_authority.url = value),
    },
    Key {
        name: "timestamps.second_roots",
        default: "\"\"",
        docs: "PEM file with the root certificates of the second authority. A stamp that does not lead to one of them is refused.",
        set: |config, setting| setting.text().map(|value| config.second_authority.roots = value),
    },
    Key {
        name: "timestamps.second_policy",
        default: "\"\"",
        docs: "The policy to ask the second authority for, as a dotted object identifier. Empty means its own choice.",
        set: |config, setting| setting.text().map(|value| config.second_authority.policy = value),
    },
    Key {
        name: "timestamps.interval_seconds",
        default: "3600",
        docs: "How often each time authority is asked to stamp the newest checkpoint, 1 to 604800. After two intervals without a stamp an \
               alarm is raised; the record never waits for a stamp.",
        set: |config, setting| setting.number(1, 604_800).map(|value| config.stamp_interval_seconds = value),
    },
    Key {
        name: "archive.endpoint",
        default: "\"\"",
        docs: "Address of an S3 server that finished segments of the record move to (http or https, host and port), beside PostgreSQL only. \
               Empty means that they stay in the database.",
        set: |config, setting| setting.url().map(|value| config.archive.endpoint = value),
    },
    Key {
        name: "archive.bucket",
        default: "\"\"",
        docs: "The bucket. It must have been made with Object Lock.",
        set: |config, setting| setting.text().map(|value| config.archive.bucket = value),
    },
    Key {
        name: "archive.region",
        default: "\"us-east-1\"",
        docs: "The region that requests are signed for.",
        set: |config, setting| setting.text().map(|value| config.archive.region = value),
    },
    Key {
        name: "archive.access_key",
        default: "\"\"",
        docs: "The access key. It needs to read, write and delete objects and to set their retention, and no right to bypass it.",
        set: |config, setting| setting.text().map(|value| config.archive.access_key = value),
    },
    Key {
        name: "archive.secret_key",
        default: "\"\"",
        docs: "The secret key. Better in the environment than in the file.",
        set: |config, setting| setting.text().map(|value| config.archive.secret_key = value),
    },
    Key {
        name: "archive.lock_days",
        default: "365",
        docs: "For how many days nobody can remove an object, 1 to 36500 (Object Lock in COMPLIANCE mode). Not longer than the record may \
               be kept: what is erased earlier is unreadable at once, its sealed bytes stay until then.",
        set: |config, setting| setting.number(1, 36_500).map(|value| config.archive.lock_days = value),
    },
    Key {
        name: "mail.host",
        default: "\"\"",
        docs: "The SMTP server that takes the desk's mail: reminders, alerts, codes of outside approvers. Empty means that nobody is \
               written to and nobody outside can be asked; pages say so.",
        set: |config, setting| setting.text().map(|value| config.mail.host = value),
    },
    Key {
        name: "mail.port",
        default: "587",
        docs: "Its port, 1 to 65535: usually 587 with starttls, 465 with tls.",
        set: |config, setting| {
            setting.number(1, 65_535).map(|value| config.mail.port = u16::try_from(value).expect("it is in range"))
        },
    },
    Key {
        name: "mail.security",
        default: "\"starttls\"",
        docs: "`starttls` (demanded: without it nothing is sent), `tls` (from the first byte), or `none` for a server on this machine.",
        set: |config, setting| match setting.text()? {
            text if Security::parse(&text).is_some() => {
                config.mail.security = text;
                Ok(())
            }
            _ => Err(setting.wrong("`starttls`, `tls` or `none`")),
        },
    },
    Key {
        name: "mail.user",
        default: "\"\"",
        docs: "The user to sign in as. Empty means that the server asks for none.",
        set: |config, setting| setting.text().map(|value| config.mail.user = value),
    },
    Key {
        name: "mail.password",
        default: "\"\"",
        docs: "The password. Better in the environment than in the file.",
        set: |config, setting| setting.text().map(|value| config.mail.password = value),
    },
    Key {
        name: "mail.from",
        default: "\"\"",
        docs: "The sender, for example Example Desk <desk@example.test>. Needed as soon as mail.host is set.",
        set: |config, setting| setting.text().map(|value| config.mail.from = value),
    },
    Key {
        name: "mail.roots",
        default: "\"\"",
        docs: "PEM file with the root certificate of a mail server that a public authority does not vouch for. Empty means the system's.",
        set: |config, setting| setting.text().map(|value| config.mail.roots = value),
    },
    Key {
        name: "log.format",
        default: "\"text\"",
        docs: "`text` for people or `json` (one object a line) for machines.",
        set: |config, setting| match setting.text()?.as_str() {
            "text" => {
                config.log_json = false;
                Ok(())
            }
            "json" => {
                config.log_json = true;
                Ok(())
            }
            _ => Err(setting.wrong("`text` or `json`")),
        },
    },
    Key {
        name: "log.level",
        default: "\"info\"",
        docs: "`error`, `warn`, `info`, `debug`, `trace`, or a filter such as `info,desk=debug`. Logs never hold message texts, names or \
               addresses.",
        set: |config, setting| setting.text().map(|value| config.log_level = value),
    },
];

/// The environment variable of a key: `GATEPOST_` and the name in capitals with underscores.
pub(crate) fn environment_name(key: &str) -> String {
    format!("GATEPOST_{}", key.to_uppercase().replace('.', "_"))
}
