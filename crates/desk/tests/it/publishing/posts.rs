//! Writing, saving, submitting, moving, cancelling: who may, and what it does to what was decided.

use desk::{
    Actor, Error,
    capture::Examiner,
    paging::PageRequest,
    publishing::{
        self, CommentAudience, Most, Part, PostFilter, PostForm, PostOrder, Retimed, Saved, Sent, Submitting, TargetState,
        WarningKind, media,
    },
    rights::{self, Give, Given, Holder, Level, Scope},
};
use jiff::tz::TimeZone;
use testkit::{
    on_both,
    records::{intake_in, post},
};

use super::{form, publisher, sandbox};
use crate::capture::cast::pulled;

const HOUR: i64 = 3_600_000;

fn examiner() -> Examiner {
    Examiner::new().expect("the inspector compiles")
}

fn state(post: &publishing::Post) -> TargetState {
    post.targets[0].life.state
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_who_edit_one_post_get_one_success_and_both_texts() {
    on_both(|test| async move {
        let desk = &test.desk;
        let (publisher, profile) = publisher(&test).await;
        let colleague = test.person_with(&[Given::Level(Level::NeedsApproval)]).await.actor;
        let id = publishing::create(desk, &publisher, &form("first", &[profile])).await.expect("begun");
        let seen = publishing::get(desk, &colleague, id).await.expect("readable");
        let saved = publishing::save(desk, &publisher, id, seen.revision, &form("second", &[profile])).await.expect("saved");
        assert!(matches!(saved, Saved::Done(post) if post.revision == seen.revision + 1));
        let late = publishing::save(desk, &colleague, id, seen.revision, &form("other", &[profile])).await.expect("answered");
        let Saved::Conflict(theirs) = late else { panic!("the lock did not hold") };
        assert_eq!(theirs.draft.common.parts[0].text, "second");
        let editors = theirs.changed_by;
        assert_eq!(Some(editors), publisher.person());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writing_needs_the_level_on_every_profile_and_reading_shows_only_those_one_may_read() {
    on_both(|test| async move {
        let desk = &test.desk;
        let (publisher, one) = publisher(&test).await;
        let two = sandbox(desk, &publisher, "other").await;
        let id = publishing::create(desk, &publisher, &form("both", &[one, two])).await.expect("begun");
        let stranger = test.person_with(&[]).await.actor;
        assert!(matches!(publishing::get(desk, &stranger, id).await, Err(Error::NotFound("post"))));
        assert!(matches!(publishing::create(desk, &stranger, &form("x", &[one])).await, Err(Error::NotFound("profile"))));
        let reader = test.person_with(&[Given::Level(Level::ReadOnly)]).await.actor;
        assert!(matches!(publishing::create(desk, &reader, &form("x", &[one])).await, Err(Error::Refused(_))));
        assert!(matches!(publishing::save(desk, &reader, id, 1, &form("x", &[one, two])).await, Err(Error::Refused(_))));
        let half = test.person_with(&[Given::Level(Level::FullPublishing)]).await;
        let none = Give {
            holder: Holder::Person(half.person),
            given: Given::Level(Level::NoAccess),
            scope: Scope::Profile(two),
            expires_at: None,
            reason: "a test wants it".to_owned(),
        };
        rights::give(desk, &Actor::desk("test"), none).await.expect("given");
        let half = test.resume(&half.cookie).await;
        let seen = publishing::get(desk, &half, id).await.expect("one of its profiles");
        assert_eq!((seen.targets.len(), seen.draft.targets.len()), (1, 1));
        assert!(matches!(publishing::save(desk, &half, id, 1, &form("x", &[one])).await, Err(Error::Refused(_))));
        let listed = publishing::list(desk, &half, &PostFilter::default(), PostOrder::Changed, &PageRequest::default()).await;
        assert_eq!(listed.expect("a page").items[0].targets.len(), 1);
        let none = publishing::list(desk, &stranger, &PostFilter::default(), PostOrder::Changed, &PageRequest::default()).await;
        assert_eq!(none.expect("a page").total, 0);
    })
    .await;
}

/// Somebody with full publishing everywhere but on one profile, which they cannot read.
async fn kept_from(test: &testkit::TestDesk, profile: desk::ids::ProfileId) -> Actor {
    let half = test.person_with(&[Given::Level(Level::FullPublishing)]).await;
    let none = Give {
        holder: Holder::Person(half.person),
        given: Given::Level(Level::NoAccess),
        scope: Scope::Profile(profile),
        expires_at: None,
        reason: "a test wants it".to_owned(),
    };
    rights::give(&test.desk, &Actor::desk("test"), none).await.expect("given");
    test.resume(&half.cookie).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_profile_gets_is_not_shown_beside_what_one_may_read() {
    on_both(|test| async move {
        let desk = &test.desk;
        let (publisher, open) = publisher(&test).await;
        let closed = sandbox(desk, &publisher, "other").await;
        let half = kept_from(&test, closed).await;
        let [hidden, shown] = [uploaded(desk, &publisher, "a").await, uploaded(desk, &publisher, "b").await];
        let mut both = form("Secret words", &[open, closed]);
        both.draft.common.parts[0].media.push(hidden.clone());
        let mut own = form("Plain words", &[]).draft.common;
        own.parts[0].media.push(shown.clone());
        both.draft.targets.insert(open, Some(own.clone()));
        both.slot = Some(desk.now().plus_ms(HOUR));
        let id = publishing::create(desk, &publisher, &both).await.expect("begun");
        publishing::submit(desk, &publisher, &examiner(), id, 1, &Submitting::default()).await.expect("submitted");

        let post = publishing::get(desk, &half, id).await.expect("one of its profiles");
        assert_eq!((post.draft.content_for(open), &post.draft.common), (Some(&own), &publishing::Content::default()));
        let story = publishing::history(desk, &half, id).await.expect("its story");
        assert!(!format!("{story:?}").contains("Secret"), "{story:?}");
        assert_eq!(publishing::get(desk, &publisher, id).await.expect("all of it").draft, both.draft);
        for (who, words, found) in
            [(&half, "secret", 0), (&half, "plain", 0), (&half, "a kite", 1), (&publisher, "secret", 1), (&publisher, "plain", 1)]
        {
            let filter = PostFilter { text: Some(words.to_owned()), ..PostFilter::default() };
            let page = publishing::list(desk, who, &filter, PostOrder::Changed, &PageRequest::default()).await.expect("a page");
            assert_eq!(page.total, found, "{words}");
            let excerpts: Vec<_> = page.items.iter().map(|post| post.excerpt.as_str()).collect();
            assert!(
                who.person() == publisher.person() || excerpts.iter().all(|excerpt| *excerpt == "Plain words"),
                "{excerpts:?}"
            );
        }
        assert!(matches!(media::info(desk, &half, hidden.digest).await, Err(Error::NotFound("file"))));
        media::info(desk, &half, shown.digest).await.expect("it is on what they read");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_one_may_not_see_cannot_be_put_on_a_post() {
    on_both(|test| async move {
        let desk = &test.desk;
        let (publisher, profile) = publisher(&test).await;
        let colleague = test.person_with(&[Given::Level(Level::NeedsApproval)]).await.actor;
        let file = uploaded(desk, &publisher, "mine").await;
        let mut with = form("Look", &[profile]);
        with.draft.common.parts[0].media.push(file.clone());
        assert!(matches!(publishing::create(desk, &colleague, &with).await, Err(Error::Invalid(_))));
        let id = publishing::create(desk, &colleague, &form("Look", &[profile])).await.expect("begun");
        assert!(matches!(publishing::save(desk, &colleague, id, 1, &with).await, Err(Error::Invalid(_))));
        assert!(matches!(media::info(desk, &colleague, file.digest).await, Err(Error::NotFound(_))), "naming it shows nothing");
        publishing::create(desk, &publisher, &with).await.expect("theirs");
        publishing::save(desk, &colleague, id, 1, &with).await.expect("they see it on a post by now");
    })
    .await;
}

/// A picture of its own for each name, uploaded by somebody.
async fn uploaded(desk: &desk::Desk, actor: &Actor, name: &str) -> publishing::Medium {
    let chunk = |kind: &[u8; 4], body: &[u8]| {
        [&u32::try_from(body.len()).expect("short").to_be_bytes()[..], kind, body, &[0; 4]].concat()
    };
    let header = chunk(b"IHDR", &[0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]);
    let bytes = [b"\x89PNG\r\n\x1a\n".to_vec(), header, chunk(b"IDAT", name.as_bytes()), chunk(b"IEND", b"")].concat();
    let new = media::NewMedia { file_name: format!("{name}.png"), bytes: bytes.len() as u64 };
    let id = media::begin(desk, actor, &new).await.expect("begun");
    media::chunk(desk, actor, id, 0, &bytes).await.expect("taken");
    let info = media::finish(desk, actor, id, None).await.expect("a picture");
    publishing::Medium { digest: info.digest, media_type: info.media_type, file_name: info.file_name, alt: name.to_owned() }
}

async fn submitted(test: &testkit::TestDesk, actor: &Actor, form: &PostForm) -> (desk::ids::PostId, publishing::Post) {
    let id = publishing::create(&test.desk, actor, form).await.expect("begun");
    let sent = publishing::submit(&test.desk, actor, &examiner(), id, 1, &Submitting::default()).await.expect("submitted");
    assert_eq!(sent, Sent::Scheduled);
    (id, publishing::get(&test.desk, actor, id).await.expect("readable"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_free_post_is_scheduled_and_any_change_takes_it_back_to_the_desk() {
    on_both(|test| async move {
        let desk = &test.desk;
        let (publisher, profile) = publisher(&test).await;
        let slot = Some(desk.now().plus_ms(HOUR));
        let (id, post) = submitted(&test, &publisher, &PostForm { slot, ..form("hello", &[profile]) }).await;
        assert_eq!((state(&post), post.version, post.targets[0].life.slot), (TargetState::Scheduled, 1, slot));
        let again = publishing::submit(desk, &publisher, &examiner(), id, post.revision, &Submitting::default()).await;
        assert!(matches!(again, Err(Error::Conflict(_))));
        let titled = PostForm { slot, title: "Named".to_owned(), ..form("hello", &[profile]) };
        let same = publishing::save(desk, &publisher, id, 1, &titled);
        let Saved::Done(same) = same.await.expect("saved") else { panic!("nobody else saved") };
        assert_eq!(state(&same), TargetState::Scheduled, "a title is for colleagues");
        let louder = PostForm { slot, ..form("hello!", &[profile]) };
        let changed = publishing::save(desk, &publisher, id, 2, &louder);
        let Saved::Done(changed) = changed.await.expect("saved") else { panic!("nobody else saved") };
        assert_eq!(state(&changed), TargetState::Draft);
        assert!(changed.targets[0].life.reason.as_deref().is_some_and(|reason| reason.contains("changed after")));
        let second = publishing::submit(desk, &publisher, &examiner(), id, 3, &Submitting::default()).await;
        assert_eq!(second.expect("submitted"), Sent::Scheduled);
        publishing::withdraw(desk, &publisher, id).await.expect("taken back");
        assert_eq!(state(&publishing::get(desk, &publisher, id).await.expect("readable")), TargetState::Draft);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_time_within_what_was_cleared_keeps_it_and_one_outside_does_not() {
    on_both(|test| async move {
        let desk = &test.desk;
        let (publisher, profile) = publisher(&test).await;
        let slot = desk.now().plus_ms(HOUR);
        let (id, post) = submitted(&test, &publisher, &PostForm { slot: Some(slot), ..form("hello", &[profile]) }).await;
        let near = slot.plus_ms(2 * HOUR);
        assert_eq!(publishing::retime(desk, &publisher, id, post.revision, Some(near)).await.expect("moved"), Retimed::Within);
        let moved = publishing::get(desk, &publisher, id).await.expect("readable");
        assert_eq!((state(&moved), moved.targets[0].life.slot), (TargetState::Scheduled, Some(near)));
        let far = slot.plus_ms(72 * HOUR);
        assert_eq!(publishing::retime(desk, &publisher, id, post.revision, Some(far)).await.expect("moved"), Retimed::Voided);
        let moved = publishing::get(desk, &publisher, id).await.expect("readable");
        assert_eq!((state(&moved), moved.slot), (TargetState::Draft, Some(far)));
        let calendar = PostFilter { from: Some(far), until: Some(far.plus_ms(1)), ..PostFilter::default() };
        assert_eq!(publishing::due_times(desk, &publisher, &calendar).await.expect("a calendar"), [far]);
        let most = Most { a_day: 1, in_all: 1 };
        let planned = publishing::calendar_of(desk, &publisher, &calendar, &TimeZone::UTC, most).await.expect("a calendar");
        let day = planned.days.into_values().next().expect("a day");
        assert_eq!((planned.due, day.due, day.posts[0].id, day.posts[0].targets.len()), (1, 1, id, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_reply_answers_what_was_captured_and_publishes_nothing_by_calling_it_a_reply() {
    on_both(|test| async move {
        let desk = &test.desk;
        let (_, profile) = publisher(&test).await;
        let folder = tempfile::tempdir().expect("a folder");
        let intake = intake_in(desk, folder.path());
        intake.take(profile, pulled(vec![post("their-message", "ann", "where is my kite?")], "c")).await.expect("taken");
        let replier = test.person_with(&[Given::Level(Level::CanReply)]).await.actor;
        let answering = async |message: &str| {
            let mut form = PostForm { slot: Some(desk.now().plus_ms(HOUR)), ..form("on its way", &[profile]) };
            form.draft.common.reply_to = Some(message.to_owned());
            let id = publishing::create(desk, &replier, &form).await.expect("begun");
            let sent = publishing::submit(desk, &replier, &examiner(), id, 1, &Submitting::default()).await;
            (sent, state(&publishing::get(desk, &replier, id).await.expect("readable")))
        };
        let (sent, state) = answering("nobody-wrote-this").await;
        assert!(matches!(&sent, Err(Error::Conflict(_) | Error::Refused(_))), "{sent:?}");
        assert_eq!(state, TargetState::Draft);
        let (sent, state) = answering("their-message").await;
        assert_eq!((sent.expect("a reply"), state), (Sent::Scheduled, TargetState::Scheduled));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_network_refuses_for_certain_is_not_submitted() {
    on_both(|test| async move {
        let desk = &test.desk;
        let (publisher, profile) = publisher(&test).await;
        let examiner = examiner();
        let long = form(&"x".repeat(10_000), &[profile]);
        let warnings = publishing::check(desk, &publisher, &examiner, &long, None).await.expect("looked at");
        assert!(warnings.iter().any(|warning| warning.kind == WarningKind::TooLong && warning.blocks));
        let paid = PostForm { tags: ["ad".to_owned()].into(), ..form("buy a kite", &[profile]) };
        let past = PostForm { slot: Some(desk.now()), ..form("hello", &[profile]) };
        for bad in [long, paid, past, form("", &[profile])] {
            let id = publishing::create(desk, &publisher, &bad).await.expect("a draft may be anything");
            let refused = publishing::submit(desk, &publisher, &examiner, id, 1, &Submitting::default()).await;
            assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
            assert_eq!(state(&publishing::get(desk, &publisher, id).await.expect("readable")), TargetState::Draft);
        }
        let card = form("my card is 4111 1111 1111 1111", &[profile]);
        let warnings = publishing::check(desk, &publisher, &examiner, &card, None).await.expect("looked at");
        let finding = warnings.iter().find(|warning| warning.kind == WarningKind::Finding).expect("the card is found");
        let (start, end) = finding.span.expect("where it stands");
        assert_eq!(&card.draft.common.parts[0].text[start..end], "4111 1111 1111 1111");
        assert!(!finding.message.contains("4111"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discarded_or_cancelled_post_is_over_and_a_copy_begins_anew() {
    on_both(|test| async move {
        let desk = &test.desk;
        let (publisher, profile) = publisher(&test).await;
        let slot = Some(desk.now().plus_ms(HOUR));
        let (id, _) = submitted(&test, &publisher, &PostForm { slot, ..form("hello", &[profile]) }).await;
        assert!(matches!(publishing::cancel(desk, &publisher, id, None, " ").await, Err(Error::Invalid(_))));
        assert_eq!(publishing::cancel(desk, &publisher, id, None, "typo").await.expect("cancelled"), 1);
        assert!(matches!(publishing::cancel(desk, &publisher, id, None, "typo").await, Err(Error::Conflict(_))));
        let frozen = publishing::save(desk, &publisher, id, 1, &form("other", &[profile])).await;
        assert!(matches!(frozen, Err(Error::Conflict(_))));
        let copy = publishing::duplicate(desk, &publisher, id).await.expect("copied");
        let copied = publishing::get(desk, &publisher, copy).await.expect("readable");
        assert_eq!((state(&copied), copied.slot, copied.version), (TargetState::Draft, None, 0));
        publishing::discard(desk, &publisher, copy).await.expect("discarded");
        let left = publishing::list(desk, &publisher, &PostFilter::default(), PostOrder::Changed, &PageRequest::default()).await;
        assert_eq!(left.expect("a page").total, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_are_for_colleagues_unless_somebody_says_otherwise() {
    on_both(|test| async move {
        let desk = &test.desk;
        let (publisher, profile) = publisher(&test).await;
        let id = publishing::create(desk, &publisher, &form("hello", &[profile])).await.expect("begun");
        let reader = test.person_with(&[Given::Level(Level::ReadOnly)]).await.actor;
        let one = publishing::comment(desk, &reader, id, CommentAudience::Internal, "too loud").await.expect("said");
        publishing::comment(desk, &publisher, id, CommentAudience::External, "better?").await.expect("said");
        assert!(publishing::remove_comment(desk, &publisher, id, one).await.is_err(), "somebody else's");
        publishing::remove_comment(desk, &reader, id, one).await.expect("their own");
        let left = publishing::comments(desk, &reader, id).await.expect("readable");
        assert_eq!(left.iter().map(|comment| comment.text.as_str()).collect::<Vec<_>>(), ["better?"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_have_their_own_version_where_it_differs() {
    on_both(|test| async move {
        let desk = &test.desk;
        let (publisher, one) = publisher(&test).await;
        let two = sandbox(desk, &publisher, "other").await;
        let mut form = form("common", &[one, two]);
        let mut own = form.draft.common.clone();
        own.parts.push(Part { text: "and more".to_owned(), media: Vec::new() });
        form.draft.targets.insert(two, Some(own));
        let id = publishing::create(desk, &publisher, &form).await.expect("begun");
        let post = publishing::get(desk, &publisher, id).await.expect("readable");
        let parts = |profile| post.target(profile).map(|target| target.life.parts);
        assert_eq!((parts(one), parts(two)), (Some(1), Some(2)));
    })
    .await;
}
