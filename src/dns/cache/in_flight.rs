//! Single flight: what one resolution is finding out, the others of the same run wait for.
//!
//! Three things are found once: the cut below a zone, its keys, and the answer to a question. Nothing here is
//! asked or kept; whoever waited looks into the cache again. A resolution never waits for itself,
//! and for another only so long: two that wait for each other go on on their own.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use hickory_resolver::proto::rr::Name;
use tokio::sync::SetOnce;

use crate::dns::lru::Lru;
use crate::trace::RecordType;

/// How long another resolution's work is waited for: more than a server that has to be hedged.
const PATIENCE: Duration = Duration::from_secs(3);

/// Names that are remembered to be no cuts.
const MOST_INSIDE: usize = 8_192;

/// What is being found out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Goal {
    /// Whether a name begins a zone of its own below `zone`.
    Cut { zone: Name, child: Name },
    /// A record of a zone that validation needs: its keys, its DS.
    Signed { zone: Name, rtype: RecordType },
    /// The answer to a question.
    Answer { name: Name, types: Vec<RecordType> },
}

/// All flights of a run's resolver.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    running: RefCell<HashMap<Goal, Rc<Flight>>>,
    /// Names that an authoritative server has shown to be no cut below a zone.
    inside: RefCell<Lru<(Name, Name), (), MOST_INSIDE>>,
    resolutions: Cell<u64>,
}

#[derive(Debug)]
struct Flight {
    resolution: u64,
    landed: SetOnce<()>,
}

/// Whose turn it is.
#[derive(Debug)]
pub(crate) enum Turn {
    /// Ours: the others wait until this is dropped.
    Ours(Leading),
    /// Another one has finished: it is time to look at what it found.
    Finished,
    /// Nobody is to be waited for.
    Free,
}

/// Being the one who finds something out; it ends when this is dropped, whatever ends it.
#[derive(Debug)]
pub(crate) struct Leading {
    flights: Rc<Flights>,
    goal: Goal,
}

impl Flights {
    /// The number of a new resolution.
    pub(crate) fn resolution(&self) -> u64 {
        self.resolutions.set(self.resolutions.get() + 1);
        self.resolutions.get()
    }

    /// Takes the lead for a goal, or waits for the resolution that has it.
    pub(crate) async fn enter(self: &Rc<Self>, goal: Goal, resolution: u64) -> Turn {
        let running = self.running.borrow().get(&goal).cloned();
        let Some(flight) = running else {
            let flight = Flight { resolution, landed: SetOnce::new() };
            self.running.borrow_mut().insert(goal.clone(), Rc::new(flight));
            return Turn::Ours(Leading { flights: Rc::clone(self), goal });
        };
        if flight.resolution == resolution {
            return Turn::Free;
        }
        match tokio::time::timeout(PATIENCE, flight.landed.wait()).await {
            Ok(()) => Turn::Finished,
            Err(_) => Turn::Free,
        }
    }

    /// Whether a name is known to be no cut below a zone.
    pub(crate) fn is_inside(&self, zone: &Name, child: &Name) -> bool {
        self.inside.borrow_mut().get(&(zone.clone(), child.clone())).is_some()
    }
}

impl Leading {
    /// The zone itself has spoken for a name below: every name between them, down to `cut` where it
    /// referred, is no cut of its own.
    pub(crate) fn spoken(&self, name: &Name, cut: Option<&Name>) {
        let Goal::Cut { zone, child } = &self.goal else { return };
        let end = cut.map_or(name.iter().len(), |cut| cut.iter().len());
        let mut inside = self.flights.inside.borrow_mut();
        for labels in child.iter().len()..end {
            inside.insert((zone.clone(), name.trim_to(labels)), ());
        }
    }
}

impl Drop for Leading {
    fn drop(&mut self) {
        if let Some(flight) = self.flights.running.borrow_mut().remove(&self.goal) {
            let _ = flight.landed.set(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::tests::kit::local;
    use crate::dns::wire::name::parse_name;

    fn cut(child: &str) -> Goal {
        Goal::Cut { zone: parse_name("test").unwrap(), child: parse_name(child).unwrap() }
    }

    #[test]
    fn the_second_waits_for_the_first_and_nobody_for_itself() {
        local(async {
            let flights = Rc::new(Flights::default());
            let (one, two) = (flights.resolution(), flights.resolution());
            let Turn::Ours(lead) = flights.enter(cut("a.test"), one).await else { panic!("the first leads") };
            assert!(matches!(flights.enter(cut("a.test"), one).await, Turn::Free));
            assert!(matches!(flights.enter(cut("b.test"), two).await, Turn::Ours(_)));
            let waiting = {
                let flights = Rc::clone(&flights);
                tokio::task::spawn_local(async move { flights.enter(cut("a.test"), two).await })
            };
            tokio::task::yield_now().await;
            assert!(!waiting.is_finished());
            drop(lead);
            assert!(matches!(waiting.await.unwrap(), Turn::Finished));
            assert!(matches!(flights.enter(cut("a.test"), two).await, Turn::Ours(_)));
        });
    }

    #[test]
    fn names_that_a_zone_has_spoken_for_are_no_cuts() {
        local(async {
            let flights = Rc::new(Flights::default());
            let name = |text: &str| parse_name(text).unwrap();
            let Turn::Ours(lead) = flights.enter(cut("co.test"), 1).await else { panic!("the first leads") };
            lead.spoken(&name("www.shop.co.test"), Some(&name("shop.co.test")));
            assert!(flights.is_inside(&name("test"), &name("co.test")));
            assert!(!flights.is_inside(&name("test"), &name("shop.co.test")));
            lead.spoken(&name("a.b.co.test"), None);
            assert!(flights.is_inside(&name("test"), &name("b.co.test")));
            assert!(!flights.is_inside(&name("test"), &name("a.b.co.test")));
        });
    }
}
