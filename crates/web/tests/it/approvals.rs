//! Approvals at the edge: nobody approves their own work by any route, and an outside approver gets to nothing else by any.

use std::collections::{BTreeMap, BTreeSet};

use desk::{
    Actor,
    approvals::{
        self, Approver, Need, Step, SubmissionState,
        outside::{self, DIGEST_WAIT_MS, WriteToGuest},
        workflows::{self, Cover, WINDOW_MS, Workflow},
    },
    capture::{
        Connectors, Examiner,
        connections::{self, Begun, NewConnection},
    },
    db::Engine,
    ids::{PostId, ProfileId, SubmissionId},
    jobs::Registry,
    mail::SendMail,
    publishing::{self, Content, Draft, Part, PostForm, Saved, Sent, Submitting},
    rights::{Callers, Given, Level, Right, TokenScope},
    sign_in::{self, NewToken},
};
use http::{Method, StatusCode};
use testkit::{
    Somebody, TestDesk,
    peers::mail::{Behaviour, MailSink},
};
use web::{
    gate::GUEST_COOKIE,
    routes::{Face, Needs, routes},
};

use crate::{
    browser::{Answer, edge, get, post, send, send_with},
    client::{As, Edge},
};

const HOUR: i64 = 3_600_000;

/// A profile on the sandbox.
async fn profile(test: &TestDesk, owner: &Actor) -> ProfileId {
    let fields = BTreeMap::from([("handle".to_owned(), "kites".to_owned()), ("feed".to_owned(), "public".to_owned())]);
    let new = NewConnection {
        network: "sandbox".to_owned(),
        method: "sandbox".to_owned(),
        fields,
        profile: None,
        title: "Kites".to_owned(),
        group: None,
        protected: true,
    };
    match connections::begin(&test.desk, &Connectors::all(), owner, new).await.expect("the sandbox takes everybody") {
        Begun::Connected(profile) => profile,
        Begun::Redirect(_) => unreachable!("the sandbox needs no round trip"),
    }
}

fn form(test: &TestDesk, text: &str, profile: ProfileId) -> PostForm {
    let common = Content { parts: vec![Part { text: text.to_owned(), media: Vec::new() }], ..Content::default() };
    let draft = Draft { common, targets: BTreeMap::from([(profile, None)]) };
    PostForm {
        title: "What colleagues call it".to_owned(),
        slot: Some(test.desk.now().plus_ms(30 * HOUR)),
        draft,
        ..PostForm::default()
    }
}

async fn ask(test: &TestDesk, owner: &Actor, asked: impl IntoIterator<Item = Approver>) {
    let step = Step {
        name: "Legal".to_owned(),
        approvers: asked.into_iter().collect(),
        need: Need::Any,
        delegate_after_ms: None,
        delegates: BTreeSet::new(),
        because: String::new(),
    };
    let workflow = Workflow { name: "All".to_owned(), cover: Cover::default(), steps: vec![step], window_ms: WINDOW_MS };
    workflows::create(&test.desk, owner, workflow).await.expect("a workflow");
}

async fn submit(test: &TestDesk, actor: &Actor, id: PostId) -> SubmissionId {
    let examiner = Examiner::new().expect("the inspector compiles");
    let revision = publishing::get(&test.desk, actor, id).await.expect("readable").revision;
    match publishing::submit(&test.desk, actor, &examiner, id, revision, &Submitting::default()).await.expect("submitted") {
        Sent::Pending(id) => id,
        Sent::Scheduled => panic!("nobody was asked"),
    }
}

async fn token(test: &TestDesk, of: &Somebody, agent: bool) -> As {
    let expires_at = test.desk.now().plus_ms(24 * HOUR);
    let new = NewToken { name: "program".to_owned(), scopes: TokenScope::all(), expires_at, agent };
    As::Token(sign_in::create_token(&test.desk, &of.actor, &new).await.expect("a token").1.reveal().to_owned())
}

async fn digest(test: &TestDesk, actor: &Actor, id: SubmissionId) -> String {
    approvals::get(&test.desk, actor, id).await.expect("readable").shown.preview.digest.into()
}

