//! Every metric the desk reports: one table, from which the exporter's descriptions and the monitoring page are made.
//!
//! Invariant: a metric is recorded under a name from this table only. Names carry their unit; labels never name a person.

/// What sort of number a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricType {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// A distribution.
    Histogram,
}

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Name with its unit, for example `gatepost_jobs_oldest_wait_seconds`.
    pub name: &'static str,
    /// What sort of number it is.
    pub metric_type: MetricType,
    /// The labels it has.
    pub labels: &'static [&'static str],
    /// What it says, and when to worry.
    pub docs: &'static str,
}

const KIND: &[&str] = &["kind"];
const KIND_AND_OUTCOME: &[&str] = &["kind", "outcome"];

/// Jobs that wait.
pub const JOBS_QUEUED: Metric = Metric {
    name: "gatepost_jobs_queued",
    metric_type: MetricType::Gauge,
    labels: KIND,
    docs: "Jobs that wait, due or not. Counted in the database, so every node reports the same number: take the maximum, not the sum.",
};
/// Jobs that run.
pub const JOBS_RUNNING: Metric = Metric {
    name: "gatepost_jobs_running",
    metric_type: MetricType::Gauge,
    labels: KIND,
    docs: "Jobs held by a worker of any node. Counted in the database, so every node reports the same number.",
};
/// Jobs that were given up.
pub const JOBS_DEAD: Metric = Metric {
    name: "gatepost_jobs_dead",
    metric_type: MetricType::Gauge,
    labels: KIND,
    docs: "Jobs that were given up and wait for a person to run them again. Anything above 0 deserves a look at the jobs page.",
};
/// How long the oldest due job waits.
pub const JOBS_OLDEST_WAIT: Metric = Metric {
    name: "gatepost_jobs_oldest_wait_seconds",
    metric_type: MetricType::Gauge,
    labels: KIND,
    docs: "How long the job that is due longest has been due. Growth over minutes means that workers are missing or stuck.",
};
/// Attempts that ended.
pub const JOBS_ATTEMPTS: Metric = Metric {
    name: "gatepost_jobs_attempts_total",
    metric_type: MetricType::Counter,
    labels: KIND_AND_OUTCOME,
    docs: "Attempts that ended on this node, by outcome: done, retry, dead, cancelled, handed_back, lease_lost, unrecorded \
           (the database was away; the job is taken up again when its lease runs out).",
};
/// How long attempts take.
pub const JOBS_DURATION: Metric = Metric {
    name: "gatepost_jobs_duration_seconds",
    metric_type: MetricType::Histogram,
    labels: KIND_AND_OUTCOME,
    docs: "How long an attempt on this node took from claim to end, by outcome.",
};

