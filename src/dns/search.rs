//! The search list (resolv.conf(5), RFC 1535): what a short name may stand for on this machine.
//!
//! Pure. The machine's resolvers are asked so; the walk asks for a name as it is, and says what others do.

use hickory_resolver::proto::rr::Name;

use crate::dns::wire::name::{name_text, parse_name};
use crate::plan::SearchList;

/// Whether a name, as it was typed, is completed before it is asked for as it is.
fn is_short(list: &SearchList, typed: &str) -> bool {
    !typed.ends_with('.') && typed.matches('.').count() < list.ndots
}

/// The names that the C library asks for in the place of one, in their order. A final dot rules completion out.
pub(crate) fn candidates(list: &SearchList, typed: &str, name: &Name) -> Vec<Name> {
    if typed.ends_with('.') {
        return vec![name.clone()];
    }
    let mut names: Vec<Name> = list.domains.iter().filter_map(|domain| completed(name, domain)).collect();
    names.insert(if is_short(list, typed) { names.len() } else { 0 }, name.clone());
    names
}

/// What programs on this machine ask for first, where that is not the name itself.
pub(crate) fn completion(list: &SearchList, typed: &str, name: &Name) -> Option<String> {
    let first =
        list.domains.iter().find_map(|domain| completed(name, domain)).filter(|_| is_short(list, typed))?;
    Some(format!("{} (search list of {}, ndots:{})", name_text(&first), list.source, list.ndots))
}

fn completed(name: &Name, domain: &str) -> Option<Name> {
    parse_name(&format!("{}{domain}", name_text(name))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_completed_before_or_after_by_its_dots() {
        let list = SearchList {
            domains: vec!["a.example".to_owned(), "b.example.".to_owned()],
            source: "resolv.conf".to_owned(),
            ..SearchList::default()
        };
        let asked = |list: &SearchList, typed: &str| -> Vec<String> {
            let name = parse_name(typed).unwrap();
            candidates(list, typed, &name).iter().map(name_text).collect()
        };
        assert_eq!(asked(&list, "intranet"), ["intranet.a.example.", "intranet.b.example.", "intranet."]);
        assert_eq!(asked(&list, "x.prod"), ["x.prod.", "x.prod.a.example.", "x.prod.b.example."]);
        assert_eq!(asked(&list, "intranet."), ["intranet."]);
        let deep = SearchList { ndots: 5, ..list.clone() };
        assert_eq!(asked(&deep, "db.prod.svc")[0], "db.prod.svc.a.example.");
        assert_eq!(asked(&SearchList::default(), "intranet"), ["intranet."]);
        let name = parse_name("intranet").unwrap();
        let told = completion(&list, "intranet", &name).unwrap();
        assert_eq!(told, "intranet.a.example. (search list of resolv.conf, ndots:1)");
        assert_eq!(completion(&list, "x.prod", &name), None);
    }
}
