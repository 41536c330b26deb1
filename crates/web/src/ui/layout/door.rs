//! The door: sign-in, set-up, invitation, second factor. One card in the middle, nothing else to do.

use maud::{Markup, html};

use super::{Preferences, document, toasts};
use crate::assets::Asset;
use crate::ui::feedback::Toast;

/// How wide the card is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DoorWidth {
    /// 400 px, for a form.
    #[default]
    Normal,
    /// 576 px, for set-up with explanations.
    Wide,
}

/// Everything around the content of a door page.
#[derive(Debug, Clone, Default)]
pub struct DoorFrame {
    /// Title of the document and the one `h1`.
    pub title: String,
    /// One sentence under it.
    pub lead: Option<String>,
    /// The workspace's name, or "Gatepost" before there is one.
    pub workspace: String,
    /// Theme and keys, from the device's cookie.
    pub preferences: Preferences,
    /// Card width.
    pub width: DoorWidth,
    /// Links under the card: other ways in.
    pub after: Option<Markup>,
    /// Answers to the previous act.
    pub toasts: Vec<Toast>,
}

/// A page of the door.
pub fn door(frame: &DoorFrame, content: &Markup) -> Markup {
    let width = match frame.width {
        DoorWidth::Normal => None,
        DoorWidth::Wide => Some("wide"),
    };
    let body = html! {
        body {
            div.door data-width=[width] {
                main.door-main id="content" {
                    div.door-brand { img src=(Asset::Favicon.href()) alt="" width="32" height="32"; (frame.workspace) }
                    div.door-card {
                        div.door-head { h1 { (frame.title) } @if let Some(lead) = &frame.lead { p.muted { (lead) } } }
                        (content)
                    }
                    @if let Some(after) = &frame.after { div.door-after { (after) } }
                }
                footer.door-foot { "Gatepost" }
            }
            (toasts(&frame.toasts))
        }
    };
    document(&frame.title, &frame.workspace, frame.preferences, &body)
}

/// "or", between two ways in.
pub fn or() -> Markup {
    html! { div.or { "or" } }
}
