//! Which events a question is about: a window of time, stages and services.

use std::sync::Arc;

use crate::config::Config;
use crate::event::Event;
use crate::scan::scanner::TASKS_GROUP;
use crate::time::Window;

/// What was asked for on the command line or by a saved query; empty lists ask for everything.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// When.
    pub window: Window,
    /// Stages, by name.
    pub stages: Vec<String>,
    /// Services that were asked for by name: events of unknown groups are not among them.
    pub services: Vec<String>,
    /// Services that a saved query is about: events of unknown groups may be, as in a file without names.
    pub groups: Vec<String>,
    /// Log streams, by what their names begin with.
    pub streams: Vec<String>,
}

/// What a log group is for, as far as its name tells; empty where it does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The stage, such as `production`.
    pub stage: String,
    /// The logical name of the group, such as `batch`.
    pub service: String,
}

/// Decides about events, one log group at a time: neighbours mostly share their group.
#[derive(Clone, Debug)]
pub struct Admission<'a> {
    scope: &'a Scope,
    config: &'a Config,
    group: Arc<str>,
    place: Place,
    admitted: bool,
    timeless: u64,
}

impl<'a> Admission<'a> {
    /// Creates the decision for a scope; one for each worker.
    pub fn new(scope: &'a Scope, config: &'a Config) -> Self {
        let mut admission = Self {
            scope,
            config,
            group: Arc::from(""),
            place: Place::default(),
            admitted: false,
            timeless: 0,
        };
        admission.enter(&Arc::from(""));
        admission
    }

    /// Returns where the event belongs when it is asked for.
    #[inline]
    pub fn admit(&mut self, event: &Event<'_>) -> Option<&Place> {
        let group = &event.origin.group;
        if !Arc::ptr_eq(&self.group, group) {
            self.turn_to(group);
        }
        if !self.admitted || !self.scope.has_stream(&event.origin.stream) {
            return None;
        }
        if !self.scope.window.contains(event.timestamp) {
            self.timeless += u64::from(event.timestamp.known().is_none());
            return None;
        }
        Some(&self.place)
    }

    /// Returns whether the event belongs to what is asked for; none is counted as left out.
    pub fn asks_for(&mut self, event: &Event<'_>) -> bool {
        let timeless = self.timeless;
        let is_asked_for = self.admit(event).is_some();
        self.timeless = timeless;
        is_asked_for
    }

    /// Returns how many events the window left out for having no time, since the last call.
    pub fn take_timeless(&mut self) -> u64 {
        std::mem::take(&mut self.timeless)
    }

    /// Turns to a group that may be the same under another pointer.
    #[inline(never)]
    fn turn_to(&mut self, group: &Arc<str>) {
        if self.group == *group {
            // The events that follow share this pointer, and need not be compared.
            self.group = group.clone();
        } else {
            self.enter(group);
        }
    }

    fn enter(&mut self, group: &Arc<str>) {
        self.place = place_of(self.config, group);
        self.admitted = self.scope.asks_for(&self.place);
        self.group = group.clone();
    }
}

impl Scope {
    fn asks_for(&self, place: &Place) -> bool {
        let stage_fits = self.stages.is_empty() || self.stages.contains(&place.stage);
        let service_fits = self.services.is_empty() || self.services.contains(&place.service);
        let group_fits = self.groups.is_empty()
            || place.service.is_empty()
            || self.groups.contains(&place.service);
        stage_fits && service_fits && group_fits
    }

    /// Returns whether a stream is asked for, by its name.
    pub(super) fn has_stream(&self, name: &str) -> bool {
        let streams = &self.streams;
        streams.is_empty() || streams.iter().any(|prefix| name.starts_with(&**prefix))
    }
}

/// Finds stage and service of a log group; a folder that is named like a service counts as its group.
pub fn place_of(config: &Config, group: &str) -> Place {
    if let Some(located) = config.locate(group) {
        return Place {
            stage: located.stage.to_owned(),
            service: located.service.to_owned(),
        };
    }
    if group == TASKS_GROUP {
        return Place {
            stage: String::new(),
            service: "tasks".to_owned(),
        };
    }
    let last = group.rsplit('/').next().unwrap_or_default();
    let service = config
        .groups
        .names()
        .find(|name| *name == last)
        .unwrap_or_default();
    Place {
        stage: String::new(),
        service: service.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Origin;
    use crate::time::Timestamp;

    fn admitted(scope: &Scope, group: &str, at: i64) -> bool {
        let origin = Origin::new(group, "ecs/batch/1");
        let config = Config::default();
        let event = Event {
            timestamp: Timestamp(at),
            ingestion: None,
            message: b"",
            origin: &origin,
            id: None,
        };
        Admission::new(scope, &config).admit(&event).is_some()
    }

    #[test]
    fn the_window_is_half_open() {
        let window = Window {
            since: Some(Timestamp(10)),
            until: Some(Timestamp(20)),
        };
        let scope = Scope {
            window,
            ..Scope::default()
        };
        let inside: Vec<i64> = [9, 10, 19, 20]
            .into_iter()
            .filter(|at| admitted(&scope, "/ecs/production-batch", *at))
            .collect();
        assert_eq!(inside, [10, 19]);
    }

    #[test]
    fn a_service_that_was_asked_for_by_name_leaves_unknown_groups_out() {
        let named = Scope {
            services: vec!["batch".to_owned()],
            ..Scope::default()
        };
        assert!(admitted(&named, "/ecs/production-batch", 0));
        assert!(!admitted(&named, "/ecs/production-webapp", 0));
        assert!(!admitted(&named, "", 0));
        let about = Scope {
            groups: vec!["batch".to_owned()],
            ..Scope::default()
        };
        assert!(admitted(&about, "", 0));
        assert!(admitted(&about, "logs/batch", 0));
        assert!(!admitted(&about, "/ecs/production-webapp", 0));
    }

    #[test]
    fn a_stream_is_told_by_what_its_name_begins_with() {
        let of = |streams: &[&str]| Scope {
            streams: streams.iter().map(|&name| name.to_owned()).collect(),
            ..Scope::default()
        };
        let group = "/ecs/production-batch";
        assert!(admitted(&of(&["ecs/batch"]), group, 0));
        assert!(admitted(&of(&["app/", "ecs/batch/1"]), group, 0));
        assert!(!admitted(&of(&["batch", "ecs/batch/12"]), group, 0));
    }

    #[test]
    fn a_stage_is_told_by_the_group() {
        let staging = Scope {
            stages: vec!["staging".to_owned()],
            ..Scope::default()
        };
        assert!(admitted(&staging, "/ecs/staging-batch", 0));
        assert!(!admitted(&staging, "/ecs/production-batch", 0));
    }
}
