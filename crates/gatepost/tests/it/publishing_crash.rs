//! The whole server killed without warning while it publishes to the sandbox and to a real server that knows no repetition (snac).
//!
//! What must hold at the end: every post stands on each network once at most, what we call published stands there, and nothing that was
//! scheduled is without a final or held state. `GATEPOST_FAULT_ROUNDS` and `GATEPOST_FAULT_SEED` make it a campaign.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io::Write as _,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use desk::{
    Actor, Clock, Desk, DeskParts, SystemClock, SystemIds, Time,
    capture::{
        Connectors, Examiner,
        connections::{self, Begun, NewConnection},
    },
    db::{Db, DbOptions},
    ids::{PostId, ProfileId},
    people,
    publishing::{self, Content, Draft, Part, PostForm, Sender, Submitting, TargetState},
    sealed::Sealer,
    sign_in,
};
use networks::{Network, Session, account::Begun as NetworkBegun, mastodon::Mastodon, network::ConnectRequest};
use testkit::{
    desk::desk_in,
    peers::snac::Snac,
    people::open_session,
    process::{Moments, Process},
};

use crate::program::Place;

/// Kills in the short form, a part of every test run.
const ROUNDS: u64 = 3;
/// Posts scheduled before each life of the server.
const POSTS_A_ROUND: u64 = 6;
/// The shortest life of a server after it answered: the first posts are due by then.
const LIFE_MIN: Duration = Duration::from_millis(700);
/// How much longer it may live.
const LIFE_SPREAD: Duration = Duration::from_secs(2);
/// A server that needs longer to start hangs.
const WAIT_MAX: Duration = Duration::from_mins(1);
/// How long the real server has to be quiet before nothing of the killed processes can be under way any more.
const QUIET: Duration = Duration::from_secs(3);
/// How far ahead the last process lives: every attempt of the killed ones may be looked up then, and what nobody began is late.
const AHEAD_MS: i64 = 10 * 60 * 1_000;

/// The machine's clock, ahead.
#[derive(Debug)]
struct Ahead;

impl Clock for Ahead {
    fn now(&self) -> Time {
        SystemClock.now().plus_ms(AHEAD_MS)
    }
}

async fn desk_ahead(data: &Path) -> Desk {
    let text = std::fs::read_to_string(data.join("master.key")).expect("the key");
    let mut key = [0; 32];
    hex::decode_to_slice(text.trim(), &mut key).expect("hexadecimal digits");
    Desk::new(DeskParts {
        db: Db::open_sqlite(&data.join("gatepost.db"), DbOptions::default()).await.expect("SQLite opens"),
        clock: Arc::new(Ahead),
        ids: Arc::new(SystemIds::new()),
        sealer: Sealer::new(&key),
        public_url: "http://localhost".to_owned(),
        mail: None,
    })
}

async fn owner(desk: &Desk) -> Actor {
    let owner = people::find_for_operator(desk, &Actor::operator(), "owner@example.test").await.expect("reads");
    let (_, cookie) = open_session(desk, owner.expect("init made the owner").id).await;
    sign_in::resume(desk, &cookie, None, "").await.expect("the door answers").actor
}

async fn begin(desk: &Desk, owner: &Actor, network: &str, method: &str, fields: &[(&str, &str)]) -> Begun {
    let new = NewConnection {
        network: network.to_owned(),
        method: method.to_owned(),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        profile: None,
        title: format!("Kites on {network}"),
        group: None,
        protected: false,
    };
    connections::begin(desk, &Connectors::all(), owner, new).await.expect("it begins")
}

