//! What a call depends on beside its own arguments: configuration, clock, zone, terminal, source.
//!
//! Flags win over `LOGQ_...` variables, those over `logq.toml`, that over the user's file, and defaults come last.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;

use super::args::{Engine, Flags, OutputArgs, SourceArgs, TimeArgs};
use super::environment::Environment;
use super::interrupt::Interrupt;
use super::output::{Notices, counted};
use super::progress::Screen;
use super::scope::Scope;
use super::source::Written;
use super::terminal::{self, Streams};
use super::{Failure, source};
use crate::config::{self, Config, Places};
use crate::diagnostic::Diagnostics;
use crate::render::{Format, Look};
use crate::saved::Catalog;
use crate::time::{Clock, Timestamp, Window, Zone, duration, expression};

/// Everything that is resolved once for a call.
pub(super) struct Context {
    /// The settings of `logq.toml`.
    pub(super) config: Config,
    /// The saved queries.
    pub(super) catalog: Catalog,
    /// The present, and the zone of local times.
    pub(super) clock: Clock,
    /// The present, where one was given: what was logged later is not known.
    pub(super) as_of: Option<Timestamp>,
    /// The window asked for; open ends where nothing was said.
    pub(super) window: Window,
    /// Where the window begins, as written.
    #[cfg_attr(
        not(feature = "aws"),
        allow(dead_code, reason = "only CloudWatch Logs has a clock of its own")
    )]
    since: Option<String>,
    /// Which stage and targets were asked for.
    pub(super) scope: Scope,
    /// The tables for `lookup`, as written: `NAME=FILE`.
    pub(super) tables: Vec<String>,
    /// The output format; `None` when none was asked for.
    pub(super) format: Option<Format>,
    /// How answers look.
    pub(super) look: Look,
    /// `--timeout`: how long asking a service may take.
    #[cfg_attr(
        not(feature = "aws"),
        allow(dead_code, reason = "only CloudWatch Logs needs it")
    )]
    pub(super) time_out: Option<Duration>,
    /// `--no-cache`.
    #[cfg_attr(
        not(feature = "aws"),
        allow(dead_code, reason = "only CloudWatch Logs needs it")
    )]
    pub(super) no_cache: bool,
    /// Whether CloudWatch Logs is what is read.
    pub(super) reads_service: bool,
    /// What runs queries.
    pub(super) engine: Engine,
    /// `--max-scan`: how many bytes a query may look at on the service, zero for all; else the configuration says it.
    #[cfg_attr(
        not(feature = "aws"),
        allow(dead_code, reason = "only the service is paid by the byte")
    )]
    pub(super) max_scan: Option<u64>,
    /// `--dry-run`.
    pub(super) dry_run: bool,
    /// `--limit`; zero means all.
    pub(super) limit: Option<u64>,
    /// How many threads may work.
    pub(super) threads: usize,
    /// Where to say what is not the answer.
    pub(super) notices: Notices,
    /// Whether the person wants us to stop.
    pub(super) interrupt: Interrupt,
    /// Whose the terminal is.
    pub(super) screen: Screen,
    pub(super) environment: Environment,
    pub(super) streams: Streams,
    pub(super) sources: Written,
    pub(super) aws: AwsFlags,
    pub(super) output: OutputArgs,
}

/// The flags that say which AWS is asked, and as whom.
#[derive(Clone, Debug, Default)]
pub(super) struct AwsFlags {
    /// `--profile`.
    pub(super) profile: Option<String>,
    /// `--region`.
    pub(super) region: Option<String>,
    /// `--endpoint-url`.
    pub(super) endpoint_url: Option<String>,
}

