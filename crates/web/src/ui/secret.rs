//! Secrets shown once: a token or link to copy, recovery codes, a QR code to scan.
//!
//! Invariant: the page says that it is shown once; nothing here is kept or sent anywhere by scripts except to the clipboard, on a click.

use maud::{Markup, PreEscaped, Render, html};
use qrcode::render::svg;

use super::{Component, Icon, Sample};

/// A text to copy now, because it is never shown again.
#[derive(Debug, Clone)]
pub struct Secret {
    /// Id of the text; unique on the page.
    pub id: String,
    /// "API token", "Set-up link".
    pub label: String,
    /// The secret.
    pub value: String,
    /// What happens when it is lost.
    pub note: String,
}

fn copy_button(copies: &str, label: &str) -> Markup {
    html! {
        button class="button button-small needs-script" type="button" data-copies=(copies) { (Icon::Copy) span data-copy-label { "Copy" } span.unseen { " " (label) } }
    }
}

impl Render for Secret {
    fn render(&self) -> Markup {
        html! {
            div.secret-box {
                span.label id={ (self.id) "-label" } { (self.label) }
                div.secret { code id=(self.id) aria-labelledby={ (self.id) "-label" } role="group" { (self.value) } (copy_button(&self.id, &self.label)) }
                p.hint { (self.note) }
            }
        }
    }
}

impl Component for Secret {
    const NAME: &'static str = "Secret";
    const ABOUT: &'static str = "Shown once, selected by one click, copied by one button.";

    fn samples() -> Vec<Sample> {
        vec![Sample::new(
            "token",
            Self {
                id: "sample-token".into(),
                label: "API token".into(),
                value: "gp_example_0000000000000000000000000000".into(),
                note: "Shown only now. If it is lost, revoke it and make another.".into(),
            },
        )]
    }
}

/// Codes to keep on paper.
#[derive(Debug, Clone)]
pub struct RecoveryCodes {
    /// Id of the list; unique on the page.
    pub id: String,
    /// The codes.
    pub codes: Vec<String>,
}

impl Render for RecoveryCodes {
    fn render(&self) -> Markup {
        html! {
            div.secret-box {
                div.secret {
                    ul.secret-codes id=(self.id) aria-label="Recovery codes" data-copy=(self.codes.join("\n")) { @for code in &self.codes { li { (code) } } }
                    (copy_button(&self.id, "recovery codes"))
                }
                p.hint { "Each code works once, instead of the second factor. Keep them where you would keep a key." }
            }
        }
    }
}

impl Component for RecoveryCodes {
    const NAME: &'static str = "RecoveryCodes";
    const ABOUT: &'static str = "After setting up a second factor, once.";

    fn samples() -> Vec<Sample> {
        let codes = (0..8).map(|number| format!("{number}abc-d{number}ef-gh{number}j")).collect();
        vec![Sample::new("eight codes", Self { id: "sample-codes".into(), codes })]
    }
}

/// A QR code, dark on white in both themes because that is what cameras read.
#[derive(Debug, Clone)]
pub struct QrCode {
    /// What it holds; at most 2 953 bytes fit (ISO/IEC 18004, version 40-L).
    pub content: String,
    /// What it is for, instead of the picture.
    pub label: String,
}

impl QrCode {
    /// `None` when the content does not fit.
    fn svg(&self) -> Option<Markup> {
        let code = qrcode::QrCode::with_error_correction_level(self.content.as_bytes(), qrcode::EcLevel::L).ok()?;
        let picture = code.render::<svg::Color>().min_dimensions(160, 160).quiet_zone(false).build();
        // The XML declaration has no place inside a page.
        let start = picture.find("<svg")?;
        Some(PreEscaped(picture[start..].to_owned()))
    }
}

impl Render for QrCode {
    fn render(&self) -> Markup {
        html! {
            @match self.svg() {
                Some(picture) => div.qr role="img" aria-label=(self.label) { (picture) },
                None => p.hint { "This is too long for a QR code; copy the text instead." },
            }
        }
    }
}

impl Component for QrCode {
    const NAME: &'static str = "QrCode";
    const ABOUT: &'static str = "Always with the same content as copyable text beside it.";

    fn samples() -> Vec<Sample> {
        vec![
            Sample::new(
                "second factor",
                Self {
                    content: "otpauth://totp/Gatepost:ada@meridian.example.test?secret=JBSWY3DPEHPK3PXP&issuer=Gatepost".into(),
                    label: "QR code for the authenticator app".into(),
                },
            ),
            Sample::new("too long", Self { content: "x".repeat(3_000), label: "never shown".into() }),
        ]
    }
}
