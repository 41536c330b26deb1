//! HTTP for the record: questions to time authorities and to object storage, each bounded in time and size.
//!
//! The ledger's traits block, so the exchange runs on a small runtime of its own and the caller's thread waits for its outcome: it may be
//! called from anywhere. Invariant: no redirect is followed, no answer is read past its limit, and every exchange ends within its time.

use std::{sync::mpsc, time::Duration};

use anyhow::Context as _;
use ledger::{
    objects::{HttpClient, HttpError, HttpRequest, HttpResponse},
    timestamp::{TimestampQuery, TimestampReply, Transport, TransportError},
};
use reqwest::{Client, Method, redirect::Policy};
use tokio::runtime::Runtime;

/// How long a time authority may take for one answer.
pub(crate) const AUTHORITY_TIME_MAX: Duration = Duration::from_secs(10);
/// How long moving one segment may take.
pub(crate) const OBJECT_TIME_MAX: Duration = Duration::from_mins(10);
/// How long connecting may take.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);

/// A client with its own limit of time.
pub(crate) struct HttpOut {
    client: Client,
    /// Taken only when dropped.
    runtime: Option<Runtime>,
}

/// An answer, taken whole.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl HttpOut {
    /// A client whose exchanges end after `time_max`.
    pub(crate) fn new(time_max: Duration) -> anyhow::Result<Self> {
        let client = Client::builder()
            .timeout(time_max)
            .connect_timeout(CONNECT_TIME_MAX.min(time_max))
            .redirect(Policy::none())
            // What is stored and signed is taken as it comes.
            .gzip(false)
            .build()
            .context("failed to start the HTTP client")?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("http-out")
            .enable_all()
            .build()
            .context("failed to start the threads of the HTTP client")?;
        Ok(Self { client, runtime: Some(runtime) })
    }

    fn exchange(
        &self,
        method: Method,
        url: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
        bytes_max: usize,
    ) -> Result<Answer, String> {
        let mut request = self.client.request(method, url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(body);
        let (told, outcome) = mpsc::channel();
        self.runtime.as_ref().expect("taken only when dropped").spawn(async move {
            // Nobody waits any more when the process ends.
            let _ = told.send(take(request, bytes_max).await);
        });
        outcome.recv().unwrap_or_else(|_| Err("the program is ending".to_owned()))
    }
}

impl Drop for HttpOut {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // It may be dropped inside a task, where waiting is not allowed.
            runtime.shutdown_background();
        }
    }
}

async fn take(request: reqwest::RequestBuilder, bytes_max: usize) -> Result<Answer, String> {
    let mut response = request.send().await.map_err(|error| in_words(&error))?;
    let status = response.status().as_u16();
    let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| in_words(&error))? {
        if body.len() + chunk.len() > bytes_max {
            return Err(format!("the answer has more than the {bytes_max} bytes that are read"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body })
}

/// The innermost cause says what happened; the outer ones only that a request failed.
fn in_words(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it took too long to answer".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

impl Transport for HttpOut {
    fn post(&self, query: &TimestampQuery<'_>) -> Result<TimestampReply, TransportError> {
        let headers = [("content-type".to_owned(), query.media_type.to_owned())];
        let answer = self.exchange(Method::POST, query.url, &headers, query.body.to_vec(), query.answer_bytes_max);
        let Answer { status, headers, body } = answer.map_err(TransportError)?;
        let media_type = headers.into_iter().find(|(name, _)| name == "content-type").map(|(_, value)| value).unwrap_or_default();
        Ok(TimestampReply { status, media_type, body })
    }
}

impl HttpClient for HttpOut {
    fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, HttpError> {
        let method = Method::from_bytes(request.method.as_bytes()).expect("the ledger uses four known methods");
        let answer = self.exchange(method, &request.url, &request.headers, request.body.to_vec(), request.answer_bytes_max);
        let Answer { status, headers, body } = answer.map_err(HttpError)?;
        Ok(HttpResponse { status, headers, body })
    }
}
