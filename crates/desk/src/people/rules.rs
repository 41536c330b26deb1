//! What a name, an address and a time zone have to look like. Pure.

use crate::error::{Invalid, Result};

/// Characters in an e-mail address. RFC 5321, section 4.5.3.1.3, says 256 octets with brackets; an address beyond ASCII (RFC 6531) may
/// have more octets than characters. Forms and the API's schema count characters, so this does too; the mail server has the last word.
pub const EMAIL_MAX: usize = 254;
/// Characters in a person's name.
pub const NAME_MAX: usize = 120;

/// A trimmed address that mail can be sent to. The desk does not judge more than the shape; the link proves the rest.
pub(crate) fn checked_email(email: &str) -> Result<String> {
    let email = email.trim();
    let fits = email.chars().count() <= EMAIL_MAX
        && !email.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"' | '\\'))
        && email.rsplit_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && local.chars().count() <= 64
                && !local.contains('@')
                && !domain.is_empty()
                && !domain.starts_with('.')
                && !domain.ends_with('.')
                && !domain.contains("..")
        });
    if fits { Ok(email.to_owned()) } else { Err(Invalid::field("email", "not an e-mail address, for example ann@example.test")) }
}

/// A trimmed name without control characters.
pub(crate) fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() {
        return Err(Invalid::field("name", "give a name that colleagues will see"));
    }
    if name.chars().count() > NAME_MAX {
        return Err(Invalid::field("name", format!("at most {NAME_MAX} characters")));
    }
    if name.chars().any(char::is_control) {
        return Err(Invalid::field("name", "must not contain line breaks or other control characters"));
    }
    Ok(name.to_owned())
}

/// Refuses a time zone that is not in the IANA database.
pub(crate) fn check_time_zone(zone: &str) -> Result<()> {
    match jiff::tz::TimeZone::get(zone) {
        Ok(_) => Ok(()),
        Err(_) => Err(Invalid::field("time_zone", format!("`{zone}` is not a time zone, for example Europe/Berlin"))),
    }
}

#[cfg(test)]
mod tests {
    use super::{EMAIL_MAX, check_time_zone, checked_email, checked_name};

    #[test]
    fn addresses_are_judged_by_their_shape_only() {
        let long = format!("{}@{}", "\u{e4}".repeat(64), "\u{f6}".repeat(EMAIL_MAX - 65));
        for good in [
            long.as_str(),
            "ann@example.test",
            " ann@example.test ",
            "a.b+c@sub.example.test",
            "ann@localhost",
            "\u{e4}nn@example.test",
        ] {
            assert!(checked_email(good).is_ok(), "{good}");
        }
        for bad in ["", "ann", "@example.test", "ann@", "ann@.test", "ann@a..b", "a@b@c", "ann <a@b.test>", "a@b.test, c@d.test"]
        {
            assert!(checked_email(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_has_no_line_breaks() {
        assert_eq!(checked_name("  Ann  ").expect("fits"), "Ann");
        assert!(checked_name("Ann\nBcc: x").is_err());
        assert!(checked_name(&"a".repeat(121)).is_err());
    }

    #[test]
    fn time_zones_are_those_of_the_iana_database() {
        assert!(check_time_zone("Europe/Berlin").is_ok());
        assert!(check_time_zone("Mars/Olympus").is_err());
    }
}
