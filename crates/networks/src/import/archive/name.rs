//! The names in an archive: bytes become text, and a name that points outside is refused.
//!
//! Names are keys, never paths on our disk; a hostile one is refused nevertheless, because it says what the archive is.

/// The longest name: longer than any export's, short enough to print.
const NAME_BYTES_MAX: usize = 1024;

/// How the bytes of a name are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// The archive says UTF-8.
    Utf8,
    /// The archive says nothing. UTF-8 if it is valid as that (many programs forget to say so), else code page 437, which the ZIP
    /// specification (APPNOTE, appendix D) names.
    Unsaid,
}

/// The checked name: parts joined by `/`, no empty part, none that is `.` or `..`.
pub(super) fn checked(bytes: &[u8], coding: Coding) -> Result<String, &'static str> {
    if bytes.len() > NAME_BYTES_MAX {
        return Err("its name is longer than 1,024 bytes");
    }
    let text = match (std::str::from_utf8(bytes), coding) {
        (Ok(text), _) => text.to_owned(),
        (Err(_), Coding::Utf8) => return Err("its name is said to be UTF-8 and is not"),
        (Err(_), Coding::Unsaid) => bytes.iter().map(|&byte| code_page_437(byte)).collect(),
    };
    if text.contains('\0') {
        return Err("its name holds a NUL byte");
    }
    if text.chars().any(char::is_control) {
        return Err("its name holds control characters");
    }
    let text = text.replace('\\', "/");
    if text.starts_with('/') || text.as_bytes().get(1) == Some(&b':') {
        return Err("its name is an absolute path");
    }
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") {
        return Err("its name leads out of the archive");
    }
    if parts.is_empty() {
        return Err("it has no name");
    }
    Ok(parts.join("/"))
}

/// A name for a list of refusals, whatever its bytes are.
pub(super) fn printable(bytes: &[u8]) -> String {
    let cut = &bytes[..bytes.len().min(200)];
    String::from_utf8_lossy(cut).chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The upper half of code page 437, as Unicode's mapping table has it.
const UPPER_437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

fn code_page_437(byte: u8) -> char {
    if byte < 0x80 {
        return char::from(byte);
    }
    UPPER_437.chars().nth(usize::from(byte - 0x80)).expect("the table has 128 characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honest_names_are_kept_and_made_one_way() {
        for (given, kept) in [("a/b.json", "a/b.json"), ("./a//b", "a/b"), ("a\\b", "a/b"), ("größe/ü.json", "größe/ü.json")]
        {
            assert_eq!(checked(given.as_bytes(), Coding::Utf8).as_deref(), Ok(kept));
        }
    }

    #[test]
    fn hostile_names_are_refused() {
        for given in ["../a", "a/../../b", "/etc/passwd", "C:\\x", "a\0b", "a\nb", "", "./"] {
            assert!(checked(given.as_bytes(), Coding::Unsaid).is_err(), "{given:?}");
        }
        assert!(checked(&[b'a'; NAME_BYTES_MAX + 1], Coding::Unsaid).is_err());
        assert!(checked(b"caf\xe9", Coding::Utf8).is_err());
    }

    #[test]
    fn a_name_in_the_old_code_page_is_read_as_such() {
        assert_eq!(UPPER_437.chars().count(), 128);
        assert_eq!(checked(b"caf\x82", Coding::Unsaid).as_deref(), Ok("café"));
        assert_eq!(checked("café".as_bytes(), Coding::Unsaid).as_deref(), Ok("café"));
    }
}
