//! What is captured and what is not: `docs/networks.md`, written from the registry.
//!
//! Invariant: the committed page is what this writes (a test compares them). The rules by which messages are named are taken from the
//! module documentation of each network's mapping, so that they stand in one place, beside the code that follows them.

use std::fmt::{self, Write};

use crate::{
    capabilities::{BackFill, Capabilities, Captured, Delivery, TextLimit, TextUnit},
    network::{About, Network},
    registry::NETWORKS,
};

/// The module documentation that holds a network's rules as a table.
const RULES: &[(&str, &str)] = &[
    ("bluesky", include_str!("bluesky/mapping.rs")),
    ("mastodon", include_str!("mastodon/mapping.rs")),
    ("matrix", include_str!("matrix/mapping.rs")),
    ("slack", include_str!("slack/mapping.rs")),
];

const OPENING: &str = "\
# Networks

Generated from the connectors: `cargo run -q -p networks --example coverage > docs/networks.md`. What each network can do, what is
captured of it field by field and what is not, and how its messages are named in the record.

`Normalised` is in fields of its own and in the bytes as they came; `raw only` is in the bytes; `no` is not captured.
A message is named by `native_id`, what happened to it by `revision`; the pair is the same whether it came live, by back-fill or out
of an export file, so that the record takes it once.
";

/// The page.
pub fn page() -> String {
    let mut page = String::new();
    write(&mut page).expect("a text takes everything");
    page
}

fn write(page: &mut String) -> fmt::Result {
    page.push_str(OPENING);
    let real: Vec<&About> = NETWORKS.iter().map(|network| network.about()).filter(|about| !about.sandbox).collect();
    matrix(page, &real)?;
    for network in NETWORKS.iter().filter(|network| !network.about().sandbox) {
        section(page, *network)?;
    }
    Ok(())
}

/// What a row of the matrix says of a network.
type Row = (&'static str, fn(&Capabilities) -> String);

const ROWS: [Row; 14] = [
    ("posts", |can| yes(can.post)),
    ("answers", |can| yes(can.reply)),
    ("changing a post", |can| yes(can.edit)),
    ("taking a post back", |can| yes(can.delete)),
    ("hiding answers of others", |can| yes(can.hide)),
    ("private messages", |can| yes(can.direct)),
    ("content warning or subject", |can| yes(can.subject)),
    ("for followers or those mentioned only", |can| yes(can.audiences)),
    ("needs a channel or room", |can| yes(can.place)),
    ("longest text", |can| text(&can.text)),
    ("attachments on a post", |can| can.attachments_max.to_string()),
    ("longest alt text, characters", |can| if can.alt_max == 0 { "none".to_owned() } else { can.alt_max.to_string() }),
    ("how new messages arrive", |can| delivery(can.delivery).to_owned()),
    ("how far back", |can| back_fill(can.back_fill)),
];

fn matrix(page: &mut String, networks: &[&About]) -> fmt::Result {
    let names: Vec<&str> = networks.iter().map(|about| about.name).collect();
    writeln!(page, "\n| | {} |\n|---|{}", names.join(" | "), "---|".repeat(names.len()))?;
    for (what, tell) in ROWS {
        let told: Vec<String> = networks.iter().map(|about| tell(&about.capabilities)).collect();
        writeln!(page, "| {what} | {} |", told.join(" | "))?;
    }
    writeln!(page, "\nA server's own limits, where it tells them, go before these.")
}

fn section(page: &mut String, network: &dyn Network) -> fmt::Result {
    let about = network.about();
    writeln!(page, "\n## {}\n\n{} Documentation: <{}>.", about.name, about.summary, about.docs)?;
    writeln!(page, "\n| way to connect | what to do |\n|---|---|")?;
    for method in about.connect {
        writeln!(page, "| {} | {} |", cell(method.title), cell(method.steps))?;
    }
    writeln!(page, "\n| what | captured | |\n|---|---|---|")?;
    for line in about.coverage {
        let captured = match line.captured {
            Captured::Normalised => "normalised",
            Captured::RawOnly => "raw only",
            Captured::No => "no",
        };
        writeln!(page, "| {} | {captured} | {} |", cell(line.what), cell(line.note))?;
    }
    let types: Vec<String> =
        about.capabilities.media.iter().map(|media| format!("{} ({})", media.media_type, bytes(media.bytes_max))).collect();
    if !types.is_empty() {
        writeln!(page, "\nFiles that can be posted: {}.", types.join(", "))?;
    }
    writeln!(page)?;
    rules(about.id).iter().try_for_each(|row| writeln!(page, "{row}"))
}

/// The table in a module's documentation.
fn rules(id: &str) -> Vec<&'static str> {
    let source = RULES.iter().find(|(of, _)| *of == id).map_or("", |(_, source)| source);
    source
        .lines()
        .take_while(|line| line.starts_with("//!"))
        .filter_map(|line| line.strip_prefix("//! "))
        .filter(|line| line.starts_with('|'))
        .collect()
}

/// A text inside a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn yes(can: bool) -> String {
    if can { "yes" } else { "no" }.to_owned()
}

fn text(limit: &TextLimit) -> String {
    let unit = match limit.unit {
        TextUnit::Graphemes => "grapheme clusters",
        TextUnit::Scalars => "characters",
        TextUnit::Utf16 => "UTF-16 units",
        TextUnit::Bytes => "bytes",
    };
    let mut told = format!("{} {unit}", limit.max);
    if limit.bytes_max > 0 {
        told.push_str(&format!(", {} bytes", limit.bytes_max));
    }
    if limit.link_counts > 0 {
        told.push_str(&format!(", a link counts {}", limit.link_counts));
    }
    if !limit.mention_hosts_count {
        told.push_str(", a mention counts without its server");
    }
    if limit.subject_counts {
        told.push_str(", the subject counts too");
    }
    told
}

fn delivery(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Polling => "asked for",
        Delivery::Streaming => "over an open connection, else asked for",
        Delivery::Push => "the network calls us",
    }
}

fn back_fill(depth: BackFill) -> String {
    match depth {
        BackFill::Everything => "everything".to_owned(),
        BackFill::Newest(count) => format!("the newest {count}"),
        BackFill::Days(days) => format!("{days} days"),
        BackFill::Nothing => "nothing".to_owned(),
    }
}

fn bytes(count: u64) -> String {
    const MIB: u64 = 1024 * 1024;
    if count >= MIB && count.is_multiple_of(MIB) { format!("{} MiB", count / MIB) } else { format!("{count} bytes") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_page_is_what_the_registry_says() {
        let committed = include_str!("../../../docs/networks.md");
        assert!(
            committed == page(),
            "run `cargo run -q -p networks --example coverage > docs/networks.md` and review the change"
        );
    }

    #[test]
    fn every_real_network_says_what_it_leaves_out_and_how_it_names_messages() {
        for about in NETWORKS.iter().map(|network| network.about()).filter(|about| !about.sandbox) {
            let captured = |how| about.coverage.iter().any(|line| line.captured == how);
            assert!(captured(Captured::Normalised) && captured(Captured::No), "{}", about.id);
            assert!(rules(about.id).len() > 4, "{}: a table of rules in its mapping's documentation", about.id);
            assert!(about.docs.starts_with("https://") && !about.connect.is_empty(), "{}", about.id);
        }
    }
}
