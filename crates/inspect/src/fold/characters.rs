//! What a single character folds to. Facts come from the Unicode character database and its list of confusables.
//!
//! Invariant: a function of the character alone. Accented letters are kept: an accent is not a disguise.

/// What to do with a character beyond ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Folding {
    /// Leave it.
    Keep,
    /// Invisible: take it out.
    Drop,
    /// A plain form of the same character.
    To(char),
    /// Typography (spaces, dashes, quotation marks) that only matters inside numbers.
    Quiet(char),
    /// A foreign letter that looks like this one.
    LooksLike(char),
}

/// First digit (zero) of every other decimal digit block that has ten digits in a row.
const ZEROS: [u32; 62] = [
    0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0de6, 0x0e50, 0x0ed0,
    0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0,
    0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450,
    0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8,
    0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1fbf0,
];

fn decimal_digit(code: u32) -> Option<char> {
    let block = ZEROS.partition_point(|zero| *zero <= code);
    let zero = *ZEROS.get(block.checked_sub(1)?)?;
    (code - zero < 10).then(|| char::from_digit(code - zero, 10)).flatten()
}

/// What the character folds to.
pub(crate) fn fold(c: char) -> Folding {
    let code = u32::from(c);
    match code {
        // Accented Latin letters but the dotless i, and pictures: what most messages have beyond ASCII.
        0xc0..=0x130 | 0x132..=0x24f | 0x1f300..=0x1faff => Folding::Keep,
        0xad
        | 0x34f
        | 0x61c
        | 0x115f
        | 0x1160
        | 0x17b4
        | 0x17b5
        | 0x180b..=0x180e
        | 0x3164
        | 0xfeff
        | 0xffa0
        | 0x200b..=0x200f
        | 0x202a..=0x202e
        | 0x2060..=0x206f
        | 0xfe00..=0xfe0f
        | 0xe0000..=0xe01ef
        | 0x300..=0x36f
        | 0x20d0..=0x20ff
        | 0x1ab0..=0x1aff
        | 0x1dc0..=0x1dff
        | 0xfe20..=0xfe2f => Folding::Drop,
        0xa0 | 0x2000..=0x200a | 0x202f | 0x205f | 0x3000 => Folding::Quiet(' '),
        0x2010..=0x2015 | 0x2212 | 0x2043 | 0xfe58 | 0xfe63 => Folding::Quiet('-'),
        0x2018..=0x201b | 0x2032 => Folding::Quiet('\''),
        0x201c..=0x201f | 0x2033 => Folding::Quiet('"'),
        0xb7 | 0x2022 | 0x2024 | 0x2027 | 0x2219 | 0x22c5 | 0x3002 | 0x30fb | 0xfe52 | 0xff61 => Folding::To('.'),
        0x2044 | 0x2215 | 0x29f8 => Folding::To('/'),
        0xfe6b => Folding::To('@'),
        0xfe55 | 0xa789 | 0x2236 => Folding::To(':'),
        0xff01..=0xff5e => char::from_u32(code - 0xfee0).map_or(Folding::Keep, Folding::To),
        0xb9 => Folding::To('1'),
        0xb2 | 0xb3 => Folding::To(if code == 0xb2 { '2' } else { '3' }),
        0x2070 | 0x2074..=0x2079 => digit(code - 0x2070),
        0x2080..=0x2089 => digit(code - 0x2080),
        _ => fold_rest(c, code),
    }
}

fn digit(value: u32) -> Folding {
    char::from_digit(value, 10).map_or(Folding::Keep, Folding::To)
}

fn letter(offset: u32, first: char) -> Folding {
    char::from_u32(u32::from(first) + offset).map_or(Folding::Keep, Folding::To)
}

fn fold_rest(c: char, code: u32) -> Folding {
    match code {
        0x2460..=0x2468 => digit(code - 0x2460 + 1),
        0x24ea | 0x24ff => Folding::To('0'),
        0x24f5..=0x24fd => digit(code - 0x24f5 + 1),
        0x2776..=0x277e => digit(code - 0x2776 + 1),
        0x2780..=0x2788 => digit(code - 0x2780 + 1),
        0x278a..=0x2792 => digit(code - 0x278a + 1),
        0x2474..=0x247c => digit(code - 0x2474 + 1),
        0x2488..=0x2490 => digit(code - 0x2488 + 1),
        0x24b6..=0x24cf => letter(code - 0x24b6, 'A'),
        0x24d0..=0x24e9 => letter(code - 0x24d0, 'a'),
        0x249c..=0x24b5 => letter(code - 0x249c, 'a'),
        0x1f130..=0x1f149 => letter(code - 0x1f130, 'A'),
        0x1f150..=0x1f169 => letter(code - 0x1f150, 'A'),
        0x1f170..=0x1f189 => letter(code - 0x1f170, 'A'),
        0x1d400..=0x1d6a3 => match (code - 0x1d400) % 52 {
            capital @ 0..26 => letter(capital, 'A'),
            small => letter(small - 26, 'a'),
        },
        _ => match decimal_digit(code) {
            Some(digit) => Folding::To(digit),
            None => LOOK_ALIKES
                .binary_search_by_key(&c, |(from, _)| *from)
                .map_or(Folding::Keep, |i| Folding::LooksLike(LOOK_ALIKES[i].1)),
        },
    }
}

