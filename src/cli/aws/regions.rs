//! Which log groups a call is about, in which regions, and the clients that ask there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use aws_config::SdkConfig;

use super::super::Failure;
use super::super::context::Context;
use super::super::environment::without_user;
use super::{Account, discover, no_region};
use crate::cloudwatch::{self, Client, Site};
use crate::config::Origin;

/// The log groups of one region.
pub(in crate::cli) struct Region {
    /// Which region, and as whom.
    pub(in crate::cli) account: Account,
    /// The names of its log groups.
    pub(in crate::cli) groups: Vec<Arc<str>>,
    /// Those that nobody asked for by name, so that they need not be there.
    pub(in crate::cli) optional: BTreeSet<Arc<str>>,
}

/// What is read of all regions.
pub(in crate::cli) struct Sites {
    pub(in crate::cli) sites: Vec<Site<Client>>,
    /// Groups that need not be there.
    pub(in crate::cli) optional: BTreeSet<Arc<str>>,
}

/// A region that can be asked.
pub(in crate::cli) struct Opened {
    /// The client of CloudWatch Logs.
    pub(in crate::cli) client: Client,
    /// What clients of other services are made of.
    pub(in crate::cli) sdk: SdkConfig,
    /// When the credentials end, in milliseconds, as far as they say.
    pub(in crate::cli) expiry: Option<i64>,
    /// What tells its account from others.
    owner: String,
}

impl Region {
    /// Returns the region of a stage, without its groups; of none for that of flags alone.
    pub(in crate::cli) fn of_stage(context: &Context, stage: Option<&str>) -> Self {
        Self {
            account: Account::of_stage(context, stage),
            groups: Vec::new(),
            optional: BTreeSet::new(),
        }
    }

    /// Returns a region by name; of none for that of flags, or of AWS's own rules.
    pub(in crate::cli) fn named(context: &Context, name: Option<&str>) -> Self {
        let mut region = Self::of_stage(context, None);
        if let Some(name) = name {
            region.account.region = Some(name.to_owned());
        }
        region
    }

    /// Returns a client for it, and what tells its account from others.
    pub(in crate::cli) async fn client(
        &self,
        context: &Context,
    ) -> Result<(Client, String), Failure> {
        let opened = self.open(context).await?;
        Ok((opened.client, opened.owner))
    }

    /// Finds the credentials for it.
    pub(in crate::cli) async fn open(&self, context: &Context) -> Result<Opened, Failure> {
        let account = &self.account;
        let what = format!("CloudWatch Logs in {}", account.describe());
        let (sdk, credentials) = account.load(&what).await?;
        let Some(name) = sdk.region() else {
            return Err(no_region());
        };
        let place = cloudwatch::Place {
            region: name.to_string(),
            identity: account.identity.describe(),
            login: account.identity.login(),
            flags: account.flags(name.as_ref()),
        };
        let patience = context.config.cloudwatch.call_timeout;
        let known = credentials.account_id().map(|id| id.as_str().to_owned());
        let owner = owner(known.as_deref(), credentials.access_key_id());
        let owner = match sdk.endpoint_url() {
            Some(endpoint) => format!("{owner} at {}", without_user(endpoint)),
            None => owner,
        };
        let expiry = credentials.expiry().map(|at| {
            let since = at.duration_since(SystemTime::UNIX_EPOCH);
            since.map_or(0, |since| since.as_millis() as i64)
        });
        Ok(Opened {
            client: Client::new(&sdk, place, patience),
            sdk,
            expiry,
            owner,
        })
    }
}

