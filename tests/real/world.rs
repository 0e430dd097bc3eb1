//! The world that most tests share: namespaces, name servers, a resolver, web servers, and their files.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use crate::{net, servers, web, zones};

/// Everything that runs, in the order it has to go: servers, their namespaces, their files.
pub(crate) struct World {
    pub(crate) servers: Vec<servers::Server>,
    pub(crate) internet: net::Internet,
    pub(crate) certificates: web::Certificates,
    pub(crate) dir: Directory,
    numbers: Cell<u32>,
}

impl World {
    /// With these clients, of whom one has to be [`net::Access::Full`].
    pub(crate) fn new(accesses: &[net::Access]) -> Self {
        let dir = Directory::new("plain");
        let present = zones::present();
        let addresses = net::Addresses {
            world: "plain",
            accesses,
            present: &present,
            resolver: zones::RESOLVER,
            near: &zones::NEAR,
        };
        let internet = net::Internet::new(&addresses);
        internet.silence(zones::WEB_SILENT);
        let certificates = web::certificates(dir.path());
        let mut servers = servers::start_name_servers(&internet, dir.path(), &zones::name_servers());
        servers.push(servers::start_resolver(
            &internet,
            dir.path(),
            &servers::Serves::Everybody(&certificates),
        ));
        servers.extend(web::start(&internet, dir.path(), &certificates));
        Self { servers, internet, certificates, dir, numbers: Cell::new(0) }
    }

    /// A number that was not given before.
    pub(crate) fn number(&self) -> u32 {
        self.numbers.set(self.numbers.get() + 1);
        self.numbers.get()
    }
}

/// A directory of one world of this run, removed when dropped.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new(world: &str) -> Self {
        let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
        for entry in std::fs::read_dir(parent).unwrap().flatten() {
            // Left behind by a run that was killed.
            let name = entry.file_name().to_string_lossy().into_owned();
            let process = name.strip_prefix("real-").and_then(|rest| rest.split('-').next());
            if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        let path = parent.join(format!("real-{}-{world}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
