use proptest::prelude::*;

use super::*;

/// Monday 2026-11-23 13:04:05 in Tokyo.
fn clock() -> Clock {
    Clock {
        now: Timestamp(1_795_406_645_000),
        zone: Zone::named("Asia/Tokyo").expect("known"),
    }
}

#[track_caller]
fn check(text: &str, local: &str) {
    let clock = clock();
    let at = parse(text, &clock).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(clock.zone.seconds(at), local, "{text}");
}

#[track_caller]
fn wrong(text: &str) -> (String, String) {
    let faults = parse(text, &clock()).expect_err(text);
    let one = &faults.0[0];
    (one.message.clone(), one.hint.clone().unwrap_or_default())
}

#[test]
fn a_duration_lies_before_now() {
    check("30s", "2026-11-23 13:03:35");
    check("15m", "2026-11-23 12:49:05");
    check("2h", "2026-11-23 11:04:05");
    check("1d", "2026-11-22 13:04:05");
    check("1w", "2026-11-16 13:04:05");
    check("1d12h", "2026-11-22 01:04:05");
    check("-2h", "2026-11-23 11:04:05");
    check("2h ago", "2026-11-23 11:04:05");
}

#[test]
fn words_are_midnights_but_for_now() {
    check("now", "2026-11-23 13:04:05");
    check("today", "2026-11-23 00:00:00");
    check("yesterday", "2026-11-22 00:00:00");
    check("Yesterday", "2026-11-22 00:00:00");
}

#[test]
fn a_time_of_day_is_the_last_such_moment() {
    check("09:00", "2026-11-23 09:00:00");
    check("9:00", "2026-11-23 09:00:00");
    check("13:04:05", "2026-11-23 13:04:05");
    check("13:04:06", "2026-11-22 13:04:06");
    check("18:00", "2026-11-22 18:00:00");
    check("yesterday 09:00", "2026-11-22 09:00:00");
    check("mon 18:00", "2026-11-16 18:00:00");
    check("mon 09:00", "2026-11-23 09:00:00");
    check("tue 09:00", "2026-11-17 09:00:00");
    check("sunday", "2026-11-22 00:00:00");
}

#[test]
fn dates_stand_in_the_zone_unless_they_say_otherwise() {
    check("2026-11-23", "2026-11-23 00:00:00");
    check("2026-11-23 09:00", "2026-11-23 09:00:00");
    check("2026-11-23 09:00:30", "2026-11-23 09:00:30");
    check("2026-11-23T09:00+09:00", "2026-11-23 09:00:00");
    check("2026-11-23T00:00:00Z", "2026-11-23 09:00:00");
    check("2026-11-23T00:00:00.123Z", "2026-11-23 09:00:00");
    check("2026-11-23 09:00:30,123", "2026-11-23 09:00:30");
    check("2026-11-23T09:00+0530", "2026-11-23 12:30:00");
}

#[test]
fn unix_time_is_told_by_its_length() {
    check("1795306424", "2026-11-22 09:13:44");
    check("1795306424123", "2026-11-22 09:13:44");
}

#[test]
fn full_width_digits_are_digits() {
    check("０９：００", "2026-11-23 09:00:00");
    check("２ｈ", "2026-11-23 11:04:05");
    check("２０２６－１１－２３　０９：００", "2026-11-23 09:00:00");
}

#[test]
fn two_readings_are_an_error_that_shows_each() {
    assert_eq!(
        wrong("1M"),
        (
            "`M` can be read as minutes or as months".to_owned(),
            "`1m` is 1 min; a month has no fixed length, write days: `30d`".to_owned()
        )
    );
    assert_eq!(wrong(" M ").0, "`M` is not a time");
    assert_eq!(wrong("M").1, "write `1m` for a minute, `30d` for a month");
    assert_eq!(
        wrong("11/12").1,
        "write the year first, with hyphens: `2026-11-12`"
    );
    assert_eq!(wrong("2026/1/2").1, "write `2026-01-02`");
    assert_eq!(
        wrong("15").1,
        "add a unit: `15s`, `15m` for minutes, `15h`, `15d`"
    );
    assert_eq!(wrong("20261123").1, "a date is written `2026-11-23`");
}

#[test]
fn misspelled_words_get_the_near_one() {
    assert_eq!(wrong("yesterdy").1, "did you mean `yesterday`?");
    assert_eq!(wrong("yesterdy 09:00").1, "did you mean `yesterday`?");
    assert_eq!(wrong("today 9am").0, "`9am` is not a time of day");
}

#[test]
fn times_that_do_not_exist_are_errors() {
    assert_eq!(
        wrong("2026-02-30").0,
        "there is no day `2026-02-30` in the calendar"
    );
    assert_eq!(wrong("24:00").1, "midnight is `00:00` of the next day");
    assert_eq!(wrong("").0, "a time is missing");
    assert_eq!(wrong("2026-11-23T09:00+99:00").1, "write `Z` or `+09:00`");
}

#[test]
fn an_error_points_into_the_text_as_written() {
    let faults = parse(" １Ｍ", &clock()).expect_err("two readings");
    assert_eq!(faults.0[0].span, 1..7);
}

#[test]
fn the_earlier_instant_settles_a_local_time_that_is_not_one() {
    let clock = Clock {
        zone: Zone::named("Europe/Berlin").expect("known"),
        ..clock()
    };
    let twice = read("2026-10-25 02:30", &clock).expect("a time");
    assert_eq!(twice.at.to_string(), "2026-10-25T00:30:00.000Z");
    assert!(twice.note.is_some_and(|note| note.contains("exists twice")));
    let never = read("2026-03-29 02:30", &clock).expect("a time");
    assert_eq!(never.at.to_string(), "2026-03-29T00:30:00.000Z");
    assert!(
        never
            .note
            .is_some_and(|note| note.contains("does not exist"))
    );
}

proptest! {
    #[test]
    fn no_text_panics(text in ".*") {
        let _ = parse(&text, &clock());
    }

    #[test]
    fn no_near_miss_panics(text in "[-0-9: TZwdhms+.,/]{0,30}( ago)?") {
        let _ = parse(&text, &clock());
    }

    #[test]
    fn what_machines_print_is_read_back(millis in 0_i64..253_402_300_799_999) {
        let printed = Timestamp(millis).to_string();
        prop_assert_eq!(parse(&printed, &clock()), Ok(Timestamp(millis)));
    }
}
