//! People: initials in a circle, and a name beside it. The colour follows the name, so the same person looks the same everywhere.

use maud::{Markup, Render, html};

use super::{Component, Sample};

/// Colours that the style sheet knows (`hue-0` …).
const HUES: u32 = 8;

/// How large the circle is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AvatarSize {
    /// 20 px, in a line of text.
    Small,
    /// 28 px, in lists.
    #[default]
    Medium,
    /// 40 px, in heads.
    Large,
}

/// A person's initials. Decorative: the name stands beside it or in the label of the control around it.
#[derive(Debug, Clone, Default)]
pub struct Avatar {
    /// Full name as the person writes it.
    pub name: String,
    /// Size of the circle.
    pub size: AvatarSize,
}

impl Avatar {
    /// First letters of the first and last word; works for one word and for scripts without case.
    fn initials(&self) -> String {
        let mut words = self.name.split_whitespace().filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()));
        let first = words.next();
        first.into_iter().chain(words.next_back()).flat_map(char::to_uppercase).collect()
    }

    /// FNV-1a over the name: stable across runs and machines.
    fn hue(&self) -> u32 {
        let hash = self.name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        hash % HUES
    }
}

impl Render for Avatar {
    fn render(&self) -> Markup {
        let size = match self.size {
            AvatarSize::Small => " avatar-s",
            AvatarSize::Medium => "",
            AvatarSize::Large => " avatar-l",
        };
        html! { span class={ "avatar hue-" (self.hue()) (size) } aria-hidden="true" { (self.initials()) } }
    }
}

impl Component for Avatar {
    const NAME: &'static str = "Avatar";
    const ABOUT: &'static str = "Initials in a colour that follows from the name.";

    fn samples() -> Vec<Sample> {
        let avatar = |name: &str, size| Self { name: name.into(), size };
        vec![
            Sample::new(
                "sizes",
                html! { div.row { (avatar("Ada Example", AvatarSize::Small)) (avatar("Ada Example", AvatarSize::Medium)) (avatar("Ada Example", AvatarSize::Large)) } },
            ),
            Sample::new(
                "names",
                html! { div.row { @for name in ["Bo", "Chidi van der Test", "Ďáša Fictová", "山田 例", "dot.name", "Frida Muster", "Gus Sample", "Hana Beispiel"] { (avatar(name, AvatarSize::Medium)) } } },
            ),
        ]
    }
}

/// A person in a line: circle, name, and what they are here.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// Full name.
    pub name: String,
    /// Role, address or team, in small print.
    pub note: Option<String>,
    /// Where to read more, if the reader may.
    pub href: Option<String>,
}

impl Render for Person {
    fn render(&self) -> Markup {
        html! {
            span.person {
                (Avatar { name: self.name.clone(), size: AvatarSize::Medium })
                span.person-text {
                    @if let Some(href) = &self.href { a.row-title href=(href) data-opens { (self.name) } } @else { span { (self.name) } }
                    @if let Some(note) = &self.note { span.cell-sub { (note) } }
                }
            }
        }
    }
}

impl Component for Person {
    const NAME: &'static str = "Person";
    const ABOUT: &'static str = "Who: in tables, holders, approvers.";

    fn samples() -> Vec<Sample> {
        vec![
            Sample::new("name only", Self { name: "Ada Example".into(), ..Self::default() }),
            Sample::new(
                "with note and link",
                Self {
                    name: "Chidi van der Test".into(),
                    note: Some("chidi@meridian.example.test".into()),
                    href: Some("#person".into()),
                },
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_come_from_the_first_and_last_word() {
        for (name, expected) in
            [("Ada Example", "AE"), ("Bo", "B"), ("Chidi van der Test", "CT"), ("山田 例", "山例"), ("  ", ""), ("(x) y", "XY")]
        {
            assert_eq!(Avatar { name: name.into(), ..Avatar::default() }.initials(), expected, "{name}");
        }
    }
}
