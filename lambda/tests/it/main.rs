//! The built `bootstrap`, run as Lambda runs it, against moto and a Slack on the loopback interface.

mod alerts;
mod aws;
mod bed;
mod bed_works;
mod cargo_lambda;
mod corpus;
mod corpus_alerts;
mod crashes;
mod faults;
mod function;
mod http;
mod inputs_work;
mod moto;
mod payload;
mod proxy;
mod runtime_api;
mod scenario;
mod silences;
mod slack;
mod storms;
mod told;
