//! Where the values stand that pointers (RFC 6901) lead to, noted while a document is written.

use std::ops::Range;

/// A pointer that leads here or further, by its number, and what of it is still to come.
#[derive(Clone, Copy)]
struct Lead<'m> {
    pointer: usize,
    rest: &'m str,
}

/// Notes where pointers lead, on one line without spaces.
pub(super) struct Marks<'m> {
    places: Vec<Option<Range<usize>>>,
    /// What leads into each of the lists and objects around.
    levels: Vec<Vec<Lead<'m>>>,
    /// What leads to the value that comes next, or is under way.
    here: Vec<Lead<'m>>,
    /// Pointers whose value is under way, and at which depth.
    open: Vec<(usize, usize)>,
}

impl<'m> Marks<'m> {
    pub(super) fn new(pointers: &'m [&'m str]) -> Self {
        Self {
            places: vec![None; pointers.len()],
            levels: Vec::new(),
            here: pointers.iter().enumerate().map(|(pointer, rest)| Lead { pointer, rest }).collect(),
            open: Vec::new(),
        }
    }

    pub(super) fn into_places(self) -> Vec<Option<Range<usize>>> {
        self.places
    }

    /// A list or an object begins.
    pub(super) fn enter(&mut self) {
        self.levels.push(std::mem::take(&mut self.here));
    }

    /// It has ended.
    pub(super) fn leave(&mut self) {
        self.levels.pop();
    }

    /// Whether any pointer leads into the innermost list or object: few do, and to the others no step has to be told.
    pub(super) fn lead_in(&self) -> bool {
        self.levels.last().is_some_and(|leads| !leads.is_empty())
    }

    /// The value at this step of the innermost list or object begins here.
    pub(super) fn step(&mut self, step: &str, at: usize) {
        self.here.clear();
        let depth = self.levels.len();
        for lead in self.levels.last().into_iter().flatten() {
            // Most lead elsewhere, and most of those by their first letter.
            if lead.rest.as_bytes().get(1) != step.as_bytes().first() {
                continue;
            }
            let rest = lead.rest.strip_prefix('/').and_then(|rest| rest.strip_prefix(step));
            let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with('/')) else { continue };
            if rest.is_empty() {
                self.places[lead.pointer] = Some(at..at);
                self.open.push((lead.pointer, depth));
            }
            self.here.push(Lead { rest, ..*lead });
        }
    }

    /// A value has ended here.
    pub(super) fn end(&mut self, at: usize) {
        self.here.clear();
        while let Some((pointer, _)) = self.open.pop_if(|(_, depth)| *depth == self.levels.len()) {
            if let Some(place) = &mut self.places[pointer] {
                place.end = at;
            }
        }
    }
}