impl Context {
    /// Resolves the flags of a call.
    pub(super) fn resolve(
        flags: Flags,
        config: Config,
        catalog: Catalog,
        environment: &Environment,
        streams: &Streams,
    ) -> Result<Self, Failure> {
        let Flags {
            time,
            source,
            output,
        } = flags;
        let color_choice = choice(output.color, "LOGQ_COLOR", environment)?;
        let color = terminal::color(color_choice, environment, streams.screen.is_some());
        let notices = Notices {
            quiet: output.quiet,
            verbosity: output.verbose,
            color: terminal::color(color_choice, environment, streams.error_is_terminal),
        };
        let clock = clock(&time, environment, &config)?;
        let as_of =
            (time.now.is_some() || environment.variable("LOGQ_NOW").is_some()).then_some(clock.now);
        let window = window(&time, as_of, &clock, notices)?;
        let engine = engine(&source, environment)?;
        let scope = scope(&source, environment, &config)?;
        let time_out = time_out(&source, environment)?;
        let sources = source::written(source.source.clone(), environment);
        Ok(Self {
            look: Look {
                zone: clock.zone.clone(),
                width: streams.screen.map(|screen| screen.columns),
                color,
                ambiguous_width: config.ambiguous_width,
                durations: &[],
                bom: output.bom,
            },
            format: choice(output.output, "LOGQ_OUTPUT", environment)?.map(Format::from),
            time_out,
            no_cache: source.no_cache || environment.variable("LOGQ_NO_CACHE").is_some(),
            reads_service: engine == Engine::Insights
                || source::is_service(&sources, streams.input, &config),
            engine,
            max_scan: max_scan(&source, environment)?,
            dry_run: source.dry_run,
            limit: output.limit,
            threads: threads(&source, environment)?,
            aws: AwsFlags {
                profile: source.profile,
                region: source.region,
                endpoint_url: source.endpoint_url,
            },
            tables: source.table,
            sources,
            environment: environment.clone(),
            streams: *streams,
            interrupt: Interrupt::default(),
            screen: Screen::default(),
            config,
            catalog,
            clock,
            as_of,
            window,
            since: time.since.or(time.from),
            scope,
            notices,
            output,
        })
    }

    /// Says, at `-v`, what an answer depends on beside the question.
    pub(super) fn tell_decisions(&self, source: &str) {
        let notices = &self.notices;
        let files = &self.config.files;
        let config = match files.as_slice() {
            [] => "no configuration file: defaults".to_owned(),
            files => {
                let paths: Vec<_> = files
                    .iter()
                    .map(|path| path.display().to_string())
                    .collect();
                format!("configuration from {}", paths.join(", "))
            }
        };
        notices.decision(&config);
        notices.decision(&format!("times are in {}", self.clock.zone.name()));
        notices.decision(&format!("reading {source}"));
        notices.decision(&format!(
            "window: {}",
            self.window.describe(&self.clock.zone)
        ));
        let threads = counted(self.threads as u64, "thread", "threads");
        notices.decision(&format!("{threads} at work"));
        let scope = match self.scope.describe() {
            scope if scope.is_empty() => "every stage and service".to_owned(),
            scope => scope,
        };
        notices.detail(3, &format!("of {scope}"));
    }

    /// Reads an hour of CloudWatch Logs when nothing says how much; all of a file.
    pub(super) fn limit_window(&mut self) {
        const HOUR: i64 = 3_600_000;
        if self.reads_service && self.window.since.is_none() {
            let end = self.window.until.unwrap_or(self.clock.now);
            self.window.since = Some(Timestamp(end.0 - HOUR));
        }
    }

    /// Returns where the window begins when the present is that of another clock.
    #[cfg(feature = "aws")]
    pub(super) fn since_as_of(&self, now: Timestamp) -> Option<Timestamp> {
        let zone = self.clock.zone.clone();
        let since = expression::parse(self.since.as_ref()?, &Clock { now, zone });
        // What could be read as of this machine's present, can as of any other.
        since.ok().or(self.window.since)
    }

    /// Returns the output format, `table` when none was asked for.
    pub(super) fn format(&self) -> Format {
        self.format.unwrap_or(Format::Table)
    }

    /// Says which flags change nothing, since the command asks no service.
    pub(super) fn warn_of_idle(&self) {
        let flags = [
            ("--profile", &self.aws.profile),
            ("--region", &self.aws.region),
            ("--endpoint-url", &self.aws.endpoint_url),
        ];
        for (flag, _) in flags.iter().filter(|(_, value)| value.is_some()) {
            self.notices.warn(&format!(
                "`{flag}` changes nothing: no AWS service is asked"
            ));
        }
    }

