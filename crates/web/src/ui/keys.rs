//! The keyboard map: one list, shown by `?`, acted on by `web-ui/src/keyboard.ts`.
//!
//! Invariant: single letters can be switched off by the person (WCAG 2.1.4); then only Ctrl-K remains.

use maud::{Markup, Render, html};

use super::badge::Kbd;
use super::choice::OnOff;
use super::{Component, Icon, Sample};

/// A group of keys.
struct KeyGroup {
    title: &'static str,
    keys: &'static [(&'static [&'static str], &'static str)],
}

/// Every key there is. `docs/design.md` holds the same table (tested).
const GROUPS: [KeyGroup; 3] = [
    KeyGroup {
        title: "Anywhere",
        keys: &[
            (&["Ctrl", "K"], "Find a place or an action"),
            (&["?"], "Show these keys"),
            (&["/"], "Filter the list"),
            (&["Esc"], "Leave the field, close what is open"),
        ],
    },
    KeyGroup {
        title: "In a list",
        keys: &[
            (&["j"], "Next"),
            (&["k"], "Previous"),
            (&["Enter"], "Open"),
            (&["x"], "Select"),
            (&["r"], "Reply or reject"),
            (&["a"], "Assign or approve"),
            (&["e"], "Done"),
            (&["Alt", "→"], "Move a post in the calendar by a day; up and down by a week"),
        ],
    },
    KeyGroup {
        title: "Go to",
        keys: &[
            (&["g", "h"], "Home"),
            (&["g", "i"], "Inbox"),
            (&["g", "p"], "Publish"),
            (&["g", "r"], "Risk"),
            (&["g", "c"], "Records"),
            (&["g", "o"], "Policy"),
            (&["g", "s"], "Settings"),
        ],
    },
];

/// The overlay of `?`.
#[derive(Debug, Clone)]
pub struct KeyMap {
    /// Whether single letters act for this person.
    pub letters: OnOff,
    /// Where the switch posts (`letters=on|off`).
    pub action: String,
    /// The rooms this person has, as the rail names them; keys to others are not shown.
    pub rooms: Vec<&'static str>,
}

impl KeyMap {
    fn inside(&self, id: &str) -> Markup {
        let (state, flip, verb) = match self.letters {
            OnOff::On => ("Single letters act.", "off", "Switch single letters off"),
            OnOff::Off => ("Single letters are switched off; Ctrl-K still works.", "on", "Switch single letters on"),
        };
        html! {
            div.dialog-head {
                h2 id={ (id) "-title" } { "Keyboard" }
                button class="button button-quiet button-icon button-small" type="button" commandfor=(id) command="close" aria-label="Close" { (Icon::X) }
            }
            div.dialog-body {
                div.keys {
                    @for group in &GROUPS {
                        section {
                            h3 { (group.title) }
                            dl { @for (keys, meaning) in group.keys.iter().filter(|(keys, meaning)| keys[0] != "g" || self.rooms.contains(meaning)) { div { dt { (meaning) } dd { @for key in *keys { (Kbd(key)) } } } } }
                        }
                    }
                }
            }
            form.dialog-foot method="post" action=(self.action) {
                span.muted { (state) }
                button class="button button-small" type="submit" name="letters" value=(flip) { (verb) }
            }
        }
    }
}

impl Render for KeyMap {
    fn render(&self) -> Markup {
        html! { dialog.dialog.dialog-wide id="keys" aria-labelledby="keys-title" { (self.inside("keys")) } }
    }
}

impl Component for KeyMap {
    const NAME: &'static str = "KeyMap";
    const ABOUT: &'static str = "What ? shows. The switch is there because single letters disturb speech input.";

    fn samples() -> Vec<Sample> {
        let rooms = GROUPS[2].keys.iter().map(|(_, room)| *room).collect();
        let map = Self { letters: OnOff::On, action: "#keys".into(), rooms };
        vec![Sample::new(
            "open",
            html! { section.dialog.dialog-wide.shown id="sample-keys" aria-labelledby="sample-keys-title" { (map.inside("sample-keys")) } },
        )]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_design_page_lists_the_same_keys() {
        let page = include_str!("../../../../docs/design.md");
        for (keys, meaning) in GROUPS.iter().flat_map(|group| group.keys) {
            let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
            let line = format!("| {} | {meaning} |", keys.join(" "));
            assert!(page.contains(&line), "docs/design.md lacks: {line}");
        }
    }
}
