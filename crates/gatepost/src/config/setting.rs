//! Reading a value as the type its key wants, from TOML or from text.

use std::str::FromStr;

use ipnet::IpNet;
use toml::Value;

use super::{ConfigError, Setting};

impl Setting {
    /// The error for a value that does not fit.
    pub(super) fn wrong(&self, expected: &str) -> ConfigError {
        ConfigError::WrongValue {
            key: self.key,
            origin: self.origin.clone(),
            expected: expected.to_owned(),
            found: self.value.to_string(),
        }
    }

    pub(super) fn text(&self) -> Result<String, ConfigError> {
        self.value.as_str().map(str::to_owned).ok_or_else(|| self.wrong("a text in quotes"))
    }

    pub(super) fn parsed<T: FromStr>(&self, expected: &str) -> Result<T, ConfigError> {
        self.value.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| self.wrong(expected))
    }

    pub(super) fn boolean(&self) -> Result<bool, ConfigError> {
        match &self.value {
            Value::Boolean(value) => Ok(*value),
            Value::String(text) if text == "true" => Ok(true),
            Value::String(text) if text == "false" => Ok(false),
            _ => Err(self.wrong("true or false")),
        }
    }

    pub(super) fn number(&self, min: u32, max: u32) -> Result<u32, ConfigError> {
        let number = match &self.value {
            Value::Integer(number) => u32::try_from(*number).ok(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        number
            .filter(|number| (min..=max).contains(number))
            .ok_or_else(|| self.wrong(&format!("a whole number from {min} to {max}")))
    }

    pub(super) fn list(&self, expected: &str) -> Result<Vec<IpNet>, ConfigError> {
        let items: Vec<String> = match &self.value {
            Value::Array(items) => items
                .iter()
                .map(|item| item.as_str().map(str::to_owned).ok_or_else(|| self.wrong(expected)))
                .collect::<Result<_, _>>()?,
            Value::String(text) => text.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect(),
            _ => return Err(self.wrong(expected)),
        };
        items
            .iter()
            .map(|item| {
                let single = || item.parse::<std::net::IpAddr>().ok().map(IpNet::from);
                item.parse().ok().or_else(single).ok_or_else(|| self.wrong(expected))
            })
            .collect()
    }

    /// An address with a path, or nothing.
    pub(super) fn address(&self) -> Result<String, ConfigError> {
        let text = self.text()?;
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        if text.is_empty() || rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(['#', '@', ' '])) {
            return Ok(text);
        }
        Err(self.wrong("an address that starts with http:// or https://, without a user"))
    }

    /// An origin: scheme and host with port, nothing behind it.
    pub(super) fn url(&self) -> Result<String, ConfigError> {
        let text = self.text()?;
        if text.is_empty() {
            return Ok(text);
        }
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let rest = rest.ok_or_else(|| self.wrong("a URL that starts with http:// or https://"))?.trim_end_matches('/');
        if rest.is_empty() || rest.contains(['/', '?', '#', '@', ' ']) {
            return Err(self.wrong("a scheme and a host, without a path, query or user"));
        }
        Ok(text.trim_end_matches('/').to_owned())
    }
}
