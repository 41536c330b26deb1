//! Small charts made by the server: a number with its history, bars with labels. The numbers are always there as text too.

use maud::{Markup, Render, html};

use super::results::grouped;
use super::{Component, Sample, Tone};

/// Most points a sparkline draws; more cannot be told apart at its width.
const SPARK_POINTS_MAX: usize = 120;

/// A line without axes.
#[derive(Debug, Clone, Default)]
pub struct Sparkline {
    /// Oldest first.
    pub values: Vec<u64>,
    /// What it shows, with first, last and highest in words.
    pub label: String,
}

impl Sparkline {
    /// Points on a 100 × 24 canvas with room for the stroke; a flat line lies at the bottom.
    #[expect(clippy::cast_precision_loss, reason = "a chart of 24 pixels does not see the 53rd bit")]
    fn points(&self) -> Vec<(f64, f64)> {
        let values = &self.values[self.values.len().saturating_sub(SPARK_POINTS_MAX)..];
        let highest = values.iter().copied().max().unwrap_or(0).max(1) as f64;
        let step = 96.0 / (values.len().max(2) - 1) as f64;
        values
            .iter()
            .enumerate()
            .map(|(index, value)| (2.0 + index as f64 * step, 22.0 - *value as f64 / highest * 20.0))
            .collect()
    }
}

impl Render for Sparkline {
    fn render(&self) -> Markup {
        let points = self.points();
        let line: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let line = line.join(" ");
        html! {
            svg.chart.spark viewBox="0 0 100 24" role="img" aria-label=(self.label) preserveAspectRatio="none" {
                @if let (Some(first), Some(last)) = (points.first(), points.last()) {
                    polygon.chart-area points={ (format!("{:.1},24", first.0)) " " (line) " " (format!("{:.1},24", last.0)) } {}
                    polyline.chart-line points=(line) {}
                }
            }
        }
    }
}

impl Component for Sparkline {
    const NAME: &'static str = "Sparkline";
    const ABOUT: &'static str = "How a number moved. Beside the number, never instead of it.";

    fn samples() -> Vec<Sample> {
        vec![
            Sample::new(
                "two weeks",
                Self {
                    values: vec![12, 14, 9, 11, 18, 30, 22, 17, 16, 25, 41, 38, 33, 29],
                    label: "Messages a day: from 12 to 29, highest 41".into(),
                },
            ),
            Sample::new("nothing yet", Self { values: Vec::new(), label: "No messages yet".into() }),
        ]
    }
}

/// A number to act on, with where it comes from.
#[derive(Debug, Clone)]
pub struct Stat {
    /// What is counted.
    pub label: String,
    /// The number, formatted.
    pub value: String,
    /// Compared with what.
    pub note: String,
    /// How it moved.
    pub trend: Option<Sparkline>,
    /// The list behind the number.
    pub href: String,
}

impl Render for Stat {
    fn render(&self) -> Markup {
        html! {
            a.stat href=(self.href) {
                span.stat-label { (self.label) }
                span.split { span.stat-value { (self.value) } @if let Some(trend) = &self.trend { (trend) } }
                span.stat-note { (self.note) }
            }
        }
    }
}

impl Component for Stat {
    const NAME: &'static str = "Stat";
    const ABOUT: &'static str = "A number on Home. Leads to exactly the rows it counts.";

    fn samples() -> Vec<Sample> {
        vec![Sample::new("three beside each other", html! { div.grid-3 { @for stat in sample_stats() { (stat) } } })]
    }
}

