//! The command line: arguments, environment and the files they name become a validated
//! [`Plan`](crate::plan::Plan).
//!
//! The only module that reads arguments and the environment; everything after it works from plain
//! values. Nothing here touches the network.
//!
//! # Layout
//! - `declarations`: what can be typed; `environment`: what the process was started in
//! - `read`, `connection`, `dns`: from these to an action and its plan; `syntax`: how single values are written
//! - `findings`: which are reported, and which must not be there
//! - `hands`, `borrowed`: what hands type that know other tools; `password`: asked on the terminal
//! - `proxy`: which proxies, by options and environment
//! - `body`, `form`: what a request carries; `cookies`: `-b`
//! - `identity`: `--cert`, `--key` and `--pass`
//! - `page`: `--page` and its kin; `paged`: how they are typed
//! - `many`: `-n`, `--compare`, `--budget`, `--parallel` and their kin, declared; `runs`, `compared`, `budgets`, `urls`: read
//! - `list`: lists of URLs, read while they are traced
//! - `files`: the small files that a plan needs as text
//! - `formats`: what a report can be written as
//! - `examples`: what stands below `--help`
//! - `check`: `urltrace check`
//! - `otlp`: where spans are sent
//! - `secrets`: where none may go
//! - `serving`, `serve`: `urltrace serve`, declared and read; `modules`: the file of its modules, `web_config`: that
//!   of who may ask, `yaml`: what both share
//! - `settings`, `error`: what comes out

mod batch;
mod body;
mod borrowed;
mod budgets;
mod check;
mod compared;
mod connection;
mod cookies;
mod declarations;
mod dns;
mod environment;
mod error;
mod examples;
mod fields;
mod files;
mod findings;
mod form;
mod formats;
mod hands;
mod identity;
mod list;
mod many;
mod modules;
mod origin;
mod otlp;
mod page;
mod paged;
mod password;
mod proxy;
mod read;
mod resolv_conf;
mod reuse;
mod runs;
mod secrets;
mod serve;
mod serving;
mod settings;
mod show;
mod showing;
mod syntax;
mod tour;
mod urls;
mod web_config;
mod yaml;

pub use self::declarations::*;
pub use self::environment::Environment;
pub use self::error::PlanError;
pub use self::formats::has_no_page;
pub use self::hands::{is_check, requested_format};
pub use self::list::{BadLine, Line, Lines, WantedUrl};
pub use self::many::{Budgets, Compared, Runs, Saved, Urls, Warm};
pub use self::paged::{Paged, Profile};
pub use self::read::settings;
pub use self::serving::ServeOptions;
pub use self::settings::{Action, Export, Settings, Show, Source, Stream};