/// Greek, Cyrillic, Armenian and other letters drawn like Latin ones; sorted.
static LOOK_ALIKES: &[(char, char)] = &[
    ('ı', 'i'),
    ('ɑ', 'a'),
    ('ɡ', 'g'),
    ('ɩ', 'i'),
    ('ɪ', 'i'),
    ('ʏ', 'y'),
    ('Α', 'A'),
    ('Β', 'B'),
    ('Ε', 'E'),
    ('Ζ', 'Z'),
    ('Η', 'H'),
    ('Ι', 'I'),
    ('Κ', 'K'),
    ('Μ', 'M'),
    ('Ν', 'N'),
    ('Ο', 'O'),
    ('Ρ', 'P'),
    ('Τ', 'T'),
    ('Υ', 'Y'),
    ('Χ', 'X'),
    ('α', 'a'),
    ('γ', 'y'),
    ('ι', 'i'),
    ('κ', 'k'),
    ('ν', 'v'),
    ('ο', 'o'),
    ('ρ', 'p'),
    ('σ', 'o'),
    ('τ', 't'),
    ('υ', 'u'),
    ('χ', 'x'),
    ('ϲ', 'c'),
    ('ϳ', 'j'),
    ('Ѕ', 'S'),
    ('І', 'I'),
    ('Ј', 'J'),
    ('А', 'A'),
    ('В', 'B'),
    ('Е', 'E'),
    ('З', '3'),
    ('К', 'K'),
    ('М', 'M'),
    ('Н', 'H'),
    ('О', 'O'),
    ('Р', 'P'),
    ('С', 'C'),
    ('Т', 'T'),
    ('У', 'Y'),
    ('Х', 'X'),
    ('а', 'a'),
    ('г', 'r'),
    ('е', 'e'),
    ('к', 'k'),
    ('м', 'm'),
    ('н', 'h'),
    ('о', 'o'),
    ('п', 'n'),
    ('р', 'p'),
    ('с', 'c'),
    ('т', 't'),
    ('у', 'y'),
    ('х', 'x'),
    ('ь', 'b'),
    ('ѕ', 's'),
    ('і', 'i'),
    ('ј', 'j'),
    ('ѡ', 'w'),
    ('ѵ', 'v'),
    ('Ү', 'Y'),
    ('ү', 'y'),
    ('Һ', 'h'),
    ('һ', 'h'),
    ('Ӏ', 'l'),
    ('ӏ', 'l'),
    ('ԁ', 'd'),
    ('Ԍ', 'G'),
    ('ԛ', 'q'),
    ('Ԝ', 'W'),
    ('ԝ', 'w'),
    ('Ս', 'S'),
    ('Տ', 'S'),
    ('Օ', 'O'),
    ('ա', 'w'),
    ('գ', 'q'),
    ('զ', 'q'),
    ('հ', 'h'),
    ('ո', 'n'),
    ('ռ', 'n'),
    ('ս', 'u'),
    ('ց', 'g'),
    ('ւ', 'i'),
    ('օ', 'o'),
    ('ᴀ', 'a'),
    ('ᴄ', 'c'),
    ('ᴅ', 'd'),
    ('ᴇ', 'e'),
    ('ᴊ', 'j'),
    ('ᴋ', 'k'),
    ('ᴍ', 'm'),
    ('ᴏ', 'o'),
    ('ᴘ', 'p'),
    ('ᴛ', 't'),
    ('ᴜ', 'u'),
    ('ᴠ', 'v'),
    ('ᴡ', 'w'),
    ('ᴢ', 'z'),
    ('ℊ', 'g'),
    ('ℎ', 'h'),
    ('ℓ', 'l'),
    ('ℬ', 'B'),
    ('ℯ', 'e'),
    ('ℰ', 'E'),
    ('ℴ', 'o'),
    ('ⅰ', 'i'),
    ('ⅼ', 'l'),
    ('ⅽ', 'c'),
    ('ⅾ', 'd'),
    ('ⅿ', 'm'),
    ('Ⲟ', 'O'),
    ('ⲟ', 'o'),
    ('ꓐ', 'B'),
    ('ꓳ', 'O'),
    ('ꜱ', 's'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_for_binary_search() {
        assert!(LOOK_ALIKES.is_sorted_by(|a, b| a.0 < b.0));
        assert!(ZEROS.is_sorted());
    }
}