/// The numbers of the samples.
pub(crate) fn sample_stats() -> Vec<Stat> {
    let stat = |label: &str, value: &str, note: &str, values: Vec<u64>| Stat {
        label: label.into(),
        value: value.into(),
        note: note.into(),
        trend: (!values.is_empty()).then(|| Sparkline { values, label: format!("{label} over two weeks") }),
        href: "#stat".into(),
    };
    vec![
        stat("Open messages", "29", "12 fewer than a week ago", vec![12, 14, 9, 11, 18, 30, 22, 17, 16, 25, 41, 38, 33, 29]),
        stat("Waiting for you", "3", "oldest since 2 h", vec![1, 0, 2, 2, 5, 4, 3, 1, 0, 0, 2, 6, 4, 3]),
        stat("Median first answer", "14 min", "goal 30 min, last 7 days", Vec::new()),
    ]
}

/// One bar.
#[derive(Debug, Clone)]
pub struct Bar {
    /// What.
    pub label: String,
    /// How many.
    pub value: u64,
    /// Danger for what stands out.
    pub tone: Tone,
}

/// Horizontal bars with labels and numbers.
#[derive(Debug, Clone)]
pub struct BarChart {
    /// What is counted, over what time.
    pub caption: String,
    /// Heading of the labels' column in the table.
    pub what: String,
    /// Bars, in the order shown.
    pub bars: Vec<Bar>,
}

impl BarChart {
    /// Row pitch in canvas units.
    const PITCH: usize = 26;

    #[expect(clippy::cast_precision_loss, reason = "a bar of 300 units does not see the 53rd bit")]
    fn bar(index: usize, bar: &Bar, highest: u64) -> Markup {
        let top = index * Self::PITCH;
        let width = bar.value as f64 / highest.max(1) as f64 * 300.0;
        let tone = if bar.tone == Tone::Danger { Some("danger") } else { None };
        html! {
            text.chart-label x="0" y=(top + 14) { (bar.label) }
            rect.chart-bar x="140" y=(top + 3) width=(format!("{width:.1}")) height="14" rx="3" data-tone=[tone] {}
            text.chart-label x=(format!("{:.1}", 148.0 + width)) y=(top + 14) { (grouped(bar.value)) }
        }
    }
}

impl Render for BarChart {
    fn render(&self) -> Markup {
        let highest = self.bars.iter().map(|bar| bar.value).max().unwrap_or(0);
        let height = self.bars.len() * Self::PITCH;
        html! {
            figure.figure {
                figcaption { (self.caption) }
                svg.chart viewBox={ "0 0 500 " (height) } role="img" aria-label=(self.caption) {
                    @for (index, bar) in self.bars.iter().enumerate() { (Self::bar(index, bar, highest)) }
                }
                details {
                    summary { "As a table" }
                    table { thead { tr { th scope="col" { (self.what) } th scope="col" { "Number" } } } tbody { @for bar in &self.bars { tr { th scope="row" { (bar.label) } td { (grouped(bar.value)) } } } } }
                }
            }
        }
    }
}

impl Component for BarChart {
    const NAME: &'static str = "BarChart";
    const ABOUT: &'static str = "Up to ten kinds side by side, with the same numbers as a table below.";

    fn samples() -> Vec<Sample> {
        vec![Sample::new("reasons for rejecting", sample_bars())]
    }
}

/// The bars of the samples.
pub(crate) fn sample_bars() -> BarChart {
    let bar = |label: &str, value, tone| Bar { label: label.into(), value, tone };
    BarChart {
        caption: "Why posts were rejected, last 30 days".into(),
        what: "Reason".into(),
        bars: vec![
            bar("Unclear claim", 14, Tone::Neutral),
            bar("No description", 9, Tone::Neutral),
            bar("Personal data", 4, Tone::Danger),
            bar("Wrong time", 1, Tone::Neutral),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_stays_on_its_canvas() {
        for values in [vec![], vec![7], vec![0, 0], vec![u64::MAX, 0, 1], (0..1_000).collect()] {
            let points = Sparkline { values, label: String::new() }.points();
            assert!(points.len() <= SPARK_POINTS_MAX);
            assert!(points.iter().all(|(x, y)| (0.0..=100.0).contains(x) && (0.0..=24.0).contains(y)));
        }
    }
}
