//! Prices, reservations and overlays.

use crate::support::check::{check, play};

fn cheapest_types(text: &str) -> Vec<String> {
    play(text)
        .1
        .claims
        .iter()
        .map(|c| c.instance_types.iter().map(|t| &**t).collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn types_come_cheapest_first_by_what_may_be_bought() {
    assert_eq!(cheapest_types("only s m l\npool general\npod web"), ["s m l"]);
    let dear_spot = "only s m\noverlay o price=0.01 need=type=m,cap=spot\n";
    assert_eq!(cheapest_types(&format!("{dear_spot}pool general\npod web")), ["m s"]);
    assert_eq!(cheapest_types(&format!("{dear_spot}pool general cap=on-demand\npod web")), ["s m"]);
}

#[test]
fn a_reserved_machine_is_taken_before_any_other_and_pinned_to_its_reservation() {
    check("reserve s id=cr-1\npool general\npod web cpu=1", "general s: web {res=cr-1 cap=reserved}");
    check("reserve s id=cr-1\npool general cap=on-demand\npod web cpu=1", "general s: web {cap=on-demand}");
    check("reserve s id=cr-1 left=0\npool general\npod web cpu=1", "general s: web");
    check("reserve s id=cr-1 zone=b\npool general\npod web cpu=1 sel=zone:a", "general s: web {zone=a}");
}

// behaviour: scheduling/contended-reservation-waits
#[test]
fn a_contended_reservation_is_waited_for_rather_than_paid_for_elsewhere() {
    let two = "reserve s id=cr-1\npool general\npod web x2 cpu=1800m";
    check(two, "general s: web-0 {res=cr-1 cap=reserved}\nfail: web-1");
    check(&format!("{two}\n--\n"), "general s: web-1");
    check(
        &format!("knobs - fallback\n{two} far=host"),
        "general s: web-0 {res=cr-1 cap=reserved}\ngeneral s: web-1",
    );
    check(
        "reserve s id=cr-1\npool general weight=9\npool other\npod web x2 cpu=1800m",
        "general s: web-0 {res=cr-1 cap=reserved}\nfail: web-1",
    );
    check(
        "reserve s id=cr-1\nreserve s id=cr-2 zone=b left=2\npool general\npod web x4 cpu=1800m far=host",
        "general s: web-0 {res=cr-1|cr-2 cap=reserved}\ngeneral s: web-1 {res=cr-2 cap=reserved}\nfail: web-2 web-3",
    );
}

#[test]
fn pods_that_may_share_a_reserved_machine_do() {
    check(
        "reserve s id=cr-1\npool general\npod web x2 cpu=500m sel=cap:reserved near=zone",
        "general s: web-0 web-1 {res=cr-1 cap=reserved zone=a}",
    );
}

// behaviour: scheduling/overlays-of-equal-weight-conflict
#[test]
fn overlays_of_equal_weight_that_touch_the_same_offering_do_not_both_hold() {
    let price = |name: &str, more: &str| format!("overlay {name} need=type=m price=0.00{more}\n");
    let first =
        |overlays: &str| cheapest_types(&format!("only s m\n{overlays}pool general\npod web"))[0].clone();
    assert_eq!(first(""), "s m");
    assert_eq!(first(&price("a", "1")), "m s");
    // The later name is looked at first; the other one, a price that would hold too, is refused as a whole.
    assert_eq!(
        first(&format!("{}overlay b need=type=m price=9", price("a", "1")).replace("price=9", "price=9\n")),
        "s m"
    );
    assert_eq!(first(&format!("{}overlay b weight=1 need=type=m price=9\n", price("a", "1"))), "s m");
    assert_eq!(first(&format!("{}overlay b need=type=m price=9\n", price("a", "1 weight=2"))), "m s");
    assert_eq!(first(&format!("{}overlay b need=type=s price=9\n", price("a", "1"))), "m s");
}

#[test]
fn overlays_change_prices_by_share_and_add_devices() {
    assert_eq!(cheapest_types("only s m\noverlay o percent=-90 need=type=m\npool general\npod web"), ["m s"]);
    assert_eq!(
        cheapest_types("only s m\noverlay o percent=-90 need=type=m need=pool=other\npool general\npod web"),
        ["s m"]
    );
    check(
        "only s m\noverlay o add=example.com/fpga:1 need=type=m\npool general\npod web ask=example.com/fpga:1",
        "general m: web",
    );
    check("only s m\npool general\npod web ask=example.com/fpga:1", "fail: web");
}

#[test]
fn what_is_sold_out_is_not_offered() {
    assert_eq!(cheapest_types("only s m\nsold-out s cap=spot\npool general\npod web"), ["m s"]);
    assert_eq!(cheapest_types("only s m\nsold-out s\npool general\npod web"), ["m"]);
    check("sold-out all zone=a\npool general zone=a\npod web", "fail: web\nskip: general");
}
