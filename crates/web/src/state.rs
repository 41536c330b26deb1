//! What every handler can reach: the desk, the edge's options, the probes' sources.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use desk::{
    Desk,
    capture::{Connectors, Examiner, Reception, uploads::Uploads},
    publishing::media::TextReader,
    records::Record,
    search::Search,
};
use ipnet::IpNet;

use crate::{api::RateLimits, hooks::HOOK_CALLS_MAX};

/// Bytes in a form or JSON body. Uploads have routes, and limits, of their own.
pub const BODY_MAX: usize = 256 * 1024;

/// Choices of the operator that concern the edge.
#[derive(Debug, Clone, Default)]
pub struct WebOptions {
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether development pages (`/_gallery`) are served.
    pub development: bool,
}

/// Writes the metrics in Prometheus text form.
pub type MetricsText = Arc<dyn Fn() -> String + Send + Sync>;

/// The state of the router. Cheap to clone.
#[derive(Clone)]
pub struct WebState {
    /// The application.
    pub desk: Desk,
    /// The operator's choices.
    pub options: Arc<WebOptions>,
    /// The metrics.
    pub metrics: MetricsText,
    /// The record as this process reaches it.
    pub record: Record,
    /// The networks that profiles can be connected to.
    pub connectors: Connectors,
    /// Capture as this process has it; nothing when it has no part in it.
    pub reception: Option<Reception>,
    /// Search over what was captured; nothing when this process has no index.
    pub search: Option<Search>,
    /// Export files that people send; nothing when this process takes none.
    pub uploads: Option<Uploads>,
    /// What reads the text in uploaded pictures; nothing when no recogniser is installed.
    pub text_reader: Option<TextReader>,
    /// What looks at drafts; made when it is first asked for, unless the process has one already.
    examiner: Arc<OnceLock<Arc<Examiner>>>,
    /// The API's limits of rate.
    pub api_limits: Arc<RateLimits>,
    /// Those of platforms that call us.
    pub hook_limits: Arc<RateLimits>,
    draining: Arc<AtomicBool>,
}

impl WebState {
    /// Puts the state together.
    pub fn new(desk: Desk, options: WebOptions, metrics: MetricsText) -> Self {
        let api_limits = Arc::new(RateLimits::default());
        let hook_limits = Arc::new(RateLimits::new(0, HOOK_CALLS_MAX));
        let draining = Arc::new(AtomicBool::new(false));
        Self {
            desk,
            options: Arc::new(options),
            metrics,
            record: Record::default(),
            connectors: Connectors::all(),
            reception: None,
            search: None,
            uploads: None,
            text_reader: None,
            examiner: Arc::default(),
            api_limits,
            hook_limits,
            draining,
        }
    }

    /// Serves this record: the public log under `/log/`, and how it does.
    #[must_use]
    pub fn with_record(self, record: Record) -> Self {
        Self { record, ..self }
    }

    /// Other networks than all there is a connector for.
    #[must_use]
    pub fn with_connectors(self, connectors: Connectors) -> Self {
        Self { connectors, ..self }
    }

    /// Takes in what platforms call us with.
    #[must_use]
    pub fn with_reception(self, reception: Reception) -> Self {
        Self { reception: Some(reception), ..self }
    }

    /// Searches with this.
    #[must_use]
    pub fn with_search(self, search: Search) -> Self {
        Self { search: Some(search), ..self }
    }

    /// Takes export files.
    #[must_use]
    pub fn with_uploads(self, uploads: Uploads) -> Self {
        Self { uploads: Some(uploads), ..self }
    }

    /// Reads what is written in uploaded pictures with this.
    #[must_use]
    pub fn with_text_reader(self, reader: TextReader) -> Self {
        Self { text_reader: Some(reader), ..self }
    }

    /// Looks at drafts with what looks at captured messages.
    #[must_use]
    pub fn with_examiner(self, examiner: Arc<Examiner>) -> Self {
        Self { examiner: Arc::new(OnceLock::from(examiner)), ..self }
    }

    /// What looks at drafts.
    ///
    /// # Errors
    /// When the built-in model cannot be read.
    pub fn examiner(&self) -> desk::Result<&Examiner> {
        if let Some(known) = self.examiner.get() {
            return Ok(known);
        }
        let made = Arc::new(Examiner::new()?);
        Ok(self.examiner.get_or_init(|| made))
    }

    /// Other limits of rate than the default ones.
    #[must_use]
    pub fn with_api_limits(self, limits: RateLimits) -> Self {
        Self { api_limits: Arc::new(limits), ..self }
    }

    /// From now on `/readyz` says that no new requests should come here, and live streams end.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    /// Whether the server is about to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }
}
