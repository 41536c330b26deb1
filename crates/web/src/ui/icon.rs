//! Icons: one sprite, one name per picture.
//!
//! Invariant: an icon never carries meaning alone; a text or an accessible name stands beside it. The list equals `web-ui/icons.json` (tested).

use maud::{Markup, Render, html};

use super::{Component, Sample};
use crate::assets::Asset;

macro_rules! icons {
    ($($variant:ident => $name:literal,)+) => {
        /// Every icon of the sprite.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Icon {
            $(#[doc = $name] $variant,)+
        }

        impl Icon {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Id of the symbol in the sprite.
            pub const fn symbol(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

icons! {
    House => "house",
    Inbox => "inbox",
    Send => "send",
    ShieldAlert => "shield-alert",
    Archive => "archive",
    ScrollText => "scroll-text",
    Settings => "settings",
    Search => "search",
    Command => "command",
    Keyboard => "keyboard",
    Sun => "sun",
    Moon => "moon",
    Monitor => "monitor",
    Globe => "globe",
    LogOut => "log-out",
    User => "user",
    Users => "users",
    KeyRound => "key-round",
    Bell => "bell",
    Check => "check",
    X => "x",
    Plus => "plus",
    Minus => "minus",
    Ellipsis => "ellipsis",
    EllipsisVertical => "ellipsis-vertical",
    ChevronDown => "chevron-down",
    ChevronRight => "chevron-right",
    ChevronLeft => "chevron-left",
    ArrowUp => "arrow-up",
    ArrowDown => "arrow-down",
    ChevronsUpDown => "chevrons-up-down",
    ArrowLeft => "arrow-left",
    ArrowRight => "arrow-right",
    ExternalLink => "external-link",
    Copy => "copy",
    Download => "download",
    Upload => "upload",
    Trash2 => "trash-2",
    Pencil => "pencil",
    Filter => "filter",
    ListFilter => "list-filter",
    Info => "info",
    CircleCheck => "circle-check",
    TriangleAlert => "triangle-alert",
    OctagonAlert => "octagon-alert",
    OctagonX => "octagon-x",
    CircleX => "circle-x",
    CircleHelp => "circle-help",
    WifiOff => "wifi-off",
    LoaderCircle => "loader-circle",
    Eye => "eye",
    EyeOff => "eye-off",
    Lock => "lock",
    LockOpen => "lock-open",
    Clock => "clock",
    Calendar => "calendar",
    History => "history",
    MessageSquare => "message-square",
    Reply => "reply",
    UserPlus => "user-plus",
    Flag => "flag",
    Tag => "tag",
    FileText => "file-text",
    Link => "link",
    Paperclip => "paperclip",
    Image => "image",
    Hash => "hash",
    Gavel => "gavel",
    Briefcase => "briefcase",
    Siren => "siren",
    CirclePause => "circle-pause",
    CirclePlay => "circle-play",
    RefreshCw => "refresh-cw",
    Database => "database",
    Activity => "activity",
    Fingerprint => "fingerprint",
    QrCode => "qr-code",
    Smartphone => "smartphone",
    Mail => "mail",
    Building2 => "building-2",
    Plug => "plug",
    ListChecks => "list-checks",
    Bookmark => "bookmark",
    Zap => "zap",
    Circle => "circle",
    Crop => "crop",
}

/// How large an icon stands in the line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IconSize {
    /// 16 px, beside text.
    #[default]
    Text,
    /// 20 px, in headings.
    Large,
    /// 28 px, in empty states.
    Huge,
}

impl Icon {
    /// The icon in a size; decorative, so assistive technology skips it.
    pub fn sized(self, size: IconSize) -> Markup {
        let class = match size {
            IconSize::Text => "icon",
            IconSize::Large => "icon icon-l",
            IconSize::Huge => "icon icon-xl",
        };
        self.with_class(class)
    }

    /// Turns while a request runs; the style sheet shows it only then.
    pub fn spinner() -> Markup {
        Self::LoaderCircle.with_class("icon spin")
    }

    fn with_class(self, class: &str) -> Markup {
        html! {
            svg class=(class) aria-hidden="true" {
                use href={ (Asset::Icons.href()) "#" (self.symbol()) } {}
            }
        }
    }
}

impl Render for Icon {
    fn render(&self) -> Markup {
        self.sized(IconSize::Text)
    }
}

/// All icons with their names, for the gallery.
pub struct IconSheet;

impl Render for IconSheet {
    fn render(&self) -> Markup {
        html! {
            ul.icon-sheet role="list" {
                @for icon in Icon::ALL {
                    li { (icon) span { (icon.symbol()) } }
                }
            }
        }
    }
}

impl Component for IconSheet {
    const NAME: &'static str = "Icon";
    const ABOUT: &'static str = "A picture beside a word. Decorative by itself.";

    fn samples() -> Vec<Sample> {
        vec![Sample::new("all", Self)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_equals_the_sprite_source() {
        let source: Vec<String> = serde_json::from_str(include_str!("../../../../web-ui/icons.json")).unwrap();
        let ours: Vec<&str> = Icon::ALL.iter().map(|icon| icon.symbol()).collect();
        assert_eq!(ours, source);
    }
}
