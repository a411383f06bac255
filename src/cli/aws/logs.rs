//! CloudWatch Logs as a source: which log groups a call reads, in which regions, over which window.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::runtime::Builder;

use super::super::Failure;
use super::super::context::Context;
use super::super::source::Wanted;
use super::{Account, no_region};
use crate::cloudwatch::{self, Cache, Client, Direction, Quotas, Request, Site, Source};
use crate::time::Timestamp;

/// How far back is read when nothing says it.
const HOUR: i64 = 3_600_000;
/// How far back a single run is looked for.
const DAY: i64 = 24 * HOUR;
/// How long before the window a run may have begun that ends in it.
const LONGEST_RUN: i64 = 6 * HOUR;
/// How far clocks of those who log may be ahead.
const AHEAD: i64 = 60_000;

/// The log groups of one region.
struct Region {
    account: Account,
    groups: Vec<Arc<str>>,
}

/// The log groups that a call reads.
pub(in crate::cli) struct Logs {
    sites: Vec<Site<Client>>,
    request: Request,
}

impl Logs {
    /// Finds groups, regions and credentials; nothing is read yet.
    pub(in crate::cli) fn find(context: &Context, wanted: &Wanted<'_>) -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::incomplete("cannot wait for AWS").cause(error.to_string()))?;
        let mut sites = Vec::new();
        for region in regions(context, wanted)? {
            let (client, account) = runtime.block_on(client(context, &region))?;
            sites.push(Site {
                account,
                place: Arc::new(client.place().clone()),
                service: Arc::new(client),
                groups: region.groups,
            });
        }
        Ok(Self {
            sites,
            request: request(context, wanted),
        })
    }

    /// Starts to read.
    pub(in crate::cli) fn open(self, context: &Context) -> Source {
        Source::open(self.sites, &self.request, context.interrupt.flag())
    }
}

/// Returns the cache; nothing when the user has no folder for one.
pub(in crate::cli) fn cache(context: &Context) -> Option<Cache> {
    let folder = context.environment.user_cache()?;
    Some(Cache::new(folder, context.config.cloudwatch.cache_size))
}

fn request(context: &Context, wanted: &Wanted<'_>) -> Request {
    let now = context.environment.now;
    let until = context.window.until;
    let end = until.unwrap_or(Timestamp(now.0 + AHEAD));
    let since = wanted.since.or(context.window.since);
    let usual = if wanted.whole_runs { DAY } else { HOUR };
    let start = since.map_or(until.unwrap_or(now).0 - usual, |since| since.0);
    Request {
        start: start - if wanted.whole_runs { LONGEST_RUN } else { 0 },
        end: end.0,
        // What matches everything need not be asked.
        pattern: wanted
            .pattern
            .filter(|text| !matches!(text.trim(), "" | "\"\""))
            .map(Arc::from),
        direction: if wanted.newest_first {
            Direction::NewestFirst
        } else {
            Direction::OldestFirst
        },
        time_out: context.time_out,
        cache: cache(context).filter(|_| !context.no_cache),
        closed: now.0 - context.config.cloudwatch.ingestion_delay.as_millis() as i64,
        quotas: Quotas(context.config.cloudwatch.quotas.clone()),
        ..Request::default()
    }
}

/// Returns the groups by region: of the stage that was asked for, else of all that the configuration has.
fn regions(context: &Context, wanted: &Wanted<'_>) -> Result<Vec<Region>, Failure> {
    let mut regions: BTreeMap<Option<String>, Region> = BTreeMap::new();
    for stage in stages(context)? {
        let account = Account::of_stage(context, Some(&stage));
        let region = regions
            .entry(account.region.clone())
            .or_insert_with(|| Region {
                account,
                groups: Vec::new(),
            });
        for name in names(context, wanted) {
            let group = context.config.groups.group(&name, &stage);
            let group = group.unwrap_or_else(|| format!("/ecs/{stage}-{name}"));
            let group: Arc<str> = Arc::from(group);
            // A group whose name has no stage is the same for all.
            if !region.groups.contains(&group) {
                region.groups.push(group);
            }
        }
    }
    Ok(regions.into_values().collect())
}

fn stages(context: &Context) -> Result<Vec<String>, Failure> {
    if let Some(stage) = &context.scope.stage {
        return Ok(vec![stage.clone()]);
    }
    let known: Vec<String> = context.config.stage_names().map(str::to_owned).collect();
    if known.is_empty() {
        return Err(Failure::usage("the stage is not known").hint(
            "`--stage production`, or a table `[stages.production]` in logq.toml".to_owned(),
        ));
    }
    Ok(known)
}

/// Returns the logical names of the groups to read.
fn names(context: &Context, wanted: &Wanted<'_>) -> Vec<String> {
    let asked = &context.scope.targets;
    let about =
        |name: &&str| wanted.groups.is_empty() || wanted.groups.iter().any(|one| one == name);
    if asked.is_empty() {
        let names = context.config.groups.names().filter(about);
        return names.map(str::to_owned).collect();
    }
    asked
        .iter()
        .filter(|name| about(&name.as_str()))
        .cloned()
        .collect()
}

async fn client(context: &Context, region: &Region) -> Result<(Client, String), Failure> {
    let account = &region.account;
    let what = format!("CloudWatch Logs in {}", account.describe());
    let (sdk, credentials) = account.load(&what).await?;
    let Some(name) = sdk.region() else {
        return Err(no_region());
    };
    let place = cloudwatch::Place {
        region: name.to_string(),
        identity: account.identity.describe(),
        login: account.identity.login(),
    };
    let patience = context.config.cloudwatch.call_timeout;
    let known = credentials.account_id().map(|id| id.as_str().to_owned());
    let owner = owner(known.as_deref(), credentials.access_key_id());
    let owner = match sdk.endpoint_url() {
        Some(endpoint) => format!("{owner} at {endpoint}"),
        None => owner,
    };
    Ok((Client::new(&sdk, place, patience), owner))
}

/// Returns the number of an account, which an access key id spells in its characters behind the first four.
///
/// It only tells accounts apart in the cache: a key that spells something else is an account of its own.
fn owner(known: Option<&str>, key: &str) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digits = key.bytes().skip(4).take(10);
    let digits: Option<Vec<u64>> = digits
        .map(|byte| {
            ALPHABET
                .iter()
                .position(|one| *one == byte)
                .map(|at| at as u64)
        })
        .collect();
    match (known, digits.filter(|digits| digits.len() == 10)) {
        (Some(known), _) => known.to_owned(),
        (None, Some(digits)) => {
            let bits = digits.iter().fold(0_u64, |bits, digit| bits << 5 | digit);
            // Of the first 48 bits the first and the last seven say other things.
            let number = (bits >> 2 & 0x7FFF_FFFF_FF80) >> 7;
            format!("{number:012}")
        }
        (None, None) => key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_key_spells_its_account() {
        assert_eq!(owner(None, "ASIAQNZGKIQY56JQ7WML"), "029608264753");
        assert_eq!(
            owner(Some("123456789012"), "ASIAQNZGKIQY56JQ7WML"),
            "123456789012"
        );
        assert_eq!(owner(None, "test"), "test");
    }
}
