//! Posts of the demo company, in every state that one can look at before anything has happened: drafts, one with a version of its own, a
//! thread, something scheduled, something that goes out with the first start of the server. Written by the demo's people themselves.

use desk::{
    Actor, Desk, Time,
    capture::Examiner,
    ids::ProfileId,
    profiles::{self, ProfilesFilter},
    publishing::{self, Content, Draft, Part, PostForm, Submitting},
    sign_in::{self, Step},
};

use crate::demo::PASSWORD;

const HOUR_MS: i64 = 3_600_000;
const ZONE: &str = "Europe/Lisbon";

/// What a post of the demo becomes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Becomes {
    Draft,
    Submitted,
}

struct DemoPost {
    title: &'static str,
    /// Titles of profiles; an own text where it differs.
    profiles: &'static [(&'static str, Option<&'static str>)],
    /// The posts of its thread.
    texts: &'static [&'static str],
    /// Hours from now; nothing for none.
    in_hours: Option<i64>,
    campaign: Option<&'static str>,
    tags: &'static [&'static str],
    becomes: Becomes,
}

const FANS: &str = "Kite fans (sandbox)";
const MASTODON: &str = "Northwind Kites on Mastodon";
const BLUESKY: &str = "Northwind Kites on Bluesky";

/// By the manager, who may publish.
const MANAGERS: &[DemoPost] = &[
    DemoPost {
        title: "Good morning, kites",
        profiles: &[(FANS, None)],
        texts: &["Good morning! The wind is up and so are we: come and fly with us at the north beach today. #kites"],
        in_hours: None,
        campaign: None,
        tags: &["daily"],
        becomes: Becomes::Submitted,
    },
    DemoPost {
        title: "Repair day",
        profiles: &[(FANS, None)],
        texts: &["Torn sail, broken spar? Bring it to our repair day on Saturday; the first mend is free."],
        in_hours: Some(30),
        campaign: Some("Autumn winds"),
        tags: &["workshop"],
        becomes: Becomes::Submitted,
    },
    DemoPost {
        title: "Autumn winds, the launch",
        profiles: &[
            (MASTODON, None),
            (BLUESKY, Some("The Autumn Winds collection is here: lighter spars, louder colours. https://kites.example/autumn")),
        ],
        texts: &[
            "The Autumn Winds collection is here. Lighter spars, louder colours, and a bag that fits every bicycle basket. https://kites.example/autumn #kites",
            "What changed, for those who want to know: carbon where it bends, bamboo where it should not.",
        ],
        in_hours: Some(52),
        campaign: Some("Autumn winds"),
        tags: &["launch"],
        becomes: Becomes::Draft,
    },
];

/// By the author, who drafts.
const AUTHORS: &[DemoPost] = &[
    DemoPost {
        title: "Ask the workshop",
        profiles: &[(MASTODON, None)],
        texts: &["Ask our workshop anything this Friday! Or write to workshop.north@northwind.example and we answer there."],
        in_hours: Some(75),
        campaign: None,
        tags: &["workshop"],
        becomes: Becomes::Draft,
    },
    DemoPost {
        title: "Sneak preview",
        profiles: &[(FANS, None)],
        texts: &["Psst! Our Project Heron flies next spring, and no Galewind will keep up with it."],
        in_hours: None,
        campaign: None,
        tags: &[],
        becomes: Becomes::Draft,
    },
    DemoPost {
        title: "",
        profiles: &[(FANS, None)],
        texts: &["An idea for next week: the story of our oldest kite"],
        in_hours: None,
        campaign: None,
        tags: &[],
        becomes: Becomes::Draft,
    },
];

/// Writes the posts.
pub(crate) async fn write(desk: &Desk) -> anyhow::Result<()> {
    let examiner = Examiner::new()?;
    for (email, posts) in [("mika@northwind.example", MANAGERS), ("ada@northwind.example", AUTHORS)] {
        let actor = signed_in(desk, email).await?;
        for post in posts {
            write_one(desk, &actor, &examiner, post).await?;
        }
    }
    let mika = signed_in(desk, "mika@northwind.example").await?;
    for profile in profiles::visible(desk, &mika, &ProfilesFilter::default()).await? {
        if profile.0.title == FANS {
            for (weekday, minute) in [(1, 9 * 60), (3, 12 * 60 + 30), (5, 16 * 60)] {
                publishing::add_posting_slot(desk, &mika, profile.0.id, weekday, minute, ZONE).await?;
            }
        }
    }
    Ok(())
}

async fn signed_in(desk: &Desk, email: &str) -> anyhow::Result<Actor> {
    let Step::Done(session) = sign_in::with_password(desk, &Actor::nobody(None), email, PASSWORD, "demo").await? else {
        anyhow::bail!("the demo's people sign in without a second factor");
    };
    Ok(sign_in::resume(desk, session.cookie.reveal(), None, "demo").await?.actor)
}

async fn write_one(desk: &Desk, actor: &Actor, examiner: &Examiner, post: &DemoPost) -> anyhow::Result<()> {
    let known = profiles::visible(desk, actor, &ProfilesFilter::default()).await?;
    let content = |texts: &[&str]| Content {
        parts: texts.iter().map(|text| Part { text: (*text).to_owned(), media: Vec::new() }).collect(),
        language: Some("en".to_owned()),
        ..Content::default()
    };
    let mut draft = Draft { common: content(post.texts), ..Draft::default() };
    for (title, own) in post.profiles {
        let found: Option<ProfileId> = known.iter().find(|(profile, _)| profile.title == *title).map(|(profile, _)| profile.id);
        let profile = found.ok_or_else(|| anyhow::anyhow!("the demo lacks the profile `{title}`"))?;
        draft.targets.insert(profile, own.map(|text| content(&[text])));
    }
    let campaign = match post.campaign {
        None => None,
        Some(name) => {
            let known = publishing::campaigns(desk, actor).await?.into_iter().find(|campaign| campaign.name == name);
            Some(match known {
                Some(campaign) => campaign.id,
                None => publishing::create_campaign(desk, actor, name).await?,
            })
        }
    };
    let form = PostForm {
        title: post.title.to_owned(),
        draft,
        slot: post.in_hours.map(|hours| on_the_hour(desk.now(), hours)),
        zone: ZONE.to_owned(),
        campaign,
        tags: post.tags.iter().map(|tag| (*tag).to_owned()).collect(),
    };
    let id = publishing::create(desk, actor, &form).await?;
    if post.becomes == Becomes::Submitted {
        publishing::submit(desk, actor, examiner, id, 1, &Submitting::default()).await?;
    }
    Ok(())
}

/// The full hour so many hours ahead: nobody plans a post for seven past.
fn on_the_hour(now: Time, hours: i64) -> Time {
    Time((now.0 / HOUR_MS + hours) * HOUR_MS)
}
