//! All runs that a source tells of.

use std::ops::ControlFlow;

use super::scope::place_of;
use super::{Setting, Tally};
use crate::alert::links;
use crate::config::Config;
use crate::decode::traceback::AppRoots;
use crate::detect::groups::{Groups, Site};
use crate::detect::run::Run;
use crate::detect::table::{RunConfig, RunTable};
use crate::record::{Broken, Record};
use crate::scan::{Block, Blocks, Need, pool};
use crate::time::Timestamp;

/// Reads everything and hands on each run that is asked for.
///
/// A run belongs to the window that its end lies in, or its last event as long as it has not ended. So that its
/// outcome does not depend on the window, all of its events are read, also those before.
pub fn each_run<B: Blocks>(
    blocks: &mut B,
    setting: &Setting<'_>,
    now: Timestamp,
    mut each: impl FnMut(&Run),
) -> Tally {
    let (table, mut tally) = run_table(blocks, setting);
    table.each_run(now, |mut run| {
        if !asks_for(setting, &run) {
            return;
        }
        let window = setting.scope.window;
        if window.contains_as_of(run.timestamp(), setting.as_of) {
            tally.matches += 1;
            link(&mut run, setting.config);
            each(&run);
        } else if run.timestamp().known().is_none() {
            tally.timeless += run.counts.events;
        }
    });
    tally
}

/// Gives a run the address of the page that shows its lines.
pub(super) fn link(run: &mut Run, config: &Config) {
    let stage = config.stages.get(&run.stage);
    run.link = links::of_run(run, stage.and_then(|stage| stage.region.as_deref()));
}

/// Returns whether the run is of a stage, a service and a stream that are asked for.
fn asks_for(setting: &Setting<'_>, run: &Run) -> bool {
    let scope = setting.scope;
    let mut service = place_of(setting.config, &run.origin.group).service;
    if run.origin.group.is_empty() {
        // A batch that never started has no log group, and is a batch all the same.
        service.clone_from(&run.service);
    }
    let service_fits = scope.services.is_empty() || scope.services.contains(&service);
    let stage_fits = scope.stages.is_empty() || scope.stages.contains(&run.stage);
    service_fits && stage_fits && scope.has_stream(&run.origin.stream)
}

/// Reads everything into a table of runs.
pub fn run_table<B: Blocks>(blocks: &mut B, setting: &Setting<'_>) -> (RunTable, Tally) {
    let config = run_config(setting.config);
    let mut table = RunTable::new(config.clone());
    let mut tally = Tally::default();
    let make_worker = || worker(setting, config.clone());
    let hands_over = blocks.hands_over();
    pool::run(blocks, setting.threads, make_worker, |part: Part| {
        table.merge(part.table);
        tally.events += part.events;
        tally.broken += part.broken;
        setting.tell_seen(tally.events);
        tally.interrupted = setting.stopped();
        setting.goes_on(hands_over)
    });
    (table, tally)
}

/// What one block holds.
struct Part {
    table: RunTable,
    events: u64,
    broken: Broken,
}

fn worker(setting: &Setting<'_>, config: RunConfig) -> impl FnMut(&Block) -> Part {
    let mut scanner = setting.scanner(&Need::Anything);
    move |block| {
        let mut part = Part {
            table: RunTable::new(config.clone()),
            events: 0,
            broken: Broken::default(),
        };
        let _ = scanner.for_each_event(block, |_, event| {
            part.events += 1;
            if setting.knows(event.timestamp) {
                let record = Record::new(event);
                part.table.observe(&record);
                part.broken.count(record.fault());
            }
            ControlFlow::Continue(())
        });
        part
    }
}

/// Returns how runs are told with this configuration.
pub fn run_config(config: &Config) -> RunConfig {
    let groups = config.clone();
    RunConfig {
        settle: config.runs.settle_ms,
        lost: config.runs.lost_ms,
        name_field: config.runs.name_field.clone(),
        main_container: None,
        app_roots: app_roots(config),
        groups: Groups::new(move |group| {
            let place = place_of(&groups, group);
            let known = !place.service.is_empty();
            known.then_some(Site {
                stage: place.stage,
                service: place.service,
            })
        }),
    }
}

/// Returns where the application's code lives.
pub fn app_roots(config: &Config) -> AppRoots {
    AppRoots::new(&config.runs.app_roots)
}