fn query(back: &str) -> BTreeMap<String, String> {
    let (_, query) = back.split_once('?').expect("a query");
    query.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The profiles, and a session of our own to look at the real server with.
async fn connect(desk: &Desk, owner: &Actor, server: &Snac) -> (Vec<ProfileId>, Session) {
    let Begun::Connected(sandbox) = begin(desk, owner, "sandbox", "sandbox", &[("handle", "kites"), ("feed", "public")]).await
    else {
        panic!("the sandbox needs no round trip")
    };
    let password = server.add("kites").expect("an account");
    let url = server.url();
    let Begun::Redirect(agree) = begin(desk, owner, "mastodon", "oauth", &[("server", url.as_str())]).await else {
        panic!("the person has to agree first")
    };
    let back = Snac::agree(&url, &agree, "kites", &password).await.expect("agreed");
    let real = connections::finish(desk, &Connectors::all(), owner, &query(&back)).await.expect("connected");
    let request = ConnectRequest {
        method: "oauth".to_owned(),
        fields: BTreeMap::from([("server".to_owned(), url.clone())]),
        redirect_uri: "http://127.0.0.1:9/back".to_owned(),
        random: [7; 64],
        now_ms: desk.now().0,
    };
    let NetworkBegun::Redirect { url: page, pending } = Mastodon.begin(&request).await.expect("it begins") else {
        panic!("the person has to agree first")
    };
    let back = Snac::agree(&url, &page, "kites", &password).await.expect("agreed");
    let connected = Mastodon.finish(&request, &pending, &query(&back)).await.expect("connected");
    let session = Session {
        account: connected.standing.account,
        secrets: connected.secrets,
        settings: connected.settings,
        clock: networks::Clock::default(),
    };
    (vec![sandbox, real], session)
}

/// Schedules some posts around the server's next life.
async fn schedule(desk: &Desk, owner: &Actor, examiner: &Examiner, profiles: &[ProfileId], first: u64) -> Vec<PostId> {
    let mut made = Vec::new();
    for number in first..first + POSTS_A_ROUND {
        let thread = if number % 3 == 0 { 3 } else { 1 };
        let parts = (0..thread).map(|part| Part { text: format!("Post {number} part {part} of it"), media: Vec::new() });
        let common = Content { parts: parts.collect(), ..Content::default() };
        let targets = profiles.iter().map(|&profile| (profile, None)).collect();
        let slot = desk.now().plus_ms(2_000 + i64::try_from(number % POSTS_A_ROUND).expect("few") * 400);
        let form = PostForm { draft: Draft { common, targets }, slot: Some(slot), ..PostForm::default() };
        let id = publishing::create(desk, owner, &form).await.expect("begun");
        publishing::submit(desk, owner, examiner, id, 1, &Submitting::default()).await.expect("submitted");
        made.push(id);
    }
    made
}

/// How often each text stands on the real server. A pull may bring a post twice; it is one by its id.
async fn on_server(session: &Session) -> HashMap<String, u32> {
    let (mut counts, mut seen) = (HashMap::new(), HashSet::new());
    let mut cursor = None;
    loop {
        let batch = Mastodon.pull(session, cursor.as_ref(), Duration::ZERO).await.expect("the server answers");
        for event in batch.events {
            if let networks::event::What::Posted(content) = event.what
                && seen.insert(event.native_id)
            {
                *counts.entry(content.text).or_default() += 1;
            }
        }
        cursor = Some(batch.cursor);
        if !batch.more {
            return counts;
        }
    }
}

/// Waits until the server has taken everything that killed processes left in its queue. The clock of the last process is set ahead, so
/// the minutes after which an attempt is looked up do not pass; this is what they are for.
async fn quiet(session: &Session) {
    let end = std::time::Instant::now() + WAIT_MAX;
    let (mut known, mut since) = (on_server(session).await, std::time::Instant::now());
    while since.elapsed() < QUIET {
        assert!(std::time::Instant::now() < end, "the server goes on taking posts with nobody there to send any");
        tokio::time::sleep(Duration::from_millis(250)).await;
        let now = on_server(session).await;
        if now != known {
            (known, since) = (now, std::time::Instant::now());
        }
    }
}

/// How often each text stands on the sandbox.
fn on_sandbox(data: &Path) -> HashMap<String, u32> {
    let mut counts = HashMap::new();
    let text = std::fs::read_to_string(data.join("sandbox/kites.jsonl")).unwrap_or_default();
    for line in text.lines() {
        let kept: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
        let is_post = kept.pointer("/event/what/kind").is_some_and(|kind| kind == "posted");
        if let Some(said) = kept.pointer("/event/what/text").and_then(serde_json::Value::as_str).filter(|_| is_post) {
            *counts.entry(said.to_owned()).or_default() += 1;
        }
    }
    counts
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} has to be a number")))
}

fn live(place: &Place, life: Duration, comes_up: bool) {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::ports::free().expect("a free port")));
    let mut command = place.command(&["serve", "--listen", &address.to_string()]);
    let mut process = Process::start(command.env("GATEPOST_LOG_LEVEL", "warn")).expect("it starts");
    if comes_up {
        process.answers(address, "/readyz", WAIT_MAX).expect("it comes up after every kill");
    }
    std::thread::sleep(life);
    process.kill().expect("killed");
}

