//! The regions whose query definitions are compared with the saved queries, and what a saved query is there.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::time::sleep;

use super::super::super::Failure;
use super::super::super::aws::{self, Region, discover, regions};
use super::super::super::context::Context;
use crate::cloudwatch::{CallError, Definition, Definitions, Parameter, Quotas};
use crate::drive;
use crate::saved::SavedQuery;

/// What stands before the name of a saved query in the name of its definition: the console shows a folder.
pub(super) const FOLDER: &str = "logq/";

/// The definitions of one region.
pub(super) struct Site {
    /// The region's name.
    pub(super) region: String,
    /// The regions of the configuration that it is; nothing stands for the default.
    configured: Vec<Option<String>>,
    /// The log groups of the account, where it was asked for them, since no stage is known.
    found: Option<Vec<Arc<str>>>,
    definitions: Definitions,
}

/// All regions that a call is about.
pub(super) struct Sites {
    runtime: Runtime,
    pub(super) all: Vec<Site>,
}

/// Why something did not come to its end.
pub(super) enum Stop {
    Interrupted,
    Failed(CallError),
}

impl Sites {
    /// Finds regions and credentials; only for log groups somebody is asked, where no stage is known.
    pub(super) fn open(context: &Context) -> Result<Self, Failure> {
        let runtime = aws::runtime()?;
        let mut all: Vec<Site> = Vec::new();
        let regions = runtime.block_on(aws::within(context, regions::found(context, &[])))?;
        for region in regions {
            let configured = region.account.region.clone();
            let (client, _) = runtime.block_on(region.client(context))?;
            let name = client.place().region.clone();
            if let Some(known) = all.iter_mut().find(|site| site.region == name) {
                known.configured.push(configured);
                continue;
            }
            let quotas = Quotas(context.config.cloudwatch.quotas.clone());
            let time_out = context.time_out;
            // Its clock begins to run here, which takes a runtime.
            let definitions = runtime
                .block_on(async { Definitions::new(client, &quotas, time_out, seed(context)) });
            all.push(Site {
                region: name,
                configured: vec![configured],
                found: (!regions::knows_stage(context)).then_some(region.groups),
                definitions,
            });
        }
        Ok(Self { runtime, all })
    }

    /// Returns the definitions of a region whose names begin so.
    pub(super) fn describe(
        &mut self,
        context: &Context,
        site: usize,
        prefix: &str,
    ) -> Result<Vec<Definition>, Stop> {
        let definitions = &mut self.all[site].definitions;
        wait(&self.runtime, context, definitions.all(prefix))
    }

    /// Makes or changes a definition.
    pub(super) fn put(
        &mut self,
        context: &Context,
        site: usize,
        definition: &Definition,
    ) -> Result<(), Stop> {
        let definitions = &mut self.all[site].definitions;
        wait(&self.runtime, context, definitions.put(definition))
    }

    /// Removes a definition.
    pub(super) fn delete(&mut self, context: &Context, site: usize, id: &str) -> Result<(), Stop> {
        let definitions = &mut self.all[site].definitions;
        wait(&self.runtime, context, definitions.delete(id))
    }
}

/// Returns a number that no call before had.
fn seed(context: &Context) -> u64 {
    let now = context.environment.now.0 as u64;
    now.rotate_left(20) ^ u64::from(std::process::id())
}

/// Waits for the service, or until the person wants no more.
fn wait<T>(
    runtime: &Runtime,
    context: &Context,
    work: impl Future<Output = Result<T, CallError>>,
) -> Result<T, Stop> {
    const LOOK: Duration = Duration::from_millis(100);
    let flag = context.interrupt.flag();
    let interrupted = async {
        while !flag.load(Ordering::Relaxed) {
            sleep(LOOK).await;
        }
    };
    runtime.block_on(async {
        tokio::select! {
            done = work => done.map_err(Stop::Failed),
            () = interrupted => Err(Stop::Interrupted),
        }
    })
}

/// Words a call that failed.
pub(super) fn failure(error: &CallError) -> Failure {
    Failure::incomplete(error.to_string())
        .cause(&error.reason)
        .hint(error.hint())
}

impl Site {
    /// Returns the definition that a saved query is here, and in how many ways the service may take it otherwise; the
    /// error says why it is none.
    pub(super) fn definition(
        &self,
        context: &Context,
        query: &SavedQuery,
    ) -> Result<(Definition, usize), String> {
        let made = drive::publish(query)?;
        let groups = if made.names_groups {
            Vec::new()
        } else {
            self.groups(context, query)?
        };
        let parameters = made.parameters.into_iter();
        let parameters = parameters.map(|(name, default, description)| Parameter {
            name,
            default: Some(default),
            description: Some(description).filter(|text| !text.is_empty()),
        });
        let definition = Definition {
            id: String::new(),
            name: format!("{FOLDER}{}", query.name),
            text: made.text,
            groups,
            parameters: parameters.collect(),
            language: None,
        };
        Ok((definition.signed(&query.name), made.doubts))
    }

    /// Returns the log groups of a saved query here.
    fn groups(&self, context: &Context, query: &SavedQuery) -> Result<Vec<String>, String> {
        let found = match &self.found {
            Some(found) => discover::fitting(context, found, &query.groups),
            None => self.of_stages(context, &query.groups),
        };
        let mut groups: Vec<String> = found.iter().map(ToString::to_string).collect();
        groups.sort_unstable();
        groups.dedup();
        if groups.is_empty() {
            return Err(format!("it reads no log group of {}", self.region));
        }
        Ok(groups)
    }

    /// Returns the log groups of the stages here, by logical names.
    fn of_stages(&self, context: &Context, about: &[String]) -> Vec<Arc<str>> {
        let regions = regions::find(context, about).unwrap_or_default();
        let is_here = |region: &Region| self.configured.contains(&region.account.region);
        let here = regions.into_iter().filter(is_here);
        here.flat_map(|region| region.groups).collect()
    }
}

/// Writes a definition down, for differences: groups, parameters, and the query without what logq notes above it.
pub(super) fn document(definition: &Definition) -> String {
    let mut groups = definition.groups.clone();
    groups.sort_unstable();
    let mut lines: Vec<String> = groups
        .iter()
        .map(|group| format!("group {group}"))
        .collect();
    let mut parameters: Vec<&Parameter> = definition.parameters.iter().collect();
    parameters.sort_by(|a, b| a.name.cmp(&b.name));
    for one in parameters {
        let default = one.default.as_deref().unwrap_or_default();
        let description = one.description.as_deref().unwrap_or_default();
        let line = format!("parameter {} = {default}  {description}", one.name);
        lines.push(line.trim_end().to_owned());
    }
    lines.extend(
        definition
            .language
            .iter()
            .map(|name| format!("language {name}")),
    );
    lines.push(definition.body().to_owned());
    lines.join("\n")
}
