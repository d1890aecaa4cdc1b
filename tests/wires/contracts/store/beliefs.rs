//! Claims about what is believed for a while: the window, marks, nominations, wakes, the watch.

use joiner_ports::{BatchWindow, Nomination, Store, UnavailableUntil};

use super::StoreGround;
use super::rows::{at, unavailable};

fn window(first: i64, last: i64) -> BatchWindow {
    BatchWindow { first_seen: at(first), last_seen: at(last) }
}

pub(super) async fn the_window_spans_from_the_first_sight_to_the_last<S: Store>(ground: &StoreGround<S>) {
    let store = &ground.store;
    assert_eq!(store.window().await.expect("an answer"), None);
    for (sight, expected) in [(10, window(10, 10)), (14, window(10, 14)), (12, window(10, 14))] {
        assert_eq!(store.note_pending(at(sight)).await.expect("a window"), expected);
        assert_eq!(store.window().await.expect("an answer"), Some(expected));
    }
}

// behaviour: store/window-noted-again-stays-open
pub(super) async fn a_window_noted_again_stays_open<S: Store>(ground: &StoreGround<S>) {
    let store = &ground.store;
    let seen = store.note_pending(at(10)).await.expect("a window");
    let again = store.note_pending(at(11)).await.expect("a window");
    store.close_window(seen).await.expect("nothing to close");
    assert_eq!(store.window().await.expect("an answer"), Some(again));
    store.close_window(again).await.expect("it closes");
    store.close_window(again).await.expect("closed already");
    assert_eq!(store.window().await.expect("an answer"), None);
    assert_eq!(store.note_pending(at(20)).await.expect("a window"), window(20, 20));
}

pub(super) async fn what_is_not_to_be_had_is_forgotten_at_its_time<S: Store>(ground: &StoreGround<S>) {
    let store = &ground.store;
    let [a, b, c, d] = unavailable();
    let mark = |what, until| UnavailableUntil { what, until: at(until) };
    let marks = [mark(d, 120), mark(a, 100), mark(c, 100), mark(b, 110)];
    store.mark_unavailable(&marks).await.expect("marks");
    store.mark_unavailable(&[]).await.expect("no marks");
    let [d, a, c, b] = marks;
    let held = |now| async move { store.unavailable(at(now)).await.expect("marks") };
    assert_eq!(held(99).await, [a, b.clone(), c, d.clone()]);
    assert_eq!(held(100).await, [b, d.clone()]);
    assert_eq!(held(119).await, [d]);
    assert_eq!(held(120).await, []);
}

pub(super) async fn marking_again_extends_and_never_shortens<S: Store>(ground: &StoreGround<S>) {
    let store = &ground.store;
    let what = unavailable()[0].clone();
    for (until, expected) in [(100, 100), (130, 130), (120, 130)] {
        let mark = UnavailableUntil { what: what.clone(), until: at(until) };
        store.mark_unavailable(&[mark]).await.expect("a mark");
        let held = UnavailableUntil { what: what.clone(), until: at(expected) };
        assert_eq!(store.unavailable(at(50)).await.expect("marks"), [held]);
    }
}

pub(super) async fn nominations_hold_until_their_time<S: Store>(ground: &StoreGround<S>) {
    let store = &ground.store;
    let nomination = |node: &str, until| Nomination { node: node.into(), until: at(until) };
    let many: Vec<Nomination> = (0..40).map(|n| nomination(&format!("n-{n:02}"), 100 + n)).collect();
    store.nominate(&many).await.expect("nominations");
    store.nominate(&[nomination("n-00", 200), nomination("n-39", 110)]).await.expect("nominations");
    let held = store.nominations(at(137)).await.expect("nominations");
    assert_eq!(held, [nomination("n-00", 200), nomination("n-38", 138), nomination("n-39", 139)]);
}

pub(super) async fn a_wake_is_noted_once_until_its_moment_has_passed<S: Store>(ground: &StoreGround<S>) {
    for (about, due, now, expected, why) in [
        ("claim/a", 100, 50, true, "nothing is noted yet"),
        ("claim/a", 100, 50, false, "a copy"),
        ("claim/a", 120, 50, false, "an earlier one comes anyway"),
        ("claim/a", 90, 50, true, "it is due earlier"),
        ("claim/b", 100, 50, true, "it is about something else"),
        ("claim/a", 130, 89, false, "the one at 90 is still to come"),
        ("claim/a", 130, 90, true, "the one at 90 has come, or was lost"),
    ] {
        let answer = ground.store.note_wake(about, at(due), at(now)).await.expect("an answer");
        assert_eq!(answer, expected, "{about} due {due} at {now}: {why}");
    }
}

pub(super) async fn one_watches_at_a_time<S: Store>(ground: &StoreGround<S>) {
    for (holder, now, expected, why) in [
        ("one", 10, true, "nobody watches"),
        ("two", 20, false, "one watches until 70"),
        ("one", 30, true, "the holder goes on, until 90"),
        ("two", 89, false, "one watches until 90"),
        ("two", 90, true, "the term is over"),
        ("one", 91, false, "two watches"),
    ] {
        let answer = ground.store.hold_watch(holder, at(now), 60).await.expect("an answer");
        assert_eq!(answer, expected, "{holder} at {now}: {why}");
    }
}
