//! What the function may be called with, told apart by shape.

use logq::decode::ecs::{DETAIL_TYPE, TaskEvent};
use logq::decode::json::Json;
use logq::decode::subscription::{Packed, Poison};

/// One call's input.
#[derive(Clone, Debug, PartialEq)]
pub enum Input<'a> {
    /// What a subscription delivers, packed, and the payload that it is in.
    Delivery(Packed<'a>, &'a [u8]),
    /// An ECS event straight from `EventBridge`.
    Task(Box<TaskEvent>, Vec<u8>),
    /// Time has passed: settle what is quiet, send what is unsent.
    Tick,
    /// Somebody wants to see an alert arrive.
    SelfTest,
    /// None of these: it would be as wrong the next time, so it is counted and not tried again.
    Refused(Refusal),
}

/// Why an input is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The reason's name in metrics.
    pub reason: &'static str,
    /// The reason in words.
    pub words: String,
    /// The first bytes, for somebody who looks for where it came from.
    pub head: String,
}

/// How many bytes of a refused input are kept.
const HEAD: usize = 256;

impl<'a> Input<'a> {
    /// Reads an input; what a subscription delivers unpacks to at most `limit` bytes.
    pub fn read(payload: &'a [u8], limit: usize) -> Self {
        match Packed::alone(payload, limit) {
            Some(packed) => Self::Delivery(packed, payload),
            None => Self::read_value(payload, limit),
        }
    }

    fn read_value(payload: &'a [u8], limit: usize) -> Self {
        let Ok(value) = Json::parse(payload) else {
            return Self::refused("json", "it is not JSON", payload);
        };
        if value.get("awslogs").is_some() {
            return match Packed::of(value, limit) {
                Ok(packed) => Self::Delivery(packed, payload),
                Err(poison) => Self::poison(poison, payload),
            };
        }
        let text = |name: &str| value.get(name).and_then(Json::as_str);
        match (text("logq").as_deref(), text("detail-type").as_deref()) {
            (Some("tick"), _) | (_, Some("Scheduled Event")) => Self::Tick,
            (Some("selftest"), _) => Self::SelfTest,
            (Some(_), _) => Self::refused("request", "`logq` is `tick` or `selftest`", payload),
            (_, Some(DETAIL_TYPE)) => match TaskEvent::parse(payload) {
                Some(event) => Self::Task(Box::new(event), payload.to_vec()),
                None => Self::refused("task_event", "the ECS event names no task", payload),
            },
            (_, Some(_)) => Self::refused(
                "event_type",
                "it is an event of another type than \"ECS Task State Change\"",
                payload,
            ),
            _ => Self::refused("unknown", "it is no input of this function", payload),
        }
    }

    /// Refuses a payload for a reason of its own.
    pub fn poison(poison: Poison, payload: &[u8]) -> Self {
        Self::refused(poison.name(), poison.to_string(), payload)
    }

    fn refused(reason: &'static str, words: impl Into<String>, payload: &[u8]) -> Self {
        let head = &payload[..payload.len().min(HEAD)];
        Self::Refused(Refusal {
            reason,
            words: words.into(),
            head: String::from_utf8_lossy(head).into_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(payload: &str) -> String {
        match Input::read(payload.as_bytes(), 1 << 20) {
            Input::Delivery(packed, _) => match packed.unpack() {
                Ok(_) => "delivery".to_owned(),
                Err(poison) => format!("refused {}", poison.name()),
            },
            Input::Task(event, _) => format!("task {}", event.task),
            Input::Tick => "tick".to_owned(),
            Input::SelfTest => "selftest".to_owned(),
            Input::Refused(refusal) => format!("refused {}", refusal.reason),
        }
    }

    #[test]
    fn inputs_are_told_apart() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/");
        let file = |name: &str| std::fs::read_to_string(format!("{folder}{name}")).expect("a file");
        let cases = [
            (file("payloads/valid-batch-error.json"), "delivery"),
            (file("payloads/control-message.json"), "delivery"),
            (file("payloads/bad-base64.json"), "refused base64"),
            (file("payloads/truncated-gzip.json"), "refused gzip"),
            (
                file("ecs-events/scheduled-exit1.json"),
                "task 1cf0d28e12e9289741cd041d467ee616",
            ),
            (r#"{"logq": "tick"}"#.to_owned(), "tick"),
            (r#"{"detail-type": "Scheduled Event"}"#.to_owned(), "tick"),
            (r#"{"logq": "selftest"}"#.to_owned(), "selftest"),
            (r#"{"logq": "tock"}"#.to_owned(), "refused request"),
            (
                r#"{"detail-type": "ECS Service Action"}"#.to_owned(),
                "refused event_type",
            ),
            (r#"{"Records": []}"#.to_owned(), "refused unknown"),
            ("[1".to_owned(), "refused json"),
            (r#"{"awslogs": 7}"#.to_owned(), "refused shape"),
        ];
        for (payload, expected) in cases {
            assert_eq!(name(&payload), expected, "{payload}");
        }
    }
}