/// Tries to approve by every way there is: page, selection, API, API of several.
async fn by_every_route(test: &TestDesk, cookie: &str, tokens: &[As], id: SubmissionId, seen: &str) {
    let pages = edge(test);
    post(&pages, &format!("/approvals/{id}"), Some(cookie), &format!("verdict=approve&seen={seen}&others=keep")).await;
    post(&pages, "/approvals", Some(cookie), &format!("verdict=approve&item={id}%3A{seen}")).await;
    let api = Edge::new(test);
    let one = format!(r#"{{"verdict":"approve","seen":"{seen}","others":"keep"}}"#);
    let many = format!(r#"{{"verdict":"approve","items":[{{"id":"{id}","seen":"{seen}"}}]}}"#);
    let json = [("content-type", "application/json")];
    for who in tokens.iter().cloned().chain([As::Cookie(cookie.to_owned())]) {
        let path = format!("/api/v1/approvals/{id}/decision");
        let answer = api.send(&who, Method::POST, &path, &json, Some(&one)).await;
        assert_ne!(answer.status, StatusCode::OK, "{who:?}: {}", answer.text);
        let answer = api.send(&who, Method::POST, "/api/v1/approvals/decisions", &json, Some(&many)).await;
        assert!(!answer.text.contains(r#""state":"approved""#), "{who:?}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_their_own_work_by_any_route() {
    let sink = MailSink::start(Behaviour::default()).expect("a mail server");
    let test = TestDesk::with_mail(Engine::Sqlite, Some(sink.server())).await;
    // The owner of the workspace has every right there is, and is asked like everybody here.
    let owner = test.workspace().await;
    let profile = profile(&test, &owner.actor).await;
    let publisher = [Given::Level(Level::FullPublishing)];
    let everything: Vec<_> = Right::ALL.iter().map(|&right| Given::Right(right)).chain(publisher).collect();
    let (author, editor, admin) =
        (test.person_with(&publisher).await, test.person_with(&publisher).await, test.person_with(&everything).await);
    let other = test.person_with(&[Given::Level(Level::ReadOnly)]).await;
    let tagged = outside::invite(&test.desk, &owner.actor, "Owner+agency@example.test", "Nobody Else").await.expect("named");
    let all = [&owner, &author, &editor, &admin, &other];
    ask(&test, &owner.actor, all.map(|somebody| Approver::Person(somebody.person)).into_iter().chain([Approver::Guest(tagged)]))
        .await;

    for writer in [&owner, &author, &admin] {
        for helper in [&editor, &admin, &owner] {
            let post = publishing::create(&test.desk, &writer.actor, &form(&test, "a kite", profile)).await.expect("begun");
            // The one edits in the browser, and an agent of the other's edits as well.
            let seen = publishing::get(&test.desk, &helper.actor, post).await.expect("readable").revision;
            let saved = publishing::save(&test.desk, &helper.actor, post, seen, &form(&test, "a red kite", profile))
                .await
                .expect("saved");
            assert!(matches!(saved, Saved::Done(_)));
            let id = submit(&test, &writer.actor, post).await;
            let seen = digest(&test, &other.actor, id).await;
            for somebody in [writer, helper] {
                let tokens = [token(&test, somebody, false).await, token(&test, somebody, true).await];
                by_every_route(&test, &somebody.cookie, &tokens, id, &seen).await;
            }
            // The agent of somebody who is asked and had no hand in it.
            let agent = token(&test, &other, true).await;
            let body = format!(r#"{{"verdict":"approve","seen":"{seen}"}}"#);
            let path = format!("/api/v1/approvals/{id}/decision");
            let refused =
                Edge::new(&test).send(&agent, Method::POST, &path, &[("content-type", "application/json")], Some(&body)).await;
            assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
            if writer.person == owner.person || helper.person == owner.person {
                let asked = approvals::get(&test.desk, &other.actor, id).await.expect("readable").shown.kept.submission.excluded;
                assert!(asked.contains(&approvals::Voice::Guest(tagged)), "their own mailbox does not count either");
            }
            let state = approvals::get(&test.desk, &other.actor, id).await.expect("readable").shown.kept.submission.state;
            assert_eq!(state, SubmissionState::Pending, "{} edited by {}", writer.person, helper.person);
            let page = post_as(&test, &other, &format!("/approvals/{id}"), &format!("verdict=approve&seen={seen}")).await;
            assert_eq!(page.status, StatusCode::SEE_OTHER, "somebody else approves: {}", page.text);
            let state = approvals::get(&test.desk, &other.actor, id).await.expect("readable").shown.kept.submission.state;
            assert_eq!(state, SubmissionState::Approved);
            for somebody in [writer, helper] {
                publishing::withdraw(&test.desk, &somebody.actor, post).await.ok();
            }
        }
    }
}

async fn post_as(test: &TestDesk, who: &Somebody, path: &str, form: &str) -> Answer {
    post(&edge(test), path, Some(&who.cookie), form).await
}

fn guest_cookie(answer: &Answer) -> String {
    let lines = answer.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    let line = lines.into_iter().find(|line| line.starts_with(GUEST_COOKIE)).expect("a cookie");
    assert!(line.contains("HttpOnly") && line.contains("Secure") && line.contains("SameSite=Lax"));
    line.split(';').next().expect("a pair").to_owned()
}

/// The whole way in through pages: letter, link, code. Answers with the guest's cookie.
async fn come_in(test: &TestDesk, sink: &MailSink) -> String {
    let pages = edge(test);
    let jobs = Registry::new().with(WriteToGuest).with(SendMail);
    test.clock.advance_ms(DIGEST_WAIT_MS);
    test.run_jobs(&jobs).await;
    let letter = sink.letters().pop().expect("a letter").body();
    let link =
        letter.split("https://desk.example.test").nth(1).expect("a link").split_whitespace().next().expect("a link").to_owned();
    let before = sink.letters().len();
    let door = get(&pages, &link, None).await;
    assert_eq!(door.status, StatusCode::OK);
    assert!(!door.text.contains("kite") && door.text.contains("Send me a code"));
    test.run_jobs(&jobs).await;
    assert_eq!(sink.letters().len(), before, "opening a link sends nothing");
    let asked = post(&pages, &link, None, "").await;
    assert_eq!((asked.status, asked.location()), (StatusCode::SEE_OTHER, "/outside/code"));
    let cookie = guest_cookie(&asked);
    assert_eq!(
        send_with(&pages, Method::GET, "/outside", &cookie, "").await.status,
        StatusCode::UNAUTHORIZED,
        "not without the code"
    );
    test.run_jobs(&jobs).await;
    let letter = sink.letters().pop().expect("a letter").body();
    let code = letter.split("Your code is ").nth(1).expect("a code").lines().next().expect("a code").replace(' ', "+");
    let wrong = send_with(&pages, Method::POST, "/outside/code", &cookie, "code=1").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let other =
        send_with(&pages, Method::POST, "/outside/code", &format!("{GUEST_COOKIE}=made-up"), &format!("code={code}")).await;
    assert_eq!(other.status, StatusCode::UNAUTHORIZED, "another browser");
    let entered = send_with(&pages, Method::POST, "/outside/code", &cookie, &format!("code={code}")).await;
    assert_eq!((entered.status, entered.location()), (StatusCode::SEE_OTHER, "/outside"));
    cookie
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_decides_on_their_own_page_and_no_other_route_or_id_opens_for_them() {
    let sink = MailSink::start(Behaviour::default()).expect("a mail server");
    let test = TestDesk::with_mail(Engine::Sqlite, Some(sink.server())).await;
    let owner = test.workspace().await;
    let profile = profile(&test, &owner.actor).await;
    let author = test.person_with(&[Given::Level(Level::FullPublishing)]).await;
    let guest = outside::invite(&test.desk, &owner.actor, "gil@agency.example.test", "Gil Guest").await.expect("named");
    ask(&test, &owner.actor, [Approver::Guest(guest), Approver::Person(owner.person)]).await;
    let own_post = publishing::create(&test.desk, &author.actor, &form(&test, "for the guest", profile)).await.expect("begun");
    let own = submit(&test, &author.actor, own_post).await;
    let cookie = come_in(&test, &sink).await;
    // Something that the guest is not asked about: the workflow asks people only from now on.
    let book = workflows::list(&test.desk, &owner.actor).await.expect("the book");
    let kept = &book.workflows[0];
    let mut inside = kept.workflow.clone();
    inside.steps[0].approvers = BTreeSet::from([Approver::Person(owner.person)]);
    workflows::change(&test.desk, &owner.actor, kept.id, kept.revision, inside).await.expect("changed");
    let post = publishing::create(&test.desk, &author.actor, &form(&test, "a secret plan", profile)).await.expect("begun");
    let other = submit(&test, &author.actor, post).await;

    let pages = edge(&test);
    let shown = send_with(&pages, Method::GET, "/outside", &cookie, "").await;
    assert!(shown.status == StatusCode::OK && shown.text.contains("for the guest") && !shown.text.contains("secret plan"));
    assert!(!shown.text.contains("What colleagues call it"), "nor is the post's name");
    assert!(!shown.text.contains("Legal") && !shown.text.contains("Olive Owner"), "the desk's way is none of theirs");

    let ids =
        [own.to_string(), other.to_string(), own_post.to_string(), post.to_string(), profile.to_string(), guest.to_string()];
    for route in routes() {
        let Needs::Operation(operation) = route.needs else { continue };
        if operation.area() == "door" || operation.callers() == Callers::Guest {
            continue;
        }
        for id in &ids {
            // The guest's cookie under its own name and under the desk's.
            let value = cookie.split_once('=').expect("a pair").1;
            for cookies in [cookie.clone(), format!("{}={value}", web::gate::SESSION_COOKIE)] {
                test.clock.advance_ms(10);
                let path = filled(route.path, id);
                let answer = send_with(&pages, route.method.clone(), &path, &cookies, "").await;
                let closed = match route.face {
                    Face::Api => matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS),
                    Face::Outside => answer.status == StatusCode::UNAUTHORIZED,
                    Face::Page | Face::Live => {
                        answer.status == StatusCode::SEE_OTHER && answer.location().starts_with("/sign-in")
                    }
                };
                assert!(closed, "{} {path} answered {}", route.method, answer.status);
                assert!(!answer.text.contains("secret plan"));
            }
        }
    }
    let seen = digest(&test, &owner.actor, other).await;
    let own_seen = digest(&test, &owner.actor, own).await;
    for id in ids.iter().filter(|id| **id != own.to_string()) {
        for seen in [&seen, &own_seen] {
            let answer = send_with(
                &pages,
                Method::POST,
                &format!("/outside/decide/{id}"),
                &cookie,
                &format!("verdict=approve&seen={seen}"),
            )
            .await;
            assert!(
                answer.status == StatusCode::CONFLICT && !answer.text.contains("secret plan"),
                "{id} answered {}",
                answer.status
            );
        }
        let file = send_with(&pages, Method::GET, &format!("/outside/files/{id}/{}", "0".repeat(64)), &cookie, "").await;
        assert_eq!(file.status, StatusCode::NOT_FOUND);
    }
    let without =
        send_with(&pages, Method::POST, &format!("/outside/decide/{own}"), &cookie, &format!("verdict=reject&seen={own_seen}"))
            .await;
    assert!(without.status == StatusCode::CONFLICT && without.text.contains("Give a reason"), "{}", without.text);
    let decided =
        send_with(&pages, Method::POST, &format!("/outside/decide/{own}"), &cookie, &format!("verdict=approve&seen={own_seen}"))
            .await;
    assert_eq!(decided.status, StatusCode::SEE_OTHER);
    let state = |id| {
        let (test, owner) = (&test, &owner);
        async move { approvals::get(&test.desk, &owner.actor, id).await.expect("readable").shown.kept.submission.state }
    };
    assert_eq!((state(own).await, state(other).await), (SubmissionState::Approved, SubmissionState::Pending));
    let empty = send_with(&pages, Method::GET, "/outside", &cookie, "").await;
    assert!(empty.text.contains("Nothing waits for you") && !empty.text.contains("for the guest"));
    let left = send_with(&pages, Method::POST, "/outside/leave", &cookie, "").await;
    assert_eq!(left.status, StatusCode::OK);
    assert_eq!(send_with(&pages, Method::GET, "/outside", &cookie, "").await.status, StatusCode::UNAUTHORIZED);
    // The owner's cookie opens no page of a guest.
    let owners = send(&pages, Method::GET, "/outside", Some(&owner.cookie), "").await;
    assert_eq!(owners.status, StatusCode::UNAUTHORIZED);
}

fn filled(path: &str, id: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { id.to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_show_what_waits_and_say_on_the_card_what_was_refused() {
    let test = TestDesk::on(Engine::Sqlite).await;
    let owner = test.workspace().await;
    let profile = profile(&test, &owner.actor).await;
    let author = test.person_with(&[Given::Level(Level::NeedsApproval)]).await;
    let approver = test.person_with(&[Given::Level(Level::ReadOnly)]).await;
    ask(&test, &owner.actor, [Approver::Person(approver.person)]).await;
    let mut ids = Vec::new();
    for text in ["the first kite", "the second kite"] {
        let post = publishing::create(&test.desk, &author.actor, &form(&test, text, profile)).await.expect("begun");
        ids.push(submit(&test, &author.actor, post).await);
    }
    let pages = edge(&test);
    let list = get(&pages, "/approvals", Some(&approver.cookie)).await;
    assert!(
        list.text.contains("the first kite") && list.text.contains("the second kite") && list.text.contains("No mail is sent")
    );
    let own = get(&pages, "/approvals", Some(&author.cookie)).await;
    assert!(own.text.contains("Nothing waits"));
    let all = get(&pages, "/approvals?show=all", Some(&author.cookie)).await;
    assert!(all.text.contains("your own work: others decide") && !all.text.contains("name=\"verdict\""));
    let seen = digest(&test, &approver.actor, ids[0]).await;
    let refused =
        post(&pages, &format!("/approvals/{}", ids[0]), Some(&approver.cookie), &format!("verdict=reject&seen={seen}&reason="))
            .await;
    assert!(refused.status == StatusCode::CONFLICT && refused.text.contains("Give a reason"), "{}", refused.text);
    let none = post(&pages, "/approvals", Some(&approver.cookie), "verdict=approve").await;
    assert!(none.text.contains("Select at least one"));
    let items: Vec<_> = ids.iter().map(|id| format!("item={id}%3A")).collect();
    let other = digest(&test, &approver.actor, ids[1]).await;
    let both = format!("verdict=approve&{}{seen}&{}{other}", items[0], items[1]);
    let done = post(&pages, "/approvals", Some(&approver.cookie), &both).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, "/approvals"));
    let story = get(&pages, &format!("/approvals/{}", ids[0]), Some(&author.cookie)).await;
    assert!(story.text.contains("approved"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_is_written_and_changed_without_scripts() {
    let test = TestDesk::on(Engine::Sqlite).await;
    let owner = test.workspace().await;
    let approver = test.person_with(&[Given::Level(Level::ReadOnly)]).await;
    let pages = edge(&test);
    let page = get(&pages, "/workflows/new", Some(&owner.cookie)).await;
    assert!(page.status == StatusCode::OK && page.text.contains(&format!("person:{}", approver.person)));
    let nobody = post(&pages, "/workflows", Some(&owner.cookie), "name=Brand&window=30&step-0-name=Brand&step-0-need=any").await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nobody.text.contains("needs between 1 and") && nobody.text.contains("value=\"Brand\""), "what was typed stays");
    let form = format!(
        "name=Brand&window=30&step-0-name=Brand&step-0-need=quorum&step-0-quorum=1&step-0-approvers=person%3A{}",
        approver.person
    );
    let made = post(&pages, "/workflows", Some(&owner.cookie), &form).await;
    assert_eq!((made.status, made.location()), (StatusCode::SEE_OTHER, "/workflows"));
    let book = workflows::list(&test.desk, &owner.actor).await.expect("the book");
    let id = book.workflows[0].id;
    assert_eq!(book.workflows[0].workflow.steps[0].need, Need::Quorum(1));
    let edit = get(&pages, &format!("/workflows/{id}"), Some(&owner.cookie)).await;
    assert!(edit.text.contains("value=\"Brand\"") && edit.text.contains("Step 2, if you need one more"));
    let old = post(&pages, &format!("/workflows/{id}"), Some(&owner.cookie), &format!("{form}&revision=0")).await;
    assert!(old.status == StatusCode::UNPROCESSABLE_ENTITY && old.text.contains("Somebody else changed this"), "{}", old.text);
    let gone = post(&pages, &format!("/workflows/{id}/remove"), Some(&owner.cookie), "").await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
}
