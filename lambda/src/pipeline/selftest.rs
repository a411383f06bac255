//! The self-test: one marked alert through the whole path, as a person would get it.

use logq::alert::catalog::{Label, texts};
use logq::alert::{Alert, Kind, Place, Standing, Status, Subject, identity};
use logq::language::Language;
use logq::severity::Severity;
use logq::state::{Committed, Expected, Store, Write};
use logq::time::Timestamp;

use super::documents::{OUTBOX_KEPT, Outgoing, Waiting, after, outbox_key};
use super::tell::Told;
use super::{Failure, Pipeline};
use crate::streams::Streams;

impl<R: Streams> Pipeline<R> {
    /// Writes a test alert down for every sink.
    pub(crate) async fn self_test(
        &mut self,
        store: &impl Store,
        now: Timestamp,
    ) -> Result<Told, Failure> {
        let alert = test_alert(&self.stage, self.config.alerts.language, now);
        let outgoing = Outgoing {
            key: alert.id.clone(),
            waiting: self.names.iter().map(|name| Waiting::new(name)).collect(),
            alert,
            claimed: None,
            tries: 0,
        };
        let key = outbox_key(&outgoing.alert.id);
        let write = Write::put(key, &outgoing, after(now, OUTBOX_KEPT), Expected::Absent);
        let made = store.commit(vec![write], now).await? == Committed::Made;
        let told = Told {
            alerts: if made { vec![outgoing] } else { Vec::new() },
            ..Told::default()
        };
        told.count(&mut self.counts);
        Ok(told)
    }
}

fn test_alert(stage: &str, language: Language, now: Timestamp) -> Alert {
    let subject = Subject {
        stage: Some(stage.to_owned()).filter(|stage| !stage.is_empty()),
        kind: Kind::Task,
        name: Some("selftest".to_owned()),
        ..Subject::default()
    };
    let standing = Standing {
        id: identity(&["selftest", stage, &now.as_millis().to_string()]),
        status: Status::Firing,
        severity: Severity::Info,
        rule: "selftest".to_owned(),
        occurrences: 1,
        suppressed: 0,
        first_seen: now,
        last_seen: now,
        remarks: Vec::new(),
    };
    let mut alert = Alert::new(subject, standing, Place::default(), language);
    let texts = texts(language);
    texts.label(Label::TestTitle).clone_into(&mut alert.title);
    texts
        .label(Label::TestSummary)
        .clone_into(&mut alert.summary);
    "logq demo".clone_into(&mut alert.command);
    alert
}
