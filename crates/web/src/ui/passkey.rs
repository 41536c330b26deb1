//! The button that makes or uses a passkey. `web-ui/src/passkeys.ts` runs the ceremony and posts the form.
//!
//! Invariant: without scripts the button is not offered, and another way in always stands beside it.

use maud::{Markup, Render, html};

use super::button::Button;
use super::{Component, Icon, Sample};

/// What the browser is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ceremony {
    /// Prove with an existing passkey.
    #[default]
    Use,
    /// The same, also offered by autofill in a field with `autocomplete="username webauthn"`.
    UseWithAutofill,
    /// Make a new one.
    Make,
}

/// A form around one button.
#[derive(Debug, Clone, Default)]
pub struct PasskeyForm {
    /// Takes a POST with `credential` (JSON of the browser's answer) and the hidden fields.
    pub action: String,
    /// Takes a POST with the hidden fields; answers with WebAuthn options as JSON.
    pub start: String,
    /// The verb: "Sign in with a passkey".
    pub label: String,
    /// Make or use.
    pub ceremony: Ceremony,
    /// Hidden fields for both requests.
    pub hidden: Vec<(String, String)>,
}

impl Render for PasskeyForm {
    fn render(&self) -> Markup {
        let ceremony = if self.ceremony == Ceremony::Make { "create" } else { "get" };
        let autofill = (self.ceremony == Ceremony::UseWithAutofill).then_some("");
        html! {
            form.passkey.needs-script method="post" action=(self.action) data-passkey=(ceremony) data-passkey-start=(self.start) data-passkey-autofill=[autofill] {
                @for (name, value) in &self.hidden { input type="hidden" name=(name) value=(value); }
                input type="hidden" name="credential" value="";
                (Button::new(self.label.clone(), super::button::Does::Submit).with_icon(Icon::Fingerprint))
            }
        }
    }
}

impl Component for PasskeyForm {
    const NAME: &'static str = "PasskeyForm";
    const ABOUT: &'static str = "Sign-in, second factor, or a new passkey. Errors appear as a toast and leave the page usable.";

    fn samples() -> Vec<Sample> {
        let form = |label: &str, ceremony| Self {
            action: "/_gallery/passkey".into(),
            start: "/_gallery/passkey/start".into(),
            label: label.into(),
            ceremony,
            hidden: Vec::new(),
        };
        vec![
            Sample::new("use", form("Sign in with a passkey", Ceremony::Use)),
            Sample::new("make", form("Add a passkey", Ceremony::Make)),
        ]
    }
}
