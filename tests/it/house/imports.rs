//! Which file of `src` imports which: paths as the compiler reads them, `pub use` followed to the file
//! that defines the name, tests left out. It knows nothing of layers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree, Visibility};

/// Each file, by the path of its module, with the files it imports.
pub(super) type Arrows = BTreeMap<String, BTreeSet<String>>;

/// A module's path from the crate's root; empty for `lib.rs`.
type Module = Vec<String>;

/// The imports among the files of a crate.
pub(super) struct Imports {
    files: BTreeMap<Module, Source>,
    /// A name that a file hands on by `pub use`, and where it comes from.
    handed_on: HashMap<(Module, String), Module>,
    /// Files whose names a file hands on altogether (`pub use x::*`).
    handed_on_whole: HashMap<Module, Vec<Module>>,
}

/// What one file names.
#[derive(Default)]
struct Source {
    /// Paths as written, in `use` items and elsewhere, and whether the name is handed on.
    paths: Vec<(Module, bool)>,
    /// Names that `use` brings in, with the path they stand for.
    names: HashMap<String, Module>,
}

impl Imports {
    /// Reads the crate from its root file's folder.
    pub(super) fn read(src: &Path) -> Self {
        let mut files = BTreeMap::new();
        read_module(Vec::new(), &src.join("lib.rs"), src, &mut files);
        let mut imports = Self { files, handed_on: HashMap::new(), handed_on_whole: HashMap::new() };
        for (module, source) in &imports.files {
            for (path, _) in source.paths.iter().filter(|(_, handed_on)| *handed_on) {
                let Some(target) = imports.absolute(module, path) else { continue };
                let Some((last, rest)) = target.split_last() else { continue };
                if last == "*" {
                    imports.handed_on_whole.entry(module.clone()).or_default().push(rest.to_vec());
                } else {
                    imports.handed_on.insert((module.clone(), last.clone()), target.clone());
                }
            }
        }
        imports
    }

    /// Every file, by the path of its module (`dns/wire/name`, `lib`), with the files it imports.
    pub(super) fn arrows(&self) -> Arrows {
        let shown = |module: &Module| if module.is_empty() { "lib".to_owned() } else { module.join("/") };
        let arrows_of = |(module, source): (&Module, &Source)| {
            let targets = source
                .paths
                .iter()
                .filter_map(|(path, _)| self.absolute(module, path))
                .filter_map(|path| self.home(&path))
                .filter(|target| target != module)
                .map(|target| shown(&target));
            (shown(module), targets.collect())
        };
        self.files.iter().map(arrows_of).collect()
    }

    /// A path as written in a file, from the crate's root; `None` when it leads out of the crate.
    fn absolute(&self, module: &Module, path: &[String]) -> Option<Module> {
        let first = path.first()?;
        let mut base = match first.as_str() {
            "crate" => Vec::new(),
            "self" => module.clone(),
            "super" => module.split_last()?.1.to_vec(),
            name => {
                let child = [module.as_slice(), &[name.to_owned()]].concat();
                if self.files.contains_key(&child) {
                    child
                } else {
                    let source = self.files.get(module)?;
                    let known = source.names.get(name).filter(|known| known.first() != Some(first))?;
                    self.absolute(module, known)?
                }
            }
        };
        for segment in &path[1..] {
            if segment == "super" {
                base.pop();
            } else if segment != "self" {
                base.push(segment.clone());
            }
        }
        Some(base)
    }

    /// The file that defines what a path from the root names.
    fn home(&self, path: &[String]) -> Option<Module> {
        let mut path = path.to_vec();
        // A chain of faces is short; a circle of them would be no crate.
        for _ in 0..8 {
            let depth = (0..=path.len()).rev().find(|depth| self.files.contains_key(&path[..*depth]))?;
            let (module, rest) = (path[..depth].to_vec(), &path[depth..]);
            let Some(name) = rest.first() else { return Some(module) };
            let handed_on = self.handed_on.get(&(module.clone(), name.clone())).cloned().or_else(|| {
                let whole = self.handed_on_whole.get(&module)?;
                (whole.len() == 1).then(|| [whole[0].as_slice(), std::slice::from_ref(name)].concat())
            });
            let Some(target) = handed_on.filter(|target| *target != path) else { return Some(module) };
            path = [target.as_slice(), &rest[1..]].concat();
        }
        None
    }
}

