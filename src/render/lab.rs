//! What `urltrace lab` prints: the scenarios, and where a lab that is kept running listens.

use std::io::{self, Write};

use crate::lab::{Lab, Scenario};

/// The scenarios, two lines each: what is shown, and the command that shows it.
///
/// # Errors
/// Only those of `out`.
pub fn lab_list(scenarios: &[Scenario], out: &mut dyn Write) -> io::Result<()> {
    let width = scenarios.iter().map(|scenario| scenario.id.len()).max().unwrap_or(0);
    for scenario in scenarios {
        let options: String = scenario.options.iter().map(|option| format!(" {option}")).collect();
        writeln!(out, "{:width$}  {}", scenario.id, scenario.summary)?;
        writeln!(out, "{:width$}  urltrace --lab{options} {}", "", scenario.url)?;
    }
    Ok(())
}

/// Where a running lab listens, for other tools, and the trust anchor and CA they need.
///
/// # Errors
/// Only those of `out`.
pub fn lab_serving(lab: &Lab, out: &mut dyn Write) -> io::Result<()> {
    let ports = lab.ports();
    writeln!(out, "the lab is running; interrupt it (Ctrl-C) to stop")?;
    writeln!(out, "name servers: port {} (UDP and TCP)", ports.dns)?;
    writeln!(out, "web servers: port {} for http, port {} for https", ports.http, ports.https)?;
    writeln!(out, "proxies: port {}", ports.proxy)?;
    writeln!(out, "root hints:")?;
    for line in lab.root_hints().lines() {
        writeln!(out, "  {line}")?;
    }
    writeln!(out, "trust anchor:")?;
    for line in lab.trust_anchor().lines() {
        writeln!(out, "  {line}")?;
    }
    writeln!(out, "certificate authority:")?;
    out.write_all(lab.root_pem().as_bytes())?;
    out.flush()
}