    /// Refuses, or warns of, flags that only mean something to the service's engine.
    pub(super) fn check_engine_flags(&self) -> Result<(), Failure> {
        if self.engine == Engine::Insights {
            return Ok(());
        }
        if self.dry_run {
            return Err(
                Failure::usage("`--dry-run` is for queries that cost: this one runs here")
                    .hint("`logq explain` says what a query does".to_owned()),
            );
        }
        if self.max_scan.is_some() {
            self.notices
                .warn("`--max-scan` changes nothing: the query runs here");
        }
        Ok(())
    }

    /// Returns how many rows a query without `limit` gives at most; `None` for all.
    pub(super) fn row_limit(&self) -> Option<u64> {
        const DEFAULT: u64 = 10_000;
        match self.limit {
            Some(0) => None,
            Some(limit) => Some(limit),
            None => Some(DEFAULT),
        }
    }
}

/// Reads the configuration that a call would use, for the saved queries beside it.
pub(super) fn load_config(
    source: &SourceArgs,
    environment: &Environment,
) -> Result<Config, Failure> {
    let named = source
        .config
        .clone()
        .or_else(|| environment.variable("LOGQ_CONFIG").map(PathBuf::from));
    let named = named.map(|path| environment.folder.join(path));
    let user = environment.user_config();
    Ok(config::load(&Places {
        named: named.as_deref(),
        start: Some(&environment.folder),
        user: user.as_deref(),
    })?)
}

/// Returns the value of a flag, or that of its twin in the environment.
fn choice<T: ValueEnum>(
    flag: Option<T>,
    variable: &str,
    environment: &Environment,
) -> Result<Option<T>, Failure> {
    let (None, Some(value)) = (&flag, environment.variable(variable)) else {
        return Ok(flag);
    };
    T::from_str(value, true).map(Some).map_err(|_| {
        let known: Vec<String> = T::value_variants()
            .iter()
            .filter_map(ValueEnum::to_possible_value)
            .map(|value| value.get_name().to_owned())
            .collect();
        Failure::usage(format!("`{variable}` cannot be `{value}`"))
            .hint(format!("one of `{}`", known.join("`, `")))
    })
}

fn time_out(source: &SourceArgs, environment: &Environment) -> Result<Option<Duration>, Failure> {
    let written = [
        (source.timeout.as_deref(), "--timeout"),
        (environment.variable("LOGQ_TIMEOUT"), "LOGQ_TIMEOUT"),
    ];
    let Some((text, origin)) = written
        .into_iter()
        .find_map(|(text, origin)| Some((text?, origin)))
    else {
        return Ok(None);
    };
    let millis = duration::parse(text).map_err(|faults| Failure::text(faults, origin, text))?;
    Ok(Some(Duration::from_millis(millis.unsigned_abs())))
}

fn threads(source: &SourceArgs, environment: &Environment) -> Result<usize, Failure> {
    let available = || std::thread::available_parallelism().map_or(1, usize::from);
    let asked = match (source.threads, environment.variable("LOGQ_THREADS")) {
        (Some(threads), _) => Some(threads),
        (None, Some(text)) => Some(usize::from_str(text).map_err(|_| {
            Failure::usage(format!("`LOGQ_THREADS` cannot be `{text}`")).hint("a number".to_owned())
        })?),
        (None, None) => None,
    };
    match asked {
        Some(0) => {
            Err(Failure::usage("there is no work without a thread").hint("--threads 1".to_owned()))
        }
        Some(threads) => Ok(threads),
        None => Ok(available()),
    }
}

