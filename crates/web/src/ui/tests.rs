//! Renders every component and page from its samples and keeps the HTML as snapshots, reviewed like code.

use std::fmt::Write;

use crate::assets::without_hashes;
use crate::gallery;
use crate::ui::layout::Theme;
use crate::ui::{families, layout, table};
use maud::Render;

/// Rows of the richest list (person, badge, exact time, menu: about 1.3 kB each) that fit one page.
const LIST_PAGE_ROWS: usize = 35;

/// One element per line: a change in one place is one changed line.
fn lines(html: &str) -> String {
    without_hashes(html).replace("><", ">\n<")
}

#[test]
fn every_component_renders_as_reviewed() {
    for family in families() {
        let mut out = String::new();
        for entry in &family.entries {
            for sample in (entry.samples)() {
                write!(out, "<!-- {}: {} -->\n{}\n\n", entry.name, sample.state, lines(&sample.html.into_string())).unwrap();
            }
        }
        insta::assert_snapshot!(family.slug, out);
    }
}

#[test]
fn every_page_renders_as_reviewed_in_both_themes() {
    for (slug, _) in gallery::PAGES {
        let light = lines(&gallery::render(slug, Theme::Light, "").unwrap().into_string());
        let dark = lines(&gallery::render(slug, Theme::Dark, "").unwrap().into_string());
        assert!(light.contains("data-theme=\"light\"") && dark.contains("data-theme=\"dark\""));
        // The themes differ only in the attribute and in the pressed button of the person's menu.
        let differing = light.lines().zip(dark.lines()).filter(|(one, other)| one != other).count();
        assert!(
            light.lines().count() == dark.lines().count() && differing <= 3,
            "{slug}: {differing} lines differ between the themes"
        );
        insta::assert_snapshot!(format!("{slug}-dark"), dark);
        insta::assert_snapshot!(format!("{slug}-light"), light);
    }
}

#[test]
fn nothing_inline_that_the_content_security_policy_forbids() {
    for path in gallery::paths() {
        let slug = path.trim_start_matches(gallery::PREFIX).trim_start_matches('/');
        let html = gallery::render(slug, Theme::System, "").unwrap().into_string();
        for forbidden in [" style=", " onclick=", " onload=", "<style", "javascript:", "hx-on", "hx-vals=\"js:"] {
            assert!(!html.contains(forbidden), "{path} contains {forbidden}");
        }
        assert_eq!(html.matches("<script").count(), 1, "{path} has one script, by address");
        assert_eq!(html.matches("<h1").count(), 1, "{path} has one h1");
    }
}

#[test]
fn ids_are_unique_on_every_page() {
    for path in gallery::paths() {
        let slug = path.trim_start_matches(gallery::PREFIX).trim_start_matches('/');
        let html = gallery::render(slug, Theme::System, "").unwrap().into_string();
        let mut ids: Vec<&str> = html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{path} repeats an id");
    }
}

#[test]
fn every_reference_names_an_id_of_its_page() {
    for path in gallery::paths() {
        let slug = path.trim_start_matches(gallery::PREFIX).trim_start_matches('/');
        let html = gallery::render(slug, Theme::System, "").unwrap().into_string();
        for attribute in [
            " for=\"",
            " aria-describedby=\"",
            " aria-labelledby=\"",
            " commandfor=\"",
            " popovertarget=\"",
            " data-copies=\"",
            " data-shows=\"",
            " data-counter=\"",
        ] {
            for value in html.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                for id in value.split_whitespace() {
                    assert!(html.contains(&format!(" id=\"{id}\"")), "{path}:{attribute}{id}\" names nothing");
                }
            }
        }
    }
}

/// The budget of docs/design.md for a page's HTML.
const PAGE_BYTES_MAX: usize = 60_000;

#[test]
fn a_full_list_page_stays_inside_the_budget() {
    let mut table = table::sample_table("people", "People");
    let table::Rows::Some(rows) = &mut table.rows else { panic!("the sample has rows") };
    let some = rows.clone();
    *rows = some.iter().cycle().take(LIST_PAGE_ROWS).cloned().collect();
    table.bulk = Some(table::Bulk { action: "/people/bulk".into(), buttons: Vec::new() });
    let html = layout::page(&layout::sample_frame("People", layout::Preferences::default()), &table.render()).into_string();
    println!("{} bytes for {LIST_PAGE_ROWS} rows", html.len());
    assert!(html.len() < PAGE_BYTES_MAX, "{} bytes for {LIST_PAGE_ROWS} rows", html.len());
}
