//! A process to be killed while it captures: it takes a feed of its own making into a folder, lot by lot, until it reaches the end.
//!
//! Arguments: a folder with `gatepost.db` and `ledger/`, the profile's id, and how many events the feed has. The cursor is the number of
//! events read, so that whoever starts it again sees it go on. Prints a line when it begins, and one when it is done.

use std::{io::Write as _, path::PathBuf, sync::Arc};

use desk::{
    Desk, DeskParts, SystemClock, SystemIds,
    capture::{Lot, Then, Via},
    db::{Db, DbOptions, sql},
    ids::ProfileId,
    sealed::Sealer,
};
use networks::Cursor;
use testkit::{
    desk::TEST_MASTER_KEY,
    records::{feed_event, intake_in},
};

/// Events of a lot: small, so that a kill falls between lots as well as into them.
const LOT: usize = 7;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().expect("a folder"));
    let profile: ProfileId = arguments.next().and_then(|id| id.parse().ok()).expect("a profile");
    let count: usize = arguments.next().and_then(|count| count.parse().ok()).expect("a number of events");
    let db = Db::open_sqlite(&folder.join("gatepost.db"), DbOptions::default()).await.expect("the database opens");
    let desk = Desk::new(DeskParts {
        db,
        clock: Arc::new(SystemClock),
        ids: Arc::new(SystemIds::new()),
        sealer: Sealer::new(&TEST_MASTER_KEY),
        public_url: "https://desk.example.test".to_owned(),
        mail: None,
    });
    let intake = intake_in(&desk, &folder.join("ledger"));
    std::io::stdout().write_all(b"capturing\n").expect("the test reads this line");
    loop {
        let mut reader = desk.db().read().await.expect("reads");
        let row = sql("SELECT cursor FROM capture_streams WHERE profile_id = $1").bind(profile);
        let row = row.optional(&mut reader).await.expect("reads");
        drop(reader);
        let at: usize = row
            .and_then(|row| row.get::<Option<String>>("cursor").expect("a text or nothing"))
            .map_or(0, |cursor| cursor.parse().expect("a number"));
        if at >= count {
            break;
        }
        let end = (at + LOT).min(count);
        let events = (at..end).map(feed_event).collect();
        let then = Then::Cursor(Cursor(end.to_string()));
        let lot = Lot { via: Via::Pull, connector: "scripted", events, gaps: Vec::new(), late: Vec::new(), then };
        intake.take(profile, lot).await.expect("taken");
    }
    drop(intake);
    std::io::stdout().write_all(b"done\n").expect("the test reads this line");
}
