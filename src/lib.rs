//! Saved queries, failed-run detection and alerts over the JSON logs of a Django application on ECS Fargate.
//!
//! The `logq` program is a thin layer over this library, and so is everything else that reads these logs.
//!
//! ```text
//! source ─▶ scan (blocks, needs) ─▶ record ─▶ pattern ─▶ query ─▶ rows ─▶ render
//!                                    └─▶ detect (runs, errors) ─▶ watch (policy) ─▶ alert
//! ```
//!
//! - [`source`] opens files, folders and pipes in any form the tools around CloudWatch Logs write, and hands out
//!   blocks of whole lines; [`scan`] goes to the lines of a block that can matter.
//! - [`record`] and [`decode`] read a line: JSON records, Celery's and gunicorn's text, Python tracebacks, ECS events.
//! - [`pattern`] is CloudWatch's filter pattern language, [`query`] the Logs Insights query language.
//! - [`detect`] tells runs, their outcomes and errors; [`alert`] and [`watch`] turn them into what a person is told.
//! - [`drive`] joins all of these into one pass over a source.
//!
//! `ARCHITECTURE.md` has the layers and the rules between them.
//!
//! # Example
//!
//! Count the records of each level in a text that is in memory:
//!
//! ```
//! use std::io::Cursor;
//! use std::sync::atomic::AtomicBool;
//!
//! use logq::config::Config;
//! use logq::decode::stamp::Clock;
//! use logq::drive::{self, Question, Scope, Setting};
//! use logq::query::{Program, Settings, Table};
//! use logq::time::{Timestamp, Zone};
//!
//! let now = Timestamp(1_795_407_795_000);
//! let settings = Settings { table: Table::Events, now, window: None, default_limit: None };
//! let program = Program::compile("stats count(*) as n by levelname | sort n desc", &settings)?;
//!
//! let lines = "{\"levelname\": \"INFO\"}\n{\"levelname\": \"ERROR\"}\n{\"levelname\": \"INFO\"}\n";
//! let mut source = logq::source::Source::stream(
//!     "example",
//!     Cursor::new(lines),
//!     logq::source::Settings::new(Clock::utc()),
//! );
//! let (config, scope, zone) = (Config::default(), Scope::default(), Zone::utc());
//! let stop = AtomicBool::new(false);
//! let setting = Setting {
//!     config: &config, scope: &scope, zone: &zone, latest: Timestamp(i64::MAX), as_of: None, threads: 1,
//!     stop: &stop, seen: None,
//! };
//! let question = Question { program: &program, pattern: None, now };
//! let rows = drive::rows_of(&mut source, &question, &setting);
//!
//! assert_eq!(rows[0].get("levelname").to_text().as_deref(), Some("INFO"));
//! assert_eq!(rows[0].get("n").to_text().as_deref(), Some("2"));
//! # Ok::<(), logq::diagnostic::Diagnostics>(())
//! ```
//!
//! # Features
//!
//! - `cli` (default): the command line, with its argument parser, terminal output and manual pages. Without it the
//!   library builds with no terminal code in its tree.
//! - `aws` (default): reading CloudWatch Logs, and the table that `logq silence` and the Lambda keep their state in.
//!   Without it there is no AWS crate in the tree.

pub mod alert;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "aws")]
pub mod cloudwatch;
pub mod config;
pub mod decode;
pub mod demo;
pub mod detect;
pub mod diagnostic;
pub mod drive;
pub mod event;
pub mod language;
pub mod pattern;
pub mod query;
pub mod record;
pub mod render;
pub mod row;
pub mod saved;
pub mod scan;
pub mod severity;
pub mod source;
pub mod state;
pub mod suggest;
pub mod time;
pub mod value;
pub mod watch;
