//! What every store does.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;

const NOW: Timestamp = Timestamp(1_795_600_000_000);
const LATER: Timestamp = Timestamp(1_795_600_060_000);

/// Runs a future of a store that never waits.
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    let mut context = Context::from_waker(Waker::noop());
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

fn put(sort: &str, body: &str, expected: Expected) -> Write {
    Write::Put {
        key: Key::new("p", sort),
        body: body.to_owned(),
        expires: LATER,
        expected,
    }
}

async fn body(store: &impl Store, sort: &str, now: Timestamp) -> Option<String> {
    let found = store.get(&[Key::new("p", sort)], now).await.expect("read");
    found.into_iter().next().map(|document| document.body)
}

async fn holds(store: &impl Store) {
    let made = |committed: Result<Committed, StoreError>| committed.expect("written");
    let first = vec![
        put("a", "1", Expected::Absent),
        put("b", "1", Expected::Anything),
    ];
    assert_eq!(made(store.commit(first, NOW).await), Committed::Made);
    let again = vec![
        put("c", "1", Expected::Absent),
        put("a", "2", Expected::Absent),
    ];
    assert_eq!(made(store.commit(again, NOW).await), Committed::Conflict);
    assert_eq!(body(store, "c", NOW).await, None, "all or none");
    let key = Key::new("p", "a");
    let read = store
        .get(std::slice::from_ref(&key), NOW)
        .await
        .expect("read");
    let change = || vec![put("a", "3", read[0].unchanged())];
    assert_eq!(made(store.commit(change(), NOW).await), Committed::Made);
    assert_eq!(made(store.commit(change(), NOW).await), Committed::Conflict);
    let blind = vec![put("a", "4", Expected::Anything)];
    let read = store
        .get(std::slice::from_ref(&key), NOW)
        .await
        .expect("read");
    assert_eq!(made(store.commit(blind, NOW).await), Committed::Made);
    let stale = Write::Delete {
        key: key.clone(),
        expected: read[0].unchanged(),
    };
    assert_eq!(
        made(store.commit(vec![stale], NOW).await),
        Committed::Conflict
    );
    let listed = store.list("p", 10, NOW).await.expect("listed");
    let sorts: Vec<&str> = listed.iter().map(|one| one.key.sort.as_str()).collect();
    assert_eq!(sorts, ["a", "b"]);
    assert_eq!(store.list("p", 1, NOW).await.expect("listed").len(), 1);
    assert!(store.list("q", 10, NOW).await.expect("listed").is_empty());
    assert_eq!(body(store, "a", LATER).await, None, "expired");
    assert!(store.list("p", 10, LATER).await.expect("listed").is_empty());
    let anew = vec![put("a", "5", Expected::Absent)];
    assert_eq!(made(store.commit(anew, LATER).await), Committed::Made);
    let delete = Write::Delete {
        key,
        expected: Expected::Anything,
    };
    assert_eq!(made(store.commit(vec![delete], NOW).await), Committed::Made);
    assert_eq!(body(store, "a", NOW).await, None, "deleted");
    let twice = vec![
        put("d", "1", Expected::Anything),
        put("d", "2", Expected::Anything),
    ];
    assert!(store.commit(twice, NOW).await.is_err(), "one name twice");
    assert_eq!(body(store, "d", NOW).await, None, "none of them");
    hands_out_all(store).await;
}

/// More than one page holds: each document comes once, in order.
async fn hands_out_all(store: &impl Store) {
    const ALL: usize = 450;
    let text = "x".repeat(5_000);
    for number in 0..ALL {
        let write = Write::Put {
            key: Key::new("many", format!("{number:04}")),
            body: text.clone(),
            expires: LATER,
            expected: Expected::Absent,
        };
        let made = store.commit(vec![write], NOW).await.expect("written");
        assert_eq!(made, Committed::Made);
    }
    let (mut sorts, mut pages, mut after) = (Vec::new(), 0, None);
    loop {
        let page = store.page("many", after.as_deref(), NOW).await;
        let page = page.expect("read");
        sorts.extend(page.documents.into_iter().map(|one| one.key.sort));
        pages += 1;
        after = page.more;
        if after.is_none() {
            break;
        }
    }
    let all: Vec<String> = (0..ALL).map(|number| format!("{number:04}")).collect();
    assert_eq!(sorts, all);
    assert!(pages > 1, "{pages}");
    let first = store.list("many", 300, NOW).await.expect("listed");
    assert_eq!(first.len(), 300);
    assert!(first.is_sorted_by_key(|one| one.key.sort.clone()));
}

#[test]
fn memory_does() {
    block_on(holds(&Memory::default()));
}

#[cfg(feature = "aws")]
#[path = "../../tests/it/moto.rs"]
pub(super) mod moto;

#[cfg(feature = "aws")]
#[test]
fn dynamo_does() {
    let moto = moto::Moto::shared();
    let store = Dynamo::new(&moto.client(), moto.table("conformance"));
    moto::block_on(holds(&store));
}
