//! When two addresses are one mailbox. Pure.

/// Whether mail to both arrives at one place, as far as an address shows: case does not count, nor what stands behind a plus sign.
pub(super) fn same_mailbox(one: &str, other: &str) -> bool {
    key(one) == key(other)
}

fn key(address: &str) -> String {
    let address = address.trim().to_lowercase();
    match address.rsplit_once('@') {
        Some((local, domain)) => format!("{}@{domain}", local.split('+').next().unwrap_or(local)),
        None => address,
    }
}

#[cfg(test)]
mod tests {
    use super::same_mailbox;

    #[test]
    fn case_and_tags_make_no_other_mailbox() {
        assert!(same_mailbox("ann@example.test", " Ann@Example.TEST "));
        assert!(same_mailbox("ann+approve@example.test", "ann@example.test"));
        assert!(!same_mailbox("ann@example.test", "bea@example.test"));
        assert!(!same_mailbox("ann@example.test", "ann@mail.example.test"));
        assert!(!same_mailbox("a+b@example.test", "ab@example.test"));
    }
}
