//! Pages: every result once, in order, however the index changes in between.

use search::{Order, PageCursor, Request, Scope, SearchError, SearchIndex};

use crate::corpus::{Desk, HELP, SHOP, message, number, query};

fn page(desk: &Desk, text: &str, order: Order, after: Option<PageCursor>) -> (Vec<u64>, Option<PageCursor>) {
    let request = Request::new(query(text), Scope::of([SHOP, HELP]), order).limit(7).after(after);
    let answer = desk.index.search(&request).expect("an answer");
    (answer.hits.iter().map(|hit| number(hit.id)).collect(), answer.next)
}

fn all_pages(desk: &Desk, text: &str, order: Order) -> Vec<u64> {
    let (mut all, mut after) = (Vec::new(), None);
    for _ in 0..100 {
        let (hits, next) = page(desk, text, order, after);
        all.extend(hits);
        after = next;
        if after.is_none() {
            return all;
        }
    }
    panic!("pages do not end");
}

/// Many messages with the same time and the same words, in several segments.
fn desk() -> Desk {
    let desk = Desk::empty();
    for batch in 0..5 {
        let messages = (1..=10).map(|place| {
            let mut made = message(batch * 10 + place, if place % 2 == 0 { "late parcel" } else { "late" });
            made.time_ms = 1_000 * i64::from(place % 3 == 0);
            made
        });
        desk.add(messages.collect());
    }
    desk
}

#[test]
fn pages_hold_every_result_once() {
    let desk = desk();
    for (text, count) in [("late", 50), ("parcel", 25), ("", 50), ("nothing", 0), ("late -parcel", 25)] {
        for order in [Order::Newest, Order::Relevance] {
            let mut all = all_pages(&desk, text, order);
            assert_eq!(all.len(), count, "{text} {order:?}");
            all.sort_unstable();
            all.dedup();
            assert_eq!(all.len(), count, "{text} {order:?}: none twice");
        }
    }
}

#[test]
fn the_newest_are_first_and_equal_times_are_in_order_of_their_ids() {
    let all = all_pages(&desk(), "late", Order::Newest);
    let key = |number: &u64| (i64::from((number - 1) % 10 % 3 == 2), *number);
    assert!(all.windows(2).all(|pair| key(&pair[0]) > key(&pair[1])), "{all:?}");
}

#[test]
fn by_time_a_page_stays_right_while_messages_arrive() {
    let desk = Desk::of((1..=20).map(|number| message(number, "late")).collect());
    let (first, next) = page(&desk, "late", Order::Newest, None);
    desk.add((21..=30).map(|number| message(number, "late")).collect());
    let (second, _) = page(&desk, "late", Order::Newest, next);
    assert_eq!(first, [20, 19, 18, 17, 16, 15, 14]);
    assert_eq!(second, [13, 12, 11, 10, 9, 8, 7]);
}

#[test]
fn a_page_mark_of_another_search_is_refused() {
    let desk = desk();
    let (_, next) = page(&desk, "late", Order::Newest, None);
    for (text, order) in [("parcel", Order::Newest), ("late", Order::Relevance)] {
        let request = Request::new(query(text), Scope::of([SHOP]), order).after(next);
        assert!(matches!(desk.index.search(&request), Err(SearchError::ForeignPage)), "{text} {order:?}");
    }
}

#[test]
fn ranking_ends_where_it_says_nothing() {
    let desk = Desk::of((1..=1_100).map(|number| message(number, "late")).collect());
    let mut after = None;
    for _ in 0..10 {
        let request = Request::new(query("late"), Scope::of([SHOP]), Order::Relevance).limit(100).after(after);
        after = desk.index.search(&request).expect("an answer").next;
    }
    let request = Request::new(query("late"), Scope::of([SHOP]), Order::Relevance).limit(100).after(after);
    assert!(matches!(desk.index.search(&request), Err(SearchError::TooFar { .. })));
}