/// Reads a module's file and those of its children, but for tests.
fn read_module(module: Module, file: &Path, folder: &Path, files: &mut BTreeMap<Module, Source>) {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut source = Source::default();
    for item in &parsed.items {
        source.visit_item(item);
    }
    for item in &parsed.items {
        let Item::Mod(child) = item else { continue };
        if is_test(&child.attrs) || child.content.is_some() {
            continue;
        }
        let name = child.ident.to_string();
        let (flat, nested) = (folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs"));
        let path = [module.as_slice(), std::slice::from_ref(&name)].concat();
        read_module(path, if flat.exists() { &flat } else { &nested }, &folder.join(&name), files);
    }
    files.insert(module, source);
}

/// Whether an item is compiled for tests (or fuzzing) only.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is = |name: &str, tokens: &TokenStream| {
            flat(tokens.clone()).iter().any(|token| matches!(token, TokenTree::Ident(word) if word == name))
        };
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute
                    .meta
                    .require_list()
                    .is_ok_and(|list| is("test", &list.tokens) && !is("not", &list.tokens))
    })
}

/// The tokens of a macro call, groups opened.
fn flat(tokens: TokenStream) -> Vec<TokenTree> {
    let mut all = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => all.extend(flat(group.stream())),
            token => all.push(token),
        }
    }
    all
}

impl<'ast> Visit<'ast> for Source {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Const(item) => &item.attrs,
            Item::Enum(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Macro(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Static(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            Item::Trait(item) => &item.attrs,
            Item::Type(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if is_test(attributes) {
            return;
        }
        if let Item::Use(item) = item {
            let handed_on = !matches!(item.vis, Visibility::Inherited);
            let mut leaves = Vec::new();
            leaves_of(&item.tree, &mut Vec::new(), &mut leaves);
            for (name, path) in leaves {
                self.names.insert(name, path.clone());
                self.paths.push((path, handed_on));
            }
            return;
        }
        visit::visit_item(self, item);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_test(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    /// How far an item can be seen is no import (`pub(super)`).
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            self.paths.push((path.segments.iter().map(|segment| segment.ident.to_string()).collect(), false));
        }
        visit::visit_path(self, path);
    }

    /// What a macro is handed is tokens, not paths: every run of words with `::` between them is taken for one.
    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        let mut path: Module = Vec::new();
        let mut colons = 0;
        for token in flat(call.tokens.clone()) {
            match token {
                TokenTree::Punct(sign) if sign.as_char() == ':' => colons += 1,
                TokenTree::Ident(word) => {
                    if colons != 2 {
                        self.end_of_path(&mut path);
                    }
                    colons = 0;
                    path.push(word.to_string());
                }
                _ => {
                    self.end_of_path(&mut path);
                    colons = 0;
                }
            }
        }
        self.end_of_path(&mut path);
    }
}

impl Source {
    /// A path of a macro's tokens is whole. `super` alone is the beginning of one that a parameter of the
    /// macro goes on with (`super::$rule::RULE`).
    fn end_of_path(&mut self, path: &mut Module) {
        let path = std::mem::take(path);
        if path.last().is_some_and(|last| !["crate", "self", "super"].contains(&last.as_str())) {
            self.paths.push((path, false));
        }
    }
}

/// The leaves of a `use` tree: the name each brings in, and its path.
fn leaves_of(tree: &UseTree, above: &mut Module, leaves: &mut Vec<(String, Module)>) {
    match tree {
        UseTree::Path(path) => {
            above.push(path.ident.to_string());
            leaves_of(&path.tree, above, leaves);
            above.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves_of(tree, above, leaves)),
        UseTree::Glob(_) => leaves.push(("*".to_owned(), [above.as_slice(), &["*".to_owned()]].concat())),
        UseTree::Name(name) if name.ident == "self" => {
            leaves.push((above.last().cloned().unwrap_or_default(), above.clone()));
        }
        UseTree::Name(name) => {
            let path = [above.as_slice(), &[name.ident.to_string()]].concat();
            leaves.push((name.ident.to_string(), path));
        }
        UseTree::Rename(name) => {
            leaves.push((name.rename.to_string(), [above.as_slice(), &[name.ident.to_string()]].concat()));
        }
    }
}
