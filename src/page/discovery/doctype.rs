//! Whether a document is in quirks mode, by its doctype (HTML, section 13.2.6.4.1).
//!
//! In that mode browsers take a stylesheet of the document's own origin for one whatever its Content-Type says (HTML,
//! section 4.2.4). Limited quirks concern layout alone and are not told apart here.

use html5ever::tokenizer::Doctype;

/// Public identifiers that mean it as a whole.
const WHOLE: [&str; 3] =
    ["-//w3o//dtd w3 html strict 3.0//en//", "-/w3c/dtd html 4.0 transitional/en", "html"];
/// What public identifiers begin with that mean it; of those of the IETF all do.
const BEGIN: [&str; 35] = [
    "+//silmaril//dtd html pro v0r11 19970101//",
    "-//as//dtd html 3.0 aswedit + extensions//",
    "-//advasoft ltd//dtd html 3.0 aswedit + extensions//",
    "-//ietf//dtd html",
    "-//metrius//dtd metrius presentational//",
    "-//microsoft//dtd internet explorer 2.0 html strict//",
    "-//microsoft//dtd internet explorer 2.0 html//",
    "-//microsoft//dtd internet explorer 2.0 tables//",
    "-//microsoft//dtd internet explorer 3.0 html strict//",
    "-//microsoft//dtd internet explorer 3.0 html//",
    "-//microsoft//dtd internet explorer 3.0 tables//",
    "-//netscape comm. corp.//dtd html//",
    "-//netscape comm. corp.//dtd strict html//",
    "-//o'reilly and associates//dtd html 2.0//",
    "-//o'reilly and associates//dtd html extended 1.0//",
    "-//o'reilly and associates//dtd html extended relaxed 1.0//",
    "-//sq//dtd html 2.0 hotmetal + extensions//",
    "-//softquad software//dtd hotmetal pro 6.0::19990601::extensions to html 4.0//",
    "-//softquad//dtd hotmetal pro 4.0::19971010::extensions to html 4.0//",
    "-//spyglass//dtd html 2.0 extended//",
    "-//sun microsystems corp.//dtd hotjava html//",
    "-//sun microsystems corp.//dtd hotjava strict html//",
    "-//w3c//dtd html 3 1995-03-24//",
    "-//w3c//dtd html 3.2 draft//",
    "-//w3c//dtd html 3.2 final//",
    "-//w3c//dtd html 3.2//",
    "-//w3c//dtd html 3.2s draft//",
    "-//w3c//dtd html 4.0 frameset//",
    "-//w3c//dtd html 4.0 transitional//",
    "-//w3c//dtd html experimental 19960712//",
    "-//w3c//dtd html experimental 970421//",
    "-//w3c//dtd w3 html//",
    "-//w3o//dtd w3 html 3.0//",
    "-//webtechs//dtd mozilla html 2.0//",
    "-//webtechs//dtd mozilla html//",
];
/// The same, where no system identifier follows.
const BEGIN_ALONE: [&str; 2] = ["-//w3c//dtd html 4.01 frameset//", "-//w3c//dtd html 4.01 transitional//"];
/// The system identifier that means it.
const SYSTEM: &str = "http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd";

/// Whether a doctype puts its document into quirks mode; one without any is, too.
pub(super) fn is_quirky(doctype: &Doctype) -> bool {
    let lower = |text: Option<&str>| text.map(str::to_ascii_lowercase);
    let public = lower(doctype.public_id.as_deref()).unwrap_or_default();
    let system = lower(doctype.system_id.as_deref());
    doctype.force_quirks
        || doctype.name.as_deref() != Some("html")
        || WHOLE.contains(&public.as_str())
        || BEGIN.iter().any(|begin| public.starts_with(begin))
        || system.is_none() && BEGIN_ALONE.iter().any(|begin| public.starts_with(begin))
        || system.as_deref() == Some(SYSTEM)
}