/// The zone: flag, environment, configuration, system. The present: flag, environment, clock.
fn clock(time: &TimeArgs, environment: &Environment, config: &Config) -> Result<Clock, Failure> {
    let zone = match (&time.tz, environment.variable("LOGQ_TZ")) {
        (Some(name), _) => zone(name, "--tz")?,
        (None, Some(name)) => zone(name, "LOGQ_TZ")?,
        (None, None) => match &config.timezone {
            Some(zone) => zone.clone(),
            None => Zone::from_rules(jiff::tz::TimeZone::system()),
        },
    };
    let mut clock = Clock {
        now: environment.now,
        zone,
    };
    let written = [
        (time.now.as_deref(), "--now"),
        (environment.variable("LOGQ_NOW"), "LOGQ_NOW"),
    ];
    if let Some((text, origin)) = written
        .into_iter()
        .find_map(|(text, origin)| Some((text?, origin)))
    {
        clock.now = expression::parse(text, &clock)
            .map_err(|faults| Failure::text(faults, origin, text))?;
    }
    Ok(clock)
}

fn zone(name: &str, origin: &str) -> Result<Zone, Failure> {
    Zone::named(name).map_err(|faults| Failure::text(faults, origin, name))
}

/// The window of `--since` and `--until`; as of a time that was given, nothing later is known.
fn window(
    time: &TimeArgs,
    as_of: Option<Timestamp>,
    clock: &Clock,
    notices: Notices,
) -> Result<Window, Failure> {
    let read = |text: &str, origin: &str| -> Result<_, Failure> {
        let moment = expression::read(text, clock)
            .map_err(|faults: Diagnostics| Failure::text(faults, origin, text))?;
        if let Some(note) = &moment.note {
            notices.decision(note);
        }
        Ok(moment.at)
    };
    let end = |flag: &Option<String>, name, twin: &Option<String>, twin_name| match (flag, twin) {
        (Some(text), _) => read(text, name).map(Some),
        (None, Some(text)) => read(text, twin_name).map(Some),
        (None, None) => Ok(None),
    };
    let since = end(&time.since, "--since", &time.from, "--from")?;
    let until = end(&time.until, "--until", &time.to, "--to")?;
    let mut window = Window::new(since, until, clock.now).map_err(|fault| {
        let described = Window { since, until }.describe(&clock.zone);
        Failure::usage(fault.to_string()).cause(described)
    })?;
    if let Some(as_of) = as_of {
        window.until = Some(window.until.unwrap_or(as_of).min(as_of));
    }
    Ok(window)
}

fn scope(
    source: &SourceArgs,
    environment: &Environment,
    config: &Config,
) -> Result<Scope, Failure> {
    let twin = |name: &str| environment.variable(name).map(str::to_owned);
    let stage = source.stage.clone().or_else(|| twin("LOGQ_STAGE"));
    let mut targets = source.target.clone();
    if targets.is_empty() {
        targets = twin("LOGQ_TARGET")
            .map(|list| list.split(',').map(str::to_owned).collect())
            .unwrap_or_default();
    }
    Ok(Scope::new(stage, targets, config)?.of_streams(&source.stream))
}

/// Returns what runs queries; refuses an engine that is not here.
fn engine(source: &SourceArgs, environment: &Environment) -> Result<Engine, Failure> {
    match choice(source.engine, "LOGQ_ENGINE", environment)? {
        Some(Engine::Insights) if cfg!(not(feature = "aws")) => Err(Failure::usage(
            "this build of logq cannot run queries on the Logs Insights service",
        )
        .hint("leave `--engine` out to run the query here, on files: --source PATH".to_owned())),
        engine => Ok(engine.unwrap_or(Engine::Local)),
    }
}

fn max_scan(source: &SourceArgs, environment: &Environment) -> Result<Option<u64>, Failure> {
    let written = [
        (source.max_scan.as_deref(), "--max-scan"),
        (environment.variable("LOGQ_MAX_SCAN"), "LOGQ_MAX_SCAN"),
    ];
    let mut written = written.into_iter();
    let Some((text, origin)) = written.find_map(|(text, origin)| Some((text?, origin))) else {
        return Ok(None);
    };
    match config::size(text) {
        Some(bytes) => Ok(Some(bytes)),
        None => Err(Failure::usage(format!("`{origin}` cannot be `{text}`"))
            .hint("a number of `MB`, `GB` or `TB`, such as `20 GB`; 0 for no limit".to_owned())),
    }
}
