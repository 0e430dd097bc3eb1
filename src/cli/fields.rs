//! `-H` and `--proxy-header`: header fields as they are typed, or a file of them, a line each.

use std::path::Path;

use super::error::PlanError;
use super::files::read_text;
use super::syntax::header_field;

/// A field's name, and its value; `None` for one that is not to be sent.
pub(super) type Field = (String, Option<String>);

/// Reads each option; behind an `@` stands a file's name.
///
/// # Errors
/// What is no field, and files that cannot be read.
pub(super) fn read(option: &str, texts: &[String]) -> Result<Vec<Field>, PlanError> {
    let mut fields = Vec::new();
    for text in texts {
        let Some(path) = text.strip_prefix('@') else {
            fields.push(header_field(option, text)?);
            continue;
        };
        let lines = read_text(option, Path::new(path))?;
        // Blank lines are left out, as curl does.
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            fields.push(header_field(option, line.trim_end())?);
        }
    }
    Ok(fields)
}

/// Puts the boundary of a form behind a Content-Type that was given without it: nobody would find the parts.
pub(super) fn name_boundary(fields: &mut [Field], boundary: &str) {
    for (name, value) in fields {
        if let Some(value) = value.as_mut().filter(|_| name.eq_ignore_ascii_case("content-type")) {
            value.push_str("; boundary=");
            value.push_str(boundary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_from_files_too() {
        let path = std::env::temp_dir().join(format!("urltrace-fields-{}", std::process::id()));
        std::fs::write(&path, "One: 1\r\n\nTwo:2\nThree:\nFour;\n").unwrap();
        let texts = ["Zero: 0".to_owned(), format!("@{}", path.display())];
        let fields = read("-H", &texts).unwrap();
        let told: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect();
        let wanted = [
            ("Zero", Some("0")),
            ("One", Some("1")),
            ("Two", Some("2")),
            ("Three", None),
            ("Four", Some("")),
        ];
        assert_eq!(told, wanted);
        let told = |fields: &[Field]| -> Vec<String> {
            fields.iter().filter_map(|(_, value)| value.clone()).collect()
        };
        let field = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
        let mut typed =
            [field("content-TYPE", Some("a/b")), field("Content-Type", None), field("X", Some("y"))];
        name_boundary(&mut typed, "B");
        assert_eq!(told(&typed), ["a/b; boundary=B", "y"]);
        std::fs::write(&path, "secret\n").unwrap();
        assert!(read("-H", &texts).is_err());
        std::fs::remove_file(&path).unwrap();
        assert!(read("-H", &texts).is_err(), "there is no such file");
    }
}
