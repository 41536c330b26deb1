//! Live updates: the stream's element, the dot in the top bar, the strip that says when the page is not current.
//!
//! The stream sends unnamed messages whose HTML holds `<hx-partial hx-target="…">` parts (see [`partial`]); htmx swaps them and reconnects by itself.

use maud::{Markup, Render, html};

use super::{Component, Icon, Sample};

/// One part of a live or partial answer: replaces the element with this selector by the given swap.
pub fn partial(target: &str, swap: &str, inside: &Markup) -> Markup {
    html! { hx-partial hx-target=(target) hx-swap=(swap) { (inside) } }
}

/// The element that holds the stream open. Renders nothing to see.
pub fn stream(href: &str) -> Markup {
    html! { div hx-sse:connect=(href) hx-swap="none" hidden {} }
}

/// The strip under the top bar; the style sheet shows it while `data-live="off"`.
pub fn offline_strip() -> Markup {
    html! {
        div.banner.offline-strip data-tone="warning" {
            (Icon::WifiOff)
            div.banner-body { p.banner-title { "Not live" } p { "This page shows what was known when the connection was lost. It reconnects by itself; what you type stays." } }
        }
        span.unseen role="status" data-live-said {}
    }
}

/// Whether this page is current.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveDot;

impl Render for LiveDot {
    fn render(&self) -> Markup {
        html! { span.live { span.live-dot aria-hidden="true" {} span.live-on { "Live" } span.live-off { "Not live" } } }
    }
}

impl Component for LiveDot {
    const NAME: &'static str = "LiveDot";
    const ABOUT: &'static str = "In the top bar of pages with a stream. Says in words what the colour says.";

    fn samples() -> Vec<Sample> {
        vec![Sample::new("as the page is", Self)]
    }
}