#[test]
fn a_server_killed_while_it_publishes_posts_nothing_twice_and_loses_nothing() {
    let (rounds, seed) = (number("GATEPOST_FAULT_ROUNDS", ROUNDS), number("GATEPOST_FAULT_SEED", 1));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let server = Snac::start().expect("snac");
    let place = Place::with_workspace();
    let data = place.path("data");
    let examiner = Examiner::new().expect("compiles");
    let (profiles, session) = runtime.block_on(async {
        let desk = desk_in(&data).await;
        let owner = owner(&desk).await;
        let connected = connect(&desk, &owner, &server).await;
        desk.db().close().await;
        connected
    });
    let mut posts = Vec::new();
    let lives = Moments::new(seed, LIFE_SPREAD).take(usize::try_from(rounds).expect("not that many"));
    for (round, life) in (0..).zip(lives) {
        posts.extend(runtime.block_on(async {
            let desk = desk_in(&data).await;
            let owner = owner(&desk).await;
            let made = schedule(&desk, &owner, &examiner, &profiles, round * POSTS_A_ROUND).await;
            desk.db().close().await;
            made
        }));
        live(&place, LIFE_MIN + life, round % 3 != 2);
    }
    runtime.block_on(end(&data, &posts, &session, seed));
}

/// Another process looks up what the killed ones left, then everything is compared with the networks.
async fn end(data: &Path, posts: &[PostId], session: &Session, seed: u64) {
    networks::sandbox::keep_in(&data.join("sandbox"));
    quiet(session).await;
    let desk = desk_ahead(data).await;
    let owner = owner(&desk).await;
    let sender = Sender::new(desk.clone(), Connectors::all());
    for _ in 0..60 {
        sender.work_until_idle().await.expect("our own side is well");
        let (overdue, _) = publishing::look(&desk).await.expect("looked");
        let open = open_targets(&desk, &owner, posts).await;
        if overdue == 0 && open == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let (there, kept) = (on_server(session).await, on_sandbox(data));
    let (mut published, mut held) = (0, 0);
    for &id in posts {
        let post = publishing::get(&desk, &owner, id).await.expect("readable");
        for target in &post.targets {
            let sandbox = is_sandbox(&desk, &owner, target.key.profile).await;
            let (network, counts) = if sandbox { ("the sandbox", &kept) } else { ("snac", &there) };
            let life = &target.life;
            for (number, part) in post.draft.common.parts.iter().enumerate() {
                let count = counts.get(&part.text).copied().unwrap_or(0);
                assert!(count <= 1, "seed {seed}: “{}” is on {network} {count} times ({life:?})", part.text);
                if u32::try_from(number).expect("few") < life.parts_there {
                    assert_eq!(count, 1, "seed {seed}: we say “{}” is there ({life:?})", part.text);
                } else if life.open_attempt().is_none() {
                    assert_eq!(count, 0, "seed {seed}: “{}” is there and we do not know ({life:?})", part.text);
                }
            }
            let ended = life.state.is_final() || life.state == TargetState::Held;
            assert!(ended, "seed {seed}: {:?} has no end: {life:?}", target.key);
            published += u32::from(life.state == TargetState::Published);
            held += u32::from(life.state == TargetState::Held);
        }
    }
    desk.db().close().await;
    assert!(published > 0, "nothing was published: the test tests nothing");
    let summary = format!("{} posts on two networks: {published} published, {held} held, none twice, none lost\n", posts.len());
    std::io::stdout().write_all(summary.as_bytes()).expect("standard output is open");
}

async fn is_sandbox(desk: &Desk, owner: &Actor, profile: ProfileId) -> bool {
    desk::profiles::get(desk, owner, profile).await.expect("a profile").network == "sandbox"
}

async fn open_targets(desk: &Desk, owner: &Actor, posts: &[PostId]) -> usize {
    let mut open = 0;
    for &id in posts {
        let post = publishing::get(desk, owner, id).await.expect("readable");
        open += post
            .targets
            .iter()
            .filter(|target| matches!(target.life.state, TargetState::Sending | TargetState::Scheduled))
            .count();
    }
    open
}
