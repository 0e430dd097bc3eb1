//! Circles among arrows: strongly connected components, and the arrows between folders.

use std::collections::BTreeMap;

use super::imports::Arrows;

/// Circles: strongly connected components of more than one file (Tarjan 1972), largest first.
pub(super) fn circles(arrows: &Arrows) -> Vec<Vec<String>> {
    struct Search<'a> {
        arrows: &'a Arrows,
        order: BTreeMap<&'a str, usize>,
        lowest: BTreeMap<&'a str, usize>,
        stack: Vec<&'a str>,
        found: Vec<Vec<String>>,
    }
    impl<'a> Search<'a> {
        fn visit(&mut self, file: &'a str) {
            let number = self.order.len();
            self.order.insert(file, number);
            self.lowest.insert(file, number);
            self.stack.push(file);
            for target in self.arrows.get(file).into_iter().flatten().map(String::as_str) {
                if !self.order.contains_key(target) {
                    self.visit(target);
                    let reached = self.lowest[target];
                    self.reach(file, reached);
                } else if self.stack.contains(&target) {
                    let reached = self.order[target];
                    self.reach(file, reached);
                }
            }
            if self.lowest[file] == number {
                let first = self.stack.iter().position(|known| *known == file).unwrap();
                let circle: Vec<String> = self.stack.drain(first..).map(str::to_owned).collect();
                if circle.len() > 1 {
                    self.found.push(circle);
                }
            }
        }

        fn reach(&mut self, file: &'a str, number: usize) {
            let lowest = self.lowest.get_mut(file).unwrap();
            *lowest = number.min(*lowest);
        }
    }
    let mut search = Search {
        arrows,
        order: BTreeMap::new(),
        lowest: BTreeMap::new(),
        stack: Vec::new(),
        found: Vec::new(),
    };
    for file in arrows.keys() {
        if !search.order.contains_key(file.as_str()) {
            search.visit(file);
        }
    }
    search.found.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    search.found
}

/// The same arrows between folders that do not lie inside each other.
pub(super) fn folders(arrows: &Arrows) -> Arrows {
    let folder = |file: &str| file.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let mut folders = Arrows::new();
    for (file, targets) in arrows {
        for target in targets {
            let (Some(from), Some(to)) = (folder(file), folder(target)) else { continue };
            let inside = |one: &str, other: &str| one == other || one.starts_with(&format!("{other}/"));
            if !inside(&from, &to) && !inside(&to, &from) {
                folders.entry(from).or_default().insert(to);
            }
        }
    }
    folders
}