/// Audit entries shipped.
pub const LEDGER_SHIPPED: Metric = Metric {
    name: "gatepost_ledger_shipped_total",
    metric_type: MetricType::Counter,
    labels: &[],
    docs: "Audit entries that the ledger took and made durable on this node. A stop while the audit log grows means that the ledger \
           refuses; the log says why.",
};
/// Events that came in.
pub const CAPTURE_EVENTS: Metric = Metric {
    name: "gatepost_capture_events_total",
    metric_type: MetricType::Counter,
    labels: &["network"],
    docs: "Events that networks gave to this node and that are in the record, duplicates included. A stop where there is always \
           something new means that capture broke.",
};
/// Questions that networks did not answer.
pub const CAPTURE_FAILURES: Metric = Metric {
    name: "gatepost_capture_failures_total",
    metric_type: MetricType::Counter,
    labels: &["network", "class"],
    docs: "Calls to networks that failed, by what is done about it: retry_later, expired, reauthorise, refused_content, gone, bug.",
};
/// Captures that need somebody.
pub const CAPTURE_ALARMS: Metric = Metric {
    name: "gatepost_capture_alarms",
    metric_type: MetricType::Gauge,
    labels: &[],
    docs: "Connected profiles that are silent, broken, changed in what they deliver, or need to be authorised (again or soon). Anything above 0 deserves a look \
           at the profiles page.",
};
/// Workflows that nobody can go through.
pub const WORKFLOWS_STUCK: Metric = Metric {
    name: "gatepost_workflows_stuck",
    metric_type: MetricType::Gauge,
    labels: &[],
    docs: "Approval workflows and additions with a step that nobody could end when it was last looked, once a day. Anything above 0: \
           what they cover cannot be approved; the workflows page says why.",
};
/// Rounds of canaries.
pub const CAPTURE_CANARIES: Metric = Metric {
    name: "gatepost_capture_canaries_total",
    metric_type: MetricType::Counter,
    labels: &["outcome"],
    docs: "Rounds of canary messages that ended on this node: well, or problem (what arrived was different from before, or nothing \
           arrived). A problem is an alarm too.",
};
/// Skipped approvals that nobody looked at in time.
pub const SKIPS_OVERDUE: Metric = Metric {
    name: "gatepost_approval_skips_overdue",
    metric_type: MetricType::Gauge,
    labels: &[],
    docs: "Approvals that were skipped in an emergency and that no second person looked at within 24 hours. Anything above 0 deserves \
           a look at the page of skipped approvals.",
};
/// Requests for time stamps.
pub const LEDGER_TIMESTAMPS: Metric = Metric {
    name: "gatepost_ledger_timestamps_total",
    metric_type: MetricType::Counter,
    labels: &["authority", "outcome"],
    docs: "Requests to a time authority by the node that writes the record, by outcome: stamped, failed. A stamp is verified before it counts.",
};
/// Missing stamps.
pub const LEDGER_TIMESTAMPS_MISSING: Metric = Metric {
    name: "gatepost_ledger_timestamps_missing",
    metric_type: MetricType::Gauge,
    labels: &["authority"],
    docs: "1 when an authority has given no stamp for two intervals, else 0. Every node reports the same. The record goes on; its times \
           are attested by nobody else meanwhile.",
};
/// Damage found.
pub const LEDGER_DAMAGE: Metric = Metric {
    name: "gatepost_ledger_damage_findings",
    metric_type: MetricType::Gauge,
    labels: &[],
    docs: "Findings of the newest scrub of the record. Anything above 0: run `gatepost ledger verify` and keep the data folder as it is.",
};
/// Scrubs ended.
pub const LEDGER_SCRUBS: Metric = Metric {
    name: "gatepost_ledger_scrubs_total",
    metric_type: MetricType::Counter,
    labels: &["outcome"],
    docs: "Scrubs of the record that this node ended, by outcome: clean, damage.",
};
/// Overdue scrub.
pub const LEDGER_SCRUB_OVERDUE: Metric = Metric {
    name: "gatepost_ledger_scrub_overdue",
    metric_type: MetricType::Gauge,
    labels: &[],
    docs: "1 when no scrub of the record ended for three intervals, else 0.",
};
/// Upkeep that failed.
pub const LEDGER_UPKEEP_FAILURES: Metric = Metric {
    name: "gatepost_ledger_upkeep_failures_total",
    metric_type: MetricType::Counter,
    labels: &["what"],
    docs: "Background work on the record that failed and is tried again, by what: removal (an erasure waits to be finished), archive, scrub.",
};
/// Segments archived.
pub const LEDGER_ARCHIVED: Metric = Metric {
    name: "gatepost_ledger_segments_archived_total",
    metric_type: MetricType::Counter,
    labels: &[],
    docs: "Finished segments that this node moved to object storage under Object Lock.",
};
/// Who writes.
pub const LEDGER_WRITER: Metric = Metric {
    name: "gatepost_ledger_writer",
    metric_type: MetricType::Gauge,
    labels: &[],
    docs: "1 on the node that writes the record, else 0. The sum over all nodes has to be 1; 0 for longer than the lease means that \
           nobody records.",
};
/// Entries.
pub const LEDGER_ENTRIES: Metric = Metric {
    name: "gatepost_ledger_entries",
    metric_type: MetricType::Gauge,
    labels: &["signed"],
    docs: "Entries of the record: `signed` no counts all of them, yes those under the newest checkpoint.",
};
/// Requests answered.
pub const HTTP_REQUESTS: Metric = Metric {
    name: "gatepost_http_requests_total",
    metric_type: MetricType::Counter,
    labels: &["method", "route", "status"],
    docs: "Requests answered by this node. The route is the pattern, never the address.",
};
/// How long requests take.
pub const HTTP_DURATION: Metric = Metric {
    name: "gatepost_http_request_duration_seconds",
    metric_type: MetricType::Histogram,
    labels: &["method", "route"],
    docs: "How long requests took on this node, from the first byte read to the head of the answer.",
};

