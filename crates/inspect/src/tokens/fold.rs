//! Case and accent folding of one character: what makes `Élan`, `elan` and `ÉLAN` one word.
//!
//! Latin letters lose their accents (ß becomes ss, æ ae), Greek and Cyrillic lose the common ones, full-width forms
//! become ASCII, marks and zero-width characters vanish. Look-alike letters of other scripts are not touched.

/// The folded form of one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folded {
    /// Leaves no trace: combining marks, zero-width characters, soft hyphen.
    Nothing,
    /// One character.
    One(char),
    /// Two ASCII letters.
    Two(u8, u8),
}

/// Base letters of U+00C0 to U+017F; `.` marks what is no letter or handled by name.
const LATIN: &[u8; 192] = b"aaaaaa.ceeeeiiiidnooooo.ouuuuy..aaaaaa.ceeeeiiiidnooooo.ouuuuy.y\
aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkkklllllllllln\
nnnnnnnnoooooo..rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

/// First letters of the blocks of U+1E00 to U+1EF9: (first code point, letter).
const LATIN_ADDITIONAL: &[(u32, char)] = &[
    (0x1e00, 'a'),
    (0x1e02, 'b'),
    (0x1e08, 'c'),
    (0x1e0a, 'd'),
    (0x1e14, 'e'),
    (0x1e1e, 'f'),
    (0x1e20, 'g'),
    (0x1e22, 'h'),
    (0x1e2c, 'i'),
    (0x1e30, 'k'),
    (0x1e36, 'l'),
    (0x1e3e, 'm'),
    (0x1e44, 'n'),
    (0x1e4c, 'o'),
    (0x1e54, 'p'),
    (0x1e58, 'r'),
    (0x1e60, 's'),
    (0x1e6a, 't'),
    (0x1e72, 'u'),
    (0x1e7c, 'v'),
    (0x1e80, 'w'),
    (0x1e8a, 'x'),
    (0x1e8e, 'y'),
    (0x1e90, 'z'),
    (0x1e96, 'h'),
    (0x1e97, 't'),
    (0x1e98, 'w'),
    (0x1e99, 'y'),
    (0x1e9a, 'a'),
    (0x1e9b, 's'),
    (0x1ea0, 'a'),
    (0x1eb8, 'e'),
    (0x1ec8, 'i'),
    (0x1ecc, 'o'),
    (0x1ee4, 'u'),
    (0x1ef2, 'y'),
    (0x1efa, '.'),
];

/// Folds one character; see the module.
pub fn fold_char(c: char) -> Folded {
    let code = c as u32;
    match code {
        0..=0x7f => Folded::One(c.to_ascii_lowercase()),
        0xad | 0x300..=0x36f | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x2064 | 0xfe00..=0xfe0f | 0xfeff => Folded::Nothing,
        0xc0..=0x17f => fold_latin(c, code),
        0x1e00..=0x1ef9 => fold_latin_additional(c, code),
        0x386..=0x3ff => Folded::One(fold_greek(lower(c))),
        0x401 | 0x451 => Folded::One('е'),
        // Full-width forms stand at a fixed distance from ASCII.
        0xff01..=0xff5e => Folded::One(char::from_u32(code - 0xfee0).unwrap_or(c).to_ascii_lowercase()),
        0x2019 | 0x2bc => Folded::One('\''),
        _ => Folded::One(lower(c)),
    }
}

fn fold_latin(c: char, code: u32) -> Folded {
    match c {
        'ß' => Folded::Two(b's', b's'),
        'æ' | 'Æ' => Folded::Two(b'a', b'e'),
        'œ' | 'Œ' => Folded::Two(b'o', b'e'),
        'þ' | 'Þ' => Folded::Two(b't', b'h'),
        'ĳ' | 'Ĳ' => Folded::Two(b'i', b'j'),
        _ => match LATIN[(code - 0xc0) as usize] {
            b'.' => Folded::One(lower(c)),
            base => Folded::One(base as char),
        },
    }
}

fn fold_latin_additional(c: char, code: u32) -> Folded {
    if code == 0x1e9e {
        return Folded::Two(b's', b's');
    }
    let next = LATIN_ADDITIONAL.partition_point(|&(first, _)| first <= code);
    match LATIN_ADDITIONAL.get(next.wrapping_sub(1)) {
        Some(&(_, letter)) if letter != '.' => Folded::One(letter),
        _ => Folded::One(lower(c)),
    }
}

fn fold_greek(c: char) -> char {
    match c {
        'ά' => 'α',
        'έ' => 'ε',
        'ή' => 'η',
        'ί' | 'ϊ' | 'ΐ' => 'ι',
        'ό' => 'ο',
        'ύ' | 'ϋ' | 'ΰ' => 'υ',
        'ώ' => 'ω',
        'ς' => 'σ',
        other => other,
    }
}

/// The first character of the lower-case form; the few that grow (İ) keep only their base.
fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}
