//! How many descriptors this process may have, and for how many probes and connections that is room.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a probe holds at most: its runtime, sockets of the lookup, the connection, a file.
const OF_PROBE: usize = 12;
/// What all else holds.
const OTHERS: usize = 64;
/// Connections at the same time, where the probes are few.
const CONNECTIONS: usize = 512;

/// What there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) probes: usize,
    pub(super) connections: usize,
    /// Descriptors that this process may have; `None` where there is no limit.
    pub(super) descriptors: Option<usize>,
}

impl Room {
    /// Raises the limit of this process as far as so many probes need it and the machine allows it.
    pub(super) fn made_for(probes: usize) -> Self {
        let needed = u64::try_from(needed(probes)).unwrap_or(u64::MAX);
        let limit = getrlimit(Resource::Nofile);
        let raised = limit.maximum.map_or(needed, |hard| hard.min(needed));
        if limit.current.is_some_and(|soft| soft < raised) {
            // Where it is refused, the old one holds.
            let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(raised), ..limit });
        }
        let limit = getrlimit(Resource::Nofile).current;
        Self::within(probes, limit.and_then(|limit| usize::try_from(limit).ok()))
    }

    fn within(probes: usize, descriptors: Option<usize>) -> Self {
        let connections = connections(probes);
        let Some(limit) = descriptors.filter(|limit| *limit < needed(probes)) else {
            return Self { probes, connections, descriptors };
        };
        let left = limit.saturating_sub(OTHERS);
        let connections = connections.min(left / 4).max(1);
        let probes = probes.min(left.saturating_sub(connections) / OF_PROBE).max(1);
        Self { probes, connections, descriptors }
    }
}

/// Each probe is asked for on a connection, and other requests come beside them.
fn connections(probes: usize) -> usize {
    CONNECTIONS.max(2 * probes)
}

fn needed(probes: usize) -> usize {
    OTHERS + connections(probes) + OF_PROBE * probes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_and_connections_fit_into_the_descriptors() {
        for (probes, limit, expected) in [
            (256, Some(1_048_576), (256, 512)),
            (256, None, (256, 512)),
            (1_000, Some(20_000), (1_000, 2_000)),
            (256, Some(1_024), (60, 240)),
            (10, Some(1_024), (10, 512)),
            (256, Some(16), (1, 1)),
        ] {
            let room = Room::within(probes, limit);
            assert_eq!((room.probes, room.connections), expected, "{probes} {limit:?}");
            let used = OTHERS + room.connections + OF_PROBE * room.probes;
            assert!(limit.is_none_or(|limit| used <= limit || limit < 100), "{room:?}");
        }
    }
}
