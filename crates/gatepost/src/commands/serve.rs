//! `gatepost serve`: pages and API, background work, or both.

use std::{
    net::SocketAddr,
    process::ExitCode,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::Context as _;
use desk::{
    Desk,
    capture::{
        Connectors, Examiner, Reception,
        uploads::{CountFile, ImportFile, Uploads},
    },
    jobs::{Registry, Worker, WorkerOptions, house_kinds},
    live,
    publishing::{self, Sender},
    records::{Record, WriterState},
    search::{self, Search},
};
use ledger::keys::master::LocalMasterKey;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use web::{WebOptions, WebState};

use crate::{
    config::{Config, Origin},
    data::DataFolder,
    http_out::{AUTHORITY_TIME_MAX, HttpOut},
    record::{self, Keeper, Opened, Place, Seat},
    telemetry,
    tesseract::Tesseract,
    wiring::{CommonArgs, Schema, open_desk, search_folder},
};

/// How long a stopping server may finish or hand back what it holds.
const SHUTDOWN_MAX: Duration = Duration::from_secs(8);
/// How long the record may take after that: the outbox ships a last time, the ledger signs and closes. Both together stay under ten seconds.
const RECORD_END_MAX: Duration = Duration::from_millis(1_900);
/// How long threads that wait for something outside may hold up the end of the process.
const THREADS_END_MAX: Duration = Duration::from_millis(100);

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Args {
    /// Address and port to serve on.
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Only pages and API (with --worker or --capture: these too). Without any of the three, this process does everything.
    #[arg(long)]
    web: bool,
    /// Only background jobs.
    #[arg(long)]
    worker: bool,
    /// Only capture from networks, and the record: beside PostgreSQL, a process without this role leaves the record to others.
    #[arg(long)]
    capture: bool,
    /// Fill a fresh data folder with a fictional company to look around in. Loopback only.
    #[arg(long)]
    demo: bool,
}

#[derive(Debug, Clone, Copy)]
struct Roles {
    web: bool,
    worker: bool,
    record: bool,
}

impl Args {
    fn roles(&self) -> Roles {
        let all = !self.web && !self.worker && !self.capture;
        Roles { web: all || self.web, worker: all || self.worker, record: all || self.capture }
    }
}

pub(crate) fn run(common: &CommonArgs, args: &Args) -> anyhow::Result<ExitCode> {
    let mut config = common.load_config()?;
    if let Some(listen) = &args.listen {
        config.set("server.listen", toml::Value::String(listen.clone()), &Origin::Flag("--listen"))?;
    }
    anyhow::ensure!(
        !args.demo || config.listen.ip().is_loopback(),
        "the demo company has published passwords, so it is served on loopback only; listen on 127.0.0.1"
    );
    telemetry::start_logs(&config)?;
    let folder = if args.demo { DataFolder::open_or_create(&common.data)? } else { DataFolder::open(&common.data)? };
    // Beside PostgreSQL any number of servers may run; a SQLite folder belongs to one.
    let _lock = if config.database_url.is_empty() { Some(folder.lock()?) } else { None };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("failed to start the runtime")?;
    let served = runtime.block_on(serve(&folder, &config, args));
    runtime.shutdown_timeout(THREADS_END_MAX);
    served.map(|()| ExitCode::SUCCESS)
}

async fn serve(folder: &DataFolder, config: &Config, args: &Args) -> anyhow::Result<()> {
    // Before anything answers: who sees the server up may ask it to stop at once.
    let mut signals = StopSignals::watch()?;
    let metrics = telemetry::start_metrics()?;
    desk::metric_names::describe();
    let desk = open_desk(folder, config, Schema::Migrate).await?;
    networks::sandbox::keep_in(&folder.path().join("sandbox"));
    if args.demo {
        crate::demo::ensure(&desk).await?;
    }
    let (keeper, opened) = open_record(folder, config, &desk, args.roles()).await?;
    let record = keeper.record.clone();
    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    let roles = args.roles();
    // Live updates from other processes; answers at once on SQLite, where there are none.
    let (listener_desk, listener_stop) = (desk.clone(), stop.clone());
    tasks.spawn(async move { live::listen(&listener_desk, &listener_stop).await });
    let (index, follows) = search::open(&search_folder(folder)).context("failed to open the search index")?;
    if follows {
        tasks.spawn(search::Indexer::new(desk.clone(), index.clone()).run(stop.clone()));
    }
    // The record stops last, so that what the stop itself does is on it too.
    let end_record = CancellationToken::new();
    let keeping = tokio::spawn(keeper.run(opened, end_record.clone()));
    let examiner = Arc::new(Examiner::new()?);
    // The lists as they stand, before anything is looked at; from then on as they change.
    examiner.refresh(&desk).await.context("failed to read the word lists")?;
    tasks.spawn(examiner.clone().follow(desk.clone(), stop.clone()));
    let reception = Reception::new(desk.clone(), record.clone(), examiner.clone(), Connectors::all());
    if roles.record {
        tasks.spawn(reception.clone().run(stop.clone()));
    }
    let uploads = Uploads::open(folder.path().join("uploads"), record::node_name(config), reception.clone())
        .context("failed to prepare the folder of uploaded files")?;
    if roles.record {
        uploads.sweep(&desk).await.context("failed to tidy the folder of uploaded files")?;
    }
    let mut kinds = if roles.worker { house_kinds() } else { Registry::new() };
    if roles.record {
        // Where the record is written, whoever else works on jobs.
        kinds = kinds.with(ImportFile(uploads.clone())).with(CountFile(uploads.clone()));
    }
    if kinds.kinds().next().is_some() {
        let options = WorkerOptions { at_once_max: config.worker_parallel as usize, ..WorkerOptions::default() };
        tasks.spawn(Worker::new(desk.clone(), kinds, options).run(stop.clone()));
    }
    if roles.worker {
        tasks.spawn(Sender::new(desk.clone(), Connectors::all()).run(stop.clone()));
        tasks.spawn(publishing::Watch::new(desk.clone()).run(stop.clone()));
    }
    let edge = Edge { record, reception, search: Search::new(index), examiner, uploads };
    let web = if roles.web { Some(start_web(&desk, config, metrics, edge, &stop, &tasks).await?) } else { None };
    if let Some((address, _)) = &web {
        announce(config, *address, args.demo);
    }
    signals.wait().await;
    tracing::info!("stopping: finishing what is under way");
    if let Some((_, state)) = &web {
        state.drain();
    }
    stop.cancel();
    tasks.close();
    if tokio::time::timeout(SHUTDOWN_MAX, tasks.wait()).await.is_err() {
        tracing::warn!(limit_s = SHUTDOWN_MAX.as_secs(), "stopped with requests still open; jobs go back when their lease ends");
    }
    end_record.cancel();
    if tokio::time::timeout(RECORD_END_MAX, keeping).await.is_err() {
        tracing::warn!("stopped with the record still open; what is not in it waits in the database for the next start");
    }
    desk.db().close().await;
    Ok(())
}

/// Prepares the record. In a folder it is opened here, so that a start that cannot write it fails; in a database it waits for its turn.
async fn open_record(
    folder: &DataFolder,
    config: &Config,
    desk: &Desk,
    roles: Roles,
) -> anyhow::Result<(Arc<Keeper>, Option<Opened>)> {
    let place = Arc::new(Place::of(folder, config)?);
    let seat =
        if place.is_shared() { Some(Seat::take(&place.folder).context("failed to prepare the ledger's folder")?) } else { None };
    let keeper = Arc::new(Keeper {
        desk: desk.clone(),
        record: Record::default(),
        master: Arc::new(LocalMasterKey::derive(&*folder.master_key(config)?)),
        authorities: record::authorities(config)?,
        transport: Arc::new(HttpOut::new(AUTHORITY_TIME_MAX)?),
        watched: record::watched(config),
        may_write: roles.record,
        seat,
        writer: Arc::new(Mutex::new(WriterState::Unknown)),
        place,
    });
    if keeper.place.is_shared() {
        return Ok((keeper, None));
    }
    let opening = keeper.clone();
    let opened = tokio::task::spawn_blocking(move || opening.open()).await?;
    let opened = opened.context("failed to open the ledger; `gatepost ledger verify` says what is wrong with it")?;
    Ok((keeper, Some(opened)))
}

/// What the edge reaches besides the desk.
struct Edge {
    record: Record,
    reception: Reception,
    search: Search,
    examiner: Arc<Examiner>,
    uploads: Uploads,
}

async fn start_web(
    desk: &Desk,
    config: &Config,
    metrics: metrics_exporter_prometheus::PrometheusHandle,
    edge: Edge,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) -> anyhow::Result<(SocketAddr, WebState)> {
    let options = WebOptions { trusted_proxies: config.trusted_proxies.clone(), development: config.development };
    let state = WebState::new(desk.clone(), options, Arc::new(move || metrics.render()))
        .with_record(edge.record)
        .with_reception(edge.reception)
        .with_search(edge.search)
        .with_examiner(edge.examiner)
        .with_uploads(edge.uploads);
    let state = if let Some(reader) = Tesseract::installed() {
        state.with_text_reader(Arc::new(reader))
    } else {
        tracing::info!("the text in uploaded pictures is not read: install tesseract-ocr to have it inspected");
        state
    };
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!("failed to listen on {}; another program may use the port, choose one with --listen", config.listen)
    })?;
    let address = listener.local_addr()?;
    let service = web::app(state.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let stopped = stop.clone().cancelled_owned();
    tasks.spawn(async move {
        if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(stopped).await {
            tracing::error!(%error, "the web server ended");
        }
    });
    Ok((address, state))
}

fn announce(config: &Config, address: SocketAddr, demo: bool) {
    tracing::info!(%address, "serving");
    let mut lines = format!("\nGatepost is at {}\n", config.public_url());
    if demo {
        lines.push_str(&crate::demo::how_to_sign_in());
    }
    // Standard output may be closed under a service manager.
    let _ = crate::output::print(&lines);
}

/// The signals that ask the server to stop, watched from the start: one that comes before anybody waits for it counts too.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn watch() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("failed to watch for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("failed to watch for SIGINT")?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