/// How late calls begin.
pub const PUBLISHING_START_LATE: Metric = Metric {
    name: "gatepost_publishing_start_late_seconds",
    metric_type: MetricType::Histogram,
    labels: &[],
    docs: "How long after a post's time its first call to the network was allowed.",
};
/// Attempts that ended.
pub const PUBLISHING_ATTEMPTS: Metric = Metric {
    name: "gatepost_publishing_attempts_total",
    metric_type: MetricType::Counter,
    labels: &["outcome"],
    docs: "Attempts to post that ended: published, without effect, or with an outcome that has to be looked up.",
};
/// Posts past their time.
pub const PUBLISHING_OVERDUE: Metric = Metric {
    name: "gatepost_publishing_overdue",
    metric_type: MetricType::Gauge,
    labels: &[],
    docs: "Posts past their time that are neither out nor held nor ended. Anything above 0 deserves a look at the publishing page at once.",
};
/// Posts that wait for a person.
pub const PUBLISHING_HELD: Metric = Metric {
    name: "gatepost_publishing_held",
    metric_type: MetricType::Gauge,
    labels: &[],
    docs: "Posts that are held and wait for a person: to let them go out, re-time or cancel them.",
};
/// Posts that were not sent from here.
pub const PUBLISHING_FOREIGN: Metric = Metric {
    name: "gatepost_publishing_foreign",
    metric_type: MetricType::Gauge,
    labels: &[],
    docs: "Posts on own profiles that were not sent from here and that nobody has taken note of.",
};
/// Every metric, in the order of the monitoring page.
pub const ALL: &[Metric] = &[
    JOBS_QUEUED,
    JOBS_RUNNING,
    JOBS_DEAD,
    JOBS_OLDEST_WAIT,
    JOBS_ATTEMPTS,
    JOBS_DURATION,
    LEDGER_SHIPPED,
    CAPTURE_EVENTS,
    CAPTURE_FAILURES,
    CAPTURE_ALARMS,
    WORKFLOWS_STUCK,
    CAPTURE_CANARIES,
    SKIPS_OVERDUE,
    LEDGER_ENTRIES,
    LEDGER_WRITER,
    LEDGER_TIMESTAMPS,
    LEDGER_TIMESTAMPS_MISSING,
    LEDGER_SCRUBS,
    LEDGER_SCRUB_OVERDUE,
    LEDGER_DAMAGE,
    LEDGER_UPKEEP_FAILURES,
    LEDGER_ARCHIVED,
    PUBLISHING_START_LATE,
    PUBLISHING_ATTEMPTS,
    PUBLISHING_OVERDUE,
    PUBLISHING_HELD,
    PUBLISHING_FOREIGN,
    HTTP_REQUESTS,
    HTTP_DURATION,
];

/// Tells the installed recorder what each metric means. Call once, after the recorder was installed.
pub fn describe() {
    for metric in ALL {
        match metric.metric_type {
            MetricType::Counter => metrics::describe_counter!(metric.name, metric.docs),
            MetricType::Gauge => metrics::describe_gauge!(metric.name, metric.docs),
            MetricType::Histogram => metrics::describe_histogram!(metric.name, metric.docs),
        }
    }
}

/// The table as Markdown, for the monitoring page.
pub fn markdown() -> String {
    let row = |metric: &Metric| {
        let kind = match metric.metric_type {
            MetricType::Counter => "counter",
            MetricType::Gauge => "gauge",
            MetricType::Histogram => "histogram",
        };
        format!("| `{}` | {kind} | {} | {} |\n", metric.name, metric.labels.join(", "), metric.docs)
    };
    let rows: String = ALL.iter().map(row).collect();
    format!("| metric | type | labels | says |\n|---|---|---|---|\n{rows}")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{ALL, MetricType, markdown};

    #[test]
    fn the_table_has_a_row_for_each_metric_with_four_columns() {
        let table = markdown();
        assert_eq!(table.lines().count(), ALL.len() + 2);
        assert!(table.lines().all(|line| line.matches('|').count() == 5), "{table}");
    }

    #[test]
    fn names_are_ours_unique_and_say_their_unit() {
        let names: HashSet<_> = ALL.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), ALL.len());
        for metric in ALL {
            assert!(metric.name.starts_with("gatepost_"), "{}", metric.name);
            assert_eq!(metric.name.ends_with("_total"), metric.metric_type == MetricType::Counter, "{}", metric.name);
            let has_unit = metric.name.ends_with("_seconds") || metric.name.ends_with("_bytes");
            assert_eq!(
                has_unit,
                metric.metric_type == MetricType::Histogram || metric.docs.starts_with("How long"),
                "{}",
                metric.name
            );
            assert!(metric.docs.ends_with('.'), "{}", metric.name);
        }
    }
}