/// Finds groups and credentials, and asks for the groups of the account where the configuration has no stage.
///
/// Stages that spell one region in two ways, or leave it to AWS's own rules, are one site: what is made a second in a
/// region is counted once.
pub(in crate::cli) async fn sites(context: &Context, about: &[String]) -> Result<Sites, Failure> {
    let regions = found(context, about).await?;
    let mut found = Sites {
        sites: Vec::new(),
        optional: BTreeSet::new(),
    };
    for region in regions {
        let (client, account) = region.client(context).await?;
        found.optional.extend(region.optional);
        let place = client.place();
        let is_same =
            |site: &&mut Site<Client>| site.place.region == place.region && site.account == account;
        if let Some(site) = found.sites.iter_mut().find(is_same) {
            let new = |group: &Arc<str>| !site.groups.contains(group);
            let new: Vec<Arc<str>> = region.groups.into_iter().filter(new).collect();
            site.groups.extend(new);
            continue;
        }
        found.sites.push(Site {
            account,
            place: Arc::new(place.clone()),
            service: Arc::new(client),
            groups: region.groups,
        });
    }
    Ok(found)
}

/// Returns the groups by region, as [`find`] does, and asks for those of the account where no stage is known.
pub(in crate::cli) async fn found(
    context: &Context,
    about: &[String],
) -> Result<Vec<Region>, Failure> {
    if knows_stage(context) {
        return find(context, about);
    }
    Ok(vec![discover::region(context, about).await?])
}

/// Returns whether a stage was asked for, or the configuration has one: then it says which groups there are.
pub(in crate::cli) fn knows_stage(context: &Context) -> bool {
    context.scope.stage.is_some() || context.config.stage_names().next().is_some()
}

/// Returns the groups by region: of the stage that was asked for, else of all that the configuration has; of `about`, by
/// logical names, unless that is empty.
pub(in crate::cli) fn find(context: &Context, about: &[String]) -> Result<Vec<Region>, Failure> {
    let mut regions: BTreeMap<Option<String>, Region> = BTreeMap::new();
    for stage in stages(context)? {
        let account = Account::of_stage(context, Some(&stage));
        let region = regions
            .entry(account.region.clone())
            .or_insert_with(|| Region {
                account,
                groups: Vec::new(),
                optional: BTreeSet::new(),
            });
        for name in names(context, about) {
            let group = context.config.groups.group(&name, &stage);
            let group = group.unwrap_or_else(|| format!("/ecs/{stage}-{name}"));
            let group: Arc<str> = Arc::from(group);
            if !is_asked_for(context, &name) {
                region.optional.insert(Arc::clone(&group));
            }
            // A group whose name has no stage is the same for all.
            if !region.groups.contains(&group) {
                region.groups.push(group);
            }
        }
    }
    if regions.values().all(|region| region.groups.is_empty()) {
        let about = about.join("`, `");
        return Err(Failure::usage("no log group is left to read")
            .cause(format!("`[groups]` says that there is none for `{about}`"))
            .hint("name it there, as in `worker = \"/ecs/{stage}-worker\"`".to_owned()));
    }
    Ok(regions.into_values().collect())
}

/// Returns the regions of the stages without their groups, for who names groups otherwise; the usual region when no stage
/// is known.
pub(in crate::cli) fn without_groups(context: &Context) -> Vec<Region> {
    let known = stages(context).unwrap_or_default();
    let stages = known.iter().map(|stage| Some(stage.as_str()));
    let stages = stages.chain(known.is_empty().then_some(None));
    let mut regions: BTreeMap<Option<String>, Region> = BTreeMap::new();
    for stage in stages {
        let region = Region::of_stage(context, stage);
        regions
            .entry(region.account.region.clone())
            .or_insert(region);
    }
    regions.into_values().collect()
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

/// Returns whether a group was asked for by its logical name, in a flag or in the configuration.
fn is_asked_for(context: &Context, name: &str) -> bool {
    let is_configured = context.config.origin(&format!("groups.{name}")) != Origin::Default;
    is_configured || context.scope.targets.iter().any(|target| target == name)
}

/// Returns the logical names of the groups to read.
pub(super) fn names(context: &Context, about: &[String]) -> Vec<String> {
    let asked = &context.scope.targets;
    let is_about = |name: &&str| about.is_empty() || about.iter().any(|one| one == name);
    if asked.is_empty() {
        let names = context.config.groups.names().filter(is_about);
        return names.map(str::to_owned).collect();
    }
    asked
        .iter()
        .filter(|name| is_about(&name.as_str()))
        .cloned()
        .collect()
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
