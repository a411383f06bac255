//! Log group names: from stage and logical name to group, and back.

use std::collections::BTreeMap;

/// The place in a template where the stage's name goes.
const STAGE: &str = "{stage}";

/// The groups of an installation, by logical name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupNames {
    templates: BTreeMap<String, String>,
}

/// What a log group is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located<'a> {
    /// The stage; empty when the group's template has none.
    pub stage: &'a str,
    /// The logical name: `webapp`, `worker`, `batch`, `tasks`, or what stands after the stage.
    pub service: &'a str,
}

impl Default for GroupNames {
    fn default() -> Self {
        let defaults = [
            ("webapp", "/ecs/{stage}-webapp"),
            ("worker", "/ecs/{stage}-worker"),
            ("batch", "/ecs/{stage}-batch"),
            ("tasks", "/aws/events/{stage}-ecs-tasks"),
        ];
        let templates = defaults.map(|(name, template)| (name.to_owned(), template.to_owned()));
        Self {
            templates: templates.into(),
        }
    }
}

impl GroupNames {
    /// Sets the template of one logical name.
    pub(super) fn insert(&mut self, name: String, template: String) {
        self.templates.insert(name, template);
    }

    /// Forgets a logical name that has a default.
    pub(super) fn remove(&mut self, name: &str) {
        self.templates.remove(name);
    }

    /// Returns the logical names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.templates.keys().map(String::as_str)
    }

    /// Returns the templates by logical name, sorted by it.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let templates = self.templates.iter();
        templates.map(|(name, template)| (name.as_str(), template.as_str()))
    }

    /// Returns the log group of a logical name in a stage.
    pub fn group(&self, name: &str, stage: &str) -> Option<String> {
        Some(self.templates.get(name)?.replace(STAGE, stage))
    }

    /// Returns the log group of a logical name that is the same in every stage.
    pub fn stageless(&self, name: &str) -> Option<&str> {
        let template = self.templates.get(name)?;
        (!template.contains(STAGE)).then_some(template)
    }

    /// Finds stage and logical name of a log group.
    ///
    /// A group that no template makes is still read when it looks like `/ecs/STAGE-SERVICE`.
    pub fn locate<'a>(&'a self, group: &'a str) -> Option<Located<'a>> {
        self.locate_among(group, std::iter::empty())
    }

    /// Finds stage and logical name, given the names of the stages there are.
    ///
    /// Several templates can make the same group (`{stage}-web` and `{stage}-admin-web`): a known stage decides,
    /// then the template that leaves less to the stage's name.
    pub fn locate_among<'a>(
        &'a self,
        group: &'a str,
        stages: impl Iterator<Item = &'a str> + Clone,
    ) -> Option<Located<'a>> {
        let known = |stage: &str| stages.clone().any(|known| known == stage);
        self.templates
            .iter()
            .filter_map(|(name, template)| {
                let stage = stage_in(template, group)?;
                Some(Located {
                    stage,
                    service: name,
                })
            })
            .max_by_key(|found| (known(found.stage), std::cmp::Reverse(found.stage.len())))
            .or_else(|| conventional(group, stages))
    }
}

/// Returns what stands in the template's place for the stage; empty when it has no such place.
fn stage_in<'a>(template: &str, group: &'a str) -> Option<&'a str> {
    let Some((before, after)) = template.split_once(STAGE) else {
        return (template == group).then_some("");
    };
    let stage = group.strip_prefix(before)?.strip_suffix(after)?;
    (!stage.is_empty() && !stage.contains('/')).then_some(stage)
}

/// Reads `/ecs/STAGE-SERVICE`, where the stage ends at the first hyphen unless a known one is longer, and
/// `/ecs/STAGE/SERVICE`.
fn conventional<'a>(
    group: &'a str,
    mut stages: impl Iterator<Item = &'a str>,
) -> Option<Located<'a>> {
    let name = group.strip_prefix("/ecs/")?;
    if let Some((stage, service)) = name.split_once('/') {
        let plain = !stage.is_empty() && !service.is_empty() && !service.contains('/');
        return plain.then_some(Located { stage, service });
    }
    let after = |stage: &str| name.strip_prefix(stage)?.strip_prefix('-');
    let (stage, service) = match stages.find_map(|stage| Some((stage, after(stage)?))) {
        Some(found) => found,
        None => name.split_once('-')?,
    };
    (!stage.is_empty() && !service.is_empty()).then_some(Located { stage, service })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_a_stage_and_a_logical_name() {
        let groups = GroupNames::default();
        assert_eq!(
            groups.group("batch", "staging").as_deref(),
            Some("/ecs/staging-batch")
        );
        assert_eq!(
            groups.locate("/ecs/staging-batch"),
            Some(Located {
                stage: "staging",
                service: "batch"
            })
        );
        assert_eq!(
            groups.locate("/aws/events/production-ecs-tasks"),
            Some(Located {
                stage: "production",
                service: "tasks"
            })
        );
    }

    #[test]
    fn an_unknown_service_is_read_by_convention() {
        let groups = GroupNames::default();
        assert_eq!(
            groups.locate("/ecs/production-beat"),
            Some(Located {
                stage: "production",
                service: "beat"
            })
        );
        assert_eq!(
            groups.locate("/ecs/shop-prod/batch"),
            Some(Located {
                stage: "shop-prod",
                service: "batch"
            })
        );
        assert_eq!(groups.locate("/ecs/production"), None);
        assert_eq!(groups.locate("/aws/lambda/thing"), None);
    }

    #[test]
    fn a_known_stage_may_hold_a_hyphen() {
        let groups = GroupNames::default();
        let stages = || ["pre-prod"].into_iter();
        assert_eq!(
            groups.locate_among("/ecs/pre-prod-beat", stages()),
            Some(Located {
                stage: "pre-prod",
                service: "beat"
            })
        );
    }

    #[test]
    fn the_closer_template_wins() {
        let mut groups = GroupNames::default();
        groups.insert("admin".to_owned(), "/ecs/{stage}-admin-webapp".to_owned());
        assert_eq!(
            groups.locate("/ecs/production-admin-webapp"),
            Some(Located {
                stage: "production",
                service: "admin"
            })
        );
        groups.insert("audit".to_owned(), "/audit".to_owned());
        assert_eq!(
            groups.locate("/audit"),
            Some(Located {
                stage: "",
                service: "audit"
            })
        );
    }
}
